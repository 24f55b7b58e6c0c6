//! The forms in which a ring is kept, and what is said of files that are none.

use proptest::prelude::*;
use sealed_session::{ConfigError, KeyId, KeyRing, RingForm};

use crate::support::{T0, at, entry, key_text, ring};

const FORMS: [RingForm; 3] = [RingForm::Toml, RingForm::Json, RingForm::Text];

fn read(bytes: &[u8]) -> Result<(RingForm, KeyRing), ConfigError> {
    let (form, text) = RingForm::detect(bytes)?;
    Ok((form, form.parse_at(text, T0)?))
}

#[test]
fn what_is_written_is_read_with_everything_that_it_says() {
    let recorded = ring([2, 1])
        .without_takeover()
        .with_last_id(KeyId::new(9))
        .with_rotated_at(at(-5))
        .with_absolute_timeout(std::time::Duration::from_secs(30 * 86_400));
    let starts = KeyRing::new_at([entry(3).not_before(at(600)), entry(1)], T0).unwrap();
    for ring in [ring([1]), starts, recorded] {
        for form in FORMS {
            let text = form.write(&ring).unwrap();
            assert_eq!(read(text.as_bytes()).unwrap(), (form, ring.clone()), "{form:?}");
        }
    }
}

#[test]
fn one_string_has_no_place_for_an_end() {
    let ring = KeyRing::new_at([entry(2), entry(1).not_after(at(600))], T0).unwrap();
    for form in [RingForm::Toml, RingForm::Json] {
        assert_eq!(read(form.write(&ring).unwrap().as_bytes()).unwrap().1, ring);
    }
    let error = RingForm::Text.write(&ring).unwrap_err().to_string();
    assert!(error.contains("cannot have a not_after"), "{error}");
}

#[test]
fn settings_stand_in_front_of_the_entries() {
    let k1 = key_text(1);
    let ring = KeyRing::parse_at(&format!("no-takeover, last-id=7,1:{k1}"), T0).unwrap();
    assert_eq!((ring.accepts_takeover(), ring.last_id()), (false, Some(KeyId::new(7))));
    for text in [
        format!("no-takover,1:{k1}"),
        format!("1:{k1},no-takeover"),
        format!("no-takeover,no-takeover,1:{k1}"),
        format!("no-takeover=yes,1:{k1}"),
        format!("last-id=,1:{k1}"),
        format!("rotated-at=yesterday,1:{k1}"),
        format!("absolute-timeout=14,1:{k1}"),
        format!("key-count=2,1:{k1}"),
        "no-takeover".to_owned(),
    ] {
        KeyRing::parse_at(&text, T0).expect_err(&text);
    }
}

#[test]
fn times_are_those_of_rfc_3339_and_no_others() {
    let k1 = key_text(1);
    let starts = |time: &str| {
        let text = format!("2@{time}:{},1:{k1}", key_text(2));
        KeyRing::parse_at(&text, T0).map(|ring| ring.entries()[0].starts_at())
    };
    for (time, expected) in [
        ("2026-12-01T00:00:00Z", T0),
        ("2026-12-01T00:00:00.500Z", T0),
        ("2026-12-01T01:00:00+01:00", T0),
        ("2026-11-30T23:30:00-00:30", T0),
        ("2026-12-01T00:00:00+00:00", T0),
    ] {
        assert_eq!(starts(time), Ok(Some(expected)), "{time}");
    }
    for time in [
        "2026-12-01_00:00:00Z",
        "2026-12-01X00:00:00Z",
        "2026-12-01 00:00:00Z",
        "2026-12-01t00:00:00Z",
        "2026-12-01T00:00:00z",
        "2026-12-01T00:00:00",
        "2026-12-01T00:00Z",
        "2026-12-01T00:00:00.Z",
        "2026-12-01T00:00:00+0100",
        "2026-12-01T00:00:00+01",
        "-2026-12-01T00:00:00Z",
        "+2026-12-01T00:00:00Z",
        "12026-12-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-12-01T24:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-12-01T00:00:00-00:00",
        "2026-12-01T00:00:00+24:00",
        "2026-12-01T00:00:00+01:60",
        "9999-12-31T23:59:59-00:01",
        "2026-12-01T00:00:00Z\u{a0}",
        "1796083200",
        "tomorrow",
    ] {
        let error = starts(time).expect_err(time).to_string();
        assert!(error.contains("2026-12-01T00:00:00Z"), "{time}: {error}");
    }
}

#[test]
fn white_space_is_that_of_one_line_or_its_end() {
    let (k1, k2) = (key_text(1), key_text(2));
    let ring = |space: &str| {
        let text = format!(
            "{space}last-id=2{space},{space}2@{space}2026-12-02T00:00:00Z{space}:{space}{k2}{space},1:{k1}{space}"
        );
        KeyRing::parse_at(&text, T0)
    };
    for space in ["", " ", "\t", "\n", "\r\n"] {
        assert_eq!(ring(space).expect(space).entries().len(), 2);
    }
    for space in ["\u{b}", "\u{c}", "\u{a0}", "\u{2003}", "\u{feff}"] {
        assert!(ring(space).is_err(), "{space:?}");
    }
}

#[test]
fn a_span_is_written_in_the_greatest_unit_that_divides_it() {
    for (span, written) in [
        ("61s", "61s"),
        ("60s", "1m"),
        ("90m", "90m"),
        ("3600s", "1h"),
        ("36h", "36h"),
        ("1440m", "1d"),
        ("48h", "2d"),
    ] {
        let text = format!("absolute-timeout={span},1:{}", key_text(1));
        let ring = KeyRing::parse_at(&text, T0).unwrap();
        let form = RingForm::Toml.write(&ring).unwrap();
        assert!(form.contains(&format!("absolute_timeout = \"{written}\"")), "{span}: {}", *form);
    }
}

#[test]
fn a_span_is_one_that_a_timeout_may_have() {
    let said = |span: &str| {
        let text = format!("absolute-timeout={span},1:{}", key_text(1));
        Some(KeyRing::parse_at(&text, T0).ok()?.absolute_timeout()?.as_secs())
    };
    for (span, seconds) in [
        ("1s", 1),
        ("90m", 5400),
        ("24h", 86_400),
        ("014d", 1_209_600),
        ("4294967294s", 4_294_967_294),
    ] {
        assert_eq!(said(span), Some(seconds), "{span}");
    }
    for span in [
        "",
        "d",
        "0s",
        "14",
        "14D",
        "+1d",
        "-1d",
        "1.5h",
        "1d1h",
        "1 d",
        "4294967295s",
        "99999999d",
    ] {
        assert_eq!(said(span), None, "{span}");
    }
}

#[test]
fn toml_has_times_of_its_own() {
    let text = |time: &str| {
        format!("rotated_at = {time}\nkeys = [{{ id = 1, key = '{}' }}]\n", key_text(1))
    };
    for time in ["2026-12-01T00:00:00Z", "2026-12-01 01:00:00+01:00", "'2026-12-01T00:00:00Z'"] {
        let ring = RingForm::Toml.parse_at(&text(time), T0).expect(time);
        assert_eq!(ring.rotated_at(), Some(T0), "{time}");
        let ring: KeyRing = toml::from_str(&text(time)).expect(time);
        assert_eq!(ring.rotated_at(), Some(T0), "{time}");
    }
    for time in ["2026-12-01T00:00:00", "2026-12-01", "00:00:00", "{ a = 1 }", "1"] {
        assert!(RingForm::Toml.parse_at(&text(time), T0).is_err(), "{time}");
    }
}

#[test]
fn what_people_do_to_a_string_is_said_with_the_remedy() {
    let (k1, k2) = (key_text(1), key_text(2));
    let like_a_name = |key: &str| {
        let key = format!("K{}", key[1..].replace(['+', '/'], "x"));
        assert!(key.ends_with('='));
        key
    };
    for (text, remedy) in [
        (format!("\"1:{k1}\""), "remove the quotes"),
        (format!("'2:{k2},1:{k1}'"), "remove the quotes"),
        (format!("\u{201c}1:{k1}\u{201d}"), "remove the quotes"),
        (format!("1:{k1}\""), "remove the quotes"),
        (format!("2:{k2};1:{k1}"), "separate them with commas"),
        (format!("2:{k2}\n1:{k1}"), "separate the entries with commas"),
        (format!("2:{k2}\r\n1:{k1}\r\n"), "separate the entries with commas"),
        (format!("2:{k2} 1:{k1}"), "separate them with commas"),
        (format!("SESSION_KEYS=1:{k1}"), "leave out `NAME=`"),
        (k1.clone(), "write `1:` in front of it"),
        // What openssl prints may look like `NAME=`.
        (like_a_name(&k1), "write `1:` in front of it"),
        (format!("{},{k1}", like_a_name(&k2)), "no `:` between id and key"),
        ("/run/secrets/session_keys".to_owned(), "path of a file"),
        ("${SESSION_KEYS}".to_owned(), "placeholder"),
        ("<your key here>".to_owned(), "placeholder"),
        (format!("[{{\"id\":1,\"key\":\"{k1}\"}}]"), "JSON or TOML"),
    ] {
        let error = KeyRing::parse_at(&text, T0).expect_err(&text).to_string();
        assert!(error.contains(remedy), "{text}: {error}");
        assert!(!error.contains(&k1[..8]) && !error.contains(&k2[..8]), "{error}");
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    use base64::Engine as _;

    let k1 = key_text(1);
    let base64 = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let encoded = [
        format!("1:{k1}\n"),
        format!("[[keys]]\nid = 1\nkey = '{k1}'\n"),
        format!("{{\"keys\": [{{\"id\": 1, \"key\": \"{k1}\"}}]}}"),
        format!("no-takeover,1:{k1}"),
    ]
    .map(base64);
    let setting = format!("absolute_timeout = \"14d\",1:{k1}");
    let utf16: Vec<u16> = format!("1:{k1}").encode_utf16().collect();
    let [little, big]: [Vec<u8>; 2] =
        [u16::to_le_bytes, u16::to_be_bytes].map(|f| utf16.iter().copied().flat_map(f).collect());
    let files: [(&[u8], &str); 28] = [
        (b"null", "word for nothing"),
        (b" <no value>\r\n", "word for nothing"),
        (&little, "UTF-16"),
        (&big, "UTF-16"),
        (br#"{"request_id": "1", "lease_id": "", "data": {}}"#, "`vault kv get -field=NAME`"),
        (br#"{"kind": "Secret", "data": {}}"#, "`vault kv get -field=NAME`"),
        (setting.as_bytes(), "a setting stands in front of it"),
        (b"keys:\n  - id: 1\n", "YAML"),
        (b"---\nkeys: x\n", "YAML"),
        (b"# ours\n- id: 1\n", "YAML"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "Ansible Vault"),
        (b"\0GITCRYPT\0\xff\xfe\x00", "git-crypt unlock"),
        (b"age-encryption.org/v1\n", "age -d"),
        (b"-----BEGIN PGP MESSAGE-----\n", "gpg -d"),
        (b"-----BEGIN PRIVATE KEY-----\n", "PEM"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"<<<<<<< ours\n", "conflict"),
        (b"<html><body>502</body></html>", "HTML"),
        (b"{{ with secret \"kv/keys\" }}", "template"),
        (b"\x1f\x8b\x08", "gunzip"),
        (b"\xff\xfe1\0:\0", "UTF-16"),
        (encoded[0].as_bytes(), "base64 -d"),
        (encoded[1].as_bytes(), "base64 -d"),
        (encoded[2].as_bytes(), "base64 -d"),
        (encoded[3].as_bytes(), "base64 -d"),
        (k1.as_bytes(), "a key without an id"),
        (b"export SESSION_KEYS=\"1:abc\"\n", "name of a variable"),
        (b"[[keys]]\nid = 1 # caf\xe9\n", "save the file as UTF-8"),
    ];
    for (bytes, remedy) in files {
        let error = read(bytes).expect_err(remedy).to_string();
        assert!(error.contains(remedy), "{remedy}: {error}");
        assert!(!error.contains(&k1[..8]), "{error}");
    }
}

#[test]
fn what_only_resembles_another_file_is_not_called_one() {
    for (text, not) in [
        (r#"{"request_id": "x"}"#, "secret manager"),
        (r#"{"lease_id": "x"}"#, "secret manager"),
        (r#"{"kind": "x"}"#, "secret manager"),
        (r#"{"x": "Secret"}"#, "secret manager"),
        ("SESSION_KEYS=:abc", "name of a variable"),
        ("SESSION_KEYS=abc", "name of a variable"),
        ("SESSION_KEYS:1:abc", "name of a variable"),
        ("=1:abc", "name of a variable"),
        (": 1", "YAML"),
        (":", "YAML"),
        // A list of words.
        ("b25lLHR3bw==", "base64 of a ring"),
        ("null and void", "word for nothing"),
        ("last_id = 1,abc", "a setting stands in front"),
        ("id = 1\n1:abc", "a setting stands in front"),
    ] {
        let error = read(text.as_bytes()).expect_err(text).to_string();
        assert!(!error.contains(not), "{text}: {error}");
    }
}

#[test]
fn a_ring_in_a_toml_string_of_several_lines_is_read_with_the_settings_before_it() {
    let (k1, k2) = (key_text(1), key_text(2));
    let text = format!("last_id = 7\nkeys = \"\"\"\n2:{k2},\n1:{k1}\n\"\"\"\n");
    let (form, read) = read(text.as_bytes()).unwrap();
    assert_eq!((form, read), (RingForm::Toml, ring([2, 1]).with_last_id(KeyId::new(7))));
}

#[test]
fn what_begins_like_an_entry_is_one_string() {
    for (text, form) in [
        ("1:abc", RingForm::Text),
        ("12@2026", RingForm::Text),
        ("v1:abc", RingForm::Text),
        ("1 = abc", RingForm::Text),
        ("\"1:abc", RingForm::Text),
        ("7", RingForm::Toml),
        ("1st", RingForm::Toml),
        ("v", RingForm::Toml),
        (":abc", RingForm::Toml),
        ("@abc", RingForm::Toml),
        ("= abc", RingForm::Toml),
    ] {
        assert_eq!(RingForm::detect(text.as_bytes()), Ok((form, text)));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_told_with_their_line() {
    for (bytes, expected) in [(&b"# caf\xe9\n"[..], 1), (b"[[keys]]\n\nid = 1 # caf\xe9", 3)] {
        let error = RingForm::detect(bytes).unwrap_err();
        let ConfigError::Line { line, message } = error else { panic!("{error}") };
        assert_eq!(line, expected, "{message}");
    }
}

#[test]
fn an_error_in_json_names_the_line_and_quotes_nothing() {
    let k1 = key_text(1);
    for (text, line) in [
        (format!("{{\n\"keys\": [{{\"id\": 1, \"kee\": \"{k1}\"}}]}}"), 2),
        (format!("{{\"keys\": [\n{{\"id\": 1, \"key\": \"{k1}x\"}}]}}"), 2),
        (format!("{{\"keys\": [{{\"id\": 1, \"key\": \"{k1}\"}}]"), 1),
        (format!("{{\"keys\": [{{\"id\": 1, \"key\": \"{k1}\"}}]}} x"), 1),
        ("{\n\n\"keys\": 5}".to_owned(), 3),
    ] {
        let error = RingForm::Json.parse_at(&text, T0).expect_err(&text);
        let ConfigError::Line { line: found, message } = &error else { panic!("{error}") };
        assert_eq!(*found, line, "{error}");
        assert!(!message.contains(&k1[..8]), "{error}");
    }
}

#[test]
fn an_error_in_json_has_the_remedy_once() {
    let remedy = "write the ring as {";
    for text in ["[]]", "{\"keys\": [", "{\"keys\": 5}", "{}", "[{\"id\": 1}]"] {
        let error = RingForm::Json.parse_at(text, T0).expect_err(text).to_string();
        assert_eq!(error.matches(remedy).count(), 1, "{text}: {error}");
    }
    let text = "[{\"id\": 1, \"key\": \"password\"}]";
    let error = RingForm::Json.parse_at(text, T0).expect_err(text).to_string();
    assert!(error.contains("not a key: ") && !error.contains(remedy), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes: Vec<u8>, text in "[\\[{\"a-z0-9:=,\n-]{0,60}") {
        let _ = read(&bytes);
        let _ = read(text.as_bytes());
    }
}
