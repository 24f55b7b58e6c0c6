use std::{fs, thread};

use time::Duration;

use super::{NOW, Ring, finish, id, tables, tool};

#[test]
fn the_new_key_is_read_at_once_and_seals_later() {
    let ring = Ring::of([(1, "")]);
    let said = ring.run("rotate", &[]).done();
    assert!(said.contains("key 2 added"), "{said}");
    assert!(said.contains("bring the ring to every machine before 2031-05-06T07:15:00Z"), "{said}");
    assert_eq!(ring.ids(), [2, 1]);
    let after = ring.at(NOW);
    assert!(said.contains(&after.fingerprint().to_string()));
    let start = NOW + Duration::minutes(15);
    assert_eq!(after.sealing_key_id(start - Duration::SECOND), Some(id(1)));
    assert_eq!(after.sealing_key_id(start), Some(id(2)));
}

#[test]
fn now_means_now() {
    let ring = Ring::of([(1, "")]);
    let said = ring.run("rotate", &["--now"]).done();
    assert!(said.contains("every machine at once"), "{said}");
    assert_eq!(ring.at(NOW).sealing_key_id(NOW), Some(id(2)));
    // Without it nobody would know when key 1 sealed last.
    assert_eq!(ring.at(NOW).entries()[0].starts_at(), Some(NOW));
}

#[test]
fn an_id_is_never_used_again() {
    let ring = Ring::of([(1, "")]);
    ring.run("rotate", &[]).done();
    ring.run("retire", &["2"]).done();
    assert_eq!(ring.ids(), [1]);
    ring.run("rotate", &[]).done();
    assert_eq!(ring.ids(), [3, 1]);
    ring.run("emergency", &[]).done();
    ring.run("rotate", &[]).done();
    assert_eq!(ring.ids(), [5, 4]);

    // Nor where somebody takes a key out by hand, or has a record of older ones.
    fs::write(&ring.path, format!("last_id = 70\n{}", tables([(1, "")]))).unwrap();
    ring.run("rotate", &[]).done();
    assert_eq!(ring.ids(), [71, 1]);
    // A record that is too small is not believed.
    fs::write(&ring.path, format!("last_id = 1\n{}", tables([(5, ""), (9, "")]))).unwrap();
    ring.run("retire", &["9", "--force"]).done();
    ring.run("rotate", &[]).done();
    assert_eq!(ring.ids(), [10, 5]);
}

#[test]
fn the_last_id_of_all_is_refused() {
    let ring = Ring::new(format!("last_id = 4294967295\n{}", tables([(1, "")])));
    let error = ring.refused("rotate", &[]);
    assert!(error.contains("prepend a key by hand"), "{error}");
}

#[test]
fn each_rotation_has_another_key() {
    let ring = Ring::of([(1, "")]);
    for _ in 0..5 {
        ring.run("rotate", &[]).done();
    }
    // A ring with a key twice would be refused.
    assert_eq!(ring.ids(), [6, 5, 4, 3, 2, 1]);
    let said = ring.run("rotate", &[]).done();
    assert!(said.contains("a pending key already"), "{said}");
}

#[test]
fn what_seals_until_the_new_key_does_is_told_with_each_pending_key() {
    let ring = Ring::of([(1, "")]);
    let said = ring.run("rotate", &[]).done();
    assert!(said.contains("\nuntil then key 1 seals\n"), "{said}");
    let said = ring.run("rotate", &["--activate-in", "1h"]).done();
    assert!(
        said.contains("\nuntil then key 1 seals, and from 2031-05-06T07:15:00Z on key 2\n"),
        "{said}"
    );
    // Before both of them: they will never seal.
    let said = ring.run("rotate", &["--activate-in", "10m"]).done();
    assert!(said.contains("\nuntil then key 1 seals\n"), "{said}");
}

#[test]
fn a_start_that_machines_may_miss_is_noted() {
    for (delay, is_soon) in [("30s", true), ("2m", true), ("121s", false)] {
        let said = Ring::of([(1, "")]).run("rotate", &["--activate-in", delay]).done();
        assert_eq!(said.contains("note: that is within two minutes"), is_soon, "{said}");
    }
    let said = Ring::of([(1, "")]).run("rotate", &["--now"]).done();
    assert!(!said.contains("two minutes"), "{said}");
}

#[test]
fn parallel_rotations_lose_none_of_each_other() {
    let ring = Ring::of([(1, "")]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| ring.run("rotate", &[]).done());
        }
    });
    assert_eq!(ring.ids(), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

#[test]
fn create_makes_a_ring_that_seals_at_once() {
    let ring = Ring::new("");
    fs::remove_file(&ring.path).unwrap();
    let error = finish(&mut tool(&["rotate", ring.path.to_str().unwrap()]), "").err;
    assert!(error.contains("rotate --create FILE"), "{error}");

    ring.run("rotate", &["--create"]).done();
    assert_eq!(ring.ids(), [1]);
    // Also on a machine whose clock is behind.
    assert_eq!(ring.at(NOW).sealing_key_id(NOW - Duration::days(1)), Some(id(1)));
    ring.run("check", &[]).done();
    let error = ring.refused("rotate", &["--create"]);
    assert!(error.contains("there already"), "{error}");
    ring.run("rotate", &[]).done();
    assert_eq!(ring.ids(), [2, 1]);
}

#[test]
fn keys_are_never_taken_from_the_command_line() {
    let help = finish(&mut tool(&["rotate", "--help"]), "").out;
    assert!(!help.contains("--key"), "{help}");
}

#[test]
fn keygen_prints_a_new_key_each_time() {
    let keys = [(); 3].map(|()| finish(&mut tool(&["keygen"]), "").done());
    assert!(keys.iter().all(|key| key.trim_end().parse::<sealed_session::Key>().is_ok()));
    assert!(keys[0] != keys[1] && keys[1] != keys[2]);
}
