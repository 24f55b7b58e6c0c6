//! Length padding: what a cookie's length tells, and that padding costs no data its place.

use std::collections::BTreeSet;

use sealed_session::{ConfigError, Keys, SealError, Sessions};

use crate::support::{CLAIMS_LEN, T0, at, load, open, ring, sealed, set_value};

const NAME: &str = "__Host-session";

fn padded(keys: impl Into<Keys>, step: usize) -> Sessions<String> {
    Sessions::builder(keys).pad_to(step).build().unwrap()
}

fn payload(value: &str) -> Vec<u8> {
    open(1, NAME, value)[CLAIMS_LEN..].to_vec()
}

#[test]
fn off_by_default() {
    let sessions = Sessions::<String>::new(ring([1]));
    for length in 0..100 {
        let value = sealed(&sessions, "x".repeat(length), T0);
        assert_eq!(payload(&value).len(), length + 2);
    }
}

#[test]
fn length_tells_the_number_of_steps_and_no_more() {
    for step in [1, 2, 16, 64, 250, 1024] {
        let sessions = padded(ring([1]), step);
        let (mut steps, mut lengths) = (BTreeSet::new(), BTreeSet::new());
        for length in 0..300 {
            let text = "x".repeat(length);
            let value = sealed(&sessions, text.clone(), T0);
            assert_eq!(*load(&sessions, &value, T0).read(), text);
            let json_steps = (length + 2).div_ceil(step);
            assert_eq!(payload(&value).len(), json_steps * step);
            steps.insert(json_steps);
            lengths.insert(value.len());
        }
        assert_eq!(lengths.len(), steps.len(), "step {step}");
    }
}

#[test]
fn padding_is_spaces_behind_the_json_and_readers_without_it_accept_them() {
    let value = sealed(&padded(ring([1]), 32), "a b ".to_owned(), T0);
    assert_eq!(payload(&value), format!("{:32}", "\"a b \"").as_bytes());
    let unpadded = Sessions::<String>::new(ring([1]));
    assert_eq!(*load(&unpadded, &value, T0).read(), "a b ");
}

#[test]
fn what_fits_without_padding_fits_with_it_and_what_does_not_fails_alike() {
    let plain = Sessions::<String>::new(ring([1]));
    let mut last = 0;
    for length in 2945..2975 {
        let text = "x".repeat(length);
        let seal = |sessions: &Sessions<String>| {
            sessions.seal_at(&sessions.create_at(text.clone(), T0).unwrap(), T0)
        };
        for step in [7, 64, 1024] {
            let sessions = padded(ring([1]), step);
            match (seal(&plain), seal(&sessions)) {
                (Ok(_), Ok(value)) => {
                    assert!(value.len() + NAME.len() <= 4096);
                    assert_eq!(*load(&sessions, &value, T0).read(), text);
                    last = last.max(length);
                }
                (Err(plain), Err(padded)) => {
                    assert!(matches!(plain, SealError::TooLarge { .. }));
                    assert_eq!(plain, padded, "the figures are those of the data");
                }
                (plain, padded) => panic!("{length} {step}: {plain:?} {padded:?}"),
            }
        }
    }
    // (4096 - 14) characters hold 3061 bytes, less 95 of overhead and 2 quotes.
    assert_eq!(last, 3061 - 95 - 2);
}

#[test]
fn near_the_limit_the_last_step_ends_where_browsers_do() {
    let sessions = padded(ring([1]), 1024);
    for length in [2047, 2500, 2964] {
        let value = sealed(&sessions, "x".repeat(length), T0);
        assert_eq!(payload(&value).len(), 3061 - 95, "{length}");
    }
}

#[test]
fn reseal_keeps_the_payload_and_does_not_grow_it() {
    for (length, step) in [(10, 64), (62, 64), (63, 64), (2900, 1024), (10, 1)] {
        let keys = Keys::from(ring([1]));
        let sessions = padded(keys.clone(), step);
        let mut value = sealed(&sessions, "x".repeat(length), T0);
        let before = payload(&value);
        keys.replace(ring([3, 1]));
        let moved = sessions.reseal_at(&value, at(4000)).unwrap().unwrap();
        assert_eq!(open(3, NAME, &moved)[CLAIMS_LEN..], before);
        for round in 2..10 {
            // Back and forth between two keys.
            let id = if round % 2 == 0 { 3 } else { 1 };
            keys.replace(if id == 3 { ring([3, 1]) } else { ring([1, 3]) });
            value = sessions.reseal_at(&value, at(4000 * round)).unwrap().unwrap_or(value);
            let id = if load(&sessions, &value, at(4000 * round)).key_id().unwrap().get() == 3 {
                3
            } else {
                1
            };
            assert_eq!(open(id, NAME, &value)[CLAIMS_LEN..], before, "round {round}");
        }
    }
}

#[test]
fn reseal_under_a_new_step_pads_up_to_it_and_never_shortens() {
    let keys = Keys::from(ring([1]));
    let value = sealed(&padded(keys.clone(), 16), "x".repeat(10), T0);
    keys.replace(ring([2, 1]));
    for (step, length) in [(1, 16), (8, 16), (16, 16), (24, 24), (256, 256)] {
        let fresh = padded(keys.clone(), step).reseal_at(&value, at(4000)).unwrap().unwrap();
        assert_eq!(open(2, NAME, &fresh)[CLAIMS_LEN..].len(), length);
    }
}

#[test]
fn write_pads_the_new_data() {
    let sessions = padded(ring([1]), 64);
    let mut session = load(&sessions, &sealed(&sessions, "x".repeat(10), T0), T0);
    session.write(|text| text.push_str(&"y".repeat(60)));
    let value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert_eq!(payload(&value).len(), 128);
}

#[test]
fn tokens_and_tombstones_are_not_padded() {
    let sessions = Sessions::<String>::builder(ring([1])).pad_to(1024).build().unwrap();
    let value = sealed(&sessions, String::new(), T0);
    let mut session = load(&sessions, &value, T0);
    let token = session.csrf_token().unwrap();
    assert_eq!(token.len(), 82);
    assert_eq!(session.verify_csrf(&token), Ok(()));
    session.destroy();
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(commit.cookies()[1].value().len(), 82);
}

#[test]
fn step_is_checked_when_built() {
    for step in [0, 1025, usize::MAX] {
        let error = Sessions::<u32>::builder(ring([1])).pad_to(step).build().unwrap_err();
        assert_eq!(error, ConfigError::Padding { limit: 1024 });
    }
}
