//! CSRF tokens: bound to the session, its name, its audience and its keys, and to nothing stored.

use std::collections::HashSet;

use sealed_session::{
    Commit, CsrfError, Keys, SealError, Session, SessionData, Sessions, UnsealError,
};
use time::OffsetDateTime;

use crate::support::{self, CLAIMS_LEN, Claims, at, entry, ring, sealed, secs};

fn load<T: SessionData>(sessions: &Sessions<T>, value: &str, now: OffsetDateTime) -> Session<T> {
    support::load(sessions, value, now)
}

fn value(commit: &Commit) -> String {
    support::set_value(commit).expect("a cookie is set")
}

/// A session with data 7, and a token for it.
fn session_and_token(sessions: &Sessions<u32>, now: OffsetDateTime) -> (String, String) {
    let value = sealed(sessions, 7, now);
    let token = load(sessions, &value, now).csrf_token().expect("a token");
    (value, token)
}

#[test]
fn token_is_accepted_with_its_session_and_with_no_other() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (value, token) = session_and_token(&sessions, at(0));
    let (other, other_token) = session_and_token(&sessions, at(0));

    assert_eq!(load(&sessions, &value, at(5)).verify_csrf(&token), Ok(()));
    assert_eq!(load(&sessions, &other, at(5)).verify_csrf(&other_token), Ok(()));
    assert_eq!(load(&sessions, &other, at(5)).verify_csrf(&token), Err(CsrfError::OtherSession));
}

#[test]
fn token_without_a_live_session_is_refused() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (_, token) = session_and_token(&sessions, at(0));
    for value in ["", "junk"] {
        let session = load(&sessions, value, at(0));
        assert_eq!(session.verify_csrf(&token), Err(CsrfError::NoSession));
    }
}

#[test]
fn request_without_a_token_is_told_from_one_with_a_bad_token() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (value, token) = session_and_token(&sessions, at(0));
    let session = load(&sessions, &value, at(5));
    let missing = session.verify_csrf("").unwrap_err();
    assert_eq!((&missing, missing.class()), (&CsrfError::Missing, "missing"));
    assert_eq!(session.verify_csrf(&token[..10]).unwrap_err().class(), "malformed");
    // Whoever has no session has to load the form again, with or without a token.
    assert_eq!(load(&sessions, "", at(5)).verify_csrf(""), Err(CsrfError::NoSession));
}

#[test]
fn tokens_differ_each_time_and_all_have_one_length_and_alphabet() {
    let sessions = Sessions::<String>::new(ring([1]));
    let mut tokens = HashSet::new();
    for length in 0..200 {
        let value = sealed(&sessions, "x".repeat(length), at(0));
        let mut session = load(&sessions, &value, at(0));
        for token in [session.csrf_token(), session.csrf_token()] {
            let token = token.unwrap();
            assert_eq!(token.len(), 82);
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            assert_eq!(session.verify_csrf(&token), Ok(()));
            // Beyond version and key id nothing is the same, so compressed pages tell nothing.
            assert!(tokens.insert(token[8..40].to_owned()));
        }
    }
}

#[test]
fn anonymous_visitor_gets_a_session_with_the_token() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let mut session = sessions.load_at([""], at(0));
    let token = session.csrf_token().unwrap();
    assert!(session.is_changed());
    let commit = sessions.commit_at(&session, at(0)).unwrap();

    let session = load(&sessions, &value(&commit), at(9));
    assert_eq!(session.verify_csrf(&token), Ok(()));
    assert_eq!(*session.read(), 0);
}

#[test]
fn making_a_token_changes_nothing_of_a_session_that_exists() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let sealed = sealed(&sessions, 7, at(0));
    let mut session = load(&sessions, &sealed, at(5));
    session.csrf_token().unwrap();
    assert!(!session.is_changed());
    assert!(sessions.commit_at(&session, at(5)).unwrap().cookies().is_empty());
}

#[test]
fn response_with_a_token_is_for_no_cache() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let sealed = sealed(&sessions, 7, at(0));
    for gives_token in [false, true] {
        let mut session = load(&sessions, &sealed, at(5));
        let _ = session.read();
        if gives_token {
            session.csrf_token().unwrap();
        }
        let commit = sessions.commit_at(&session, at(5)).unwrap();
        assert_eq!((commit.forbids_storing(), commit.sets_cookies()), (gives_token, false));
        assert!(commit.depends_on_cookie());
    }
}

#[test]
fn token_dies_with_renew_and_with_a_new_id() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let change: [fn(&mut Session<u32>); 3] =
        [Session::renew, Session::reauthenticate, Session::regenerate_id];
    for change in change {
        let (before, token) = session_and_token(&sessions, at(0));
        let mut session = load(&sessions, &before, at(5));
        assert_eq!(session.verify_csrf(&token), Ok(()));
        change(&mut session);
        // At once, so a handler that verifies too late finds out the first time it runs.
        assert_eq!(session.verify_csrf(&token), Err(CsrfError::OtherSession));
        let fresh = session.csrf_token().unwrap();
        let after = value(&sessions.commit_at(&session, at(5)).unwrap());

        let session = load(&sessions, &after, at(6));
        assert_eq!(session.verify_csrf(&token), Err(CsrfError::OtherSession));
        assert_eq!(session.verify_csrf(&fresh), Ok(()));
    }
}

#[test]
fn token_outlives_writes() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (before, token) = session_and_token(&sessions, at(0));
    let mut session = load(&sessions, &before, at(5));
    session.write(|n| *n += 1);
    let after = value(&sessions.commit_at(&session, at(5)).unwrap());
    assert_eq!(load(&sessions, &after, at(6)).verify_csrf(&token), Ok(()));
}

#[test]
fn token_dies_with_destroy_and_none_can_be_made_after_it() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (sealed, token) = session_and_token(&sessions, at(0));
    let mut session = load(&sessions, &sealed, at(5));
    session.destroy();
    assert_eq!(session.verify_csrf(&token), Err(CsrfError::NoSession));
    assert_eq!(session.csrf_token(), Err(SealError::NoSession));
    let _ = sessions.commit_at(&session, at(5)).unwrap();
    assert_eq!(session.csrf_token(), Err(SealError::NoSession));
}

#[test]
fn token_cannot_begin_a_session_after_the_commit() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let mut session = sessions.load_at([""], at(0));
    let _ = sessions.commit_at(&session, at(0)).unwrap();
    assert_eq!(session.csrf_token(), Err(SealError::NoSession));
    assert_eq!(session.id(), None);
}

#[test]
fn token_lives_as_long_as_its_session_and_not_a_second_longer() {
    let sessions = Sessions::<u32>::builder(ring([1]))
        .absolute_timeout(secs(100))
        .idle_timeout(secs(20))
        .build()
        .unwrap();
    let (mut sealed, token) = session_and_token(&sessions, at(0));
    // The session is kept alive by use, while the form waits longer than the idle timeout.
    for now in (10..100).step_by(10) {
        let mut session = load(&sessions, &sealed, at(now));
        assert_eq!(session.verify_csrf(&token), Ok(()), "at {now}");
        session.write(|n| *n += 1);
        sealed = value(&sessions.commit_at(&session, at(now)).unwrap());
    }
    assert_eq!(load(&sessions, &sealed, at(99)).verify_csrf(&token), Ok(()));
    assert_eq!(load(&sessions, &sealed, at(100)).verify_csrf(&token), Err(CsrfError::NoSession));

    // Were a session of the same id to live on, its token would too: it has no times of its own.
    let longer = Sessions::<u32>::builder(ring([1])).absolute_timeout(secs(200)).build().unwrap();
    let id = *load(&sessions, &sealed, at(99)).id().unwrap().as_bytes();
    let claims = Claims { lifetime: 200, id, ..Claims::begun(at(0)) };
    let long = support::forge(1, "__Host-session", &claims.with("7"));
    for now in [99, 100, 199] {
        assert_eq!(load(&longer, &long, at(now)).verify_csrf(&token), Ok(()), "at {now}");
    }
    assert_eq!(load(&longer, &long, at(200)).verify_csrf(&token), Err(CsrfError::NoSession));
}

#[test]
fn token_survives_rotation_and_dies_with_its_key() {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<u32>::new(keys.clone());
    let (sealed, token) = session_and_token(&sessions, at(0));

    keys.replace(ring([2, 1]));
    let mut session = load(&sessions, &sealed, at(5));
    assert_eq!(session.verify_csrf(&token), Ok(()));
    let fresh = session.csrf_token().unwrap();
    session.write(|n| *n += 1);
    let moved = value(&sessions.commit_at(&session, at(5)).unwrap());
    assert_eq!(load(&sessions, &moved, at(6)).verify_csrf(&token), Ok(()));
    assert_eq!(load(&sessions, &moved, at(6)).verify_csrf(&fresh), Ok(()));

    // Revoked: the old key is dropped.
    keys.replace(ring([2]));
    let session = load(&sessions, &moved, at(7));
    assert!(!session.is_new());
    assert_eq!(
        session.verify_csrf(&token),
        Err(CsrfError::Refused(UnsealError::UnknownKey(entry(1).id())))
    );
    assert_eq!(session.verify_csrf(&fresh), Ok(()));
}

#[test]
fn token_from_before_an_incident_is_refused() {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<u32>::new(keys.clone());
    let (_, token) = session_and_token(&sessions, at(0));
    keys.replace(ring([2]));
    let session = load(&sessions, &sealed(&sessions, 7, at(11)), at(11));
    assert_eq!(
        session.verify_csrf(&token),
        Err(CsrfError::Refused(UnsealError::UnknownKey(entry(1).id())))
    );
}

#[test]
fn session_is_never_a_token_nor_a_token_a_session() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (sealed, token) = session_and_token(&sessions, at(0));
    assert_eq!(sessions.unseal_at(&token, at(0)).unwrap_err().class(), "not_authentic");
    assert_eq!(sessions.reseal_at(&token, at(9999)).unwrap_err().class(), "not_authentic");
    assert!(load(&sessions, &token, at(0)).is_new());
    let verdict = load(&sessions, &sealed, at(0)).verify_csrf(&sealed);
    assert_eq!(verdict.unwrap_err().class(), "not_authentic");
}

#[test]
fn refuses_every_flipped_character_every_truncation_and_junk() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (sealed, token) = session_and_token(&sessions, at(0));
    let session = load(&sessions, &sealed, at(0));
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(session.verify_csrf(&changed).is_err(), "character {index}");
        assert!(session.verify_csrf(&token[..index]).is_err(), "length {index}");
    }
    for junk in ["", " ", "null", "undefined", "ü", &"A".repeat(82), &"A".repeat(1 << 20)] {
        assert!(session.verify_csrf(junk).is_err(), "{junk:.20}");
    }
    assert!(session.verify_csrf(&format!("{token}=")).is_err());
    assert!(session.verify_csrf(&format!(" {token}")).is_err());
}

#[test]
fn authentic_token_of_another_length_is_refused() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let sealed = sealed(&sessions, 7, at(0));
    let plaintext = support::open(1, "__Host-session", &sealed);
    let session = load(&sessions, &sealed, at(0));
    let id = session.id().unwrap();
    let token = |body: &[u8]| support::forge_for(2, 1, "__Host-session", body);
    assert_eq!(session.verify_csrf(&token(id.as_bytes())), Ok(()));
    let longer = |tail: &str| [id.as_bytes(), tail.as_bytes()].concat();
    for body in [
        &[][..],
        &id.as_bytes()[..15],
        &longer("7"),
        &longer(" "),
        &longer("\0"),
        // The claims of the session, as a session has them.
        &plaintext[..CLAIMS_LEN],
        &plaintext,
    ] {
        assert_eq!(
            session.verify_csrf(&token(body)),
            Err(CsrfError::Refused(UnsealError::InvalidClaims))
        );
    }
}

#[test]
fn token_is_not_accepted_under_another_name_or_audience() {
    let build = |name: &str, audience: Option<&str>| {
        let builder = Sessions::<u32>::builder(ring([1])).cookie_name(name);
        match audience {
            Some(audience) => builder.audience(audience).build().unwrap(),
            None => builder.build().unwrap(),
        }
    };
    let kinds = [("__Host-a", None), ("__Host-b", None), ("__Host-a", Some("x"))];
    for (i, (name, audience)) in kinds.into_iter().enumerate() {
        let (_, token) = session_and_token(&build(name, audience), at(0));
        for (j, (name, audience)) in kinds.into_iter().enumerate() {
            let sessions = build(name, audience);
            let session = load(&sessions, &sealed(&sessions, 7, at(0)), at(0));
            let class = session.verify_csrf(&token).unwrap_err().class();
            assert_eq!(class, if i == j { "other_session" } else { "not_authentic" });
        }
    }
}

#[test]
fn errors_and_debug_hold_no_token() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let (sealed_a, token) = session_and_token(&sessions, at(0));
    let (sealed_b, _) = session_and_token(&sessions, at(0));
    let mut session = load(&sessions, &sealed_a, at(0));
    session.csrf_token().unwrap();
    let errors = [
        load(&sessions, &sealed_b, at(0)).verify_csrf(&token).unwrap_err(),
        load(&sessions, "", at(0)).verify_csrf(&token).unwrap_err(),
        session.verify_csrf(&format!("{token}A")).unwrap_err(),
    ];
    for text in errors.map(|error| format!("{error} {error:?} {session:?}")) {
        assert!(!text.contains(&token[8..40]), "{text}");
        assert!(!text.contains(&session.id().unwrap().to_string()), "{text}");
    }
}

#[test]
fn making_and_verifying_count_as_activity() {
    let sessions = Sessions::<u32>::builder(ring([1])).idle_timeout(secs(1000)).build().unwrap();
    let (sealed, token) = session_and_token(&sessions, at(0));
    for makes in [true, false] {
        let mut session = load(&sessions, &sealed, at(500));
        match makes {
            true => drop(session.csrf_token().unwrap()),
            false => session.verify_csrf(&token).unwrap(),
        }
        let slid = value(&sessions.commit_at(&session, at(500)).unwrap());
        assert_eq!(load(&sessions, &slid, at(1400)).verify_csrf(&token), Ok(()));
    }
}

#[test]
fn session_begun_by_a_token_is_sealed_however_long_its_handler_took_within_its_lifetime() {
    let sessions = Sessions::<u32>::builder(ring([1]))
        .absolute_timeout(secs(3600))
        .idle_timeout(secs(1))
        .build()
        .unwrap();
    let mut session = sessions.load_at([""], at(0));
    let token = session.csrf_token().unwrap();
    let commit = sessions.commit_at(&session, at(3599)).unwrap();
    let value = value(&commit);
    load(&sessions, &value, at(3599)).verify_csrf(&token).unwrap();
}
