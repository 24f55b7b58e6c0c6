//! Rings that are no files: environment variables, standard input, and the other forms.

use std::fs;

use sealed_session::RingForm;

use super::{AT, CLOCK, NOW, Ring, Run, finish, key_text, tables, tool};

const VARIABLE: &str = "SESSION_KEYS";

fn with_variable(value: &str, arguments: &[&str]) -> Run {
    let mut tool = tool(arguments);
    tool.args(["--env", VARIABLE]).env(VARIABLE, value).env(CLOCK, AT);
    finish(&mut tool, "")
}

fn through(input: &str, arguments: &[&str]) -> Run {
    finish(tool(arguments).env(CLOCK, AT), input)
}

fn ids(text: &str) -> Vec<u32> {
    let (form, text) = RingForm::detect(text.as_bytes()).unwrap();
    let ring = form.parse_at(text, NOW).unwrap();
    ring.entries().iter().map(|entry| entry.id().get()).collect()
}

fn text() -> String {
    format!("2@2031-05-01T00:00:00Z:{},1:{}", key_text(2), key_text(1))
}

#[test]
fn a_variable_is_looked_at_as_a_file_is() {
    let said = with_variable(&text(), &["status"]).done();
    assert!(said.contains("2   sealing") && said.contains("fingerprint"), "{said}");
    let run = with_variable(&text(), &["check"]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("variable SESSION_KEYS: fingerprint"), "{}", run.out);
}

#[test]
fn a_changed_variable_is_printed_and_the_report_goes_to_standard_error() {
    let run = with_variable(&text(), &["rotate"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(ids(&run.out), [3, 2, 1]);
    assert!(run.out.starts_with(
        "last-id=3,key-count=3,rotated-at=2031-05-06T07:00:00Z,3@2031-05-06T07:15:00Z:"
    ));
    assert!(run.err.contains("key 3 added to the ring of variable SESSION_KEYS"), "{}", run.err);
    // Whoever reads it in a hurry must not think that a machine has it.
    assert!(
        run.err.starts_with("the changed ring is printed, and variable SESSION_KEYS is as it was"),
        "{}",
        run.err
    );
    let run = with_variable(&text(), &["rotate", "--dry-run"]);
    assert!(!run.out.contains("is printed"), "{}", run.out);
    assert!(!run.err.contains(&key_text(1)[..8]));

    let run = with_variable(&text(), &["emergency", "--json"]);
    assert_eq!(ids(&run.out), [3]);
    assert!(run.out.starts_with("no-takeover,"));
    let report: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!((&report["id"], &report["changed"]), (&3.into(), &true.into()));

    let run = with_variable(&text(), &["retire", "1", "--force"]);
    assert_eq!(ids(&run.out), [2]);
    // Without an older key its start is of no use.
    assert!(run.out.contains(",2:"), "{}", run.out);
}

#[test]
fn a_ring_goes_through_standard_input_and_output_in_its_form() {
    let toml = tables([(2, "not_before = \"2031-05-01T00:00:00Z\""), (1, "")]);
    let json = format!(r#"{{"keys": [{{"id": 2, "key": "{}"}}]}}"#, key_text(2));
    for (input, form) in [(toml, RingForm::Toml), (json, RingForm::Json), (text(), RingForm::Text)]
    {
        let run = through(&input, &["rotate", "-"]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_eq!(RingForm::detect(run.out.as_bytes()).unwrap().0, form);
        assert_eq!(ids(&run.out)[..2], [3, 2]);
        assert!(run.err.contains("key 3 added to the ring of standard input"), "{}", run.err);
        assert!(run.err.contains("printed, and stored nowhere"), "{}", run.err);
        // A pipe that had nothing to do gives back what came.
        let run = through(&input, &["prune", "-", "--absolute-timeout", "30d"]);
        assert_eq!(run.out, input);
        // A look changes nothing and prints no ring.
        let run = through(&input, &["rotate", "-", "--dry-run"]);
        assert!(run.out.contains("dry run: nothing was changed"), "{}", run.out);
    }
}

#[test]
fn a_file_of_json_or_of_one_string_is_changed_in_its_form() {
    let json = format!(r#"{{"keys": [{{"id": 2, "key": "{}"}}]}}"#, key_text(2));
    for (before, form) in [(json, RingForm::Json), (text(), RingForm::Text)] {
        let ring = Ring::new(&before);
        ring.run("rotate", &[]).done();
        assert_eq!(ring.ids()[..2], [3, 2]);
        assert_eq!(RingForm::detect(ring.text().as_bytes()).unwrap().0, form);
        ring.run("emergency", &[]).done();
        assert_eq!(ring.ids(), [4]);
        assert_eq!(ring.at(NOW).last_id(), Some(super::id(4)));
    }
}

#[test]
fn a_ring_is_converted_between_all_forms() {
    let toml = format!(
        "# ours\nlast_id = 7\nabsolute_timeout = \"30d\"\nno_takeover = true\n{}",
        tables([(2, "not_before = \"2031-05-01T00:00:00Z\""), (1, "")])
    );
    let (_, form) = ("toml", RingForm::Toml);
    let ring = form.parse_at(&toml, NOW).unwrap();
    let mut given = toml;
    for (to, form) in [("json", RingForm::Json), ("text", RingForm::Text), ("toml", RingForm::Toml)]
    {
        let run = through(&given, &["convert", "-", "--to", to]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_eq!(form.parse_at(&run.out, NOW).unwrap(), ring);
        assert!(run.err.contains(&ring.fingerprint().to_string()));
        given = run.out;
    }
    let ended = tables([(2, ""), (1, "not_after = \"2031-07-01T00:00:00Z\"")]);
    let run = through(&ended, &["convert", "-", "--to", "text"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("cannot have a not_after"), "{}", run.err);
}

#[test]
fn a_first_ring_is_made_in_every_form() {
    let directory = tempfile::tempdir().unwrap();
    for (name, form) in [("keys.toml", RingForm::Toml), ("keys.json", RingForm::Json)] {
        let path = directory.path().join(name);
        let path = path.to_str().unwrap();
        let run = through("", &["rotate", path, "--create", "--absolute-timeout", "30d"]);
        run.done();
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(RingForm::detect(text.as_bytes()).unwrap().0, form);
        let ring = form.parse_at(&text, NOW).unwrap();
        assert_eq!(ring.absolute_timeout().map(|timeout| timeout.as_secs()), Some(30 * 86_400));
    }
    let run = through("", &["rotate", "-", "--create"]);
    assert_eq!(ids(&run.out), [1]);
    assert!(run.err.contains("as in `absolute-timeout=14d,`"), "{}", run.err);
}

#[test]
fn a_start_is_written_to_the_second_in_every_form() {
    let run = finish(tool(&["rotate", "-"]).env(CLOCK, "2031-05-06T07:00:00.123456789Z"), &text());
    assert!(run.out.contains(",3@2031-05-06T07:15:00Z:"), "{}", run.err);
}

#[test]
fn a_variable_with_windows_line_ends_is_read() {
    let text = tables([(2, "not_before = \"2031-05-01T00:00:00Z\""), (1, "")]);
    let text = text.trim_end().replace('\n', "\r\n") + "\r";
    with_variable(&text, &["check"]).done();
    assert_eq!(ids(&with_variable(&text, &["rotate"]).out), [3, 2, 1]);
}

#[test]
fn inspect_takes_its_keys_from_a_variable() {
    use sealed_session::Sessions;

    let sessions = Sessions::<u8>::new(Ring::new(text()).at(NOW));
    let value = sessions.seal_at(&sessions.create_at(7, NOW).unwrap(), NOW).unwrap();
    let mut tool = tool(&["inspect", "--env", VARIABLE]);
    let run = finish(tool.env(VARIABLE, text()).env(CLOCK, AT), &value);
    assert!(run.done().contains("live"));
}

#[test]
fn a_ring_in_the_place_of_a_name_is_refused_and_not_shown() {
    let (ring, key) = (text(), key_text(1));
    for arguments in [
        &["status", "--env", &ring][..],
        &["status", "--env", &key],
        &["status", &ring],
        &["status", &key],
        &["check", "--deployed", &ring, "/nowhere"],
        &["inspect", "--keys", &ring, "x"],
        &["retire", "keys.toml", &key],
        &["retire", "keys.toml", "1", &key],
        &["rotate", "keys.toml", "--activate-in", &key],
        &["status", "keys.toml", "--at", &key],
        &[&key],
        &["convert", "keys.toml", "--to", &key],
        &["rotate", &format!("--{key}")],
        &["man", &key],
    ] {
        let run = finish(tool(arguments).env(CLOCK, AT), "");
        assert_ne!(run.code, 0);
        let shown = run.out + &run.err;
        for part in key.as_bytes().windows(8) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!shown.contains(part), "{arguments:?}: {shown}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_string_without_a_last_line_end_is_followed_by_one_on_a_terminal_alone() {
    let command =
        format!("{} prune --env RING --absolute-timeout 14d", env!("CARGO_BIN_EXE_sealed-session"));
    let text = format!("1:{}", key_text(1));
    let mut script = std::process::Command::new("script");
    let shown =
        finish(script.args(["-qec", &command, "/dev/null"]).env("RING", &text).env(CLOCK, AT), "");
    assert!(shown.out.contains(&format!("{text}\r\n")), "{}", shown.err);
    let piped = with_variable(&text, &["prune", "--absolute-timeout", "14d"]);
    assert_eq!(piped.out, text);
}
