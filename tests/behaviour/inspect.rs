//! What a value tells with and without its key; every refusal is that of `unseal`.

use sealed_session::{Hint, KeyId, Lifetime, Sessions, UnsealError};
use time::{Duration, OffsetDateTime};

use crate::support::{T0, at, entry, ring, sealed, secs};

#[test]
fn a_hint_is_read_from_every_value_and_from_no_other_text() {
    let sessions = Sessions::<String>::new(ring([7]));
    for length in [0, 1, 2, 3, 500, 2800] {
        let value = sealed(&sessions, "x".repeat(length), T0);
        let hint = Hint::read(&value).unwrap();
        assert_eq!((hint.key_id(), hint.payload_len()), (KeyId::new(7), length + 2));
        assert_eq!(hint.sealed_len(), length + 2 + 95);
        for (text, error) in [
            (format!("{value}="), UnsealError::Malformed),
            (format!("{value}*"), UnsealError::Malformed),
            (value[..59].to_owned(), UnsealError::Malformed),
            (format!("Ag{}", &value[2..]), UnsealError::UnsupportedVersion(2)),
            ("A".repeat(4097), UnsealError::TooLong { limit: 4096 }),
        ] {
            assert_eq!(Hint::read(&text), Err(error.clone()));
            assert_eq!(sessions.unseal_at(&text, T0).unwrap_err(), error);
        }
    }
}

#[test]
fn refusals_are_those_of_unseal() {
    let sessions = Sessions::<u8>::builder(ring([2, 1])).idle_timeout(secs(600)).build().unwrap();
    let value = sealed(&sessions, 7, T0);
    let ended = sealed_session::KeyRing::new_at([entry(3), entry(2).not_after(at(1))], T0).unwrap();
    let ended = Sessions::<u8>::new(ended);
    for (sessions, now) in [
        (&sessions, at(0)),
        (&sessions, at(599)),
        (&sessions, at(600)),
        (&sessions, at(-61)),
        (&sessions, at(14 * 24 * 60 * 60)),
        (&ended, at(1)),
    ] {
        let inspection = sessions.inspect_at(&value, now).unwrap();
        assert_eq!(inspection.refusal(), sessions.unseal_at(&value, now).err().as_ref(), "{now}");
        assert_eq!(inspection.payload(), b"7");
        assert_eq!((inspection.created_at(), inspection.key_id()), (Some(T0), KeyId::new(2)));
    }
    let other = Sessions::<u8>::new(ring([1]));
    assert_eq!(other.inspect_at(&value, T0).unwrap_err(), UnsealError::UnknownKey(KeyId::new(2)));
    let cart = Sessions::<u8>::builder(ring([2])).cookie_name("__Host-cart").build().unwrap();
    assert_eq!(cart.inspect_at(&value, T0).unwrap_err(), UnsealError::NotAuthentic(KeyId::new(2)));
}

#[test]
fn what_was_sealed_is_shown() {
    let sessions = Sessions::<String>::builder(ring([1])).idle_timeout(secs(600)).build().unwrap();
    let mut session = sessions.create_at("secret data".to_owned(), T0).unwrap();
    session.renew_with(Lifetime::browser_session(secs(3600))).unwrap();
    let value = sessions.seal_at(&session, T0).unwrap();
    let inspection = sessions.inspect_at(&value, at(5)).unwrap();
    assert_eq!(Some(inspection.id()), session.id());
    assert_eq!((inspection.lifetime(), inspection.idle_timeout()), (secs(3600), Some(secs(600))));
    assert_eq!(inspection.expires_at(), T0 + Duration::seconds(600));
    assert!(!inspection.is_persistent());
    let shown = format!("{inspection:?}");
    assert!(shown.starts_with("Inspection { key_id: KeyId(1)") && !shown.contains("secret"));

    session.renew_with(Lifetime::persistent(secs(3600))).unwrap();
    let value = sessions.seal_at(&session, at(7)).unwrap();
    let inspection = sessions.inspect_at(&value, at(9)).unwrap();
    assert!(inspection.is_persistent());
    assert_eq!((inspection.created_at(), inspection.issued_at()), (Some(T0), at(7)));
    assert_eq!(inspection.authenticated_at(), Some(T0));
    assert_eq!(Some(inspection.family()), session.family());
}

#[test]
fn without_a_time_a_value_is_judged_now() {
    let sessions = Sessions::<u8>::new(ring([1]));
    let value = sessions.seal(&sessions.create(7).unwrap()).unwrap();
    assert_eq!(sessions.inspect(&value).unwrap().refusal(), None);
    let old = sealed(&sessions, 7, OffsetDateTime::now_utc() - Duration::days(15));
    assert_eq!(sessions.inspect(&old).unwrap().refusal(), Some(&UnsealError::Expired));
}
