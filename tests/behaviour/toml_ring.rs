//! A ring in a TOML file: what is read, and which line an error names.

use sealed_session::{ConfigError, KeyId, TomlRing};
use time::OffsetDateTime;

use crate::support::{T0, key_text, ring};

fn table(id: u8, more: &str) -> String {
    format!("[[keys]]\nid = {id}\nkey = \"{}\"\n{more}", key_text(id))
}

fn inline(id: u8) -> String {
    format!("{{ id = {id}, key = \"{}\" }}", key_text(id))
}

/// The line and the message of an error.
fn error(text: &str) -> (usize, String) {
    match TomlRing::parse_at(text, T0).unwrap_err() {
        ConfigError::Line { line, message } => (line, message),
        other => panic!("{other:?} names no line"),
    }
}

fn lines(text: &str) -> [Option<usize>; 3] {
    let file = TomlRing::parse_at(text, T0).unwrap();
    [2, 1, 3].map(|id| file.line(KeyId::new(id)))
}

#[test]
fn the_ring_is_that_of_the_entries() {
    let file = TomlRing::parse_at(&format!("{}\n{}", table(2, ""), table(1, "")), T0).unwrap();
    assert_eq!(file.ring(), &ring([2, 1]));
    assert_eq!(file.clone().into_ring(), ring([2, 1]));
    let limited = "no_takeover = true\n".to_owned() + &table(1, "");
    let file = TomlRing::parse_at(&limited, T0).unwrap();
    assert!(!file.ring().accepts_takeover());
}

#[test]
fn last_id_is_what_the_file_says() {
    let last_id = |text: &str| TomlRing::parse_at(text, T0).unwrap().last_id();
    assert_eq!(last_id(&table(1, "")), None);
    assert_eq!(last_id(&format!("last_id = 7\n{}", table(1, ""))), Some(KeyId::new(7)));
}

#[test]
fn each_entry_has_the_line_where_it_begins() {
    let tables = format!("# ours\n\n{}\n\n{}", table(2, ""), table(1, ""));
    assert_eq!(lines(&tables), [Some(3), Some(8), None]);
    let list = format!("keys = [\n  {},\n  {},\n]\n", inline(2), inline(1));
    assert_eq!(lines(&list), [Some(2), Some(3), None]);
    let text = format!("last_id = 2\nkeys = \"2:{},1:{}\"\n", key_text(2), key_text(1));
    assert_eq!(lines(&text), [Some(2), Some(2), None]);
}

#[test]
fn the_later_of_two_entries_that_clash_is_the_one_named() {
    let twice = format!("{}{}{}", table(2, ""), table(1, ""), table(2, ""));
    assert_eq!(error(&twice).0, 7);
    let same_key = format!("{}[[keys]]\nid = 9\nkey = \"{}\"\n", table(1, ""), key_text(1));
    assert_eq!(error(&same_key).0, 4);
    let window = "not_before = \"2027-01-02T00:00:00Z\"\nnot_after = \"2027-01-01T00:00:00Z\"\n";
    let (line, message) = error(&format!("{}{}", table(2, window), table(1, "")));
    assert_eq!(line, 1);
    assert!(message.contains("key id 2 is never active"), "{message}");
}

#[test]
fn what_is_wrong_with_the_whole_ring_is_where_the_keys_begin() {
    let until = "not_after = \"2027-01-01T00:00:00Z\"\n";
    let (line, message) = error(&format!("# ours\nlast_id = 1\n{}", table(1, until)));
    assert_eq!(line, 3);
    assert!(message.starts_with("no key seals at 2027-01-01T00:00:00Z"), "{message}");
}

#[test]
fn an_error_has_the_remedy_once() {
    let remedy = "write each key as `[[keys]]`";
    for text in ["", "[[keys]]\nid = 1\n", "keys = 7", "[[keys]\n"] {
        let (line, message) = error(text);
        assert_eq!(message.matches(remedy).count(), 1, "{text:?}: {message}");
        assert_eq!(line, 1, "{text:?}: {message}");
    }
    let (line, message) = error("[[keys]]\nid = 1\nkey = \"password\"\n");
    assert_eq!(line, 3);
    assert!(message.starts_with("not a key: ") && !message.contains(remedy), "{message}");
}

#[test]
fn without_a_time_a_ring_is_judged_now() {
    let now = OffsetDateTime::now_utc();
    let year = |offset| now.year() + offset;
    let starts = |year: i32| table(1, &format!("not_before = \"{year}-01-01T00:00:00Z\"\n"));
    assert!(starts(year(0)).parse::<TomlRing>().is_ok());
    assert!(starts(year(2)).parse::<TomlRing>().is_err());
}
