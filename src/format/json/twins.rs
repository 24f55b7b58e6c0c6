//! Whether an object of a JSON text has two members of one name.
//!
//! Readers take one of them or refuse both, so nobody can say what such a text holds. The text is
//! looked through for names alone: a reader of its numbers would be most of a small program for
//! WebAssembly.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

/// Looks at a text that is JSON. What is wrong besides, whoever reads the text for its data tells.
pub(crate) fn has_twins(json: &str) -> bool {
    // For each level that is open, the names so far. A list has none.
    let mut levels: Vec<BTreeSet<Name<'_>>> = Vec::new();
    let mut rest = json;
    while let Some((before, byte, behind)) = next_mark(rest) {
        levels.truncate(levels.len().saturating_sub(before));
        rest = behind;
        match byte {
            b'{' | b'[' => levels.push(BTreeSet::new()),
            _ => {
                let Some((text, behind)) = split_string(rest) else { return false };
                rest = behind;
                // What a colon follows is a name.
                if !behind.trim_ascii_start().starts_with(':') {
                    continue;
                }
                if levels.last_mut().is_some_and(|names| !names.insert(Name::of(text))) {
                    return true;
                }
            }
        }
    }
    false
}

/// How many levels end before the next quote or level, which of these it is, and what is behind it.
fn next_mark(text: &str) -> Option<(usize, u8, &str)> {
    let mut ended = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'}' | b']' => ended = ended.saturating_add(1),
            b'{' | b'[' | b'"' => return Some((ended, byte, text.get(at.saturating_add(1)..)?)),
            _ => {}
        }
    }
    None
}

/// A string whose first quote was read, and what is behind its last.
fn split_string(text: &str) -> Option<(&str, &str)> {
    let mut from = 0_usize;
    loop {
        let found = memchr::memchr2(b'"', b'\\', text.as_bytes().get(from..)?)?;
        let at = from.saturating_add(found);
        let behind = at.saturating_add(1);
        if text.as_bytes().get(at) == Some(&b'"') {
            return Some((text.get(..at)?, text.get(behind..)?));
        }
        // Whatever is escaped, a quote too.
        from = behind.saturating_add(1);
    }
}

/// A member's name. One that is copied, for it has escapes, may be data, and is wiped.
enum Name<'a> {
    Plain(&'a str),
    Copied(Zeroizing<String>),
}

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        match text.contains('\\') {
            true => Self::Copied(unescaped(text)),
            false => Self::Plain(text),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Copied(text) => text,
        }
    }
}

/// What the text between two quotes stands for.
fn unescaped(text: &str) -> Zeroizing<String> {
    // No escape is shorter than its character: a string that grows would leave a copy behind.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let (length, char) = match escape.bytes().next() {
            Some(b'u') => of_units(escape),
            Some(b'b') => (1, '\u{8}'),
            Some(b'f') => (1, '\u{c}'),
            Some(b'n') => (1, '\n'),
            Some(b'r') => (1, '\r'),
            Some(b't') => (1, '\t'),
            Some(itself) => (1, char::from(itself)),
            None => break,
        };
        plain.push(char);
        rest = escape.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// The length of `uXXXX`, or of `uXXXX\uXXXX` where two units are one character, and that character.
fn of_units(escape: &str) -> (usize, char) {
    let unit = |hex: Option<&str>| hex.and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let units = [unit(escape.get(1..5)), unit(escape.get(7..11))].into_iter().flatten();
    match char::decode_utf16(units).next() {
        Some(Ok(char)) if char.len_utf16() == 2 => (11, char),
        Some(Ok(char)) => (5, char),
        // Half a character, which no reader takes.
        _ => (5, char::REPLACEMENT_CHARACTER),
    }
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name<'_> {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use serde::{Deserialize, Deserializer, de::Visitor};

    use super::*;

    #[test]
    fn twins_are_found_at_any_depth_and_however_they_are_spelled() {
        for json in [
            r#"{"a":1,"a":2}"#,
            r#"[{"b":{"a":1,"c":[],"a":null}}]"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"":1,"":1}"#,
        ] {
            assert!(has_twins(json), "{json}");
        }
        for json in ["7", "null", r#"["a","a"]"#, r#"{"a":{"a":{"a":"a"}},"b":1.5}"#, "{} x", "{"] {
            assert!(!has_twins(json), "{json}");
        }
    }

    /// Any JSON, for what `serde_json` says of its names.
    #[derive(Debug)]
    struct Searched(bool);

    impl<'de> Deserialize<'de> for Searched {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Search;

            macro_rules! none {
                ($($method:ident: $type:ty),+) => {
                    $(fn $method<E>(self, _: $type) -> Result<Searched, E> { Ok(Searched(false)) })+
                };
            }

            impl<'de> Visitor<'de> for Search {
                type Value = Searched;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("JSON")
                }

                none!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

                fn visit_unit<E>(self) -> Result<Searched, E> {
                    Ok(Searched(false))
                }

                fn visit_seq<A: serde::de::SeqAccess<'de>>(
                    self,
                    mut seq: A,
                ) -> Result<Searched, A::Error> {
                    let mut found = false;
                    while let Some(Searched(inside)) = seq.next_element()? {
                        found |= inside;
                    }
                    Ok(Searched(found))
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Searched, A::Error> {
                    let (mut names, mut found) = (HashSet::new(), false);
                    while let Some((name, Searched(inside))) = map.next_entry::<String, _>()? {
                        found |= inside | !names.insert(name);
                    }
                    Ok(Searched(found))
                }
            }

            deserializer.deserialize_any(Search)
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let name = || {
            prop::sample::select(vec![
                r#""a""#,
                r#""\u0061""#,
                r#""b\"}""#,
                r#""b\u0022}""#,
                r#""\\""#,
                r#""\ud83d\ude00""#,
                "\"\u{1f600}\"",
                r#""\n""#,
                r#""\u000a""#,
                r#""\/""#,
                r#""/""#,
                r#""""#,
                r#""{:""#,
            ])
        };
        let leaf = prop_oneof![
            name().prop_map(str::to_owned),
            Just("-1.5e3".to_owned()),
            Just("null".to_owned())
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let space = || prop::sample::select(vec!["", " ", "\n\t"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|all| format!("[{}]", all.join(" ,"))),
                prop::collection::vec((name(), space(), inner), 0..4).prop_map(|all| {
                    let members: Vec<_> = all
                        .iter()
                        .map(|(name, space, value)| format!("{name}{space}:{space}{value}"))
                        .collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_reader_that_keeps_all_names_finds_the_same(json in json()) {
            let Searched(expected) = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(has_twins(&json), expected, "{}", json);
        }

        #[test]
        fn any_text_is_looked_at_without_a_panic(text in r#"[{}\[\]":\\u0-9a-f\u{1f600}, ]{0,40}"#) {
            let _ = has_twins(&text);
        }
    }
}
