//! Sessions that have to be bound.

use sealed_session::{Bound, Sessions, UnsealError};

use crate::{
    DAY, MINUTE,
    browser::Browser,
    machine_with,
    support::{T0, at, ring},
};

fn strict() -> Sessions<String> {
    machine_with(ring([1]), Bound::new().strict(true))
}

#[test]
fn a_session_that_is_not_bound_in_five_minutes_is_refused() {
    let mut browser = Browser::default();
    let _ = browser.sign_in(&strict(), "ada", T0);
    assert_eq!(browser.read(&strict(), at(5 * MINUTE - 1)), "ada");
    assert_eq!(browser.read(&strict(), at(5 * MINUTE)), "");
    let session = browser.load(&strict(), at(5 * MINUTE));
    assert_eq!(session.refusal().map(UnsealError::class), Some("bound"));
    // It is sealed in: a machine that binds nothing refuses it too.
    let plain = Sessions::<String>::new(ring([1]));
    assert_eq!(browser.read(&plain, at(5 * MINUTE - 1)), "ada");
    assert_eq!(browser.read(&plain, at(5 * MINUTE)), "");
    // And no write makes it last.
    let mut writer = Browser::default();
    let _ = writer.sign_in(&strict(), "ada", T0);
    for minute in 0..5 {
        writer.visit(&strict(), at(minute * MINUTE), |session| session.write(|d| d.push('!')));
    }
    assert_eq!(writer.read(&strict(), at(5 * MINUTE)), "");
}

#[test]
fn a_copy_of_before_the_binding_works_for_five_minutes() {
    let mut victim = Browser::default();
    let offer = victim.sign_in(&strict(), "ada", T0);
    let mut thief = victim.copied();
    assert!(victim.register(&strict(), &offer, at(1)));
    assert_eq!(victim.read(&strict(), at(2)), "ada");
    assert_eq!(thief.visit_without(&strict(), at(5 * MINUTE - 1), |_| {}), "ada");
    for seconds in [5 * MINUTE, 6 * MINUTE, DAY - 1] {
        assert_eq!(thief.visit_without(&strict(), at(seconds), |_| {}), "");
    }
    assert_eq!(victim.read(&strict(), at(DAY - 1)), "ada", "the whole lifetime");
}

#[test]
fn a_reader_of_long_pages_stays_signed_in() {
    // Registered at once, and the next request comes when the first bound cookie has lapsed.
    let mut browser = Browser::default();
    let offer = browser.sign_in(&strict(), "ada", T0);
    assert!(browser.register(&strict(), &offer, at(1)));
    assert_eq!(browser.read(&strict(), at(60 * MINUTE)), "ada");
    assert!(browser.load(&strict(), at(60 * MINUTE)).is_bound());
}

#[test]
fn a_step_up_is_another_offer_and_five_minutes_more() {
    let mut browser = Browser::default();
    let _ = browser.sign_in(&strict(), "ada", T0);
    let mut session = browser.load(&strict(), at(4 * MINUTE));
    session.reauthenticate();
    let sessions = strict();
    drop(session);
    let mut session = browser.load(&sessions, at(4 * MINUTE));
    session.reauthenticate();
    let commit = sessions.commit_at(&session, at(4 * MINUTE)).unwrap();
    browser.take(&commit, at(4 * MINUTE));
    assert_eq!(browser.read(&sessions, at(9 * MINUTE - 1)), "ada");
    assert!(browser.register(&sessions, commit.registration().unwrap(), at(5 * MINUTE)));
    assert_eq!(browser.read(&sessions, at(60 * MINUTE)), "ada");
}

#[test]
fn guests_and_strings_are_held_to_nothing() {
    let sessions = strict();
    let mut guest = Browser::default();
    guest.visit(&sessions, T0, |session| session.write(|data| "cart".clone_into(data)));
    assert_eq!(guest.read(&sessions, at(DAY - 1)), "cart");
    let value = crate::support::sealed(&sessions, "text".to_owned(), T0);
    assert!(sessions.unseal_at(&value, at(DAY - 1)).is_ok());
}
