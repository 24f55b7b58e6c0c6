use std::{
    io::{self, Read as _},
    path::PathBuf,
};

use sealed_session::{Hint, Inspection, Sessions, UnsealError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    file::RingText,
    report::{self, BAD, GOOD, HEADING, Report},
    unprintable::escape,
};

/// Tell what a cookie value is, and with the keys why it is refused
///
/// Takes the value alone, or a whole Cookie or Set-Cookie line.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The value or the line; read from standard input if it is left out or `-`
    value: Option<String>,
    /// The ring's TOML file, to open the value with
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The cookie's name, which the value is bound to; taken from the line, or __Host-session
    #[arg(long, value_name = "NAME")]
    cookie: Option<String>,
    /// The audience that the value is bound to, if the application has one
    #[arg(long, value_name = "AUDIENCE", requires = "keys")]
    audience: Option<String>,
    /// The application's absolute timeout
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "14d",
        env = "SEALED_SESSION_ABSOLUTE_TIMEOUT",
        value_parser = humantime::parse_duration
    )]
    absolute_timeout: std::time::Duration,
    /// The application's idle timeout, if it has one
    #[arg(
        long,
        value_name = "DURATION",
        env = "SEALED_SESSION_IDLE_TIMEOUT",
        value_parser = humantime::parse_duration
    )]
    idle_timeout: Option<std::time::Duration>,
    /// Print what the session holds, as JSON: mind who looks on
    #[arg(long, requires = "keys")]
    show_payload: bool,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let text = self.text()?;
        let candidates = candidates(&text, self.cookie.as_deref());
        if candidates.is_empty() {
            return Err(Failure::new(match &self.cookie {
                Some(name) => format!("the line has no cookie {name:?}; check --cookie"),
                None => {
                    "the line has no cookie that looks sealed; name it with --cookie".to_owned()
                }
            }));
        }
        let file = self.keys.as_ref().map(|path| RingText::read(path, now)).transpose()?;
        let mut report = Report::good(String::new(), Value::Null);
        let mut values = Vec::new();
        for (name, value) in candidates {
            let mut lines = Lines::default();
            lines.add("cookie", name);
            let is_good = match &file {
                None => describe(value, &mut lines),
                Some(file) => self.open(file, name, value, now, &mut lines)?,
            };
            report.is_good &= is_good;
            report.text += &lines.text(is_good);
            values.push(lines.json());
        }
        report.json = json!({ "ok": report.is_good, "values": values });
        Ok(report)
    }

    fn text(&self) -> Result<Zeroizing<String>, Failure> {
        if let Some(value) = self.value.as_ref().filter(|value| *value != "-") {
            return Ok(Zeroizing::new(value.clone()));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        io::stdin()
            .take(MAX_INPUT)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn open(
        &self,
        file: &RingText,
        name: &str,
        value: &str,
        now: OffsetDateTime,
        lines: &mut Lines,
    ) -> Result<bool, Failure> {
        if !describe(value, lines) {
            return Ok(false);
        }
        let sessions = self.sessions(file, name)?;
        let inspection = match sessions.inspect_at(value, now) {
            Ok(inspection) => inspection,
            Err(error) => {
                lines.add("refused", error.class());
                lines.add("reason", &remedy(&error, name));
                return Ok(false);
            }
        };
        lines.add("session id", &inspection.id().to_string());
        match inspection.created_at() {
            Some(time) => lines.add("created", &report::time(time)),
            None => lines.add_unknown("created", "nobody knows: taken over from another library"),
        }
        lines.add("sealed", &report::time(inspection.issued_at()));
        lines.add("ends", &report::time(inspection.expires_at()));
        lines.add("lifetime", &report::duration(inspection.lifetime()));
        if let Some(idle) = inspection.idle_timeout() {
            lines.add("idle timeout", &report::duration(idle));
        }
        lines.add(
            "kind",
            match inspection.is_persistent() {
                true => "outlives the browser",
                false => "ends with the browser",
            },
        );
        if let Some(error) = inspection.refusal() {
            lines.add("refused", error.class());
            lines.add("reason", &error.to_string());
        }
        if self.show_payload {
            show_payload(&inspection, lines);
        }
        Ok(inspection.refusal().is_none())
    }

    fn sessions(&self, file: &RingText, name: &str) -> Result<Sessions<Value>, Failure> {
        // What a value is bound to is its name; the rules for the attributes are the application's.
        let mut builder = Sessions::builder(file.ring.ring().clone())
            .cookie_name(name)
            .absolute_timeout(self.absolute_timeout);
        if let Some(idle) = self.idle_timeout {
            builder = builder.idle_timeout(idle);
        }
        if let Some(audience) = &self.audience {
            builder = builder.audience(audience);
        }
        builder.build().map_err(|error| Failure::new(error.to_string()))
    }
}

/// What a value says without its key; whether it may be one of ours at all.
fn describe(value: &str, lines: &mut Lines) -> bool {
    lines.add("value", &format!("{} bytes", value.len()));
    match Hint::read(value) {
        Ok(hint) => {
            lines.add("version", "1");
            lines.add("key id", &hint.key_id().to_string());
            lines.add(
                "size",
                &format!("{} bytes, of which {} are data", hint.sealed_len(), hint.payload_len()),
            );
            true
        }
        Err(UnsealError::Malformed) => {
            lines.add("refused", UnsealError::Malformed.class());
            lines.add("reason", &malformation(value));
            false
        }
        Err(error) => {
            lines.add("refused", error.class());
            lines.add("reason", &error.to_string());
            false
        }
    }
}

/// Where a malformed value went wrong, as far as one can tell.
fn malformation(value: &str) -> String {
    let odd = value.char_indices().find(|(_, c)| !(c.is_ascii_alphanumeric() || "-_".contains(*c)));
    match odd {
        _ if value.is_empty() => "it is empty".to_owned(),
        _ if value.starts_with("Fe26.2*") || value.starts_with("Fe26.2**") => {
            "it is a seal of iron-session, not one of ours".to_owned()
        }
        Some((at, '%')) => format!("`%` at byte {at}: it was percent-encoded on its way"),
        Some((at, '=')) => {
            format!("`=` at byte {at}: padding was added on its way, or two cookies ran together")
        }
        Some((at, '+' | '/')) => {
            format!("`+` or `/` at byte {at}: that is base64, ours is base64url")
        }
        Some((at, '"')) => format!("a quotation mark at byte {at}: it was quoted on its way"),
        Some((at, c)) if c.is_whitespace() => {
            format!("white space at byte {at}: it was broken or cut on its way")
        }
        Some((at, c)) => format!(
            "U+{:04X} at byte {at}: a sealed value has letters, digits, - and _ alone",
            u32::from(c)
        ),
        None if value.len() < MIN_VALUE_LEN => {
            format!(
                "{} bytes: a sealed value has {MIN_VALUE_LEN} at least; it was cut",
                value.len()
            )
        }
        None if value.len() % 4 == 1 => {
            "a byte is missing or too many: it was cut on its way".to_owned()
        }
        None => "its last character has bits that no sealed value has: its end was cut or changed"
            .to_owned(),
    }
}

fn remedy(error: &UnsealError, name: &str) -> String {
    match error {
        UnsealError::NotAuthentic(_) => {
            format!("{error}; it was opened as cookie {name:?}: check --cookie and --audience")
        }
        other => other.to_string(),
    }
}

/// The data as the application wrote it.
fn show_payload(inspection: &Inspection, lines: &mut Lines) {
    match serde_json::from_slice::<Value>(inspection.payload()) {
        Ok(value) => {
            let shown = String::from_utf8_lossy(inspection.payload()).trim_end().to_owned();
            lines.0.push(("payload", value, shown));
        }
        Err(_) => lines.add("payload", "it is not JSON: no value of this library"),
    }
}

/// The sealed values in a text, each with the name of its cookie.
fn candidates<'a>(text: &'a str, name: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let text = text.trim();
    let (line, is_set_cookie) = match text.split_once(':') {
        Some((header, line)) if header.eq_ignore_ascii_case("cookie") => (line, false),
        Some((header, line)) if header.eq_ignore_ascii_case("set-cookie") => (line, true),
        _ => (text, false),
    };
    let mut pairs = line.split(';').map(str::trim).filter_map(|pair| pair.split_once('='));
    // A name is there if it is one: padding may follow a bare value.
    let is_line =
        line.contains(';') || pairs.clone().any(|(_, value)| !value.trim_matches('=').is_empty());
    if !is_line && text == line {
        return vec![(name.unwrap_or(DEFAULT_NAME), text)];
    }
    if is_set_cookie {
        // What follows the first pair are attributes.
        let first = pairs.next();
        return first
            .into_iter()
            .filter(|(other, _)| name.is_none_or(|name| name == *other))
            .collect();
    }
    let pairs: Vec<_> = pairs.collect();
    let named = |wanted: &str| {
        pairs.iter().copied().filter(|(name, _)| *name == wanted).collect::<Vec<_>>()
    };
    let Some(name) = name else {
        let sealed: Vec<_> = pairs.iter().copied().filter(|(_, v)| Hint::read(v).is_ok()).collect();
        return match sealed.is_empty() {
            true => named(DEFAULT_NAME),
            false => sealed,
        };
    };
    named(name)
}

/// What is said of one value, in order: a name, the value for scripts, the text for people.
#[derive(Default)]
struct Lines(Vec<(&'static str, Value, String)>);

impl Lines {
    fn add(&mut self, name: &'static str, value: &str) {
        self.0.push((name, value.into(), value.to_owned()));
    }

    /// A field without a value, in JSON null.
    fn add_unknown(&mut self, name: &'static str, shown: &str) {
        self.0.push((name, Value::Null, shown.to_owned()));
    }

    fn json(&self) -> Value {
        let fields = self.0.iter().map(|(name, value, _)| (name.replace(' ', "_"), value.clone()));
        Value::Object(fields.collect())
    }

    fn text(&self, is_good: bool) -> String {
        let mut text = String::new();
        for (name, _, shown) in &self.0 {
            text += &format!("{HEADING}{name:>12}{HEADING:#}  {}\n", escape(shown));
        }
        let was_opened = self.0.iter().any(|(name, ..)| *name == "created");
        text + &match (is_good, was_opened) {
            (true, true) => format!("{GOOD}live{GOOD:#}\n"),
            (true, false) => {
                format!("{GOOD}well-formed{GOOD:#}; whether it is authentic, --keys FILE tells\n")
            }
            (false, _) => format!("{BAD}refused{BAD:#}\n"),
        }
    }
}

const DEFAULT_NAME: &str = "__Host-session";
/// The 82 bytes beside the data, in base64.
const MIN_VALUE_LEN: usize = 110;
/// Much more than a server takes for its headers.
const MAX_INPUT: u64 = 64 * 1024;
