//! Sessions of clients that keep no cookies: tokens in a header.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration as StdDuration,
};

use sealed_session::{Keys, Lifetime, SealError, Session, SessionData, Sessions};
use time::{Duration, OffsetDateTime};

use crate::common::{NOW, header, ring, ring_of, sealed, sessions};

fn token<T: SessionData>(sessions: &Sessions<T>, data: T) -> String {
    sessions.bearer_token_at(&sessions.create_at(data, NOW).unwrap(), NOW).unwrap()
}

fn load(sessions: &Sessions<u32>, token: &str, now: OffsetDateTime) -> Option<u32> {
    sessions.load_bearer_at([format!("Bearer {token}")], now).map(|bearer| *bearer.read())
}

#[test]
fn a_token_is_what_it_was_made_of_until_its_end() {
    let sessions = sessions::<u32>();
    let mut session = sessions.create_at(7, NOW).unwrap();
    let hour = Lifetime::persistent(StdDuration::from_secs(3600));
    session.renew_with(hour).unwrap();
    let token = sessions.bearer_token_at(&session, NOW).unwrap();
    let bearer = sessions.unseal_bearer_at(&token, NOW).unwrap();
    assert_eq!((bearer.id(), *bearer.read()), (session.id(), 7));
    assert_eq!(bearer.expires_at(), Some(NOW + Duration::HOUR));
    assert_eq!(load(&sessions, &token, NOW + Duration::minutes(59)), Some(7));
    assert_eq!(load(&sessions, &token, NOW + Duration::HOUR), None);
    let late = sessions.unseal_bearer_at(&token, NOW + Duration::HOUR).unwrap_err();
    assert_eq!(late.class(), "expired");
}

#[test]
fn the_present_is_now_where_it_is_not_given() {
    let sessions = sessions::<u32>();
    let token = sessions.bearer_token(&sessions.create(7).unwrap()).unwrap();
    let bearer = sessions.load_bearer([format!("Bearer {token}")]).unwrap();
    let age = OffsetDateTime::now_utc() - bearer.issued_at().unwrap();
    assert!(*bearer.read() == 7 && age.abs() < Duration::minutes(5), "{age}");
}

#[test]
fn a_token_is_no_cookie_and_a_cookie_no_token() {
    let sessions = sessions::<u32>();
    let token = token(&sessions, 7);
    assert!(sessions.load_at([header(&sessions, &token)], NOW).is_new());
    assert_eq!(sessions.unseal_at(&token, NOW).unwrap_err().class(), "not_authentic");
    let cookie = sealed(&sessions, 7, NOW);
    assert_eq!(load(&sessions, &cookie, NOW), None);
    assert_eq!(sessions.unseal_bearer_at(&cookie, NOW).unwrap_err().class(), "not_authentic");
}

#[test]
fn a_token_is_for_one_audience_and_follows_it_where_that_is_renamed() {
    let build = |audience: &str| Sessions::<u32>::builder(ring()).audience(audience);
    let [a, b] = ["a", "b"].map(|audience| build(audience).build().unwrap());
    let token = token(&a, 7);
    assert_eq!((load(&a, &token, NOW), load(&b, &token, NOW)), (Some(7), None));
    let until = NOW + Duration::DAY;
    let renamed = build("b").former_audience(Some("a"), until).build().unwrap();
    let bearer = renamed.load_bearer_at([format!("Bearer {token}")], NOW).unwrap();
    let fresh = bearer.refreshed().unwrap();
    assert_eq!(load(&b, &fresh, NOW), Some(7));
    assert_eq!(load(&renamed, &token, until), None);
}

#[test]
fn the_hook_that_revokes_is_asked_for_tokens_too() {
    let refuses = Arc::new(AtomicBool::new(false));
    let hook = Arc::clone(&refuses);
    let sessions = Sessions::<u32>::builder(ring())
        .idle_timeout(StdDuration::from_secs(3600))
        .revoke_if(move |_, _| hook.load(SeqCst))
        .build()
        .unwrap();
    let token = token(&sessions, 7);
    let later = NOW + Duration::minutes(30);
    let bearer = sessions.unseal_bearer_at(&token, later).unwrap();
    assert!(bearer.refreshed().is_some());
    refuses.store(true, SeqCst);
    assert_eq!(sessions.unseal_bearer_at(&token, later).unwrap_err().class(), "revoked");
    // Nor is one sealed anew that was loaded before.
    assert_eq!(bearer.refreshed(), None);
    let session: Session<u32> = bearer.into_inner();
    let sealed = sessions.bearer_token_at(&session, later);
    assert!(matches!(sealed, Err(SealError::Refused(_))));
}

#[test]
fn a_token_idles_out_unless_the_client_takes_the_fresh_one() {
    let minutes = |minutes| NOW + Duration::minutes(minutes);
    let sessions = Sessions::<u32>::builder(ring())
        .idle_timeout(StdDuration::from_secs(30 * 60))
        .build()
        .unwrap();
    let token = token(&sessions, 7);
    let bearer = sessions.load_bearer_at([format!("bearer {token}")], minutes(20)).unwrap();
    let fresh = bearer.refreshed().unwrap();
    assert_eq!(load(&sessions, &token, minutes(30)), None);
    assert_eq!(load(&sessions, &fresh, minutes(49)), Some(7));
    // It is the same session, and ends when that does.
    let fresh = sessions.unseal_bearer_at(&fresh, minutes(20)).unwrap();
    assert_eq!((fresh.id(), fresh.created_at()), (bearer.id(), Some(NOW)));
}

#[test]
fn a_token_moves_to_the_newest_key_and_dies_with_its_own() {
    let keys = Keys::from(ring_of([1]));
    let sessions = Sessions::<u32>::new(keys.clone());
    let old = token(&sessions, 7);
    keys.replace(ring_of([2, 1]));
    let later = NOW + Duration::HOUR;
    let fresh = sessions.unseal_bearer_at(&old, later).unwrap().refreshed().unwrap();
    keys.replace(ring_of([2]));
    assert_eq!((load(&sessions, &old, later), load(&sessions, &fresh, later)), (None, Some(7)));
}

#[test]
fn what_is_written_reaches_the_client_as_another_token() {
    let sessions = sessions::<u32>();
    let token = token(&sessions, 7);
    let bearer = sessions.load_bearer_at([format!("Bearer {token}")], NOW).unwrap();
    let mut session = bearer.into_inner();
    session.write(|number| *number += 1);
    let written = sessions.bearer_token_at(&session, NOW).unwrap();
    assert_eq!((load(&sessions, &token, NOW), load(&sessions, &written, NOW)), (Some(7), Some(8)));
}

#[test]
fn a_request_has_one_token_or_none() {
    let sessions = sessions::<u32>();
    let token = token(&sessions, 7);
    let count = |values: &[String]| sessions.load_bearer_at(values, NOW).iter().count();
    let bearer = format!("Bearer {token}");
    assert_eq!(count(std::slice::from_ref(&bearer)), 1);
    assert_eq!(count(&[bearer.clone(), bearer.clone()]), 0);
    assert_eq!(count(&["Basic YTpi".to_owned(), bearer]), 0);
    assert_eq!(count(std::slice::from_ref(&token)), 0);
    assert_eq!(count(&[format!("Basic {token}")]), 0);
}

#[test]
fn a_header_of_choice_has_the_token_alone() {
    let sessions = Sessions::<u32>::builder(ring()).token_header("X-Session").build().unwrap();
    let token = token(&sessions, 7);
    assert!(sessions.load_bearer_at([format!(" {token}\t")], NOW).is_some());
    assert!(sessions.load_bearer_at([format!("Bearer {token}")], NOW).is_none());
    for name in ["", "X Session", "X-Session:", "Cookie", "set-cookie", "x-\u{e4}"] {
        let refused = Sessions::<u32>::builder(ring()).token_header(name.to_owned()).build();
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("{name:?}")) && text.contains("X-Session"), "{text}");
    }
}

#[test]
fn the_cookies_name_takes_no_room_of_a_token() {
    let name = format!("__Host-{}", "n".repeat(200));
    let sessions = Sessions::<String>::builder(ring()).cookie_name(&name).build().unwrap();
    // 95 bytes beside the payload, which has quotation marks.
    let longest = 4096 / 4 * 3 - 95 - 2;
    let token_of = |length| {
        let session = sessions.create_at("x".repeat(length), NOW).unwrap();
        sessions.bearer_token_at(&session, NOW)
    };
    assert_eq!(token_of(longest).unwrap().len(), 4096);
    assert!(matches!(token_of(longest + 1), Err(SealError::TooLarge { .. })));
}

#[test]
fn neither_token_nor_data_is_printed() {
    let sessions = sessions::<u32>();
    let token = token(&sessions, 7_654_321);
    let printed = format!("{:?}", sessions.unseal_bearer_at(&token, NOW).unwrap());
    assert!(!printed.contains("7654321") && !printed.contains(&token[..20]), "{printed}");
    assert!(printed.starts_with("Bearer"), "{printed}");
}
