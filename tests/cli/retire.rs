//! Retire, prune and status: what is known of the time in which a key seals.

use super::{Ring, tables};

const MAY_1: &str = "not_before = \"2031-05-01T00:00:00Z\"";

fn state(ring: &Ring, at: &str) -> Vec<(u64, String, Option<String>)> {
    let run = ring.run_at(at, "status", &["--json"]);
    let status: serde_json::Value = serde_json::from_str(&run.done()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
    let keys = status["keys"].as_array().unwrap().iter();
    keys.map(|key| {
        let removal = text(&key["removal"]).unwrap();
        let bound = text(&key["removable_from"]).or(text(&key["removable_until"]));
        (key["id"].as_u64().unwrap(), text(&key["state"]).unwrap() + " " + &removal, bound)
    })
    .collect()
}

fn known(id: u64, state: &str, bound: Option<&str>) -> (u64, String, Option<String>) {
    (id, state.to_owned(), bound.map(ToOwned::to_owned))
}

#[test]
fn status_follows_a_key_through_its_life() {
    let ring = Ring::of([(2, MAY_1), (1, "not_after = \"2031-06-01T00:00:00Z\"")]);
    // Two weeks after key 2 began to seal, and two minutes for the clocks.
    let safe = Some("2031-05-15T00:02:00Z");
    assert_eq!(
        state(&ring, "2031-04-30T00:00:00Z"),
        // It can be called off, and that is not to be removed at any time.
        [
            known(2, "pending call_off", Some("2031-04-30T23:58:00Z")),
            known(1, "sealing in_use", None)
        ]
    );
    assert_eq!(
        state(&ring, "2031-04-30T23:59:00Z"),
        [known(2, "pending in_use", None), known(1, "sealing in_use", None)]
    );
    assert_eq!(
        state(&ring, "2031-05-01T00:00:00Z"),
        [known(2, "sealing in_use", None), known(1, "accepting later", safe)]
    );
    assert_eq!(
        state(&ring, "2031-05-15T00:02:00Z"),
        [known(2, "sealing in_use", None), known(1, "accepting now", None)]
    );
    assert_eq!(
        state(&ring, "2031-06-01T00:00:00Z"),
        [known(2, "sealing in_use", None), known(1, "retired now", None)]
    );
}

#[test]
fn a_key_is_kept_until_its_last_session_has_ended() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let error = ring.refused("retire", &["1"]);
    assert!(error.contains("keys.toml:6: live sessions can be sealed under key 1"), "{error}");
    assert!(error.contains("from 2031-05-15T00:02:00Z on, or use --force"), "{error}");
    let before = ring.text();
    ring.run_at("2031-05-15T00:01:59Z", "prune", &[]).done();
    assert_eq!(ring.text(), before);
    ring.run_at("2031-05-15T00:02:00Z", "prune", &[]).done();
    assert_eq!(ring.ids(), [2]);
}

#[test]
fn timeouts_of_the_application_count() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    ring.refused("retire", &["1", "--absolute-timeout", "5d 7h"]);
    // Five days and seven hours before the present, less the clocks' two minutes.
    ring.run("retire", &["1", "--absolute-timeout", "5d 6h 58m"]).done();
    assert_eq!(ring.ids(), [2]);

    // Of the ring's own and the one that is given the longer counts.
    let ring = |days: u32| {
        Ring::new(format!("absolute_timeout = \"{days}d\"\n{}", tables([(2, MAY_1), (1, "")])))
    };
    ring(6).refused("retire", &["1", "--absolute-timeout", "5d"]);
    ring(5).refused("retire", &["1", "--absolute-timeout", "6d"]);
    ring(5).run("retire", &["1", "--absolute-timeout", "4d"]).done();
}

#[test]
fn the_key_that_seals_is_never_retired() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let error = ring.refused("retire", &["2"]);
    assert!(error.contains("rotate first"), "{error}");
    // By force only where another key can seal.
    ring.run("retire", &["2", "--force"]).done();
    assert_eq!(ring.ids(), [1]);
    let error = ring.refused("retire", &["1", "--force"]);
    assert!(error.contains("key 1 is the only one, rotate first"), "{error}");
}

#[test]
fn a_rotation_can_be_called_off_until_shortly_before_it() {
    let ring = Ring::of([(1, "")]);
    ring.run("rotate", &[]).done();
    let said = ring.run("retire", &["2"]).done();
    assert!(said.contains("before 2031-05-06T07:13:00Z"), "{said}");
    ring.run("rotate", &["--activate-in", "2m"]).done();
    ring.refused("retire", &["3"]);
}

#[test]
fn a_start_that_nobody_wrote_down_keeps_the_older_key() {
    let ring = Ring::of([(2, ""), (1, "")]);
    let error = ring.refused("retire", &["1"]);
    assert!(error.contains("write that time as not_before of the newer key"), "{error}");
    let said = ring.run_at("2099-01-01T00:00:00Z", "prune", &[]).done();
    assert!(said.contains("nothing changed"), "{said}");
    // Once a third key's start is known, both older ones had sealed last by then.
    let ring = Ring::new(tables([(3, MAY_1), (2, ""), (1, "")]));
    ring.run_at("2031-05-15T00:02:00Z", "prune", &[]).done();
    assert_eq!(ring.ids(), [3]);
}

#[test]
fn forced_retirement_says_what_it_costs() {
    let ring = Ring::of([(2, MAY_1), (1, "")]);
    let said = ring.run("retire", &["1", "--force"]).done();
    assert!(said.contains("sessions under key 1 end"), "{said}");
}

#[test]
fn an_id_that_is_not_there_is_said_with_those_that_are() {
    let error = Ring::of([(2, ""), (1, "")]).refused("retire", &["3"]);
    assert!(error.contains("the ring has no key 3; it has [2, 1]"), "{error}");
}

#[test]
fn a_key_that_seals_again_is_kept() {
    // Key 2 covers May only; before and after it key 1 seals.
    let ring = Ring::of([
        (2, "not_before = \"2031-05-01T00:00:00Z\"\nnot_after = \"2031-06-01T00:00:00Z\""),
        (1, ""),
    ]);
    let error = ring.refused("retire", &["1"]);
    assert!(error.contains("key 1 seals, or is about to"), "{error}");
}
