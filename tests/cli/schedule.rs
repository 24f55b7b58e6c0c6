//! Looking without touching, rotations by a schedule, and timeouts that nobody told.

use serde_json::json;

use super::{AT, CLOCK, NOW, Ring, finish, key_text, tables, tool};

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
        // Of a key that is thrown away there is nothing to be compared.
        let is_thrown_away = matches!(command, "rotate" | "emergency");
        assert_eq!(report["fingerprint"].is_null(), is_thrown_away, "{command}");
        let is_hex = |word: &str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(!said.split_whitespace().any(is_hex), "{said}");
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
    // The ring says it.
    let ring = Ring::new(format!("absolute_timeout = \"30d\"\n{}", tables([(2, MAY_1), (1, "")])));
    let path = ring.path.to_str().unwrap();
    run("2031-05-31T00:01:59Z", &["prune", path]).done();
    assert_eq!(ring.ids(), [2, 1]);
    run("2031-05-31T00:02:00Z", &["prune", path]).done();
    assert_eq!(ring.ids(), [2]);
}

#[test]
fn a_number_of_days_without_a_unit_signs_nobody_out() {
    for timeout in ["14", "14.0", "2592000"] {
        let ring =
            Ring::new(format!("absolute_timeout = {timeout}\n{}", tables([(2, MAY_1), (1, "")])));
        for command in ["check", "prune"] {
            let error = ring.refused(command, &[]);
            assert!(error.contains("keys.toml:1: "), "{error}");
            assert!(error.contains("as in `14d`, in quotes"), "{error}");
        }
        let json = format!(
            r#"{{"absolute_timeout": {timeout}, "keys": [{{"id": 1, "key": "{}"}}]}}"#,
            key_text(1)
        );
        let run = finish(tool(&["check", "-"]).env(CLOCK, AT), &json);
        assert!(run.code == 1 && run.err.contains("as in `14d`, in quotes"), "{}", run.err);
    }
}

#[test]
fn how_a_ring_says_its_timeout_is_told_in_its_own_form() {
    let text = format!("2@2031-05-01T00:00:00Z:{},1:{}", key_text(2), key_text(1));
    let through = |input: &str, arguments: &[&str]| finish(tool(arguments).env(CLOCK, AT), input);
    for arguments in [
        &["prune", "-"][..],
        &["check", "-"],
        &["status", "-"],
        &["rotate", "-", "--absolute-timeout", "14d"],
    ] {
        let run = through(&text, arguments);
        let said = format!("{}{}", run.out, run.err);
        assert!(said.contains("`absolute-timeout=14d,`") && !said.contains("\"14d\""), "{said}");
    }
    // As they say, and as they do not.
    let mended = format!("absolute-timeout=14d,{text}");
    assert_eq!(through(&mended, &["check", "-", "--strict"]).code, 0);
    for wrong in [
        format!("absolute_timeout = \"14d\"\n{text}"),
        format!("absolute_timeout=14d,{text}"),
        format!("last_id = 2,{text}"),
    ] {
        let run = through(&wrong, &["check", "-"]);
        assert_eq!(run.code, 1);
        assert!(run.err.contains("in one string write `absolute-timeout=14d,`"), "{}", run.err);
        assert!(
            wrong
                .parse::<sealed_session::KeyRing>()
                .unwrap_err()
                .to_string()
                .contains("in one string write")
        );
    }
    let json = format!(r#"{{"keys": [{{"id": 1, "key": "{}"}}]}}"#, key_text(1));
    let run = through(&json, &["status", "-"]).done();
    assert!(run.contains(r#""absolute_timeout": "14d""#), "{run}");
}

#[test]
fn a_variable_that_is_set_and_empty_is_named() {
    let ring = Ring::of([(1, "")]);
    let mut tool = tool(&["prune", ring.path.to_str().unwrap()]);
    let run = finish(tool.env("SEALED_SESSION_ABSOLUTE_TIMEOUT", ""), "");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("variable SEALED_SESSION_ABSOLUTE_TIMEOUT: it is empty"),
        "{}",
        run.err
    );
    let run = ring.run("prune", &["--absolute-timeout", ""]);
    assert!(run.err.contains("for --absolute-timeout"), "{}", run.err);
}

#[test]
fn a_start_that_nobody_means_is_refused() {
    let ring = Ring::of([(1, "")]);
    for (delay, part) in
        [("0", "give --now"), ("0s", "give --now"), ("10000000d", "more than a year")]
    {
        let run = ring.run("rotate", &["--activate-in", delay]);
        assert_eq!(run.code, 2, "{}", run.out);
        assert!(run.err.contains(part), "{}", run.err);
    }
    assert_eq!(ring.ids(), [1]);
}

#[test]
fn a_pending_key_that_will_never_seal_is_named() {
    let ring = Ring::of([(1, "")]);
    ring.run("rotate", &["--activate-in", "2h"]).done();
    let said = ring.run("rotate", &["--activate-in", "5m"]).done();
    assert!(said.contains("key 2 will never seal"), "{said}");
    let report = ring.json("status", &[]);
    let states: Vec<_> =
        report["keys"].as_array().unwrap().iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, ["pending", "passed_over", "sealing"]);
    assert_eq!(ring.json("rotate", &["--unless-pending"])["pending"], json!([3]));
    let said = ring.run("retire", &["2"]).done();
    assert!(!said.contains("will seal under the key"), "{said}");
    // The other order is that of two rotations to come.
    ring.run("rotate", &["--activate-in", "10m"]).done();
    let report = ring.json("status", &[]);
    assert_eq!(
        (&report["keys"][0]["state"], &report["keys"][1]["state"]),
        (&json!("pending"), &json!("pending"))
    );
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
