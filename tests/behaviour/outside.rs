//! From outside every refusal looks the same: it is no session, with the headers of no session.
//! Where the value may be good elsewhere, nothing overwrites it that the visitor did not ask for.

use std::collections::HashMap;

use sealed_session::{Commit, Keys, SealError, Session, Sessions, UnsealError};

use crate::support::{self, Claims, T0, at, forge, open, ring, sealed, secs};

const NAME: &str = "__Host-session";

/// A Cookie header for each class of refusal, all refused by one configuration at `at(1000)`.
fn refusals(sessions: &Sessions<u32>, keys: &Keys) -> HashMap<&'static str, String> {
    let value = sealed(sessions, 7, at(990));
    let claims = Claims { idle: 60, ..Claims::of(&open(1, NAME, &value)) };
    let mut headers = HashMap::new();
    let mut add = |class, value: &str| {
        headers.insert(class, format!("{NAME}={value}"));
    };
    let forged = |claims: Claims| forge(1, NAME, &claims.with("7"));
    add("too_long", &"A".repeat(5000));
    add("malformed", "junk");
    add("unsupported_version", &format!("Ag{}", &value[2..]));
    add("unknown_key", &forge(9, NAME, &claims.with("7")));
    add("retired_key", &forge(2, NAME, &claims.with("7")));
    add("not_authentic", &format!("{}AAAA", &value[..value.len() - 4]));
    add("invalid_claims", &forged(Claims { flags: 0x40, ..claims }));
    let extended = Claims { flags: claims.flags | 0x80, ..claims };
    add("unsupported_extension", &forge(1, NAME, &extended.with(b"\0\x02\x02\x007")));
    add("issued_in_future", &sealed(sessions, 7, at(1061)));
    add("expired", &forged(Claims { lifetime: 10, ..claims }));
    add("idle", &sealed(sessions, 7, at(900)));
    add("bound", &forged(Claims { flags: claims.flags | 4, ..claims }));
    add("payload", &forge(1, NAME, &claims.with("\"not a number\"")));
    add("revoked", &sealed(sessions, 666, at(990)));
    let mut session = sessions.load_at([format!("{NAME}={value}")], at(995));
    session.destroy();
    let tombstone = sessions.commit_at(&session, at(995)).unwrap().cookies()[1].clone();
    headers.insert("ended", format!("{NAME}={value}; {}={}", tombstone.name(), tombstone.value()));

    keys.replace(
        sealed_session::KeyRing::new_at(
            [support::entry(1), support::entry(2).not_after(at(500))],
            T0,
        )
        .unwrap(),
    );
    headers
}

fn kind() -> (Keys, Sessions<u32>) {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::builder(keys.clone())
        .idle_timeout(secs(60))
        .revoke_if(|data, _| *data == 666)
        .build()
        .unwrap();
    (keys, sessions)
}

/// All that a response shows of a session, with what differs each time masked.
fn shown(commit: &Commit) -> String {
    let cookies: Vec<_> = commit
        .cookies()
        .iter()
        .map(|cookie| cookie.to_string().replace(cookie.value(), &cookie.value().len().to_string()))
        .collect();
    format!("{cookies:?} {} {}", commit.forbids_storing(), commit.depends_on_cookie())
}

/// The classes of what may be good on another machine, or in a moment.
const PASSING: [&str; 5] =
    ["unsupported_version", "unknown_key", "unsupported_extension", "issued_in_future", "bound"];

type Act = fn(&mut Session<u32>) -> String;

fn write(session: &mut Session<u32>) -> String {
    session.write(|n| *n += 1);
    session.read().to_string()
}

fn token(session: &mut Session<u32>) -> String {
    session.csrf_token().unwrap().len().to_string()
}

#[test]
fn every_refusal_has_the_response_of_an_anonymous_visitor() {
    let (keys, sessions) = kind();
    let headers = refusals(&sessions, &keys);
    assert_eq!(headers.len(), 15, "every class");
    let acts: [Act; 8] = [
        |_| String::new(),
        |session| format!("{} {}", *session.read(), session.is_new()),
        |session| format!("{:?} {:?} {:?}", session.id(), session.key_id(), session.expires_at()),
        write,
        |session| {
            session.renew();
            session.created_at().unwrap().to_string()
        },
        |session| {
            session.destroy();
            session.read().to_string()
        },
        token,
        |session| format!("{:?}", session.verify_csrf("x")),
    ];
    for act in acts {
        let respond = |header: &str| {
            let mut session = sessions.load_at([header], at(1000));
            let said = act(&mut session);
            said + &shown(&sessions.commit_at(&session, at(1000)).unwrap())
        };
        let anonymous = respond("theme=dark");
        for (class, header) in &headers {
            let sets_unasked =
                [write as Act, token].iter().any(|&other| std::ptr::fn_addr_eq(act, other));
            // What ends a session that may be live elsewhere tells nothing to who sent its cookie.
            let ends = || {
                ["bound", "issued_in_future"].contains(class) && respond(header).contains("-ended-")
            };
            if !(sets_unasked && PASSING.contains(class) || ends()) {
                assert_eq!(respond(header), anonymous, "{class}");
            }
        }
    }
    // The reason is there for the operator.
    for (class, header) in &headers {
        let session = sessions.load_at([header], at(1000));
        assert_eq!(session.refusal().map(UnsealError::class), Some(*class));
    }
}

#[test]
fn what_may_be_good_elsewhere_is_overwritten_by_no_write_and_no_token() {
    let (keys, sessions) = kind();
    let headers = refusals(&sessions, &keys);
    for class in PASSING {
        let mut session = sessions.load_at([&headers[class]], at(1000));
        // What the page shows is that of an anonymous visitor.
        assert_eq!((write(&mut session), session.is_new()), ("1".to_owned(), true));
        let error = sessions.commit_at(&session, at(1000)).map(drop).unwrap_err();
        let SealError::NotReadable(reason) = error else { panic!("{class}: {error}") };
        assert_eq!(reason.class(), class);

        let mut session = sessions.load_at([&headers[class]], at(1000));
        assert_eq!(token(&mut session), "82");
        let commit = sessions.commit_at(&session, at(1000)).unwrap();
        assert!(commit.forbids_storing() && !commit.sets_cookies(), "{class}");

        // Beside a live session it is nothing.
        let live = sealed(&sessions, 7, at(995));
        let mut session =
            sessions.load_at([format!("{}; {NAME}={live}", headers[class])], at(1000));
        assert_eq!(write(&mut session), "8");
        assert!(sessions.commit_at(&session, at(1000)).unwrap().sets_cookies(), "{class}");
    }
    // A key that is older than those of the ring comes back from nowhere.
    let value = forge(0, NAME, &Claims::begun(at(990)).with("7"));
    let mut session = sessions.load_at([format!("{NAME}={value}")], at(1000));
    write(&mut session);
    assert!(sessions.commit_at(&session, at(1000)).unwrap().sets_cookies());
    assert_eq!(session.refusal().map(UnsealError::class), Some("unknown_key"));
}
