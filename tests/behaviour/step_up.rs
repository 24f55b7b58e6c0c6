//! A fresh sign-in for what is sensitive, by a time that nothing else moves.

use sealed_session::{Keys, Session, Sessions};

use crate::support::{at, load, ring, sealed, secs, set_value};

#[test]
fn created_within_holds_up_to_and_without_the_second_in_which_the_age_is_reached() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let value = sealed(&sessions, 7, at(0));
    for (now, fresh) in [(0, true), (299, true), (300, false), (301, false)] {
        assert_eq!(load(&sessions, &value, at(now)).created_within(secs(300)), fresh, "at {now}");
    }
    assert!(!load(&sessions, &value, at(0)).created_within(secs(0)));
    // A machine whose clock is behind the one that sealed it.
    assert!(load(&sessions, &value, at(-60)).created_within(secs(1)));
}

#[test]
fn authenticated_within_counts_from_the_last_proof_up_to_and_without_that_second() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let value = sealed(&sessions, 7, at(0));
    let within = |value: &str, now| load(&sessions, value, at(now)).authenticated_within(secs(300));
    assert!(within(&value, 299) && !within(&value, 300));
    let mut session = load(&sessions, &value, at(1000));
    session.reauthenticate();
    assert!(session.authenticated_within(secs(1)) && !session.created_within(secs(300)));
    let fresh = set_value(&sessions.commit_at(&session, at(1000)).unwrap()).unwrap();
    assert!(within(&fresh, 1299) && !within(&fresh, 1300));
    assert!(!sessions.load_at([""], at(0)).authenticated_within(secs(u64::MAX)));
}

#[test]
fn visitor_without_a_session_never_signed_in() {
    let sessions = Sessions::<u32>::new(ring([1]));
    let mut session = sessions.load_at([""], at(0));
    assert!(!session.created_within(secs(u64::MAX)));
    session.renew();
    assert!(session.created_within(secs(1)));
    session.destroy();
    assert!(!session.created_within(secs(u64::MAX)));
}

#[test]
fn neither_use_nor_reseal_nor_write_nor_a_new_id_makes_a_sign_in_fresher() {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<u32>::builder(keys.clone()).idle_timeout(secs(8000)).build().unwrap();
    let start = sealed(&sessions, 7, at(0));
    let act = |value: &str, now, act: fn(&mut Session<u32>)| {
        let mut session = load(&sessions, value, at(now));
        act(&mut session);
        set_value(&sessions.commit_at(&session, at(now)).unwrap()).expect("is sealed again")
    };
    keys.replace(ring([2, 1]));
    let rotated = act(&start, 3700, |session| drop(session.read()));
    let slid = act(&rotated, 7400, |session| drop(session.read()));
    let string = sessions.reseal_at(&start, at(7400)).unwrap().unwrap();
    let written = act(&slid, 7500, |session| session.write(|n| *n += 1));
    let regenerated = act(&written, 7600, Session::regenerate_id);
    for value in [&start, &rotated, &slid, &string, &written, &regenerated] {
        let session = load(&sessions, value, at(7650));
        assert!(!session.is_new());
        assert!(!session.created_within(secs(7650)));
        assert!(session.created_within(secs(7651)));
    }

    let renewed = act(&regenerated, 7700, Session::renew);
    assert!(load(&sessions, &renewed, at(7999)).created_within(secs(300)));
    assert!(!load(&sessions, &renewed, at(8000)).created_within(secs(300)));
}

#[test]
fn a_proof_in_the_second_of_the_sign_in_is_of_that_second() {
    let mut session = Sessions::<u32>::new(ring([1])).create_at(7, at(0)).unwrap();
    session.reauthenticate();
    assert_eq!((session.authenticated_at(), session.issued_at()), (Some(at(0)), Some(at(0))));
}
