use sealed_session::{Sessions, UnsealError};
use time::Duration;

use super::{NOW, Ring, finish, tables, tool};

const MAY_1: &str = "not_before = \"2031-05-01T00:00:00Z\"";

#[test]
fn one_fresh_key_takes_the_place_of_all_and_sign_ins_succeed_at_once() {
    let ring = Ring::of([(3, "not_before = \"2031-06-01T00:00:00Z\""), (2, MAY_1), (1, "")]);
    let before = Sessions::<u8>::new(ring.at(NOW));
    let old = before.seal_at(&before.create_at(1, NOW).unwrap(), NOW).unwrap();
    // A forger may date his sessions as he likes.
    let ahead = NOW + Duration::MINUTE;
    let forged = before.seal_at(&before.create_at(1, ahead).unwrap(), ahead).unwrap();

    let report = ring.json("emergency", &[]);
    assert_eq!((&report["removed"], &report["id"]), (&vec![3, 2, 1].into(), &4.into()));
    assert_eq!(ring.ids(), [4]);
    assert!(!ring.at(NOW).accepts_takeover());

    let after = Sessions::<u8>::new(ring.at(NOW));
    for value in [&old, &forged] {
        let error = after.unseal_at(value, NOW).unwrap_err();
        assert_eq!(error, UnsealError::UnknownKey(super::id(2)));
    }
    let new = after.seal_at(&after.create_at(1, NOW).unwrap(), NOW).unwrap();
    assert_eq!(after.unseal_at(&new, NOW).unwrap().key_id(), Some(super::id(4)));
}

#[test]
fn a_broken_ring_and_an_exhausted_one_say_what_to_do_in_an_emergency() {
    for broken in ["[[keys]]\nid = 1\nkey = \"short\"\n", "1:short", "%&$", ""] {
        let ring = Ring::new(broken);
        let error = ring.refused("emergency", &[]);
        assert!(
            error.contains("rotate --create --id N") && error.contains("no_takeover = true"),
            "{error}"
        );
        assert!(!ring.refused("rotate", &[]).contains("--create --id"));
    }
    let absent = finish(&mut tool(&["emergency", "/nowhere/keys.toml"]), "");
    assert!(!absent.err.contains("--id"), "{}", absent.err);
    let ring = Ring::new(format!("last_id = 4294967295\n{}", tables([(1, "")])));
    let error = ring.refused("emergency", &[]);
    assert!(
        error.contains("a ring of one new key by hand") && !error.contains("prepend"),
        "{error}"
    );
}

#[test]
fn the_fresh_key_seals_on_slow_clocks_too() {
    let ring = Ring::of([(1, "")]);
    let said = ring.run("emergency", &[]).done();
    assert!(said.contains("everybody is signed out once"), "{said}");
    assert_eq!(ring.at(NOW).sealing_key_id(NOW - Duration::days(1)), Some(super::id(2)));
}
