//! A ring in a TOML file. Errors name the line.

use std::{ops::Range, str::FromStr};

use serde::Deserialize as _;
use time::OffsetDateTime;
use toml_edit::{Document, Item};

use super::{
    config::is_serdes,
    ring::{KeyEntry, KeyRing},
    written::RingConfig,
};
use crate::{error::ConfigError, key_id::KeyId};

/// A key ring in a TOML file of its own:
///
/// ```toml
/// last_id = 2                                   # the greatest id ever used, kept by the tool
/// key_count = 2                                 # a file that was cut has fewer
/// absolute_timeout = "14d"                      # the application's, so that the tool knows it
/// no_takeover = true                            # optional
///
/// [[keys]]
/// id = 2
/// key = "…"
/// not_before = "2026-12-01T00:00:00Z"           # optional
///
/// [[keys]]
/// id = 1
/// key = "…"
/// not_after = "2026-12-16T00:00:00Z"            # optional
/// ```
///
/// It also accepts everything that serde reads as a [`KeyRing`]. An error names the line.
///
/// ```
/// use sealed_session::{Key, KeyId, TomlRing};
///
/// let text = format!("[[keys]]\nid = 1\nkey = '{}'\n", *Key::generate()?.to_base64());
/// let file: TomlRing = text.parse()?;
/// assert_eq!(file.line(KeyId::new(1)), Some(1));
///
/// let error = "[[keys]]\nid = 1\nkey = 'password'\n".parse::<TomlRing>().unwrap_err();
/// assert!(error.to_string().starts_with("line 3: not a key:"));
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(Debug, Clone)]
pub struct TomlRing {
    ring: KeyRing,
    /// The lines of the ring's entries, in their order.
    lines: Vec<usize>,
}

impl TomlRing {
    /// Reads a file's text, at a given time.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Line`] if anything is wrong. The message quotes nothing of the text, because
    /// that may be a key.
    pub fn parse_at(text: &str, now: OffsetDateTime) -> Result<Self, ConfigError> {
        // TOML allows a byte order mark.
        let document = Document::parse(text)
            .map_err(|error| at(text, error.span(), format!("{}; {REMEDY}", error.message())))?;
        let keys = document.get("keys");
        let entries = keys.map(entry_spans).unwrap_or_default();
        let lines: Vec<_> = entries.into_iter().map(|span| line_of(text, span)).collect();
        let config = RingConfig::deserialize(toml_edit::de::Deserializer::from(document.clone()))
            .map_err(|error| at(text, error.span(), remedied(error.message())))?;

        // If the ring is one string, all its entries are on the line of that string.
        let keys_line = line_of(text, keys.and_then(Item::span));
        let line = |index: usize| lines.get(index).copied().unwrap_or(keys_line);
        let lines: Vec<_> = (0..config.keys.len()).map(line).collect();
        let ids: Vec<_> = config.keys.iter().map(KeyEntry::id).collect();
        let ring = config.ring_at(now).map_err(|error| {
            let culprit = match &error {
                // Of two conflicting entries, the later one.
                ConfigError::DuplicateId(id)
                | ConfigError::DuplicateKey(_, id)
                | ConfigError::EmptyWindow(id) => ids.iter().rposition(|other| other == id),
                _ => None,
            };
            let line = culprit.and_then(|index| lines.get(index)).copied().unwrap_or(keys_line);
            ConfigError::Line { line, message: error.to_string() }
        })?;
        Ok(Self { ring, lines })
    }

    /// The ring.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Returns the ring by value.
    pub fn into_ring(self) -> KeyRing {
        self.ring
    }

    /// The line of the file, counted from 1, where the entry with this id begins.
    pub fn line(&self, id: KeyId) -> Option<usize> {
        let position = self.ring.entries().iter().position(|entry| entry.id() == id)?;
        self.lines.get(position).copied()
    }

    /// The greatest id that was ever used in the file, if the file records it.
    pub fn last_id(&self) -> Option<KeyId> {
        self.ring.last_id()
    }
}

impl FromStr for TomlRing {
    type Err = ConfigError;

    /// Reads a file's text at the present time. See [`parse_at`](Self::parse_at).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_at(text, OffsetDateTime::now_utc())
    }
}

const REMEDY: &str =
    "write each key as `[[keys]]`, with `id = 1` and `key = \"…\"` on lines below it";

/// A message from serde says what is wrong, but not what to do.
fn remedied(message: &str) -> String {
    match is_serdes(message) {
        true => format!("{message}; {REMEDY}"),
        false => message.to_owned(),
    }
}

fn entry_spans(keys: &Item) -> Vec<Option<Range<usize>>> {
    match keys {
        Item::ArrayOfTables(tables) => tables.iter().map(toml_edit::Table::span).collect(),
        Item::Value(toml_edit::Value::Array(array)) => {
            array.iter().map(toml_edit::Value::span).collect()
        }
        _ => Vec::new(),
    }
}

fn at(text: &str, span: Option<Range<usize>>, message: String) -> ConfigError {
    ConfigError::Line { line: line_of(text, span), message }
}

/// The line where a span begins, from 1; the last line for the end of the text.
fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start);
    let line = text.get(..start).map_or(1, |before| before.split('\n').count());
    line.min(text.lines().count()).max(1)
}
