//! `check` as the gate of a pipeline: the ring that is to be deployed against the one that is.

use super::{Ring, Run, key_text, tables};

const MAY_1: &str = "not_before = \"2031-05-01T00:00:00Z\"";
const IN_AN_HOUR: &str = "not_before = \"2031-05-06T08:00:00Z\"";

fn check(old: &str, new: &str, more: &[&str]) -> Run {
    let (old, new) = (Ring::new(old), Ring::new(new));
    new.run("check", &[&["--deployed", old.path.to_str().unwrap()], more].concat())
}

#[track_caller]
fn refused(old: &str, new: &str, part: &str) {
    let run = check(old, new, &[]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains(part), "{part}: {}", run.out);
}

#[track_caller]
fn passes(old: &str, new: &str) {
    let run = check(old, new, &[]);
    assert_eq!(run.code, 0, "{}", run.out);
}

#[test]
fn what_the_tool_does_passes() {
    let old = tables([(2, MAY_1), (1, "")]);
    let ring = Ring::new(&old);
    passes(&old, &ring.text());
    ring.run("rotate", &[]).done();
    passes(&old, &ring.text());
    ring.run("retire", &["3"]).done();
    passes(&old, &ring.text());
    ring.run("emergency", &[]).done();
    passes(&old, &ring.text());
}

#[test]
fn a_swapped_key_is_refused() {
    let old = tables([(1, "")]);
    refused(&old, &old.replace(&key_text(1), &key_text(9)), "key 1 has other bytes");
}

#[test]
fn an_id_that_was_used_is_refused() {
    let old = format!("last_id = 5\n{}", tables([(2, ""), (1, "")]));
    let new = format!("last_id = 5\n{}", tables([(4, IN_AN_HOUR), (2, ""), (1, "")]));
    refused(&old, &new, "its id was used before: give it one above 5");
}

#[test]
fn a_key_that_seals_at_once_is_refused() {
    let old = tables([(1, "")]);
    for start in ["", MAY_1, "not_before = \"2031-05-06T07:01:00Z\""] {
        refused(&old, &tables([(2, start), (1, "")]), "key 2 is new and seals at once");
    }
    passes(&old, &tables([(2, IN_AN_HOUR), (1, "")]));
    // Behind the others it seals nothing yet: the rotation by hand.
    passes(&old, &tables([(1, ""), (2, "")]));
}

#[test]
fn a_key_that_is_needed_and_missing_is_refused() {
    let old = tables([(2, MAY_1), (1, "")]);
    refused(&old, &tables([(2, MAY_1)]), "key 1 is deployed and missing here");
    refused(&old, &tables([(3, IN_AN_HOUR), (1, "")]), "key 2 is deployed and missing here");
    // Two weeks after key 2 took over.
    let (old, new) = (Ring::new(&old), Ring::new(tables([(2, "")])));
    let arguments = ["--deployed", old.path.to_str().unwrap()];
    assert_eq!(new.run_at("2031-05-15T00:02:00Z", "check", &arguments).code, 0);
}

#[test]
fn an_older_ring_and_a_lost_incident_are_refused() {
    let incident = format!("no_takeover = true\nlast_id = 3\n{}", tables([(3, "")]));
    let before = format!("last_id = 2\n{}", tables([(2, ""), (1, "")]));
    refused(&incident, &before, "older than the deployed one");
    refused(&incident, &incident.replace("true", "false"), "the deployed ring says no_takeover");
}

#[test]
fn a_fingerprint_is_compared() {
    let ring = Ring::of([(1, "")]);
    let fingerprint = ring.json("check", &[])["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(ring.run("check", &["--fingerprint", &fingerprint]).code, 0);
    assert_eq!(ring.run("check", &["--fingerprint", &fingerprint.to_uppercase()]).code, 0);
    let other = "0123456789abcdef".repeat(2);
    let run = ring.run("check", &["--fingerprint", &other]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains(&format!("{fingerprint}, and not {other}")), "{}", run.out);
    // What is no fingerprint was fetched wrongly, and says nothing of the ring.
    let page = format!("ring 3 of this process, {fingerprint}");
    for (wrong, part) in
        [("", "it is empty"), (&page, "32 hex digits"), (&other[1..], "32 hex digits")]
    {
        let run = ring.run("check", &["--fingerprint", wrong]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{wrong}");
        assert!(run.err.contains(part), "{}", run.err);
    }
}

#[test]
fn an_emergency_passes_whatever_else_is_wrong_with_the_file() {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let old = Ring::of([(2, MAY_1), (1, "")]);
    let ring = Ring::new(old.text());
    fs::set_permissions(&ring.path, fs::Permissions::from_mode(0o644)).unwrap();
    let arguments = ["--strict", "--deployed", old.path.to_str().unwrap()];
    assert_eq!(ring.run("check", &arguments).code, 1);
    ring.run("emergency", &[]).done();
    let run = ring.run("check", &arguments);
    assert_eq!(run.code, 0, "{}", run.out);
    for part in ["note: ", "mode 0644", "does not say how long sessions live", "ok: "] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    // Once it is deployed, they are problems again.
    let run = ring.run("check", &["--strict", "--deployed", ring.path.to_str().unwrap()]);
    assert_eq!(run.code, 1, "{}", run.out);
}

#[test]
fn what_is_seldom_meant_is_noted_and_with_strict_refused() {
    let known = "absolute_timeout = \"14d\"\n";
    for (text, part) in [
        (tables([(1, "")]), "does not say how long sessions live"),
        (format!("{known}{}", tables([(2, ""), (1, "")])), "key 2 has no not_before"),
        (
            format!("{known}{}", tables([(2, "not_before = \"2036-05-01T00:00:00Z\""), (1, "")])),
            "in more than a year",
        ),
        (format!("{known}{}", tables([(1, MAY_1)])), "boot in 1970"),
        (format!("absolute_timeout = \"14s\"\n{}", tables([(1, "")])), "live 14s: check the unit"),
        (
            format!(
                "{known}{}",
                tables([(3, IN_AN_HOUR), (2, "not_before = \"2031-05-06T09:00:00Z\""), (1, "")])
            ),
            "key 2 will never seal",
        ),
        (
            format!("{known}{}", tables([(2, "not_before = \"2031-05-06T07:01:00Z\""), (1, "")])),
            "within two minutes",
        ),
    ] {
        let ring = Ring::new(&text);
        let run = ring.run("check", &[]);
        assert_eq!(run.code, 0, "{}", run.out);
        assert!(run.out.contains("note: ") && run.out.contains(part), "{part}: {}", run.out);
        assert_eq!(ring.run("check", &["--strict"]).code, 1, "{part}");
    }
    let good = format!("{known}{}", tables([(2, MAY_1), (1, "")]));
    assert_eq!(Ring::new(&good).run("check", &["--strict"]).code, 0);
}

#[test]
fn a_start_in_two_minutes_is_nothing_to_note_where_the_machines_have_it() {
    let with = |start: &str| {
        let keys = tables([(2, &format!("not_before = \"{start}\"")), (1, "")]);
        format!("absolute_timeout = \"14d\"\n{keys}")
    };
    let soon = with("2031-05-06T07:01:00Z");
    let run = check(&soon, &soon, &["--strict"]);
    assert_eq!(run.code, 0, "{}", run.out);
    // Moved there, it is.
    let run = check(&with("2031-05-06T08:00:00Z"), &soon, &[]);
    assert!(run.out.contains("within two minutes"), "{}", run.out);
}

#[test]
fn a_folder_in_which_everybody_may_replace_the_file_is_refused() {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let ring = Ring::of([(1, "")]);
    fs::set_permissions(ring.directory(), fs::Permissions::from_mode(0o777)).unwrap();
    let run = ring.run("check", &[]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("everybody on this machine may replace the file"), "{}", run.out);
}
