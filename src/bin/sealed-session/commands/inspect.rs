mod candidates;
mod clean;
mod input;
mod malformation;
mod pasted;

use std::path::PathBuf;

use sealed_session::{Hint, Inspection, Sessions, UnsealError};
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::{candidates::candidates, clean::Candidate, input::Input, malformation::malformation};
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
        let input = Input::read(self.value.as_deref())?;
        if input.is_secret(now) {
            return Err(Failure::new(
                "what was given is a key or a ring, and no cookie value; it is not looked at. Whoever saw it can sign in as anybody: `sealed-session emergency`",
            ));
        }
        let candidates = candidates(&input.text, self.cookie.as_deref());
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
        for candidate in candidates {
            let Candidate { name, notes, once, .. } = &candidate;
            let mut lines = Lines::default();
            lines.add("cookie", name);
            for note in notes {
                lines.add_note(note);
            }
            let is_readable = match &file {
                None => describe(&candidate, &mut lines),
                Some(file) => self.open(file, &candidate, now, &mut lines)?,
            };
            if is_readable && !once.is_empty() {
                lines.add("refused", UnsealError::Malformed.class());
                lines.add(
                    "reason",
                    &format!("as it stands; a server reads it once {}", once.join(" and ")),
                );
            }
            report.is_good &= is_readable && once.is_empty();
            report.text += &lines.text(is_readable, once);
            values.push(lines.json());
        }
        let warning = input.warning;
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
            return Err(Failure::usage(
                "standard input has the value or the keys, and not both: give the keys as a file, or with --env",
            ));
        }
        RingText::read(&place, now).map(Some)
    }

    fn open(
        &self,
        file: &RingText,
        candidate: &Candidate,
        now: OffsetDateTime,
        lines: &mut Lines,
    ) -> Result<bool, Failure> {
        if !describe(candidate, lines) {
            return Ok(false);
        }
        let Candidate { name, value, .. } = candidate;
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
fn describe(candidate: &Candidate, lines: &mut Lines) -> bool {
    let value = &candidate.value;
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
            lines.add(
                "reason",
                &match candidate.removes {
                    true => "it is empty: this line takes the cookie out of the browser".to_owned(),
                    false => malformation(value),
                },
            );
            false
        }
        Err(error) => {
            lines.add("refused", error.class());
            lines.add("reason", &error.to_string());
            false
        }
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

    /// `once` is what has to be done to the value before a server reads it.
    fn text(&self, is_readable: bool, once: &[&str]) -> String {
        let mut text = String::new();
        for (name, _, shown) in &self.0 {
            text += &format!("{HEADING}{name:>12}{HEADING:#}  {}\n", escape(shown));
        }
        let was_opened = self.0.iter().any(|(name, ..)| *name == "created");
        let once = once.join(" and ");
        text + &match (is_readable, was_opened, once.as_str()) {
            (true, true, "") => format!("{GOOD}live{GOOD:#}\n"),
            (true, false, "") => {
                format!("{GOOD}well-formed{GOOD:#}; whether it is authentic, --keys FILE tells\n")
            }
            (true, true, once) => {
                format!("{BAD}refused as it stands{BAD:#}; live once {once}\n")
            }
            (true, false, once) => {
                format!("{BAD}refused as it stands{BAD:#}; well-formed once {once}\n")
            }
            (false, ..) => format!("{BAD}refused{BAD:#}\n"),
        }
    }
}
