use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{Ring, finish, tool};

#[test]
fn colours_are_for_terminals() {
    let ring = Ring::of([(1, "")]);
    for arguments in [["status", ring.path.to_str().unwrap()], ["status", "/nowhere"]] {
        let plain = finish(&mut tool(&arguments), "");
        assert!(!plain.out.contains('\x1b') && !plain.err.contains('\x1b'));
        let forced = finish(tool(&arguments).env("CLICOLOR_FORCE", "1"), "");
        assert!(forced.out.contains('\x1b') || forced.err.contains('\x1b'));
        let json = finish(tool(&arguments).arg("--json").env("CLICOLOR_FORCE", "1"), "");
        assert!(!json.out.contains('\x1b') && json.err.is_empty());
    }
}

#[test]
fn every_command_speaks_json() {
    let ring = Ring::of([(2, "not_before = \"2031-01-01T00:00:00Z\""), (1, "")]);
    for (command, arguments) in [
        ("status", &[][..]),
        ("check", &[]),
        ("rotate", &[]),
        ("retire", &["1"]),
        ("prune", &[]),
        ("emergency", &[]),
    ] {
        let report = ring.json(command, arguments);
        assert_eq!(report["ok"], true, "{command}: {report}");
        let fingerprint = ring.at(super::NOW).fingerprint().to_string();
        if command != "prune" {
            assert_eq!(report["fingerprint"], fingerprint, "{command}");
        }
    }
    let report = finish(&mut tool(&["keygen", "--json"]), "").done();
    assert!(report.contains("\"ok\":true"));
}

#[test]
fn a_wrong_command_line_has_an_exit_status_of_its_own() {
    for arguments in [
        &["rotate"][..],
        &["emergency", "x", "1"],
        &["status", "x", "--at", "now"],
        &["retire", "x", "y"],
        &["check", ""],
        &["man", "nope"],
        &["inspect", "a", "b"],
        &["rotate", "x", "--activate-in", "-5m"],
        &["status", "--env", "1:x"],
        &["rotate", "--create", "--env", "RING"],
        &["rotate", "x", "--id", "7"],
    ] {
        assert_eq!(finish(&mut tool(arguments), "").code, 2, "{arguments:?}");
    }
}

#[test]
fn a_wrong_command_line_is_told_by_what_is_wrong_with_it() {
    for (arguments, part) in [
        (&["check", ""][..], "perhaps a variable is not set"),
        (&["inspect", "a", "b"], "an argument too many"),
        (&["rotate", "x", "--activate-in", "-5m"], "write it as in 15m"),
        (&["man", "nope"], "lists them"),
    ] {
        let error = finish(&mut tool(arguments), "").err;
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
}

#[test]
fn a_job_that_has_nothing_to_do_can_be_silent() {
    let ring = Ring::of([(2, "not_before = \"2031-05-01T00:00:00Z\""), (1, "")]);
    let quiet = &["--quiet", "--if-older-than", "90d"];
    assert_eq!(ring.run("rotate", quiet).done(), "");
    assert_eq!(ring.run("prune", &["--quiet"]).done(), "");
    assert_ne!(ring.run("prune", &[]).done(), "");
    assert_ne!(ring.run("rotate", &["--quiet"]).done(), "", "there was something to do");
    fs::set_permissions(&ring.path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(ring.run("prune", &["--quiet"]).done().contains("note: everybody"));
}

#[test]
fn the_last_two_minutes_before_a_start_are_told_apart() {
    let ring = Ring::of([(2, "not_before = \"2031-05-06T07:01:00Z\""), (1, "")]);
    assert!(ring.run("status", &[]).done().contains("no, it is about to seal"));
    let error = ring.refused("retire", &["2"]);
    assert!(error.contains("leave it where it is") && !error.contains("rotate first"), "{error}");
}

#[test]
fn the_table_lines_up() {
    let ring = Ring::of([(200, "not_before = \"2031-06-01T00:00:00Z\""), (1, "")]);
    let table = ring.run("status", &[]).done();
    assert_eq!(
        table.lines().take(3).collect::<Vec<_>>(),
        [
            "ID   STATE    SEALS FROM            ACCEPTED UNTIL  SAFE TO REMOVE",
            "200  pending  2031-06-01T00:00:00Z  removed         until 2031-05-31T23:58:00Z",
            "1    sealing  the beginning         removed         no, it seals",
        ]
    );
}
