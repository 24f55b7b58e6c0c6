//! Every bad ring file gets an error with the line and the remedy, and is left as it is.

use proptest::prelude::*;
use sealed_session::{ConfigError, KeyRing, TomlRing};

use super::{NOW, Ring, key_text, tables};

#[expect(clippy::too_many_lines, reason = "it is a table")]
/// What a bad file is, its text, the line of the error, and a part of the remedy.
pub(super) fn bad_files() -> Vec<(&'static str, Vec<u8>, usize, &'static str)> {
    let (k1, k2) = (key_text(1), key_text(2));
    let one = tables([(1, "")]);
    let entry = |lines: &str| format!("{one}\n[[keys]]\n{lines}\n");
    let key = |key: &str| format!("[[keys]]\nid = 1\nkey = {key}\n");
    let form = "write each key as `[[keys]]`";
    let openssl = "openssl rand -base64 32";
    let mut files: Vec<(&str, String, usize, &str)> = vec![
        ("nothing", String::new(), 1, "it is empty"),
        ("white space", "\n\n  \n".to_owned(), 1, "it is empty"),
        ("a comment alone", "# keys to come\n".to_owned(), 1, form),
        ("an empty list", "# keys\n\nkeys = []\n".to_owned(), 3, openssl),
        ("an empty string", "keys = \"\"\n".to_owned(), 1, openssl),
        ("no id", entry(&format!("key = \"{k2}\"")), 6, form),
        ("no key", entry("id = 2"), 6, form),
        ("a negative id", entry(&format!("id = -2\nkey = \"{k2}\"")), 7, "from 0 to 4294967295"),
        (
            "an id too great",
            entry(&format!("id = 4294967296\nkey = \"{k2}\"")),
            7,
            "from 0 to 4294967295",
        ),
        (
            "an id in words",
            entry(&format!("id = \"two\"\nkey = \"{k2}\"")),
            7,
            "from 0 to 4294967295",
        ),
        ("an id with a fraction", entry(&format!("id = 2.0\nkey = \"{k2}\"")), 7, form),
        (
            "an id beyond TOML",
            entry(&format!("id = 99999999999999999999\nkey = \"{k2}\"")),
            7,
            form,
        ),
        ("a short key", key("\"c2hvcnQ=\""), 3, openssl),
        ("a passphrase", key("\"correct horse battery staple\""), 3, openssl),
        ("an empty key", key("\"\""), 3, openssl),
        ("a cut key", key(&format!("\"{}\"", &k1[..40])), 3, openssl),
        ("a key and a half", key(&format!("\"{k1}{}\"", &k2[..22])), 3, openssl),
        ("hex with a wrong digit", key(&format!("\"{}g\"", "1f".repeat(31) + "0")), 3, openssl),
        ("two alphabets", key("\"+-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""), 3, openssl),
        ("a key of zeros", key(&format!("\"{}\"", "00".repeat(32))), 3, openssl),
        ("the key of the documentation", key(&format!("\"{}\"", published())), 3, openssl),
        ("a number for a key", key("12345"), 3, form),
        ("a key without quotes", key(&k1), 3, form),
        ("a quote that never closes", key(&format!("\"{k1}")), 3, form),
        ("an id twice", entry(&format!("id = 1\nkey = \"{k2}\"")), 6, "its own id"),
        ("a key twice", entry(&format!("id = 2\nkey = \"{k1}\"")), 6, openssl),
        (
            "a start in words",
            entry(&format!("id = 2\nkey = \"{k2}\"\nnot_before = \"tomorrow\"")),
            9,
            "2026-12-01T00:00:00Z",
        ),
        (
            "a start without a zone",
            entry(&format!("id = 2\nkey = \"{k2}\"\nnot_before = \"2031-12-01T00:00:00\"")),
            9,
            "2026-12-01T00:00:00Z",
        ),
        (
            "a start of TOML without a zone",
            entry(&format!("id = 2\nkey = \"{k2}\"\nnot_before = 2031-12-01T00:00:00")),
            9,
            "2026-12-01T00:00:00Z",
        ),
        (
            "an end before the start",
            entry(&format!(
                "id = 2\nkey = \"{k2}\"\nnot_before = \"2031-12-01T00:00:00Z\"\nnot_after = \"2031-11-01T00:00:00Z\""
            )),
            6,
            "must be later",
        ),
        (
            "no key to seal now",
            tables([(1, "not_before = \"2031-12-01T00:00:00Z\"")]),
            1,
            "keep one key that has no not_after",
        ),
        (
            "no key to seal one day",
            format!("# ring\n{}", tables([(1, "not_after = \"2031-12-01T00:00:00Z\"")])),
            2,
            "keep one key that has no not_after",
        ),
        (
            "a field too many",
            entry(&format!("id = 2\nkey = \"{k2}\"\nalgorithm = \"none\"")),
            9,
            "an entry has id, key",
        ),
        (
            "a misspelled field",
            entry(&format!("id = 2\nkey = \"{k2}\"\nnot_befor = \"2031-12-01T00:00:00Z\"")),
            9,
            "an entry has id, key",
        ),
        ("a root field too many", format!("timeout = 14\n{one}"), 1, "a key ring has keys"),
        ("a misspelled list", one.replace("[[keys]]", "[[key]]"), 1, "a key ring has keys"),
        (
            "a key for a field",
            format!("[[keys]]\nid = 1\n\"{k1}\" = \"key\"\n"),
            3,
            "an entry has id, key",
        ),
        ("a key for a root field", format!("\"{k1}\" = 1\n{one}"), 1, "a key ring has keys"),
        ("a key for a table", format!("{one}\n[\"{k2}\"]\n"), 6, "a key ring has keys"),
        ("a field twice", entry(&format!("id = 2\nid = 3\nkey = \"{k2}\"")), 8, form),
        ("a key for a field, twice", format!("\"{k1}\" = 1\n\"{k1}\" = 2\n{one}"), 2, form),
        ("a setting twice", format!("no_takeover = true\nno_takeover = false\n{one}"), 2, form),
        (
            "a time of rotation in words",
            format!("rotated_at = \"now\"\n{one}"),
            1,
            "2026-12-01T00:00:00Z",
        ),
        ("a switch that is a key", format!("no_takeover = \"{k2}\"\n{one}"), 1, "true or false"),
        ("a last id below zero", format!("last_id = -1\n{one}"), 1, "from 0 to 4294967295"),
        (
            "a last id that is a key",
            format!("last_id = \"{k2}\"\n{one}"),
            1,
            "from 0 to 4294967295",
        ),
        ("a table for the list", one.replace("[[keys]]", "[keys]"), 1, form),
        ("a number for the list", "\nkeys = 5\n".to_owned(), 2, form),
        ("a number for an entry", format!("keys = [\n  \"1:{k1}\",\n  2,\n]\n"), 3, form),
        ("a string without an id", format!("keys = [\n  \"{k1}\",\n]\n"), 2, "write `ID:KEY`"),
        (
            "a string with a bad key",
            format!("keys = \"2:{k2},1:{}\"\n", &k1[1..]),
            1,
            "entry 2 of the key ring",
        ),
        ("no equals sign", entry(&format!("id 2\nkey = \"{k2}\"")), 7, form),
        (
            "a bracket that never closes",
            format!("keys = [\n  {{ id = 1, key = \"{k1}\" }},\n"),
            2,
            form,
        ),
        ("a header that never closes", one.replace("[[keys]]", "[[keys]"), 1, form),
        (
            "no comma",
            format!(
                "keys = [\n  {{ id = 2, key = \"{k2}\" }}\n  {{ id = 1, key = \"{k1}\" }}\n]\n"
            ),
            3,
            form,
        ),
        ("YAML", format!("keys:\n  - id: 1\n    key: {k1}\n"), 1, "it is YAML"),
        ("a NUL", one.replace("id = 1", "id = 1\0"), 2, form),
        ("an error after Windows line ends", entry("id = x").replace('\n', "\r\n"), 7, form),
        (
            "half a file",
            entry(&format!("id = 2\nkey = \"{}", &k2[..20])).trim_end().to_owned(),
            8,
            form,
        ),
        (
            "a conflict of two versions",
            format!("<<<<<<< ours\n{one}=======\n{one}>>>>>>> theirs\n"),
            1,
            "keep one whole version",
        ),
    ];
    let mut not_utf8 = one.clone().into_bytes();
    not_utf8.extend(b"# caf\xe9\n");
    let mut files: Vec<_> = files
        .drain(..)
        .map(|(what, text, line, remedy)| (what, text.into_bytes(), line, remedy))
        .collect();
    files.push(("not UTF-8", not_utf8, 5, "save the file as UTF-8"));
    files
}

/// 00 01 02 …, which docs/FORMAT.md shows.
fn published() -> String {
    (0_u128..32).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn every_command_names_the_line_and_the_remedy_and_touches_nothing() {
    let files = bad_files();
    assert!(files.len() >= 30);
    for (what, text, line, remedy) in files {
        let ring = Ring::new(&text);
        for (command, arguments) in [
            ("check", &[][..]),
            ("status", &[]),
            ("rotate", &[]),
            ("retire", &["1"]),
            ("prune", &[]),
            ("emergency", &[]),
        ] {
            let error = ring.refused(command, arguments);
            let place = format!("error: {}:{line}: ", ring.path.display());
            assert!(error.starts_with(&place), "{what}, {command}: {error}");
            assert!(error.contains(remedy), "{what}, {command}: {error}");
            assert_eq!(error.trim_end().lines().count(), 1, "{what}: {error}");
        }
    }
}

#[test]
fn errors_in_json_have_file_line_and_message() {
    let ring = Ring::new("[[keys]]\nid = 1\nkey = \"short\"\n");
    let report = ring.json("check", &[]);
    assert_eq!(report["ok"], false);
    assert_eq!(report["error"]["line"], 3);
    assert_eq!(report["error"]["file"], ring.path.to_str().unwrap());
    assert!(report["error"]["message"].as_str().unwrap().contains("openssl"));
}

#[test]
fn serde_refuses_what_the_tool_refuses() {
    for (what, text, ..) in bad_files() {
        let Ok(text) = String::from_utf8(text) else { continue };
        // Serde judges a ring at the machine's present, for which no file here was made.
        if !what.starts_with("no key to seal") {
            assert!(toml::from_str::<KeyRing>(&text).is_err(), "{what}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_a_ring_of_fewer_keys_or_an_error_with_a_line() {
    let whole = format!(
        "# keys\nlast_id = 3\nno_takeover = true\n\n{}",
        tables([(3, "not_before = \"2031-04-01T00:00:00Z\""), (2, ""), (1, "")])
    );
    let mut refused = 0;
    for end in 0..whole.len() {
        match TomlRing::parse_at(&whole[..end], NOW) {
            Ok(ring) => assert!(!ring.ring().entries().is_empty()),
            Err(ConfigError::Line { line, .. }) => {
                assert!((1..=whole[..=end].lines().count()).contains(&line), "{end}: {line}");
                refused += 1;
            }
            Err(other) => panic!("{end}: {other}"),
        }
    }
    assert!(refused > 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_file_is_read_or_refused_with_a_line_and_never_shown(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), "[ -~\\n\u{e9}]{0,3}"), 1..4)
    ) {
        let mut text = tables([(2, "not_before = \"2031-04-01T00:00:00Z\""), (1, "")]);
        for (place, new) in damage {
            let at = place.index(text.len());
            if text.is_char_boundary(at) {
                text.insert_str(at, &new);
            }
        }
        if let Err(error) = TomlRing::parse_at(&text, NOW) {
            let ConfigError::Line { line, message } = &error else { panic!("{error}") };
            prop_assert!((1..=text.lines().count()).contains(line));
            for seed in 1..=2 {
                for part in key_text(seed).as_bytes().windows(10) {
                    let part = std::str::from_utf8(part).unwrap();
                    prop_assert!(!message.contains(part), "{message}");
                }
            }
        }
    }
}
