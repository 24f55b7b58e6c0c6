//! The forms in which a ring is stored: TOML, JSON, and one string.

use std::{fmt::Write as _, time::Duration};

use serde::Deserialize as _;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use zeroize::Zeroizing;

use super::{
    config::is_serdes,
    foreign::{begins_like_an_entry, foreign},
    ring::{KeyEntry, KeyRing},
    toml::TomlRing,
    written::RingConfig,
};
use crate::error::ConfigError;

/// The form in which a ring is stored.
///
/// ```
/// use sealed_session::{KeyRing, RingForm};
/// use time::OffsetDateTime;
///
/// let now = OffsetDateTime::now_utc();
/// let ring = KeyRing::ephemeral()?;
/// for form in [RingForm::Toml, RingForm::Json, RingForm::Text] {
///     let written = form.write(&ring)?;
///     let (detected, text) = RingForm::detect(written.as_bytes())?;
///     assert_eq!((detected, detected.parse_at(text, now)?), (form, ring.clone()));
/// }
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RingForm {
    /// A TOML file, as [`TomlRing`] shows it.
    Toml,
    /// The same fields in JSON.
    Json,
    /// One string, as [`KeyRing::parse_at`] reads it.
    Text,
}

impl RingForm {
    /// Detects the form of a file from its bytes. Also returns its text.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Line`] if the bytes are not UTF-8, or if they are a kind of file that is
    /// often deployed by mistake: an encrypted file, YAML, or a file for a shell.
    pub fn detect(bytes: &[u8]) -> Result<(Self, &str), ConfigError> {
        if let Some(message) = foreign(bytes) {
            return Err(ConfigError::Line { line: 1, message: message.to_owned() });
        }
        let text = str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|&byte| byte == b'\n').count();
            let message = "not UTF-8, as TOML has to be; save the file as UTF-8 text".to_owned();
            ConfigError::Line { line, message }
        })?;
        // Windows line ends without the last one, which a shell takes off.
        let text = text.strip_suffix('\r').unwrap_or(text);
        Ok((Self::of(text.trim_start_matches('\u{feff}').trim_ascii()), text))
    }

    fn of(text: &str) -> Self {
        let quoted = text.trim_start_matches(['"', '\'', '`', '\u{201c}', '\u{2018}']);
        let first = text.split([',', '=', '\n']).next().unwrap_or_default().trim_ascii();
        if begins_like_an_entry(quoted.as_bytes())
            || first == "no-takeover"
            || SETTINGS.contains(&first) && text.contains(',')
        {
            return Self::Text;
        }
        let list = text.strip_prefix('[').map(str::trim_ascii_start);
        match text.starts_with('{') || list.is_some_and(|list| list.starts_with(['{', '"', ']'])) {
            true => Self::Json,
            false => Self::Toml,
        }
    }

    /// Reads the ring from a text of this form, at a given time.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], with the line for TOML and JSON.
    pub fn parse_at(self, text: &str, now: OffsetDateTime) -> Result<KeyRing, ConfigError> {
        match self {
            Self::Toml => TomlRing::parse_at(text, now).map(TomlRing::into_ring),
            Self::Text => KeyRing::parse_at(text.trim_start_matches('\u{feff}'), now),
            Self::Json => {
                let text = text.trim_start_matches('\u{feff}');
                let mut json = serde_json::Deserializer::from_str(text);
                let config = RingConfig::deserialize(&mut json).and_then(|ring| {
                    json.end()?;
                    Ok(ring)
                });
                let config = config.map_err(|error| json_error(&error))?;
                config.ring_at(now)
            }
        }
    }

    /// Writes the ring in this form, with its secret keys. Write it only to the ring's file.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RingText`] if the form is [`Text`](Self::Text) and a key has a `not_after`,
    /// which one string cannot hold.
    pub fn write(self, ring: &KeyRing) -> Result<Zeroizing<String>, ConfigError> {
        // Reserved at once, because a growing string leaves copies of the keys behind.
        let mut text = Zeroizing::new(String::with_capacity(64 * 1024));
        match self {
            Self::Toml => write_toml(&mut text, ring),
            Self::Json => write_json(&mut text, ring),
            Self::Text => write_text(&mut text, ring)?,
        }
        Ok(text)
    }
}

/// A message from serde says what is wrong, but not what to do. It ends with the place.
fn json_error(error: &serde_json::Error) -> ConfigError {
    let shown = error.to_string();
    let message = shown.rsplit_once(" at line ").map_or(&*shown, |(message, _)| message);
    let message = match error.is_data() && !is_serdes(message) {
        true => message.to_owned(),
        false => format!("{message}; {JSON_REMEDY}"),
    };
    ConfigError::Line { line: error.line().max(1), message }
}

fn write_toml(text: &mut String, ring: &KeyRing) {
    text.push_str(
        "# Session keys, newest first. Whoever can read this file can forge sessions.\n\
         # Rotate with `sealed-session rotate`, look with `sealed-session status`.\n",
    );
    for (name, value) in settings(ring, |text| format!("\"{text}\"")) {
        line(text, format_args!("{name} = {value}\n"));
    }
    for entry in ring.entries() {
        let key = entry.key().to_base64();
        line(text, format_args!("\n[[keys]]\nid = {}\nkey = \"{}\"\n", entry.id(), *key));
        for (name, time) in times(entry) {
            line(text, format_args!("{name} = \"{time}\"\n"));
        }
    }
}

fn write_json(text: &mut String, ring: &KeyRing) {
    text.push_str("{\n");
    for (name, value) in settings(ring, |text| format!("\"{text}\"")) {
        line(text, format_args!("  \"{name}\": {value},\n"));
    }
    text.push_str("  \"keys\": [");
    for (index, entry) in ring.entries().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let key = entry.key().to_base64();
        line(text, format_args!("{comma}\n    {{ \"id\": {}, \"key\": \"{}\"", entry.id(), *key));
        for (name, time) in times(entry) {
            line(text, format_args!(", \"{name}\": \"{time}\""));
        }
        text.push_str(" }");
    }
    text.push_str("\n  ]\n}\n");
}

fn write_text(text: &mut String, ring: &KeyRing) -> Result<(), ConfigError> {
    for (name, value) in settings(ring, |text| text) {
        let name = name.replace('_', "-");
        match value.as_str() {
            "true" => line(text, format_args!("{name},")),
            value => line(text, format_args!("{name}={value},")),
        }
    }
    for (index, entry) in ring.entries().iter().enumerate() {
        if entry.ends_at().is_some() {
            return Err(ConfigError::RingText(
                "a ring in one string cannot have a not_after; remove that key, or keep the ring as TOML or JSON",
            ));
        }
        let comma = if index == 0 { "" } else { "," };
        let start = entry.starts_at().map(|start| format!("@{}", rfc3339(start)));
        let key = entry.key().to_base64();
        let start = start.unwrap_or_default();
        line(text, format_args!("{comma}{}{start}:{}", entry.id(), *key));
    }
    text.push('\n');
    Ok(())
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("a string takes any text");
}

/// The settings beside the keys, with their names in TOML and JSON.
fn settings(
    ring: &KeyRing,
    quote: impl Fn(String) -> String,
) -> impl Iterator<Item = (&'static str, String)> {
    [
        (!ring.accepts_takeover()).then(|| ("no_takeover", "true".to_owned())),
        ring.absolute_timeout().map(|timeout| ("absolute_timeout", quote(span(timeout)))),
        ring.last_id().map(|id| ("last_id", id.to_string())),
        // Recorded only with last_id: alone it would get in the way of changes by hand.
        ring.last_id().map(|_| ("key_count", ring.entries().len().to_string())),
        ring.rotated_at().map(|time| ("rotated_at", quote(rfc3339(time)))),
    ]
    .into_iter()
    .flatten()
}

fn times(entry: &KeyEntry) -> impl Iterator<Item = (&'static str, String)> {
    let start = entry.starts_at().map(|time| ("not_before", rfc3339(time)));
    start.into_iter().chain(entry.ends_at().map(|time| ("not_after", rfc3339(time))))
}

/// Writes a span in the greatest unit that divides it.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(24 * 60 * 60, 'd'), (60 * 60, 'h'), (60, 'm')];
    let unit = units.into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, unit) = unit.unwrap_or((1, 's'));
    format!("{}{unit}", seconds.checked_div(length).unwrap_or(seconds))
}

fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

const SETTINGS: [&str; 4] = ["last-id", "key-count", "rotated-at", "absolute-timeout"];
const JSON_REMEDY: &str = "write the ring as {\"keys\": [{\"id\": 1, \"key\": \"…\"}]}";
