//! docs/TOOL.md says what `--json` prints, and this is what it prints.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AT, CLOCK, Ring, finish, tables, tool};

const MANUAL: &str = include_str!("../../docs/TOOL.md");

/// The fields of a section's table, with their types.
fn documented(section: &str) -> BTreeMap<String, String> {
    let text = MANUAL.split(&format!("# {section}\n")).nth(1).expect(section);
    let text = text.split("\n#").next().unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (name, rest) = row.split_once("` | ").unwrap();
        (name.to_owned(), rest.split(" |").next().unwrap().to_owned())
    })
    .collect()
}

fn has_type(value: &Value, name: &str) -> bool {
    name.split(" or ").any(|name| match name {
        "boolean" => value.is_boolean(),
        "number" => value.is_u64(),
        "string" => value.is_string(),
        "list" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        "time" => value.as_str().is_some_and(|time| {
            use time::{OffsetDateTime, format_description::well_known::Rfc3339};
            OffsetDateTime::parse(time, &Rfc3339).is_ok_and(|time| time.offset().is_utc())
        }),
        other => panic!("no type {other:?}"),
    })
}

#[track_caller]
fn assert_is(report: &Value, section: &str) {
    let fields = documented(section);
    let found: Vec<_> = report.as_object().unwrap().keys().cloned().collect();
    assert_eq!(found, fields.keys().cloned().collect::<Vec<_>>(), "{section}");
    for (name, kind) in fields {
        assert!(has_type(&report[&name], &kind), "{section}.{name} is {}", report[&name]);
    }
}

#[test]
fn every_report_is_as_documented() {
    let ring = Ring::new(format!(
        "absolute_timeout = \"30d\"\nlast_id = 2\nrotated_at = \"2031-05-01T00:00:00Z\"\n{}",
        tables([(2, "not_before = \"2031-05-01T00:00:00Z\""), (1, "")])
    ));
    let status = ring.json("status", &[]);
    assert_is(&status, "status");
    status["keys"].as_array().unwrap().iter().for_each(|key| assert_is(key, "keys"));
    let bare = Ring::of([(1, "")]);
    assert_is(&bare.json("status", &[]), "status");
    assert_is(&ring.json("check", &["--strict"]), "check");
    assert_is(&ring.json("rotate", &["--dry-run"]), "rotate");
    assert_is(&ring.json("rotate", &[]), "rotate");
    assert_is(&ring.json("rotate", &["--unless-pending"]), "rotate");
    assert_is(&ring.json("prune", &[]), "prune");
    assert_is(&ring.json("retire", &["3"]), "retire");
    assert_is(&ring.json("emergency", &["--dry-run"]), "emergency");
    assert_is(&ring.json("emergency", &[]), "emergency");
    assert_is(&ring.json("retire", &["9"]), "JSON");

    let read = |run: super::Run, text: &str| {
        assert_eq!(run.code, 0, "{}", run.err);
        serde_json::from_str::<Value>(text).unwrap()
    };
    let path = ring.path.to_str().unwrap();
    let run = finish(tool(&["convert", path, "--to", "text", "--json"]).env(CLOCK, AT), "");
    let report = run.err.clone();
    assert_is(&read(run, &report), "convert");
    let run = finish(&mut tool(&["keygen", "--json"]), "");
    let report = run.out.clone();
    assert_is(&read(run, &report), "keygen");
    let run = finish(&mut tool(&["inspect", "--json"]), "nothing");
    assert_is(&serde_json::from_str(&run.out).unwrap(), "inspect");
    std::fs::remove_file(&ring.path).unwrap();
    assert_is(&ring.json("rotate", &["--create"]), "rotate");
}

#[test]
fn every_exit_status_of_the_manual_is_that_of_the_help() {
    let help = finish(&mut tool(&["--help"]), "").done();
    for line in
        MANUAL.split("## Exit status").nth(1).unwrap().split("## JSON").next().unwrap().lines()
    {
        let Some((status, meaning)) = line.strip_prefix("| ").and_then(|row| row.split_once(" | "))
        else {
            continue;
        };
        if status.parse::<u8>().is_ok() {
            let meaning = meaning.trim_end_matches(" |");
            assert!(help.contains(&format!("  {status}  {meaning}")), "{line}: {help}");
        }
    }
}
