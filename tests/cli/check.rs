use std::{fs, os::unix::fs::PermissionsExt as _};

use super::Ring;

const MAY_1: &str = "not_before = \"2031-05-01T00:00:00Z\"";

fn problem(ring: &Ring, arguments: &[&str]) -> Option<String> {
    let run = ring.run("check", arguments);
    assert_eq!(run.err, "");
    assert_eq!(run.code == 0, run.out.contains("ok: "), "{}", run.out);
    (run.code == 1).then_some(run.out)
}

#[test]
fn a_good_ring_may_be_deployed() {
    assert_eq!(problem(&Ring::of([(1, "")]), &[]), None);
    assert_eq!(problem(&Ring::of([(2, MAY_1), (1, "")]), &[]), None);
    assert_eq!(problem(&Ring::of([(2, ""), (1, "")]), &[]), None);
}

#[test]
fn a_key_has_to_outlive_what_it_sealed() {
    let until = |end: &str| Ring::of([(2, MAY_1), (1, &format!("not_after = \"{end}\""))]);
    assert_eq!(problem(&until("2031-05-15T00:00:00Z"), &[]), None);
    let found = problem(&until("2031-05-14T23:59:59Z"), &[]).unwrap();
    assert!(
        found.contains("keys.toml:6: key 1 is not accepted after 2031-05-14T23:59:59Z"),
        "{found}"
    );
    assert!(found.contains("set its not_after to 2031-05-15T00:00:00Z or later"), "{found}");

    assert!(problem(&until("2031-05-15T00:00:00Z"), &["--absolute-timeout", "15d"]).is_some());
}

#[test]
fn a_key_that_seals_up_to_its_end_loses_sessions() {
    let ring = Ring::of([(2, "not_after = \"2031-07-01T00:00:00Z\""), (1, "")]);
    let found = problem(&ring, &[]).unwrap();
    assert!(found.contains("key 2 is not accepted after 2031-07-01T00:00:00Z"), "{found}");
}

#[test]
fn what_is_over_is_no_problem() {
    // Too early an end, but whoever was signed out by it would have been by now.
    let ring = Ring::of([
        (2, "not_before = \"2031-01-01T00:00:00Z\""),
        (1, "not_after = \"2031-01-02T00:00:00Z\""),
    ]);
    assert_eq!(problem(&ring, &[]), None);
}

#[test]
fn an_unknown_start_counts_as_now() {
    let ring = |end: &str| Ring::of([(2, ""), (1, &format!("not_after = \"{end}\""))]);
    assert_eq!(problem(&ring("2031-05-20T07:00:00Z"), &[]), None);
    let found = problem(&ring("2031-05-20T06:59:59Z"), &[]).unwrap();
    assert!(found.contains("write that as not_before of the newer key"), "{found}");
}

#[test]
fn a_file_open_to_everybody_is_no_ring_to_deploy() {
    let ring = Ring::of([(1, "")]);
    for (mode, is_exposed) in
        [(0o600, false), (0o640, false), (0o644, true), (0o602, true), (0o666, true)]
    {
        fs::set_permissions(&ring.path, fs::Permissions::from_mode(mode)).unwrap();
        let run = ring.run("check", &[]);
        assert_eq!(run.code, i32::from(is_exposed), "{mode:o}: {}", run.out);
        assert_eq!(run.out.contains("chmod it to 0600"), is_exposed, "{mode:o}: {}", run.out);
    }
}

#[test]
fn the_report_for_scripts_has_lines() {
    let report =
        Ring::of([(2, MAY_1), (1, "not_after = \"2031-05-09T00:00:00Z\"")]).json("check", &[]);
    assert_eq!((&report["ok"], &report["problems"][0]["line"]), (&false.into(), &6.into()));
}
