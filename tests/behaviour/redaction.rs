//! What ends up in logs holds no key, no cookie value and no session data.

use std::fmt::Debug;

use sealed_session::{
    ConfigError, Key, KeyEntry, KeyId, KeyRing, Keys, Lifetime, Scope, SealError, Session,
    SessionId, Sessions, UnsealError,
};
use serde::{Deserialize, Serialize, Serializer};
use time::Duration;

use crate::common::{self, NOW, forged, header, key, key_bytes, ring, ring_of, sealed};

/// Stands for what a visitor would not like to read in a log.
const MARKER: &str = "MARKER-of-secret-session-data";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Diary {
    text: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Number {
    text: u64,
}

/// Its `Serialize` fails with a message that quotes the data.
#[derive(Debug, Clone, Default, Deserialize)]
struct Talkative;

impl Serialize for Talkative {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(MARKER))
    }
}

fn diary() -> Diary {
    Diary { text: MARKER.to_owned() }
}

fn diaries() -> Sessions<Diary> {
    common::sessions()
}

/// Everything that must not be shown, as it might be shown.
struct Secrets(Vec<String>);

impl Secrets {
    /// The marker, the keys with these seeds, and these texts.
    fn new<const N: usize>(seeds: [u8; N], texts: &[&str]) -> Self {
        let mut secrets = vec![MARKER.to_owned()];
        secrets.extend(texts.iter().map(|&text| text.to_owned()));
        for seed in seeds {
            let bytes = key_bytes(seed);
            let base64 = key(seed).to_base64();
            secrets.push(base64.trim_end_matches('=').to_owned());
            secrets.push(base64.trim_end_matches('=').replace('+', "-").replace('/', "_"));
            let hex = bytes.map(|byte| format!("{byte:02x}")).concat();
            secrets.extend([hex.to_uppercase(), hex]);
            secrets.push(format!("{bytes:?}"));
            secrets.push(format!("{bytes:02x?}"));
            secrets.push(format!("{bytes:#?}"));
        }
        Self(secrets)
    }

    /// Looks for every stretch of 12 bytes, so that a part of a secret is found too.
    #[track_caller]
    fn assert_absent(&self, shown: &str) {
        for secret in &self.0 {
            for part in secret.as_bytes().windows(12) {
                let part = str::from_utf8(part).expect("secrets are ASCII");
                assert!(!shown.contains(part), "{part:?} of {secret:?} in {shown:?}");
            }
        }
    }

    #[track_caller]
    fn assert_absent_in_debug(&self, value: &impl Debug) {
        self.assert_absent(&format!("{value:?}"));
        self.assert_absent(&format!("{value:#?}"));
    }

    #[track_caller]
    fn assert_absent_in_error(&self, error: &impl std::error::Error) {
        self.assert_absent_in_debug(error);
        let mut source = Some(error as &dyn std::error::Error);
        while let Some(error) = source {
            self.assert_absent(&format!("{error} {error:?}"));
            source = error.source();
        }
    }
}

#[test]
#[should_panic(expected = "MARKER-of-se")]
fn the_search_finds_a_part_of_a_secret() {
    Secrets::new([], &[]).assert_absent("x MARKER-of-secret y");
}

#[test]
fn keys_are_not_shown() {
    let secrets = Secrets::new([1, 2], &[]);
    let entry = KeyEntry::new(2, key(2)).not_before(NOW);
    let ring = KeyRing::new([entry.clone(), KeyEntry::new(1, key(1))]).unwrap();
    let keys = Keys::from(ring.clone());
    assert_eq!(format!("{:?}", key(1)), "Key(..)");
    secrets.assert_absent_in_debug(&key(1));
    secrets.assert_absent_in_debug(&entry);
    secrets.assert_absent_in_debug(&ring);
    secrets.assert_absent_in_debug(&keys);
    secrets.assert_absent_in_debug(&keys.current());
    secrets.assert_absent_in_debug(&Sessions::<Diary>::builder(keys.clone()));
    secrets.assert_absent_in_debug(&Sessions::<Diary>::new(keys));
    for shown in [format!("{entry:?}"), format!("{ring:?}")] {
        assert!(shown.contains("KeyId(2)"), "ids are there to be shown: {shown}");
    }
    secrets
        .assert_absent_in_debug(&(KeyId::new(1), Lifetime::persistent(std::time::Duration::MAX)));
}

#[test]
fn debug_tells_the_type_and_what_is_no_secret() {
    let sessions = diaries();
    let value = sealed(&sessions, diary(), NOW);
    let session = sessions.unseal_at(&value, NOW).unwrap();
    let hooked = Sessions::<Diary>::builder(ring()).revoke_if(|_, _| false).build().unwrap();
    let id = session.id().unwrap();
    for (shown, parts) in [
        (format!("{:?}", Keys::from(ring())), ["Keys(KeyRing", "KeyId(1)"]),
        (format!("{:?}", Sessions::<Diary>::builder(ring())), ["Builder", "__Host-session"]),
        (format!("{sessions:?}"), ["Sessions", "RevokeIf(none)"]),
        (format!("{hooked:?}"), ["Sessions", "RevokeIf(hook)"]),
        (format!("{session:?}"), ["Session<", "Diary"]),
        (format!("{:?}", session.read()), ["Snapshot<", "Diary"]),
        (format!("{:?}", session.clone().existing().unwrap()), ["Existing(Session<", "Diary"]),
        (format!("{:?}", sessions.commit_at(&session, NOW).unwrap()), ["Commit", "cookies: 0"]),
        (format!("{id:?}"), ["SessionId(", &id.to_string()]),
    ] {
        assert!(parts.iter().all(|part| shown.contains(part)), "{parts:?} not in {shown}");
    }
    assert_eq!(id.to_string(), id.as_bytes().map(|byte| format!("{byte:02x}")).concat());
}

#[test]
fn session_data_and_values_are_not_shown() {
    let sessions = diaries();
    let value = sealed(&sessions, diary(), NOW);
    let secrets = Secrets::new([1], &[&value]);
    let mut session = sessions.load_at([header(&sessions, &value)], NOW);
    secrets.assert_absent_in_debug(&session);
    assert_eq!(session.read().text, MARKER);
    secrets.assert_absent_in_debug(&session);
    secrets.assert_absent_in_debug(&session.read());
    session.write(|diary| diary.text.push('!'));
    secrets.assert_absent_in_debug(&session);
    secrets.assert_absent_in_debug(&session.peek());

    let commit = sessions.commit_at(&session, NOW).unwrap();
    let fresh = commit.cookies()[0].value().to_owned();
    let secrets = Secrets::new([1], &[&value, &fresh]);
    secrets.assert_absent_in_debug(&commit);
    secrets.assert_absent_in_debug(&session);
    secrets.assert_absent_in_debug(&sessions);
}

#[test]
fn hook_tombstone_and_tokens_show_no_secrets() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let shown = std::sync::Arc::clone(&seen);
    let sessions = Sessions::<Diary>::builder(ring())
        .revoke_if(move |_, info| {
            *shown.lock().unwrap() = format!("{info:?}");
            false
        })
        .build()
        .unwrap();
    let value = sealed(&sessions, diary(), NOW);
    let mut session = sessions.load_at([header(&sessions, &value)], NOW);
    let token = session.csrf_token().unwrap();
    let secrets = Secrets::new([1], &[&value, &token]);
    secrets.assert_absent_in_debug(&sessions);
    secrets.assert_absent_in_debug(&session);
    secrets.assert_absent(&seen.lock().unwrap());
    assert!(seen.lock().unwrap().contains("SessionInfo"));
    let other = sealed(&sessions, diary(), NOW);
    let other = sessions.load_at([header(&sessions, &other)], NOW);
    secrets.assert_absent_in_error(&other.verify_csrf(&token).unwrap_err());
    secrets.assert_absent_in_error(&other.verify_csrf(&forged(&token, 0)).unwrap_err());
    secrets.assert_absent_in_error(&other.verify_csrf(&format!("{token}*")).unwrap_err());
}

#[test]
fn session_id_family_and_scope_show_what_they_are() {
    let session = diaries().create_at(diary(), NOW).unwrap();
    let id: SessionId = session.id().unwrap();
    assert_eq!(format!("{id:?}"), format!("SessionId({id})"));
    let family = session.family().unwrap();
    assert_eq!(format!("{family:?}"), format!("Family({family})"));
    assert_eq!(
        format!("{:?}", Scope::new().path("/app")),
        "Scope { path: \"/app\", domain: None, partitioned: false }"
    );
}

#[test]
fn errors_about_keys_do_not_quote_them() {
    let base64 = key(1).to_base64();
    let secrets = Secrets::new([1], &[]);
    let mistakes = [
        format!("{}x", *base64),
        format!("x{}", *base64),
        base64[..43].replace('=', "") + "*",
        format!("1:{}:", *base64),
        format!("{}:1", *base64),
        format!("{}@2026-12-01T00:00:00Z:1", *base64),
        format!("1@{}:{}", *base64, *base64),
        format!("1:{0},2:{0}", *base64),
        format!("1:{0},1:{0}", *base64),
        format!("1:{} ; 2:x", *base64),
        (*base64).clone(),
    ];
    for text in &mistakes {
        secrets.assert_absent_in_error(&KeyRing::parse_at(text, NOW).unwrap_err());
        for error in
            [text.parse::<KeyId>().err(), text.parse::<KeyEntry>().err()].into_iter().flatten()
        {
            secrets.assert_absent_in_error(&error);
        }
        if let Err(error) = text.parse::<Key>() {
            secrets.assert_absent_in_error(&error);
        }
        // As in a configuration that serde reads, at each place where a key may stand by mistake.
        let entry =
            |id: &str, key: &str, rest: &str| format!("[{{\"id\":{id},\"key\":{key}{rest}}}]");
        let quoted = serde_json::to_string(text).unwrap();
        for json in [
            quoted.clone(),
            entry("1", &quoted, ""),
            entry(&quoted, "1", ""),
            entry("1", &format!("[{quoted}]"), ""),
            entry("1", &format!("{{\"a\":{quoted}}}"), ""),
            entry("1", "\"x\"", &format!(",\"not_before\":{quoted}")),
            entry("1", "\"x\"", &format!(",\"id\":{quoted}")),
            entry("1", "\"x\"", &format!(",\"other\":{quoted}")),
            format!("[{quoted}]"),
            format!("{{\"keys\":{quoted}}}"),
            format!(
                "{{\"keys\":[{quoted}],\"no_takeover\":{quoted},\"rotated_at\":{quoted},\"last_id\":{quoted},\"key_count\":{quoted}}}"
            ),
        ] {
            if let Err(error) = serde_json::from_str::<KeyRing>(&json) {
                secrets.assert_absent_in_error(&error);
            }
        }
    }
}

#[test]
fn errors_of_configuration_show_names_and_nothing_secret() {
    let secrets = Secrets::new([1], &[]);
    let missing = KeyRing::from_env("SEALED_SESSION_TEST_NOT_SET").unwrap_err();
    assert!(missing.to_string().contains("SEALED_SESSION_TEST_NOT_SET"));
    secrets.assert_absent_in_error(&missing);
    let error =
        |name: &str| Sessions::<Diary>::builder(ring()).cookie_name(name).build().unwrap_err();
    assert!(matches!(error("a b"), ConfigError::CookieName { .. }));
    secrets.assert_absent_in_error(&error("a b"));
    let audience = Sessions::<Diary>::builder(ring()).audience(MARKER.repeat(20)).build();
    secrets.assert_absent_in_error(&audience.unwrap_err());
    let domain = Sessions::<Diary>::builder(ring()).cookie_name("s").domain(format!(".{MARKER}"));
    secrets.assert_absent_in_error(&domain.build().unwrap_err());
}

#[test]
fn refusals_quote_neither_value_nor_payload() {
    let sessions = diaries();
    let value = sealed(&sessions, diary(), NOW);
    let secrets = Secrets::new([1, 2], &[&value]);
    let of = |sessions: &Sessions<Number>, value: &str| sessions.unseal_at(value, NOW).unwrap_err();
    let numbers = common::sessions::<Number>();
    let other_key = Sessions::new(ring_of([2]));
    let errors = [
        of(&numbers, &value),
        of(&numbers, &forged(&value, 0)),
        of(&numbers, &value[..100]),
        of(&numbers, &format!("{value}*")),
        of(&numbers, &value.repeat(40)),
        of(&numbers, &format!("AgAAAAE{}", &value[7..])),
        of(&numbers, MARKER),
        of(&other_key, &value),
        of(&numbers, &sealed(&sessions, diary(), NOW - Duration::days(15))),
    ];
    // What serde_json itself would say quotes the data.
    let quoting = serde_json::from_str::<Number>(&serde_json::to_string(&diary()).unwrap());
    assert!(quoting.unwrap_err().to_string().contains(MARKER));
    assert_eq!(errors[0].class(), "payload");
    for error in &errors {
        secrets.assert_absent_in_error(error);
    }
}

#[test]
fn seal_errors_quote_no_data() {
    let secrets = Secrets::new([1], &[]);
    let sessions = common::sessions::<Talkative>();
    let talkative = sessions.create_at(Talkative, NOW).unwrap();
    let error = sessions.seal_at(&talkative, NOW).unwrap_err();
    assert!(matches!(error, SealError::Payload { .. }), "{error}");
    secrets.assert_absent_in_error(&error);

    let sessions = diaries();
    let large = sessions.create_at(Diary { text: MARKER.repeat(200) }, NOW).unwrap();
    secrets.assert_absent_in_error(&sessions.seal_at(&large, NOW).unwrap_err());
    secrets.assert_absent_in_debug(&sessions.unseal_at(MARKER, NOW));
    let result: Result<Session<Diary>, UnsealError> =
        sessions.unseal_at(&sealed(&sessions, diary(), NOW), NOW);
    secrets.assert_absent_in_debug(&result);
}

#[cfg(feature = "tracing")]
mod events {
    #[cfg(feature = "reload")]
    use std::sync::{Arc, Mutex};
    use std::time::Duration as StdDuration;

    use sealed_session::Keys;

    use super::*;
    use crate::log::Log;

    /// The events of this thread while `f` runs, one in each line; none holds a secret.
    fn logged(secrets: &Secrets, f: impl FnOnce()) -> Vec<String> {
        let log = Log::default();
        let guard = log.listen();
        f();
        drop(guard);
        let events = log.take();
        secrets.assert_absent(&events.join("\n"));
        events
    }

    /// Asserts one event that holds all of `parts`.
    #[track_caller]
    fn assert_one(events: &[String], parts: &[&str]) {
        let [event] = events else { panic!("{} events: {events:#?}", events.len()) };
        for part in parts.iter().chain(&["sealed_session: "]) {
            assert!(event.contains(part), "{part:?} not in {event}");
        }
    }

    #[test]
    fn a_request_of_another_origin_is_one_event_with_the_reason() {
        let secrets = Secrets::new([1], &[]);
        let guard = sealed_session::OriginGuard::new();
        let forged = sealed_session::RequestSource { method: "POST", ..Default::default() };
        let events = logged(&secrets, || assert!(guard.check(&forged).is_err()));
        assert_one(
            &events,
            &["WARN", "another origin refused", "neither Sec-Fetch-Site nor Origin"],
        );
        let read = sealed_session::RequestSource { method: "GET", ..Default::default() };
        assert!(logged(&secrets, || assert!(guard.check(&read).is_ok())).is_empty());
    }

    const COOKIE: &str = "cookie=\"__Host-session\"";

    /// What is over comes with every request until the browser drops it.
    fn level(class: &str) -> &'static str {
        match ["expired", "idle", "ended"].contains(&class) {
            true => "DEBUG",
            false => "INFO",
        }
    }

    #[test]
    fn another_timeout_than_the_rings_is_told_when_it_is_built() {
        let days = |days: u64| StdDuration::from_secs(days * 24 * 60 * 60);
        let said = |ours, rings: Option<StdDuration>| {
            let ring = match rings {
                Some(timeout) => ring().with_absolute_timeout(timeout),
                None => ring(),
            };
            logged(&Secrets::new([1], &[]), || {
                drop(Sessions::<Diary>::builder(ring).absolute_timeout(ours).build().unwrap());
            })
        };
        let lines = said(days(30), Some(days(14)));
        assert!(lines.len() == 1 && lines[0].contains("another absolute timeout"), "{lines:?}");
        assert!(lines[0].contains("ours=2592000 ring=1209600"), "{lines:?}");
        assert_eq!(said(days(30), Some(days(30))), [""; 0]);
        assert_eq!(said(days(30), None), [""; 0]);
    }

    #[test]
    fn refusal_names_cookie_class_reason_and_key_id() {
        let sessions = diaries();
        let value = sealed(&sessions, diary(), NOW);
        let numbers = || common::sessions::<Number>();
        let idle =
            Sessions::builder(ring()).idle_timeout(StdDuration::from_secs(60)).build().unwrap();
        let retired = [KeyEntry::new(2, key(2)), KeyEntry::new(1, key(1)).not_after(NOW)];
        let old = sealed(&sessions, diary(), NOW - Duration::days(14));
        let future = sealed(&sessions, diary(), NOW + Duration::days(1));
        let cases = [
            (numbers(), value.clone(), "payload", Some(1)),
            (numbers(), forged(&value, 0), "not_authentic", Some(1)),
            (numbers(), format!("{value}*"), "malformed", Some(1)),
            (numbers(), MARKER.to_owned(), "malformed", None),
            (numbers(), value.repeat(40), "too_long", None),
            (numbers(), format!("AgAAAAE{}", &value[7..]), "unsupported_version", None),
            (Sessions::new(ring_of([2])), value.clone(), "unknown_key", Some(1)),
            (
                Sessions::new(KeyRing::new_at(retired, NOW).unwrap()),
                value.clone(),
                "retired_key",
                Some(1),
            ),
            (numbers(), old, "expired", Some(1)),
            (numbers(), future, "issued_in_future", Some(1)),
            (idle, sealed(&sessions, diary(), NOW - Duration::minutes(1)), "idle", Some(1)),
        ];
        for (sessions, value, class, key_id) in cases {
            let secrets = Secrets::new([1, 2], &[&value]);
            let mut reason = String::new();
            let events = logged(&secrets, || {
                let session = sessions.load_at([header(&sessions, &value)], NOW);
                reason = session.refusal().unwrap().to_string();
                session.read();
                drop(sessions.commit_at(&session, NOW));
            });
            let level = level(class);
            let class = format!("class=\"{class}\"");
            assert_one(&events, &[level, "session cookie refused", COOKIE, &class, &reason]);
            match key_id {
                Some(id) => assert_one(&events, &[&format!("key_id={id}")]),
                None => assert!(!events[0].contains("key_id="), "{events:?}"),
            }
        }
    }

    #[test]
    fn refused_token_is_told_with_header_class_reason_and_key_id() {
        let sessions =
            Sessions::<Diary>::builder(ring()).token_header("X-Session").build().unwrap();
        let token =
            sessions.bearer_token_at(&sessions.create_at(diary(), NOW).unwrap(), NOW).unwrap();
        for (token, class, key_id) in
            [(forged(&token, 0), "not_authentic", "key_id=1"), ("abc".to_owned(), "malformed", "")]
        {
            let events = logged(&Secrets::new([1], &[&token]), || {
                assert!(sessions.load_bearer_at([&token], NOW).is_none());
            });
            let reason = sessions.unseal_bearer_at(&token, NOW).unwrap_err().to_string();
            let class = format!("class=\"{class}\"");
            let header = "header=\"x-session\"";
            assert_one(
                &events,
                &["INFO", "session token refused", header, &class, &reason, key_id],
            );
        }
        let events = logged(&Secrets::new([1], &[&token]), || {
            assert!(sessions.load_bearer_at([&token], NOW).is_some());
        });
        assert!(events.is_empty(), "{events:?}");
    }

    #[test]
    fn several_live_sessions_are_told_once() {
        let sessions = diaries();
        let value = sealed(&sessions, diary(), NOW);
        let pair = header(&sessions, &value);
        let events = logged(&Secrets::new([1], &[&value]), || {
            sessions.load_at([&pair, &pair, &pair], NOW).read();
        });
        assert_one(&events, &["WARN", COOKIE, "several live session cookies"]);
        assert!(
            logged(&Secrets::new([1], &[&value]), || drop(sessions.load_at([&pair], NOW).read()))
                .is_empty()
        );
    }

    #[test]
    fn too_many_values_are_told_with_the_limit() {
        let sessions = diaries();
        let value = sealed(&sessions, diary(), NOW);
        let forge = |count| -> Vec<_> {
            (0..count).map(|index| header(&sessions, &forged(&value, index))).collect()
        };
        let secrets = Secrets::new([1], &[&value]);
        let events = logged(&secrets, || assert!(sessions.load_at(forge(12), NOW).is_new()));
        assert_eq!(events.len(), 9, "eight refusals and the limit");
        assert_one(&events[8..], &["WARN", COOKIE, "limit=8", "too many cookies"]);
        let events = logged(&secrets, || assert!(sessions.load_at(forge(8), NOW).is_new()));
        assert_eq!(events.len(), 8, "eight refusals alone");
    }

    type Change = fn(&mut Session<Diary>);

    #[test]
    fn ignored_changes_are_told_with_the_reason() {
        let changes: [(&str, Change); 4] = [
            ("write", |session| session.write(|diary| diary.text = MARKER.to_owned())),
            ("renew", Session::renew),
            ("regenerate_id", Session::regenerate_id),
            ("destroy", Session::destroy),
        ];
        let sessions = diaries();
        let secrets = Secrets::new([1], &[]);
        for (name, change) in changes {
            let change_field = format!("change=\"{name}\"");
            let mut session = sessions.load_at([""], NOW);
            session.destroy();
            let events = logged(&secrets, || change(&mut session));
            assert_one(
                &events,
                &["WARN", "session change ignored", &change_field, "the session was destroyed"],
            );

            let mut session = sessions.create_at(diary(), NOW).unwrap();
            drop(sessions.commit_at(&session, NOW).unwrap());
            let events = logged(&secrets, || change(&mut session));
            assert_one(
                &events,
                &["WARN", "session change ignored", &change_field, "the response was committed"],
            );
        }
    }

    #[test]
    fn session_that_expired_before_its_commit_is_an_error_without_data() {
        let sessions = diaries();
        let session = sessions.create_at(diary(), NOW).unwrap();
        let secrets = Secrets::new([1], &[]);
        let events = logged(&secrets, || {
            let error = sessions.commit_at(&session, NOW + Duration::days(14)).unwrap_err();
            assert_eq!(error, SealError::Expired);
            secrets.assert_absent_in_error(&error);
        });
        // Whoever makes a response of the error tells it.
        assert!(events.is_empty(), "{events:?}");
    }

    #[test]
    fn failed_reseal_is_told_with_the_reason() {
        let keys = Keys::from(ring());
        let sessions = Sessions::<Diary>::builder(keys.clone())
            .idle_timeout(StdDuration::from_secs(600))
            .build()
            .unwrap();
        let value = sealed(&sessions, diary(), NOW - Duration::minutes(5));
        let secrets = Secrets::new([1, 2], &[&value]);
        let session = sessions.load_at([header(&sessions, &value)], NOW);
        session.read();
        keys.replace(ring_of([2]));
        let events = logged(&secrets, || {
            assert!(!sessions.commit_at(&session, NOW).unwrap().sets_cookies());
        });
        assert_one(
            &events,
            &["WARN", COOKIE, "session was not re-sealed", "key id 1 is not in the key ring"],
        );
    }

    #[test]
    fn reseal_without_a_sealing_key_is_told_with_the_reason() {
        let ring = [
            KeyEntry::new(2, key(2)).not_before(NOW + Duration::minutes(5)),
            KeyEntry::new(1, key(1)),
        ];
        let keys = Keys::from(KeyRing::new(ring).unwrap());
        let sessions = Sessions::<Diary>::builder(keys.clone())
            .idle_timeout(StdDuration::from_secs(600))
            .build()
            .unwrap();
        let value = sealed(&sessions, diary(), NOW - Duration::minutes(5));
        // A machine whose clock lags behind the start of the only key that is left.
        let later = [KeyEntry::new(1, key(1)).not_before(NOW + Duration::minutes(5))];
        keys.replace(KeyRing::new_at(later, NOW + Duration::minutes(5)).unwrap());
        let events = logged(&Secrets::new([1, 2], &[&value]), || {
            assert_eq!(sessions.reseal_at(&value, NOW), Ok(None));
        });
        assert_one(
            &events,
            &["WARN", COOKIE, "session was not re-sealed", "no key of the ring seals"],
        );
    }

    #[test]
    fn refused_csrf_token_is_told_with_its_class() {
        let sessions = diaries();
        let (value, other) = (sealed(&sessions, diary(), NOW), sealed(&sessions, diary(), NOW));
        let load = |value: &str| sessions.load_at([header(&sessions, value)], NOW);
        let token = load(&value).csrf_token().unwrap();
        let secrets = Secrets::new([1], &[&value, &other, &token]);
        for (session, token, class) in [
            (load(&other), token.clone(), "other_session"),
            (sessions.load_at([""], NOW), token.clone(), "no_session"),
            (load(&value), forged(&token, 0), "not_authentic"),
            (load(&value), format!("{token}*"), "malformed"),
        ] {
            let events = logged(&secrets, || assert!(session.verify_csrf(&token).is_err()));
            let class = format!("class=\"{class}\"");
            assert_one(&events, &["WARN", "CSRF token refused", COOKIE, &class]);
        }
        let events = logged(&secrets, || load(&value).verify_csrf(&token).unwrap());
        assert!(events.is_empty(), "{events:?}");
    }

    #[test]
    fn revoked_and_ended_sessions_are_told_with_their_class() {
        let sessions = Sessions::<Diary>::builder(ring())
            .revoke_if(|diary, _| diary.text.is_empty())
            .build()
            .unwrap();
        let revoked = sealed(&sessions, Diary::default(), NOW);
        let value = sealed(&sessions, diary(), NOW);
        let mut session = sessions.load_at([header(&sessions, &value)], NOW);
        session.destroy();
        let commit = sessions.commit_at(&session, NOW).unwrap();
        let tombstone = &commit.cookies()[1];
        let secrets = Secrets::new([1], &[&value, &revoked, tombstone.value()]);
        secrets.assert_absent_in_debug(&commit);
        let ended =
            format!("{}; {}={}", header(&sessions, &value), tombstone.name(), tombstone.value());
        for (header, class) in [(header(&sessions, &revoked), "revoked"), (ended, "ended")] {
            let events = logged(&secrets, || assert!(sessions.load_at([header], NOW).is_new()));
            let level = level(class);
            let class = format!("class=\"{class}\"");
            assert_one(&events, &[level, "session cookie refused", COOKIE, &class]);
        }
    }

    #[test]
    fn tombstone_that_cannot_be_sealed_is_told() {
        let keys = Keys::from(ring());
        let sessions = Sessions::<Diary>::builder(keys.clone()).build().unwrap();
        let value = sealed(&sessions, diary(), NOW);
        let mut session = sessions.load_at([header(&sessions, &value)], NOW);
        session.read();
        session.destroy();
        let later = NOW + Duration::minutes(5);
        let ring = [KeyEntry::new(1, key(1)).not_before(later)];
        keys.replace(KeyRing::new_at(ring, later).unwrap());
        let events = logged(&Secrets::new([1], &[&value]), || {
            assert_eq!(sessions.commit_at(&session, NOW).unwrap().cookies().len(), 1);
        });
        assert_one(&events, &["WARN", COOKIE, "no tombstone was set"]);
    }

    #[test]
    fn name_without_host_prefix_is_told() {
        let build = |name: &str| {
            logged(&Secrets::new([1], &[]), || {
                Sessions::<Diary>::builder(ring()).cookie_name(name).build().unwrap();
            })
        };
        for name in ["session", "__Secure-session", "__Http-session"] {
            assert_one(&build(name), &["WARN", &format!("cookie=\"{name}\""), "no __Host- prefix"]);
        }
        assert!(build("__Host-session").is_empty() && build("__Host-Http-session").is_empty());
    }

    #[test]
    fn plain_http_is_told_loudly() {
        let events = logged(&Secrets::new([1], &[]), || {
            let builder = Sessions::<Diary>::builder(ring()).insecure_plain_http_for_development();
            builder.build().unwrap();
        });
        assert_one(&events, &["WARN", "cookie=\"session\"", "INSECURE: sessions over plain HTTP"]);
    }

    #[test]
    fn a_first_look_after_the_commit_is_told_once() {
        let sessions = diaries();
        let value = sealed(&sessions, diary(), NOW);
        let secrets = Secrets::new([1], &[&value]);
        let session = sessions.load_at([header(&sessions, &value)], NOW);
        let events = logged(&secrets, || drop(sessions.commit_at(&session, NOW).unwrap()));
        assert!(events.is_empty(), "{events:?}");
        let events = logged(&secrets, || assert_eq!(session.read().text, MARKER));
        assert_one(&events, &["WARN", "Diary", "first used after the response was committed"]);
        let events = logged(&secrets, || assert_eq!(session.read().text, MARKER));
        assert!(events.is_empty(), "{events:?}");

        let session = sessions.load_at([header(&sessions, &value)], NOW);
        let events = logged(&secrets, || {
            session.peek();
            drop(sessions.commit_at(&session, NOW).unwrap());
            session.read();
        });
        assert!(events.is_empty(), "the first look was in time: {events:?}");
    }

    #[test]
    fn too_many_tombstones_are_told_with_the_limit() {
        let sessions = Sessions::<Diary>::builder(ring()).build().unwrap();
        let value = sealed(&sessions, diary(), NOW);
        let load = |tombstones: u16| {
            let stones = (0..tombstones).map(|n| format!("__Host-session-ended-AAAAA{n:03}=x; "));
            let header = stones.collect::<String>() + &header(&sessions, &value);
            logged(&Secrets::new([1], &[&value]), || {
                assert_eq!(sessions.load_at([header], NOW).is_new(), tombstones > 64);
            })
        };
        for tombstones in [65, 66] {
            let events = load(tombstones);
            assert_eq!(events.len(), 2, "{events:?}");
            assert_one(&events[..1], &["WARN", COOKIE, "limit=64", "too many cookies"]);
            assert_one(&events[1..], &["DEBUG", COOKIE, "class=\"ended\""]);
        }
        assert!(load(64).is_empty() && load(63).is_empty());
    }

    #[cfg(feature = "bound")]
    #[test]
    fn bound_cookies_beyond_what_is_kept_of_a_request_are_told_with_the_limit() {
        let bound = sealed_session::Bound::new();
        let sessions = Sessions::<Diary>::builder(ring()).bound(bound).build().unwrap();
        let load = |cookies: u16| {
            let bound = (0..cookies).map(|n| format!("__Host-session-bound-AAAAA{n:03}=x; "));
            let header: String = bound.collect();
            logged(&Secrets::new([1], &[]), || assert!(sessions.load_at([header], NOW).is_new()))
        };
        assert_one(&load(65), &["WARN", COOKIE, "limit=64", "too many cookies"]);
        assert!(load(64).is_empty());
    }

    #[test]
    fn values_beyond_what_is_kept_of_a_request_are_told_with_the_limit() {
        let sessions = diaries();
        let load = |values: usize| {
            let headers = vec!["__Host-session=x"; values];
            logged(&Secrets::new([1], &[]), || assert!(sessions.load_at(headers, NOW).is_new()))
        };
        let events = load(65);
        assert_eq!(events.len(), 65, "the limit, and a refusal for each that was kept");
        assert_one(&events[..1], &["WARN", COOKIE, "limit=64", "too many cookies"]);
        let events = load(64);
        assert_eq!(events.len(), 64, "a refusal each");
    }

    #[cfg(feature = "reload")]
    #[test]
    fn a_ring_of_the_source_is_told_when_it_is_taken_and_when_it_is_refused() {
        use sealed_session::{Follower, ReloadError};

        let source = Arc::new(Mutex::new(Some(ring())));
        let shared = Arc::clone(&source);
        let read = move |_| {
            shared.lock().unwrap().clone().ok_or_else(|| ReloadError::source("the vault is sealed"))
        };
        let mut follower = Follower::new_at(read, NOW).unwrap();
        let secrets = Secrets::new([1, 2], &[]);
        let events = logged(&secrets, || assert!(follower.check_at(NOW).is_ok()));
        assert!(events.is_empty(), "nothing changed: {events:?}");

        *source.lock().unwrap() = Some(ring_of([2, 1]));
        let fingerprint = format!("fingerprint={}", ring_of([2, 1]).fingerprint());
        let events = logged(&secrets, || assert!(follower.check_at(NOW).is_ok()));
        assert_one(&events, &["INFO", "key ring replaced", "generation=2", &fingerprint]);

        *source.lock().unwrap() = None;
        let events = logged(&secrets, || assert!(follower.check_at(NOW).is_err()));
        assert_one(&events, &["ERROR", "the last good one stays", "the vault is sealed"]);
    }

    #[cfg(feature = "reload")]
    #[test]
    fn a_source_that_stays_broken_is_an_error_less_and_less_often() {
        use sealed_session::{Follower, ReloadError};

        let source = Arc::new(Mutex::new(Ok(ring())));
        let shared = Arc::clone(&source);
        let read = move |_| shared.lock().unwrap().clone().map_err(ReloadError::source);
        let mut follower = Follower::new_at(read, NOW).unwrap();
        let mut set = |next| {
            *source.lock().unwrap() = next;
            logged(&Secrets::new([1], &[]), || drop(follower.check_at(NOW)))
        };
        for check in 1..=9 {
            let events = set(Err("sealed"));
            match check {
                1 | 2 | 4 | 8 => {
                    assert_one(&events, &["ERROR", "sealed", &format!("times={check}")]);
                }
                _ => assert!(events.is_empty(), "check {check}: {events:?}"),
            }
        }
        assert_one(&set(Err("gone")), &["ERROR", "gone", "times=1"]);
        assert_one(&set(Ok(ring())), &["INFO", "good again"]);
        assert!(set(Ok(ring())).is_empty());
        assert_one(&set(Err("gone")), &["ERROR", "gone", "times=1"]);
    }

    #[test]
    fn ordinary_request_logs_nothing() {
        let sessions = diaries();
        let value = sealed(&sessions, diary(), NOW);
        let events = logged(&Secrets::new([1], &[&value]), || {
            let mut session = sessions.load_at([header(&sessions, &value)], NOW);
            session.renew();
            session.write(|diary| diary.text.push('!'));
            drop(sessions.commit_at(&session, NOW).unwrap());
            drop(sessions.load_at(["theme=dark"], NOW).read());
        });
        assert!(events.is_empty(), "{events:?}");
    }
}
