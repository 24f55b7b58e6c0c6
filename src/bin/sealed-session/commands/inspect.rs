mod candidates;

use std::{
    io::{self, Read as _},
    path::PathBuf,
};

use sealed_session::{Hint, Inspection, Sessions, UnsealError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use self::candidates::{Candidate, candidates};
use super::AtArgs;
use crate::{
    clock,
    failure::Failure,
    file::RingText,
    place::Place,
    report::{self, BAD, CARE, GOOD, HEADING, Report},
    unprintable::escape,
};

/// Tell what a cookie value is, and with the keys why it is refused
///
/// Takes the value alone, a whole Cookie or Set-Cookie line, or a row of a browser's table of cookies.
/// Give it on standard input, where no history keeps it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The value or the line; read from standard input if it is left out or `-`
    value: Option<String>,
    /// The ring's file, to open the value with; `-` for standard input, if the value is given
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Take the ring from the environment variable of this name
    #[arg(long, value_name = "NAME", conflicts_with = "keys")]
    env: Option<String>,
    /// The cookie's name, which the value is bound to; taken from the line, or __Host-session
    #[arg(long, value_name = "NAME")]
    cookie: Option<String>,
    /// The audience that the value is bound to, if the application has one
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// The application's absolute timeout
    #[arg(
        long,
        value_name = "DURATION",
        env = "SEALED_SESSION_ABSOLUTE_TIMEOUT",
        value_parser = clock::parse_duration
    )]
    absolute_timeout: Option<std::time::Duration>,
    /// The application's idle timeout, if it has one
    #[arg(
        long,
        value_name = "DURATION",
        env = "SEALED_SESSION_IDLE_TIMEOUT",
        value_parser = clock::parse_duration
    )]
    idle_timeout: Option<std::time::Duration>,
    /// Print what the session holds, as JSON: mind who looks on
    #[arg(long)]
    show_payload: bool,
    #[command(flatten)]
    at: AtArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.at.or(now);
        let file = self.ring(now)?;
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
        let mut report = Report::good(String::new(), Value::Null);
        let mut values = Vec::new();
        for Candidate { name, value, notes } in candidates {
            let mut lines = Lines::default();
            lines.add("cookie", &name);
            for note in &notes {
                lines.add_note(note);
            }
            let is_good = match &file {
                None => describe(&value, &mut lines),
                Some(file) => self.open(file, &name, &value, now, &mut lines)?,
            };
            report.is_good &= is_good;
            report.text += &lines.text(is_good);
            values.push(lines.json());
        }
        let warning = self.value.as_ref().filter(|value| *value != "-").map(|_| ON_COMMAND_LINE);
        if let Some(warning) = warning {
            report.text += &format!("{CARE}note{CARE:#}: {warning}\n");
        }
        report.json = json!({ "ok": report.is_good, "values": values, "warning": warning });
        Ok(report)
    }

    fn ring(&self, now: OffsetDateTime) -> Result<Option<RingText>, Failure> {
        let place = match (&self.keys, &self.env) {
            (Some(path), _) => Place::path(path)?,
            (None, Some(name)) => Place::variable(name)?,
            (None, None) if self.show_payload || self.audience.is_some() => {
                return Err(Failure::new(
                    "give the ring with --keys FILE or --env NAME: without it nothing can be opened",
                ));
            }
            (None, None) => return Ok(None),
        };
        if place == Place::Stdin && self.value.as_deref().is_none_or(|value| value == "-") {
            return Err(Failure::new(
                "standard input has the value or the keys, and not both: give the keys as a file, or with --env",
            ));
        }
        RingText::read(&place, now).map(Some)
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
        let mut builder = Sessions::builder(file.ring.clone()).cookie_name(name);
        // As the application: its own timeout, which the ring may say.
        if let Some(absolute) = self.absolute_timeout.or(file.ring.absolute_timeout()) {
            builder = builder.absolute_timeout(absolute);
        }
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
            format!("white space at byte {at}: it was wrapped or cut off on its way")
        }
        Some((at, c)) => format!(
            "U+{:04X} at byte {at}: a sealed value has letters, digits, - and _ alone",
            u32::from(c)
        ),
        // Its end does not matter: it is too short.
        None if value.get(..value.len() & !3).is_none_or(|whole| Hint::read(whole).is_err()) => {
            format!("{} bytes are too few for a sealed value: it was cut", value.len())
        }
        None if value.len() % 4 == 1 => {
            "a byte is missing or too many: it was cut off on its way".to_owned()
        }
        None => "its last character has bits that no sealed value has: its end was cut or changed"
            .to_owned(),
    }
}

fn remedy(error: &UnsealError, name: &str) -> String {
    match error {
        UnsealError::NotAuthentic(_) => {
            format!(
                "{error}, or cut at its end; it was opened as cookie {name:?}: check --cookie and --audience"
            )
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

/// What is said of one value, in order: a name, the value for scripts, the text for people.
#[derive(Default)]
struct Lines(Vec<(&'static str, Value, String)>);

impl Lines {
    fn add(&mut self, name: &'static str, value: &str) {
        self.0.push((name, value.into(), value.to_owned()));
    }

    /// Of what was done to the value on its way here.
    fn add_note(&mut self, note: &str) {
        self.0.push(("note", note.into(), note.to_owned()));
    }

    /// A field without a value, in JSON null.
    fn add_unknown(&mut self, name: &'static str, shown: &str) {
        self.0.push((name, Value::Null, shown.to_owned()));
    }

    fn json(&self) -> Value {
        let is_note = |(name, ..): &&(&str, Value, String)| *name == "note";
        let notes = self.0.iter().filter(is_note).map(|(_, value, _)| value.clone());
        let notes = ("notes".to_owned(), Value::Array(notes.collect()));
        let fields = self.0.iter().filter(|field| !is_note(field));
        let fields = fields.map(|(name, value, _)| (name.replace(' ', "_"), value.clone()));
        Value::Object(fields.chain([notes]).collect())
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

const ON_COMMAND_LINE: &str = "a value given on the command line is in the shell's history and in the list of processes; give it on standard input, and sign its session out";
/// Much more than a server takes for its headers.
const MAX_INPUT: u64 = 64 * 1024;
