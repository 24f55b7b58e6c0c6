//! A whole new ring, where machines may run with another.

use sealed_session::{Follower, KeyRing, RingFile};

use super::{NOW, Ring, finish, id, tables, tool};

/// A ring's file that machines follow, and the look of one of them.
fn machine(ring: &Ring) -> impl FnMut() -> Result<KeyRing, String> {
    let mut follower = Follower::new(RingFile::new(&ring.path)).unwrap();
    move || match follower.check() {
        Ok(_) => Ok(follower.keys().current().as_ref().clone()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_lost_ring_is_replaced_on_machines_that_run() {
    let ring = Ring::new(format!("last_id = 2\n{}", tables([(2, ""), (1, "")])));
    let mut look = machine(&ring);
    std::fs::remove_file(&ring.path).unwrap();
    let said = ring.run("rotate", &["--create"]).done();
    assert!(said.contains("make it with --id, above every id of theirs"), "{said}");
    // Its id has been used: no machine takes it, now or after an emergency.
    assert!(look().is_err());
    ring.run("emergency", &[]).done();
    assert!(look().is_err());

    std::fs::remove_file(&ring.path).unwrap();
    let said = ring.run("rotate", &["--create", "--id", "1000"]).done();
    assert!(said.contains("with key 1000") && !said.contains("with --id"), "{said}");
    let report = ring.at(NOW);
    assert_eq!((report.entries()[0].id(), report.last_id()), (id(1000), Some(id(1000))));
    assert_eq!(look().unwrap(), report);
    ring.run("emergency", &[]).done();
    assert_eq!(look().unwrap().entries()[0].id(), id(1001));
}

#[test]
fn an_id_without_a_next_one_is_refused() {
    let ring = Ring::new("");
    std::fs::remove_file(&ring.path).unwrap();
    for (wrong, part) in
        [("4294967295", "smaller number"), ("x", "whole number"), ("-1", "whole number")]
    {
        let run = ring.run("rotate", &["--create", &format!("--id={wrong}")]);
        assert_eq!(run.code, 2);
        assert!(run.err.contains(part), "{}", run.err);
    }
    assert!(!ring.path.exists());
}

#[test]
fn a_first_ring_for_a_variable_is_printed() {
    let run =
        finish(tool(&["rotate", "--create", "--env", "SESSION_KEYS"]).env("SESSION_KEYS", ""), "");
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("`sealed-session rotate --create -`"), "{}", run.err);
    let run = finish(&mut tool(&["rotate", "--create", "-", "--absolute-timeout", "14d"]), "");
    assert_eq!(run.code, 0);
    assert!(run.out.starts_with("absolute-timeout=14d,last-id=1,key-count=1,"), "the settings");
    assert!(
        run.err.contains("a ring made with key 1") && !run.err.contains("owner"),
        "{}",
        run.err
    );
    let mut check = tool(&["check", "--strict", "--env", "SESSION_KEYS"]);
    finish(check.env("SESSION_KEYS", run.out.trim_end()), "").done();
}
