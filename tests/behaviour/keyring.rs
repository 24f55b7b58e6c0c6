//! Key rings: from code, text, the environment, TOML and JSON; what they refuse, when which
//! key seals, and that no message shows a part of a key.

use std::{env, process::Command};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use sealed_session::{ConfigError, Key, KeyEntry, KeyId, KeyRing, Keys, Sessions};
use serde::Deserialize;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::support::{self, T0, at, entry, key, key_bytes, key_text, ring};

const START: OffsetDateTime = datetime!(2026-12-15 00:00 UTC);
const START_TEXT: &str = "2026-12-15T00:00:00Z";

#[derive(Debug, Deserialize)]
struct Config {
    keys: KeyRing,
}

fn parse(text: &str) -> Result<KeyRing, ConfigError> {
    KeyRing::parse_at(text, T0)
}

fn json(text: &str) -> Result<KeyRing, serde_json::Error> {
    serde_json::from_str(text)
}

fn toml(text: &str) -> Result<KeyRing, toml::de::Error> {
    toml::from_str::<Config>(text).map(|config| config.keys)
}

fn ids(ring: &KeyRing) -> Vec<u32> {
    ring.entries().iter().map(|entry| entry.id().get()).collect()
}

fn sealing(ring: &KeyRing, now: OffsetDateTime) -> Option<u32> {
    ring.sealing_key_id(now).map(KeyId::get)
}

/// Whether the ring holds, in this order, the keys that belong to these ids.
fn assert_holds(ring: &KeyRing, expected: &[u8]) {
    let expected_ids: Vec<u32> = expected.iter().map(|&id| id.into()).collect();
    assert_eq!(ids(ring), expected_ids);
    // A ring does not give its keys away, so they are known by what they open.
    for &id in expected {
        let now = START + Duration::DAY;
        let alone = Sessions::<u8>::new(self::ring([id]));
        let value = support::sealed(&alone, id, now);
        assert_eq!(support::class(&Sessions::<u8>::new(ring.clone()), &value, now), "live");
    }
}

#[track_caller]
fn assert_shows_no_key(shown: &str) {
    for id in 1..=3 {
        let hex: String = key_bytes(id).iter().flat_map(|byte| hex_digits(*byte)).collect();
        for text in [key_text(id), URL_SAFE_NO_PAD.encode(key_bytes(id)), hex] {
            // Digits alone may be those of the present time.
            let is_telling = |part: &&[u8]| !part.iter().all(u8::is_ascii_digit);
            for part in text.as_bytes().windows(6).filter(is_telling) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!shown.contains(part), "{part} of key {id} in: {shown}");
            }
        }
    }
}

fn hex_digits(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap())
}

mod forms {
    use super::*;

    #[test]
    fn text_is_entries_with_commas_between() {
        let (k1, k2, k3) = (key_text(1), key_text(2), key_text(3));
        assert_holds(&parse(&format!("1:{k1}")).unwrap(), &[1]);
        assert_holds(&parse(&format!("2:{k2},1:{k1}")).unwrap(), &[2, 1]);
        // Order decides, never the size of the ids.
        assert_holds(&parse(&format!("1:{k1},3:{k3},2:{k2}")).unwrap(), &[1, 3, 2]);
        assert_holds(&parse(&format!(" 2:{k2} ,\n 1: {k1}\n")).unwrap(), &[2, 1]);
        let url_safe = URL_SAFE_NO_PAD.encode(key_bytes(1));
        assert_holds(&parse(&format!("1:{url_safe}")).unwrap(), &[1]);
        let bounds = parse(&format!("0:{k1},4294967295:{k2}")).unwrap();
        assert_eq!(ids(&bounds), [0, u32::MAX]);
    }

    #[test]
    fn text_with_a_start_seals_from_then_on() {
        let (k1, k2) = (key_text(1), key_text(2));
        for start in [
            START_TEXT,
            "2026-12-15T01:00:00+01:00",
            "2026-12-14T19:30:00-04:30",
            "2026-12-15T00:00:00.000Z",
            " 2026-12-15T00:00:00Z ",
        ] {
            let ring = parse(&format!("2@{start}:{k2},1:{k1}")).unwrap();
            assert_eq!(ring.entries()[0].starts_at(), Some(START), "{start}");
            assert_eq!(ring.entries()[0].ends_at(), None);
            assert_eq!(ring.entries()[1].starts_at(), None);
            assert_holds(&ring, &[2, 1]);
            assert_eq!(sealing(&ring, START - Duration::SECOND), Some(1));
            assert_eq!(sealing(&ring, START), Some(2));
        }
    }

    #[test]
    fn entries_have_the_same_key_whatever_their_ids() {
        let with = |id: u32, seed| KeyEntry::new(id, key(seed));
        assert!(with(1, 1).has_same_key(&with(2, 1).not_before(START)));
        assert!(!with(1, 1).has_same_key(&with(1, 2)));
    }

    #[test]
    fn one_entry_parses_on_its_own() {
        let entry: KeyEntry = format!(" 7@{START_TEXT}:{}\n", key_text(1)).parse().unwrap();
        assert_eq!((entry.id(), entry.starts_at()), (KeyId::new(7), Some(START)));
    }

    #[test]
    fn code_and_text_make_the_same_ring() {
        let code = KeyRing::new_at([entry(2).not_before(START), entry(1)], T0).unwrap();
        assert_holds(&code, &[2, 1]);
        assert_eq!(code.entries()[0].starts_at(), Some(START));
        assert!(code.accepts_takeover());
        assert!(!code.without_takeover().accepts_takeover());
    }

    #[test]
    fn toml_lists_entries() {
        let text = format!(
            r#"
            keys = [
              {{ id = 2, key = "{}", not_before = "{START_TEXT}" }},
              {{ id = 1, key = "{}", not_after = "2999-01-01T00:00:00Z" }},
              {{ id = 3, key = "{}" }},
            ]
            "#,
            key_text(2),
            key_text(1),
            key_text(3),
        );
        let ring = toml(&text).unwrap();
        assert_holds(&ring, &[2, 1, 3]);
        assert_eq!(ring.entries()[0].starts_at(), Some(START));
        assert_eq!(ring.entries()[1].ends_at(), Some(datetime!(2999-01-01 00:00 UTC)));
        assert_eq!(ring.entries()[1].starts_at(), None);
    }

    #[test]
    fn toml_has_tables_strings_and_a_map() {
        let (k1, k2) = (key_text(1), key_text(2));
        let tables = format!("[[keys]]\nid = 2\nkey = '{k2}'\n[[keys]]\nid = 1\nkey = '{k1}'\n");
        let string = format!("keys = '2:{k2},1:{k1}'");
        let strings = format!("keys = ['2:{k2}', '1:{k1}']");
        let map =
            format!("[keys]\nno_takeover = true\nkeys = [{{ id = 2, key = '{k2}' }}, '1:{k1}']\n");
        for (text, accepts_takeover) in
            [(tables, true), (string, true), (strings, true), (map, false)]
        {
            let ring = toml(&text).unwrap();
            assert_holds(&ring, &[2, 1]);
            assert_eq!(ring.accepts_takeover(), accepts_takeover);
        }
    }

    #[test]
    fn json_has_every_form() {
        let (k1, k2) = (key_text(1), key_text(2));
        let list = format!(r#"[{{"id":2,"key":"{k2}"}},{{"key":"{k1}","id":1}}]"#);
        let nulls = format!(
            r#"[{{"id":2,"key":"{k2}","not_before":null,"not_after":null}},{{"id":"1","key":"{k1}"}}]"#
        );
        let string = format!(r#""2:{k2},1:{k1}""#);
        let strings = format!(r#"["2:{k2}","1:{k1}"]"#);
        let mixed = format!(r#"["2:{k2}",{{"id":1,"key":"{k1}"}}]"#);
        let map = format!(r#"{{"keys":{list},"no_takeover":null}}"#);
        let map_of_string = format!(r#"{{"no_takeover":null,"keys":{string}}}"#);
        let bare_map = format!(r#"{{"keys":{strings}}}"#);
        for text in [list, nulls, string, strings, mixed, map, map_of_string, bare_map] {
            let ring = json(&text).unwrap();
            assert_holds(&ring, &[2, 1]);
            assert!(ring.accepts_takeover());
            for entry in ring.entries() {
                assert_eq!((entry.starts_at(), entry.ends_at()), (None, None), "{text}");
            }
            // The form in which configuration layers hand it over.
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_holds(&serde_json::from_value(value).unwrap(), &[2, 1]);
        }
    }

    #[test]
    fn json_map_carries_what_is_said_of_the_ring() {
        let ring = json(&format!(
            r#"{{"no_takeover":true,"last_id":9,"key_count":1,"rotated_at":"{START_TEXT}","absolute_timeout":"30d","keys":[{{"id":2,"key":"{}"}}]}}"#,
            key_text(2)
        ))
        .unwrap();
        assert!(!ring.accepts_takeover());
        assert_eq!((ring.last_id(), ring.rotated_at()), (Some(KeyId::new(9)), Some(START)));
        assert_eq!(ring.absolute_timeout(), Some(std::time::Duration::from_secs(30 * 86_400)));
    }

    #[test]
    fn ring_survives_being_buffered_by_serde() {
        #[derive(Deserialize)]
        struct Outer {
            #[serde(flatten)]
            inner: Config,
        }
        let text = format!(
            r#"{{"keys":[{{"id":2,"key":"{}","not_before":"{START_TEXT}"}},"1:{}"]}}"#,
            key_text(2),
            key_text(1)
        );
        let outer: Outer = serde_json::from_str(&text).unwrap();
        assert_holds(&outer.inner.keys, &[2, 1]);
    }

    #[test]
    fn ephemeral_rings_share_nothing() {
        let (a, b) = (KeyRing::ephemeral().unwrap(), KeyRing::ephemeral().unwrap());
        assert_eq!((ids(&a), sealing(&a, T0)), (vec![1], Some(1)));
        let value = support::sealed(&Sessions::<u8>::new(a), 1, T0);
        assert_eq!(support::class(&Sessions::<u8>::new(b), &value, T0), "not_authentic");
    }
}

mod environment {
    use super::*;

    const VARIABLE: &str = "SEALED_SESSION_TEST_KEYS";
    const CHILD: &str = "SEALED_SESSION_TEST_EXPECTS";

    /// Runs one of these tests again, in a process with this variable: setting
    /// one in a process with threads is undefined behaviour.
    fn run_with(test: &str, value: impl AsRef<std::ffi::OsStr>, expects: &str) {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(VARIABLE, value)
            .env(CHILD, expects)
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{expects}: {shown}");
        assert!(shown.contains("1 passed"), "{shown}");
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs processes")]
    fn variable_holds_the_text_form() {
        let Ok(expects) = env::var(CHILD) else {
            let test = "keyring::environment::variable_holds_the_text_form";
            run_with(test, format!("2:{},1:{}\n", key_text(2), key_text(1)), "ring");
            run_with(test, format!("2:{},1:x", key_text(2)), "entry");
            run_with(test, "", "empty");
            run_with(test, " \n", "empty");
            return;
        };
        let ring = KeyRing::from_env(VARIABLE);
        match &*expects {
            "ring" => assert_holds(&ring.unwrap(), &[2, 1]),
            "entry" => {
                let error = ring.unwrap_err();
                let ConfigError::InVariable { name, reason } = &error else { panic!("{error}") };
                assert_eq!(name, VARIABLE);
                assert!(matches!(**reason, ConfigError::Entry { position: 2, .. }), "{error:?}");
                assert_shows_no_key(&format!("{error} {error:?}"));
            }
            _ => {
                let name = VARIABLE.to_owned();
                assert_eq!(ring.unwrap_err(), ConfigError::Variable { name });
            }
        }
    }

    /// The remedies of each mistake are in `ring_forms`. Here the message is what `main` prints.
    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs processes")]
    fn what_is_wrong_in_a_variable_is_said_with_its_name_and_the_remedy() {
        let Ok(expects) = env::var(CHILD) else {
            let test = "keyring::environment::what_is_wrong_in_a_variable_is_said_with_its_name_and_the_remedy";
            let (k1, k2) = (key_text(1), key_text(2));
            for (value, remedy) in [
                (String::new(), "set it to `1:` followed by what `openssl rand -base64 32` prints"),
                (
                    "\t\n".to_owned(),
                    "set it to `1:` followed by what `openssl rand -base64 32` prints",
                ),
                (format!("\"1:{k1}\""), "remove the quotes"),
                (format!("'1:{k1}'\n"), "remove the quotes"),
                (format!("2:{k2}\n1:{k1}"), "separate the entries with commas, on one line"),
                (format!("2:{k2}\r\n1:{k1}\r\n"), "separate the entries with commas, on one line"),
                (format!("2:{k2};1:{k1}"), "separate them with commas"),
                (format!("2:{k2} 1:{k1}"), "separate them with commas"),
                (format!("{VARIABLE}=1:{k1}"), "leave out `NAME=`"),
                (k1.clone(), "write `1:` in front of it"),
                ("1:secret".to_owned(), "`openssl rand -base64 32`"),
            ] {
                run_with(test, value, remedy);
            }
            return;
        };
        let error = KeyRing::from_env(VARIABLE).unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(text.starts_with(&format!("environment variable {VARIABLE}")), "{text}");
            assert!(text.contains(&expects), "{text}");
            assert_shows_no_key(&text);
        }
    }

    #[test]
    fn variable_that_is_not_set_is_named() {
        let error = KeyRing::from_env("SEALED_SESSION_TEST_IS_NOT_SET").unwrap_err();
        let name = "SEALED_SESSION_TEST_IS_NOT_SET".to_owned();
        assert_eq!(error, ConfigError::Variable { name });
        let message = error.to_string();
        assert!(message.contains("SEALED_SESSION_TEST_IS_NOT_SET is not set"), "{message}");
        assert_eq!(format!("{error:?}"), message, "what `main` and `expect` print");
        assert!(message.contains("openssl rand -base64 32"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn variable_that_is_not_unicode_is_refused_without_being_quoted() {
        use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};
        if env::var(CHILD).is_err() {
            let mut value = format!("1:{}", key_text(1)).into_bytes();
            value.push(0xff);
            run_with(
                "keyring::environment::variable_that_is_not_unicode_is_refused_without_being_quoted",
                OsString::from_vec(value),
                "variable",
            );
            return;
        }
        let error = KeyRing::from_env(VARIABLE).unwrap_err();
        assert_eq!(error, ConfigError::Variable { name: VARIABLE.to_owned() });
        assert_shows_no_key(&format!("{error} {error:?}"));
    }
}

mod refusals {
    use super::*;

    #[test]
    fn empty_ring_says_what_to_add() {
        for error in [
            KeyRing::new_at([], T0).unwrap_err(),
            KeyRing::new([]).unwrap_err(),
            parse("").unwrap_err(),
            parse(" \t\n").unwrap_err(),
        ] {
            assert_eq!(error, ConfigError::EmptyRing);
            assert!(error.to_string().contains("openssl rand -base64 32"));
        }
        for text in ["[]", r#""""#, r#"{"keys":[]}"#, r#"{"keys":""}"#] {
            let message = json(text).unwrap_err().to_string();
            assert!(message.contains("the key ring is empty"), "{text}: {message}");
        }
        let error = toml("keys = []").unwrap_err();
        assert!(error.message().contains("the key ring is empty"), "{error}");
    }

    #[test]
    fn entry_that_cannot_be_read_is_named_by_its_place() {
        let (k1, k2, k3) = (key_text(1), key_text(2), key_text(3));
        let weak = "A".repeat(43);
        let published = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let cases = [
            (String::new(), ConfigError::EntryForm, "`ID:KEY`"),
            (" ".to_owned(), ConfigError::EntryForm, "`ID:KEY`"),
            (k3.clone(), ConfigError::EntryForm, "no `:`"),
            ("3".to_owned(), ConfigError::EntryForm, "no `:`"),
            (format!("3={k3}"), ConfigError::EntryForm, "no `:`"),
            (format!(":{k3}"), ConfigError::KeyId, "whole number from 0"),
            (format!("x:{k3}"), ConfigError::KeyId, "whole number from 0"),
            (format!("+3:{k3}"), ConfigError::KeyId, "whole number from 0"),
            (format!("3 :{k3}"), ConfigError::KeyId, "whole number from 0"),
            (format!("4294967296:{k3}"), ConfigError::KeyId, "4294967295"),
            (format!("{k3}:3"), ConfigError::KeyId, "in front of the key"),
            (format!("3@:{k3}"), ConfigError::Time, "RFC 3339"),
            (format!("3@tomorrow:{k3}"), ConfigError::Time, "RFC 3339"),
            (format!("3@2026-12-15:{k3}"), ConfigError::Time, "2026-12-01T00:00:00Z"),
            (format!("3@2026-12-15 00:00:00:{k3}"), ConfigError::Time, "RFC 3339"),
            (format!("3@2026-13-15T00:00:00Z:{k3}"), ConfigError::Time, "RFC 3339"),
            (format!("3@{START_TEXT}@:{k3}"), ConfigError::Time, "RFC 3339"),
            (format!("@{START_TEXT}:{k3}"), ConfigError::KeyId, "whole number"),
            (format!("3:{weak}"), ConfigError::WeakKey, "openssl rand"),
            (format!("3:{published}"), ConfigError::PublishedKey, "openssl rand"),
        ];
        for (text, source, remedy) in cases {
            for (position, ring) in [
                (1, format!("{text},2:{k2},1:{k1}")),
                (2, format!("2:{k2},{text},1:{k1}")),
                (3, format!("2:{k2},1:{k1},{text}")),
            ] {
                let error = parse(&ring).unwrap_err();
                let expected = ConfigError::Entry { position, reason: Box::new(source.clone()) };
                assert_eq!(error, expected, "{text:?}");
                let message = error.to_string();
                assert!(message.contains(&format!("entry {position} ")), "{message}");
                assert!(message.contains(remedy), "{message}");
                assert_shows_no_key(&format!("{error} {error:?} {error:#?}"));
                assert_shows_no_key(&format!("{:?}", std::error::Error::source(&error)));

                let json_error = json(&format!("{ring:?}")).unwrap_err().to_string();
                assert!(json_error.contains(&message), "{json_error}");
            }
        }
    }

    #[test]
    fn key_of_the_wrong_form_is_named_by_its_place() {
        for text in ["3:", "3:short", "3:passphrase", "3@2026-12-15T00:00:00Z:"] {
            let error = parse(&format!("2:{},{text}", key_text(2))).unwrap_err();
            let ConfigError::Entry { position: 2, reason } = &error else { panic!("{error:?}") };
            assert!(matches!(**reason, ConfigError::KeyText(_)), "{error:?}");
            assert!(error.to_string().contains("openssl rand -base64 32"), "{error}");
        }
    }

    #[test]
    fn the_first_of_several_bad_entries_is_reported() {
        let error = parse("1:x,nothing,@:").unwrap_err();
        assert!(matches!(error, ConfigError::Entry { position: 1, .. }), "{error:?}");
    }

    #[test]
    fn an_id_that_stands_twice_is_named() {
        let twice = |a: u8, b: u8| KeyEntry::new(u32::from(a), key(b));
        for entries in [
            [twice(2, 1), twice(2, 2), twice(3, 3)],
            [twice(2, 1), twice(3, 3), twice(2, 2)],
            [twice(3, 3), twice(2, 1), twice(2, 2)],
            // The same entry once more, as from a careless merge.
            [twice(2, 1), twice(3, 3), twice(2, 1)],
        ] {
            let error = KeyRing::new_at(entries, T0).unwrap_err();
            assert_eq!(error, ConfigError::DuplicateId(KeyId::new(2)));
            assert!(error.to_string().contains("key id 2 is in the ring twice"), "{error}");
        }
        let text = format!("7:{},7:{}", key_text(1), key_text(2));
        assert_eq!(parse(&text).unwrap_err(), ConfigError::DuplicateId(KeyId::new(7)));
        let text = format!("7:{},007:{}", key_text(1), key_text(2));
        assert_eq!(parse(&text).unwrap_err(), ConfigError::DuplicateId(KeyId::new(7)));
    }

    #[test]
    fn a_key_that_stands_twice_is_named_by_both_ids() {
        let same = |id: u32| KeyEntry::new(id, key(1));
        let expected = ConfigError::DuplicateKey(KeyId::new(5), KeyId::new(4));
        for entries in [
            vec![same(5), same(4)],
            vec![same(5), entry(2), same(4)],
            vec![entry(2), same(5), same(4)],
        ] {
            let error = KeyRing::new_at(entries, T0).unwrap_err();
            assert_eq!(error, expected);
            assert!(error.to_string().contains("ids 5 and 4 have the same key"), "{error}");
            assert!(error.to_string().contains("openssl rand -base64 32"), "{error}");
        }
        // Two spellings of one key are one key.
        let text = format!("5:{},4:{}", key_text(1), URL_SAFE_NO_PAD.encode(key_bytes(1)));
        let error = parse(&text).unwrap_err();
        assert_eq!(error, expected);
        assert_shows_no_key(&format!("{error} {error:?}"));
        let error = json(&format!("{text:?}")).unwrap_err();
        assert!(error.to_string().contains("ids 5 and 4"), "{error}");
    }

    #[test]
    fn a_window_that_never_opens_is_refused() {
        let half = Duration::milliseconds(500);
        for (start, end) in
            [(at(10), at(10)), (at(10), at(9)), (at(10), at(10) + half), (at(10) + half, at(10))]
        {
            let entries = [entry(2).not_before(start).not_after(end), entry(1)];
            let error = KeyRing::new_at(entries, T0).unwrap_err();
            assert_eq!(error, ConfigError::EmptyWindow(KeyId::new(2)));
            let message = error.to_string();
            assert!(message.contains("key id 2 is never active"), "{message}");
            assert!(message.contains("not_after must be later"), "{message}");
        }
        let second = [entry(2).not_before(at(10)).not_after(at(11)), entry(1)];
        assert!(KeyRing::new_at(second, T0).is_ok());
    }

    #[track_caller]
    fn assert_gap(entries: impl IntoIterator<Item = KeyEntry>, expected: OffsetDateTime) {
        let error = KeyRing::new_at(entries, T0).unwrap_err();
        assert_eq!(error, ConfigError::NoSealingKey { at: expected });
        let message = error.to_string();
        assert!(message.contains("no key seals at 20"), "{message}");
        assert!(message.contains("keep one key that has no not_after"), "{message}");
    }

    #[test]
    fn a_ring_without_a_key_for_now_is_refused() {
        assert_gap([entry(1).not_before(at(1))], T0);
        assert_gap([entry(1).not_after(T0)], T0);
        assert_gap([entry(2).not_before(at(60)), entry(1).not_after(at(-60))], T0);
        assert!(KeyRing::new_at([entry(1).not_before(T0)], T0).is_ok());
    }

    #[test]
    fn a_ring_that_runs_out_of_keys_later_is_refused() {
        assert_gap([entry(1).not_after(at(1))], at(1));
        assert_gap([entry(2).not_after(at(20)), entry(1).not_after(at(30))], at(30));
        assert_gap([entry(2).not_after(at(30)), entry(1).not_after(at(20))], at(30));
    }

    #[test]
    fn a_gap_between_two_keys_is_found_in_whatever_order() {
        let first = || entry(1).not_after(at(100));
        for start in [101, 102, 1_000_000] {
            let second = || entry(2).not_before(at(start));
            assert_gap([first(), second()], at(100));
            assert_gap([second(), first()], at(100));
        }
        let second = || entry(2).not_before(at(100));
        assert!(KeyRing::new_at([first(), second()], T0).is_ok());
        assert!(KeyRing::new_at([second(), first()], T0).is_ok());
    }

    #[test]
    fn a_gap_behind_several_overlapping_windows_is_found() {
        let window = |id, start, end| entry(id).not_before(at(start)).not_after(at(end));
        let chain = |last_start| {
            [
                window(1, -50, 40),
                window(2, 10, 20),
                window(3, 30, 90),
                window(4, 90, 120),
                window(5, 60, 100),
                entry(6).not_before(at(last_start)),
            ]
        };
        assert_gap(chain(121), at(120));
        let mut reversed = chain(121);
        reversed.reverse();
        assert_gap(reversed, at(120));
        let ring = KeyRing::new_at(chain(120), T0).unwrap();
        let sealing_at = |seconds| sealing(&ring, at(seconds));
        assert_eq!(
            [0, 15, 39, 40, 89, 90, 99, 119, 120].map(sealing_at),
            [1, 1, 1, 3, 3, 4, 4, 4, 6].map(Some)
        );
    }

    #[test]
    fn serde_refuses_a_ring_that_code_refuses() {
        let (k1, k2) = (key_text(1), key_text(2));
        let cases = [
            (
                format!(r#"[{{"id":2,"key":"{k2}"}},{{"id":2,"key":"{k1}"}}]"#),
                "id 2 is in the ring twice",
            ),
            (format!(r#"[{{"id":2,"key":"{k2}"}},{{"id":1,"key":"{k2}"}}]"#), "ids 2 and 1"),
            (
                format!(r#"[{{"id":2,"key":"{k2}","not_after":"2020-01-01T00:00:00Z"}}]"#),
                "no key seals at",
            ),
            (
                format!(r#"[{{"id":2,"key":"{k2}","not_before":"2999-01-01T00:00:00Z"}}]"#),
                "no key seals at",
            ),
            (
                format!(
                    r#"[{{"id":2,"key":"{k2}","not_before":"{START_TEXT}","not_after":"{START_TEXT}"}}]"#
                ),
                "never active",
            ),
        ];
        for (list, expected) in cases {
            for text in [list.clone(), format!(r#"{{"keys":{list}}}"#)] {
                let error = json(&text).unwrap_err();
                assert!(error.to_string().contains(expected), "{error}");
                assert_shows_no_key(&format!("{error} {error:?}"));
            }
        }
    }
}

mod secrecy {
    use serde_json::json;

    use super::*;

    /// Where an operator may put a key by mistake; each entry is refused in JSON and in TOML.
    fn misplaced(text: &str) -> Vec<serde_json::Value> {
        let k1 = key_text(1);
        let k2 = key_text(2);
        vec![
            json!(text),
            json!([text]),
            json!([[text]]),
            json!([["2", text]]),
            json!({ "keys": text }),
            json!({ "keys": [text] }),
            json!({ "keys": { "2": text } }),
            json!({ "keys": { text: "2" } }),
            json!({ "2": text }),
            json!({ text: "2" }),
            json!({ "keys": [], "key": text }),
            json!({ "keys": [{ "id": 1, "key": k1 }], text: text }),
            json!({ "keys": [{ "id": 1, "key": k1 }], "rotated_at": text }),
            json!([{ "id": text, "key": "2" }]),
            json!([{ "id": text, "key": k1 }]),
            json!([{ "id": text }]),
            json!([{ "key": text }]),
            json!([{ "id": 2, "key": [text] }]),
            json!([{ "id": 2, "key": { "value": text } }]),
            json!([{ "id": 2, "key": { text: "value" } }]),
            json!([{ "id": [text], "key": k1 }]),
            json!([{ "id": 2, "key": format!("2:{text}") }]),
            json!([{ "id": 2, "key": format!("{text}{text}") }]),
            json!([{ "id": 2, "key": k2, "not_before": text }]),
            json!([{ "id": 2, "key": k2, "not_after": text }]),
            json!([{ "id": 2, "key": k2, "not_after": [text] }]),
            json!([{ "id": 2, "key": k2, "old_key": text }]),
            json!([{ "id": 2, "key": k2, text: 1 }]),
            json!([{ text: 2 }]),
            json!([{ "2": text }]),
            json!([format!("{text}:2")]),
            json!([format!("2@{text}:{text}")]),
            json!([format!("2:{text}"), text]),
            json!([format!("2:{text}:{text}")]),
            json!([format!("2:{text}"), format!("3:{text}")]),
            json!([format!("2:{text}"), format!("2:{k1}")]),
            json!(format!("{text}:2,1:{k1}")),
            json!(format!("2:{text} 1:{text}")),
            json!(format!("2:{text};1:{text}")),
        ]
    }

    #[test]
    fn no_serde_error_shows_a_key_in_the_wrong_place() {
        let hex: String = key_bytes(3).iter().flat_map(|byte| hex_digits(*byte)).collect();
        for key in [key_text(3), URL_SAFE_NO_PAD.encode(key_bytes(3)), hex] {
            for value in misplaced(&key) {
                let error = json(&value.to_string()).expect_err(&value.to_string());
                assert_shows_no_key(&format!("{error} {error:?}"));
                let error = serde_json::from_value::<KeyRing>(value.clone()).unwrap_err();
                assert_shows_no_key(&format!("{error} {error:?}"));

                let text = toml::to_string(&serde_json::json!({ "keys": value })).unwrap();
                let error = toml(&text).expect_err(&text);
                // Its Display quotes the line in which the error stands.
                assert_shows_no_key(error.message());
            }
        }
    }

    #[test]
    fn no_serde_error_of_one_entry_key_or_id_shows_it() {
        let key = key_text(3);
        let json = |value: &serde_json::Value| value.to_string();
        for value in misplaced(&key) {
            let text = json(&value);
            if let Err(error) = serde_json::from_str::<KeyEntry>(&text) {
                assert_shows_no_key(&format!("{error} {error:?}"));
            }
            let error = serde_json::from_str::<KeyId>(&text).unwrap_err();
            assert_shows_no_key(&format!("{error} {error:?}"));
            if let Err(error) = serde_json::from_str::<Key>(&text) {
                assert_shows_no_key(&format!("{error} {error:?}"));
            }
        }
    }

    #[test]
    fn no_error_of_the_text_form_shows_a_key_in_the_wrong_place() {
        let key = key_text(3);
        let texts = [
            key.clone(),
            format!("{key}:2"),
            format!("{key}@{START_TEXT}:2"),
            format!("2@{key}:{key}"),
            format!("{key}:{key}"),
            format!("2:{key}{key}"),
            format!("2:{key} {key}"),
            format!("2:{key},{key}"),
            format!("2:{key},2:{key}"),
            format!("2:{key},1:{key}"),
            format!("2={key}"),
            format!("2@2999-01-01T00:00:00Z:{key}"),
        ];
        for text in texts {
            let error = parse(&text).unwrap_err();
            assert_shows_no_key(&format!("{error} {error:?} {error:#?}"));
        }
    }

    #[test]
    fn debug_of_whatever_holds_keys_shows_ids_and_times_only() {
        let ring = KeyRing::new_at([entry(2).not_before(START), entry(1)], T0).unwrap();
        let shown = format!("{ring:?}");
        assert!(shown.contains("KeyId(2)") && shown.contains("2026-12-15"), "{shown}");
        assert_eq!(shown.matches("Key(..)").count(), 2, "{shown}");
        let keys = Keys::from(ring.clone());
        let sessions = Sessions::<u8>::new(keys.clone());
        for shown in [
            shown,
            format!("{ring:#?}"),
            format!("{:?}", ring.entries()),
            format!("{keys:?}"),
            format!("{sessions:?}"),
            format!("{:?}", Sessions::<u8>::builder(keys.clone())),
        ] {
            assert_shows_no_key(&shown);
            // Nor as a list of bytes.
            let [first, second, ..] = key_bytes(1);
            assert!(!shown.contains(&format!("{first}, {second}")), "{shown}");
        }
    }

    #[test]
    fn serde_errors_name_the_remedy() {
        let (k1, k2) = (key_text(1), key_text(2));
        let cases = [
            (format!(r#"[{{"id":-1,"key":"{k1}"}}]"#), "from 0 to 4294967295"),
            (format!(r#"[{{"id":4294967296,"key":"{k1}"}}]"#), "from 0 to 4294967295"),
            (format!(r#"[{{"id":1.5,"key":"{k1}"}}]"#), "whole number from 0 to 4294967295"),
            (format!(r#"[{{"id":null,"key":"{k1}"}}]"#), "whole number from 0 to 4294967295"),
            (format!(r#"[{{"id":"one","key":"{k1}"}}]"#), "whole number from 0 to 4294967295"),
            (r#"[{"id":1,"key":5}]"#.to_owned(), "openssl rand -base64 32"),
            (r#"[{"id":1,"key":null}]"#.to_owned(), "openssl rand -base64 32"),
            (r#"[{"id":1,"key":""}]"#.to_owned(), "openssl rand -base64 32"),
            (r#"[{"id":1}]"#.to_owned(), "missing field `key`"),
            (format!(r#"[{{"key":"{k1}"}}]"#), "missing field `id`"),
            (r"[5]".to_owned(), "{ id = 1, key = "),
            (r"5".to_owned(), "a list of { id, key }"),
            (r"null".to_owned(), "a list of { id, key }"),
            (r#"{"keys":5}"#.to_owned(), "a list of { id, key }"),
            (r#"{"no_takeover":null}"#.to_owned(), "missing field `keys`"),
            (format!(r#"[{{"id":1,"key":"{k1}","not_before":5}}]"#), "2026-12-01T00:00:00Z"),
            (format!(r#"[{{"id":1,"key":"{k1}","not_before":"x"}}]"#), "2026-12-01T00:00:00Z"),
            (format!(r#"[{{"id":1,"key":"{k1}","not_befor":null}}]"#), "not_before"),
            (format!(r#"{{"keys":["1:{k1}"],"no_takeovr":null}}"#), "no_takeover"),
            (format!(r#"["1:{k1}","2-{k2}"]"#), "`ID:KEY`"),
        ];
        for (text, remedy) in cases {
            let error = json(&text).unwrap_err();
            assert!(error.to_string().contains(remedy), "{text}: {error}");
            assert_shows_no_key(&format!("{error} {error:?}"));
        }
    }

    #[test]
    fn a_value_of_another_kind_is_told_what_its_field_holds() {
        let k1 = key_text(1);
        for (field, expected) in [
            ("no_takeover", "expected true or false, without quotes"),
            ("last_id", "expected a whole number from 0 to 4294967295: the greatest id"),
            ("key_count", "expected a whole number: how many keys the ring has"),
            ("rotated_at", "expected an RFC 3339 time"),
            ("absolute_timeout", "expected a span of time with its unit, in quotes"),
        ] {
            for value in ["[]", "{}"] {
                let text = format!(r#"{{"{field}":{value},"keys":["1:{k1}"]}}"#);
                let error = json(&text).unwrap_err();
                assert!(error.to_string().contains(expected), "{text}: {error}");
            }
        }
    }

    #[test]
    fn an_unknown_field_is_named_unless_its_name_may_be_a_key() {
        let k1 = key_text(1);
        for (field, is_named) in [
            ("colour", true),
            ("no_takeovers", true),
            ("twenty_lower_letters", true),
            ("twenty_one_characters", false),
            ("Colour", false),
            ("colour2", false),
            ("a-b", false),
            ("é", false),
        ] {
            let named = format!("unknown field `{field}`: ");
            let start = if is_named { &named } else { "unknown field: " };
            for (text, rest) in [
                (format!(r#"{{"{field}":1,"keys":["1:{k1}"]}}"#), "a key ring has keys, "),
                (format!(r#"[{{"{field}":1,"id":1,"key":"{k1}"}}]"#), "an entry has id, key, "),
            ] {
                let error = json(&text).unwrap_err().to_string();
                assert!(error.starts_with(&format!("{start}{rest}")), "{text}: {error}");
            }
        }
        let misplaced = r#"[{"id":1,"no_takeover":true}]"#;
        let error = json(misplaced).unwrap_err().to_string();
        assert!(error.starts_with("unknown field: an entry has id, key, "), "{error}");
    }

    #[test]
    fn a_name_that_is_no_text_is_refused() {
        use serde::{Deserialize as _, de::value};
        let numbers = value::MapDeserializer::<_, value::Error>::new([(1, 2)].into_iter());
        let error = KeyRing::deserialize(numbers).unwrap_err().to_string();
        assert!(error.contains("expected the name of a field"), "{error}");
    }

    #[test]
    fn a_field_that_stands_twice_is_refused() {
        let (k1, k2) = (key_text(1), key_text(2));
        for text in [
            format!(r#"[{{"id":1,"key":"{k1}","key":"{k2}"}}]"#),
            format!(r#"[{{"id":1,"id":2,"key":"{k1}"}}]"#),
            format!(r#"{{"keys":["1:{k1}"],"keys":["2:{k2}"]}}"#),
            format!(r#"{{"keys":["1:{k1}"],"no_takeover":true,"no_takeover":null}}"#),
            format!(r#"[{{"id":1,"key":"{k1}","not_after":null,"not_after":null}}]"#),
        ] {
            let error = json(&text).expect_err(&text);
            assert_shows_no_key(&format!("{error} {error:?}"));
        }
    }
}

mod sealing_over_time {
    use super::*;

    #[test]
    fn the_first_active_entry_seals_whatever_its_id() {
        assert_eq!(sealing(&ring([1, 2, 3]), T0), Some(1));
        assert_eq!(sealing(&ring([3, 1, 2]), T0), Some(3));
        let entries = [entry(1).not_before(at(10)), entry(9).not_before(at(5)), entry(4)];
        let ring = KeyRing::new_at(entries, T0).unwrap();
        let seen = [0, 4, 5, 9, 10, 1_000_000].map(|seconds| sealing(&ring, at(seconds)));
        assert_eq!(seen, [4, 4, 9, 9, 1, 1].map(Some));
    }

    #[test]
    fn windows_hold_in_whole_seconds() {
        let half = Duration::milliseconds(500);
        let entries = [
            entry(3).not_before(at(10)).not_after(at(20)),
            entry(2).not_before(at(15)).not_after(at(30)),
            entry(1),
        ];
        let ring = KeyRing::new_at(entries, T0).unwrap();
        for (seconds, id) in
            [(0, 1), (9, 1), (10, 3), (15, 3), (19, 3), (20, 2), (29, 2), (30, 1), (31, 1)]
        {
            assert_eq!(sealing(&ring, at(seconds)), Some(id), "{seconds}");
            assert_eq!(sealing(&ring, at(seconds) + half), Some(id), "{seconds}.5");
        }

        let entries = [entry(2).not_before(at(10) + half).not_after(at(20) + half), entry(1)];
        let ring = KeyRing::new_at(entries, T0).unwrap();
        for (seconds, id) in [(9, 1), (10, 2), (19, 2), (20, 1)] {
            assert_eq!(sealing(&ring, at(seconds)), Some(id), "{seconds}");
        }
    }

    #[test]
    fn a_time_before_the_ring_may_have_no_key() {
        let ring = KeyRing::new_at([entry(1).not_before(T0)], T0).unwrap();
        assert_eq!(sealing(&ring, at(-1)), None);
        assert_eq!(sealing(&ring, T0), Some(1));
    }

    #[test]
    fn windows_reach_from_before_1970_to_the_last_year() {
        let (first, last) = (datetime!(1600-01-01 00:00 UTC), datetime!(9999-12-31 23:59:59 UTC));
        let entries = [entry(2).not_before(first).not_after(last), entry(1)];
        let ring = KeyRing::new_at(entries, first).unwrap();
        assert_eq!(sealing(&ring, first), Some(2));
        assert_eq!(sealing(&ring, datetime!(1969-12-31 23:59:59 UTC)), Some(2));
        assert_eq!(sealing(&ring, last - Duration::SECOND), Some(2));
        assert_eq!(sealing(&ring, last), Some(1));
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_ring_panic(
        any in any::<String>(),
        close in "[0-9]{0,3}@?[0-9TZ:+-]{0,22}:?[A-Za-z0-9+/=,:@ ]{0,90}",
    ) {
        for text in [&any, &close] {
            let _ = parse(text);
            let _ = text.parse::<KeyEntry>();
            let _ = json(text);
            let _ = json(&serde_json::to_string(text).unwrap());
            let _ = toml(&format!("keys = {text}"));
        }
    }

    #[test]
    fn no_json_makes_a_ring_panic(
        text in r#"[\[{]{1,2}("(id|key|keys|not_before|not_after)":("1:x"|1|-1|1e400|null|\[|\{)[,}\]]){0,4}[\]}]{0,3}"#
    ) {
        prop_assert!(json(&text).is_err());
    }

    #[test]
    fn a_ring_is_accepted_exactly_if_a_key_seals_at_every_instant(
        windows in prop::collection::vec(
            (prop::option::of(-3_i64..9), prop::option::weighted(0.7, -2_i64..12)),
            1..6,
        ),
        now in -1_i64..3,
    ) {
        let entries = windows.iter().zip(1_u8..).map(|(&(start, end), id)| {
            let entry = start.map(at).into_iter().fold(entry(id), KeyEntry::not_before);
            end.map(at).into_iter().fold(entry, KeyEntry::not_after)
        });
        let result = KeyRing::new_at(entries, at(now));

        let is_empty =
            |&(start, end): &(Option<i64>, Option<i64>)| end.zip(start).is_some_and(|(e, s)| e <= s);
        let active = |instant: i64| {
            windows.iter().position(|&(start, end)| {
                start.is_none_or(|start| start <= instant) && end.is_none_or(|end| instant < end)
            })
        };
        // No window begins or ends after 12, so what holds at 13 holds for ever.
        let gap = (now..=13).find(|&instant| active(instant).is_none());

        match (windows.iter().position(is_empty), gap) {
            (Some(index), _) => {
                let id = KeyId::new(u32::try_from(index + 1).unwrap());
                prop_assert_eq!(result.unwrap_err(), ConfigError::EmptyWindow(id));
            }
            (None, Some(gap)) => {
                prop_assert_eq!(result.unwrap_err(), ConfigError::NoSealingKey { at: at(gap) });
            }
            (None, None) => {
                let ring = result.unwrap();
                for instant in -4..=14 {
                    let expected = active(instant).map(|index| u32::try_from(index + 1).unwrap());
                    prop_assert_eq!(sealing(&ring, at(instant)), expected, "at {}", instant);
                }
            }
        }
    }
}
