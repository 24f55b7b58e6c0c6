//! A ring as one string, for environment variables and secret managers.
//!
//! ```text
//! no-takeover,last-id=3,3@2026-12-01T00:00:00Z:KEY,2:KEY
//! settings, if any      entries, newest first
//! ```

use std::{env, str::FromStr};

use time::OffsetDateTime;

use super::{
    key::Key,
    moment::{parse_span, parse_time, trim},
    ring::{KeyEntry, KeyRing},
    written::RingConfig,
};
use crate::{error::ConfigError, key_id::KeyId};

impl KeyRing {
    /// Reads a ring in its text form, at a given time. The entries are `ID:KEY` or `ID@START:KEY`,
    /// newest first, separated by commas. Settings may come before them: `no-takeover`, and what
    /// the tool records, `last-id=ID`, `key-count=NUMBER`, `rotated-at=TIME` and
    /// `absolute-timeout=14d`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RingText`] if the string is not a ring at all, and [`ConfigError::Entry`] if
    /// an entry cannot be read, with its position and the reason. Otherwise as for
    /// [`new`](Self::new).
    pub fn parse_at(text: &str, now: OffsetDateTime) -> Result<Self, ConfigError> {
        parse_ring(text)?.ring_at(now)
    }

    /// Reads a ring in its text form from an environment variable.
    ///
    /// ```no_run
    /// use sealed_session::KeyRing;
    ///
    /// let ring = KeyRing::from_env("SESSION_KEYS")?;
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Variable`] if the variable is not set or is empty. If its value cannot be
    /// read, [`ConfigError::InVariable`] with the reason.
    pub fn from_env(name: &str) -> Result<Self, ConfigError> {
        let missing = || ConfigError::Variable { name: name.to_owned() };
        let text = zeroize::Zeroizing::new(env::var(name).map_err(|_| missing())?);
        if trim(&text).is_empty() {
            return Err(missing());
        }
        text.parse().map_err(|reason| ConfigError::InVariable {
            name: name.to_owned(),
            reason: Box::new(reason),
        })
    }
}

impl FromStr for KeyRing {
    type Err = ConfigError;

    /// Reads a ring in its text form at the present time. See [`parse_at`](Self::parse_at).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_at(text, OffsetDateTime::now_utc())
    }
}

impl FromStr for KeyEntry {
    type Err = ConfigError;

    /// `ID:KEY`, or `ID@START:KEY` with an RFC 3339 start.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A time has colons and a key has none, so the last colon separates them.
        let (head, key) = trim(text).rsplit_once(':').ok_or(ConfigError::EntryForm)?;
        let (id, start) = match head.split_once('@') {
            Some((id, start)) => (id, Some(parse_time(trim(start))?)),
            None => (head, None),
        };
        let entry = Self::new(id.parse::<KeyId>()?, key.parse::<Key>()?);
        Ok(match start {
            Some(start) => entry.not_before(start),
            None => entry,
        })
    }
}

/// Reads the parts of a ring's string, without checking them as a whole.
pub(super) fn parse_ring(text: &str) -> Result<RingConfig, ConfigError> {
    let text = trim(text);
    if text.is_empty() {
        return Err(ConfigError::EmptyRing);
    }
    let mut ring = RingConfig::default();
    let mut parts = text.split(',').zip(1..).peekable();
    while let Some((setting, _)) = parts.next_if(|(part, _)| is_setting(part)) {
        read_setting(&mut ring, trim(setting))?;
    }
    for (part, position) in parts {
        let entry = part.parse().map_err(|error| {
            // A mistake in the whole string explains it better.
            misspelling(text).map_or_else(
                || ConfigError::Entry { position, reason: Box::new(error) },
                ConfigError::RingText,
            )
        });
        ring.keys.push(entry?);
    }
    Ok(ring)
}

fn is_setting(part: &str) -> bool {
    let name = trim(part).split('=').next().unwrap_or_default();
    // Shorter than any key.
    (1..=20).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn read_setting(ring: &mut RingConfig, setting: &str) -> Result<(), ConfigError> {
    fn once<V>(field: &mut Option<V>, value: V) -> Result<(), ConfigError> {
        match field.replace(value) {
            Some(_) => Err(ConfigError::RingText("a setting is there twice; remove one of them")),
            None => Ok(()),
        }
    }
    let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
    match name {
        "no-takeover" if name == setting => once(&mut ring.no_takeover, true),
        "last-id" => once(&mut ring.last_id, value.parse()?),
        "key-count" => once(&mut ring.key_count, value.parse::<KeyId>()?.get()),
        "rotated-at" => once(&mut ring.rotated_at, parse_time(value)?),
        "absolute-timeout" => once(&mut ring.absolute_timeout, parse_span(value)?),
        _ => Err(ConfigError::RingText(
            "the text before the entries is not a known setting; write `ID:KEY`, with a comma between entries",
        )),
    }
}

/// Common mistakes when a string is put into a variable.
fn misspelling(text: &str) -> Option<&'static str> {
    let ends = |mark: char| text.starts_with(mark) || text.ends_with(mark);
    let entry = text.split(',').next().unwrap_or_default();
    let name = entry.split('=').next().unwrap_or_default();
    if TOML_SETTINGS.contains(&trim(name)) && entry.contains('=') {
        Some(TOML_SETTING)
    } else if ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'].into_iter().any(ends)
    {
        Some("the quotes are part of the value; remove the quotes")
    } else if text.contains(';') {
        Some("entries are separated with semicolons; separate them with commas")
    } else if text.split(',').any(|part| trim(part).contains(['\n', '\r'])) {
        Some("it has several lines; separate the entries with commas, on one line")
    } else if entry.split_ascii_whitespace().filter(|word| word.contains(':')).count() > 1 {
        Some("entries are separated with spaces; separate them with commas")
    } else if is_bare_key(text.as_bytes()) {
        Some(BARE_KEY)
    } else if entry.split_once('=').is_some_and(|(name, _)| is_variable(name))
        // base64 ends with `=`, and what is before that may look like a name.
        && !is_bare_key(entry.as_bytes())
    {
        Some("it begins with the name of a variable; leave out `NAME=`")
    } else if entry.starts_with(['/', '.', '~']) || entry.starts_with("file:") {
        Some("it is the path of a file; give the keys themselves, or read the file with `RingFile`")
    } else if text.starts_with(['{', '[']) {
        Some("it is JSON or TOML; write `ID:KEY`, or keep it in a file for `RingFile`")
    } else if text.contains(['$', '<']) {
        Some(
            "it contains a placeholder that was not filled in; write `ID:KEY`, with a comma between entries",
        )
    } else {
        None
    }
}

/// What may stand beside the keys, as TOML and JSON spell it.
pub(super) const TOML_SETTINGS: [&str; 5] =
    ["no_takeover", "last_id", "key_count", "rotated_at", "absolute_timeout"];
pub(super) const TOML_SETTING: &str = "a setting stands in front of it as TOML has it; in one string write `absolute-timeout=14d,`, `last-id=2,` or `no-takeover,` there, without spaces and quotes";

pub(super) const BARE_KEY: &str = "it is a key without an id; write `1:` in front of it";

pub(super) fn is_bare_key(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    matches!(text.len(), 43 | 44 | 64)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
