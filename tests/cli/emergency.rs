use sealed_session::{Sessions, UnsealError};
use time::Duration;

use super::{NOW, Ring};

const MAY_1: &str = "not_before = \"2031-05-01T00:00:00Z\"";

#[test]
fn the_key_that_seals_is_replaced_and_every_older_session_refused() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let before = Sessions::<u8>::new(ring.at(NOW));
    let old = before.seal_at(&before.create_at(1, NOW).unwrap(), NOW).unwrap();
    let older = NOW - Duration::days(6);
    let under_1 = before.seal_at(&before.create_at(1, older).unwrap(), older).unwrap();

    let said = ring.run("emergency", &["2"]).done();
    assert_eq!(ring.ids(), [3, 1]);
    assert!(said.contains("everybody is signed out once"), "{said}");
    assert!(said.contains("created before 2031-05-06T07:02:00Z are refused"), "{said}");

    let after = Sessions::<u8>::new(ring.at(NOW));
    let error = |value: &str| after.unseal_at(value, NOW).unwrap_err();
    assert_eq!(error(&old), UnsealError::UnknownKey(super::id(2)));
    assert_eq!(error(&under_1), UnsealError::CreatedTooEarly);
    let later = NOW + Duration::minutes(2);
    let new = after.seal_at(&after.create_at(1, later).unwrap(), later).unwrap();
    assert_eq!(after.unseal_at(&new, later).unwrap().key_id(), Some(super::id(3)));
}

#[test]
fn an_older_key_goes_without_a_new_one() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let said = ring.run("emergency", &["1"]).done();
    assert_eq!(ring.ids(), [2]);
    assert!(!said.contains("added"), "{said}");
    assert_eq!(ring.at(NOW).not_created_before(), Some(NOW + Duration::minutes(2)));
}

#[test]
fn a_lone_key_is_replaced_by_one_that_seals_on_slow_clocks_too() {
    let ring = Ring::of([(1, "")]);
    ring.run("emergency", &["1"]).done();
    assert_eq!(ring.ids(), [2]);
    assert_eq!(ring.at(NOW).sealing_key_id(NOW - Duration::minutes(1)), Some(super::id(2)));
    // Beside a pending key as well.
    let ring = Ring::of([(2, "not_before = \"2031-06-01T00:00:00Z\""), (1, "")]);
    ring.run("emergency", &["1"]).done();
    assert_eq!(ring.ids(), [3, 2]);
    assert_eq!(ring.at(NOW).sealing_key_id(NOW - Duration::minutes(1)), Some(super::id(3)));
}

#[test]
fn several_keys_and_all_of_them_go_at_once() {
    let ring = Ring::of([(3, MAY_1), (2, ""), (1, "")]);
    ring.run("emergency", &["1", "3", "1"]).done();
    assert_eq!(ring.ids(), [4, 2]);
    let report = ring.json("emergency", &["--all"]);
    assert_eq!((&report["removed"], &report["added"]), (&vec![4, 2].into(), &5.into()));
    assert_eq!(ring.ids(), [5]);
}

#[test]
fn a_later_bound_stays() {
    let bound = "not_created_before = \"2031-05-07T00:00:00Z\"\n";
    let ring = Ring::new(format!("{bound}{}", super::tables([(2, ""), (1, "")])));
    ring.run("emergency", &["1"]).done();
    assert!(ring.text().contains(bound));
}

#[test]
fn an_id_that_is_not_there_changes_nothing() {
    let error = Ring::of([(1, "")]).refused("emergency", &["1", "7"]);
    assert!(error.contains("no key 7"), "{error}");
}
