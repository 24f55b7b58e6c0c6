//! Looking without touching, rotations by a schedule, and timeouts that nobody told.

use serde_json::json;

use super::{AT, CLOCK, NOW, Ring, finish, tables, tool};

const MAY_1: &str = "not_before = \"2031-05-01T00:00:00Z\"";

#[test]
fn a_dry_run_says_what_would_be_done_and_changes_nothing() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let before = ring.text();
    for (command, arguments, part) in [
        ("rotate", &[][..], "key 3 added"),
        ("retire", &["1", "--force"], "key 1 taken out"),
        ("prune", &["--absolute-timeout", "1d"], "keys may still be needed"),
        ("emergency", &[], "keys [2, 1] dropped"),
    ] {
        let said = ring.run(command, &[arguments, &["--dry-run"]].concat()).done();
        assert!(said.contains(part) || command == "prune", "{said}");
        assert_eq!(ring.text(), before);
        let report = ring.json(command, &[arguments, &["--dry-run"]].concat());
        assert_eq!((&report["dry_run"], &report["changed"]), (&json!(true), &json!(false)));
    }
    let absent = ring.directory().join("new.toml");
    finish(&mut tool(&["rotate", absent.to_str().unwrap(), "--create", "--dry-run"]), "").done();
    assert!(!absent.exists());
}

#[test]
fn another_present_is_for_looking_alone() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let before = ring.text();
    let path = ring.path.to_str().unwrap();
    for command in [&["prune"][..], &["rotate"], &["retire", "1"], &["emergency"]] {
        let mut tool = tool(&[command[0], path]);
        let run = finish(tool.args(&command[1..]).args(["--at", "2032-06-01T00:00:00Z"]), "");
        assert_eq!(run.code, 2, "{command:?}: {}", run.out);
        assert!(run.err.contains("--dry-run"), "{}", run.err);
        assert_eq!(ring.text(), before, "{command:?}");
    }
    let said = ring.run("prune", &["--dry-run", "--at", "2032-06-01T00:00:00Z"]).done();
    assert!(said.contains("keys [1] taken out"), "{said}");
    assert_eq!(ring.text(), before);
    let status = ring.run("status", &["--at", "2032-06-01T00:00:00Z"]).done();
    assert!(status.contains("now"), "{status}");
}

#[test]
fn without_a_timeout_nothing_is_removed() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let path = ring.path.to_str().unwrap();
    let run = |at: &str, arguments: &[&str]| finish(tool(arguments).env(CLOCK, at), "");
    let late = "2099-01-01T00:00:00Z";
    for arguments in [&["prune", path][..], &["retire", path, "1"]] {
        let refused = run(late, arguments);
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("nobody says how long sessions live"), "{}", refused.err);
        assert!(refused.err.contains("--absolute-timeout"), "{}", refused.err);
    }
    let status = run(AT, &["status", path]).done();
    assert!(status.contains("how long sessions live is not known"), "{status}");
    assert!(status.contains("unknown without absolute_timeout"), "{status}");
    assert_eq!(ring.ids(), [2, 1]);
    // The ring says it, in either spelling.
    for timeout in ["\"30d\"", "2592000"] {
        let ring =
            Ring::new(format!("absolute_timeout = {timeout}\n{}", tables([(2, MAY_1), (1, "")])));
        let path = ring.path.to_str().unwrap();
        run("2031-05-31T00:01:59Z", &["prune", path]).done();
        assert_eq!(ring.ids(), [2, 1]);
        run("2031-05-31T00:02:00Z", &["prune", path]).done();
        assert_eq!(ring.ids(), [2]);
    }
}

#[test]
fn an_idle_timeout_lets_no_key_go_sooner() {
    // A token lives as long as its session, under the key of the day it was made.
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let mut tool = tool(&["prune", ring.path.to_str().unwrap()]);
    tool.env("SEALED_SESSION_IDLE_TIMEOUT", "2h").args(["--absolute-timeout", "14d"]);
    finish(tool.env(CLOCK, AT), "").done();
    assert_eq!(ring.ids(), [2, 1]);
}

#[test]
fn a_schedule_rotates_when_the_key_is_old_and_not_before() {
    let ring = Ring::new("");
    std::fs::remove_file(&ring.path).unwrap();
    ring.run("rotate", &["--create"]).done();
    let arguments = ["--if-older-than", "90d", "--unless-pending"];
    let at = |time: &str| {
        let run = ring.run_at(time, "rotate", &[&arguments[..], &["--json"]].concat()).done();
        serde_json::from_str::<serde_json::Value>(&run).unwrap()["changed"] == true
    };
    assert!(!at(AT));
    assert!(!at("2031-08-04T06:59:59Z"));
    assert!(at("2031-08-04T07:00:00Z"));
    assert!(!at("2031-08-04T07:01:00Z"), "the next key is pending");
    assert!(!at("2031-11-02T06:59:59Z"));
    // Also once the older key and the start are gone.
    ring.run_at("2031-09-01T00:00:00Z", "prune", &[]).done();
    assert!(!ring.text().contains("not_before"));
    assert!(!at("2031-11-02T06:59:59Z"));
    assert!(at("2031-11-02T07:00:00Z"));
    // Without a record the age is not known, and a rotation does no harm.
    let ring = Ring::of([(1, "")]);
    ring.run("rotate", &arguments).done();
    assert_eq!(ring.ids(), [2, 1]);
    let said = ring.run("rotate", &["--unless-pending"]).done();
    assert!(said.contains("key 2 is yet to begin to seal, nothing changed"), "{said}");
}

#[test]
fn completions_and_the_manual_are_printed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = finish(&mut tool(&["completions", shell]), "");
        assert_eq!(text.code, 0);
        assert!(text.out.contains("emergency"), "{shell}");
    }
    for (arguments, part) in [
        (&["man"][..], "Exit status"),
        (&["man", "rotate"], "activate"),
        (&["man", "emergency"], "leaked"),
    ] {
        let page = finish(&mut tool(arguments), "");
        assert_eq!(page.code, 0);
        assert!(page.out.contains(".TH") && page.out.contains(part), "{}", page.out);
    }
    let _ = NOW;
}
