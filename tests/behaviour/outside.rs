//! From outside every refusal looks the same: it is no session, with the headers of no session.

use std::collections::HashMap;

use sealed_session::{Commit, Keys, Session, Sessions, UnsealError};

use crate::support::{self, T0, at, forge, open, ring, sealed, secs};

const NAME: &str = "__Host-session";

/// A Cookie header for each class of refusal, all refused by one configuration at `at(1000)`.
fn refusals(sessions: &Sessions<u32>, keys: &Keys) -> HashMap<&'static str, String> {
    let value = sealed(sessions, 7, at(990));
    let claims = |value: &str| open(1, NAME, value)[..37].to_vec();
    let mut headers = HashMap::new();
    let mut add = |class, value: &str| {
        headers.insert(class, format!("{NAME}={value}"));
    };
    add("too_long", &"A".repeat(5000));
    add("malformed", "junk");
    add("unsupported_version", &format!("Ag{}", &value[2..]));
    add(
        "unknown_key",
        &forge(9, NAME, b"anything that is long enough for the claims of a session"),
    );
    add(
        "retired_key",
        &forge(2, NAME, b"anything that is long enough for the claims of a session"),
    );
    add("not_authentic", &format!("{}AAAA", &value[..value.len() - 4]));
    add("invalid_claims", &forge(1, NAME, &[&[0xff], &claims(&value)[1..], b"7"].concat()));
    add("issued_in_future", &sealed(sessions, 7, at(1061)));
    let mut expired = claims(&value);
    expired[13..17].copy_from_slice(&10_u32.to_be_bytes());
    add("expired", &forge(1, NAME, &[&expired[..], b"7"].concat()));
    add("idle", &sealed(sessions, 7, at(900)));
    add("payload", &forge(1, NAME, &[&claims(&value)[..], b"\"not a number\""].concat()));
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

#[test]
fn every_refusal_has_the_response_of_an_anonymous_visitor() {
    let (keys, sessions) = kind();
    let headers = refusals(&sessions, &keys);
    assert_eq!(headers.len(), 13, "every class");
    let acts: [fn(&mut Session<u32>) -> String; 8] = [
        |_| String::new(),
        |session| format!("{} {}", *session.read(), session.is_new()),
        |session| format!("{:?} {:?} {:?}", session.id(), session.key_id(), session.expires_at()),
        |session| {
            session.write(|n| *n += 1);
            session.read().to_string()
        },
        |session| {
            session.renew();
            session.created_at().unwrap().to_string()
        },
        |session| {
            session.destroy();
            session.read().to_string()
        },
        |session| session.csrf_token().unwrap().len().to_string(),
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
            assert_eq!(respond(header), anonymous, "{class}");
        }
    }
    // The reason is there for the operator.
    for (class, header) in &headers {
        let session = sessions.load_at([header], at(1000));
        assert_eq!(session.refusal().map(UnsealError::class), Some(*class));
    }
}
