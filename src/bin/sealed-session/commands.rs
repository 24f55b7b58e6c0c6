//! A file for each command: its arguments, what it does, what it says.

pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod emergency;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod manual;
pub(crate) mod prune;
pub(crate) mod retire;
pub(crate) mod rotate;
pub(crate) mod status;

use sealed_session::{KeyEntry, KeyRing};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    clock,
    edit::Changed,
    failure::Failure,
    file::{Locked, RingText},
    place::{Place, PlaceArgs},
    report::{CARE, Report},
};

// What every command takes that reads. A doc comment here would take the place of the command's
// own in its help.
#[derive(clap::Args)]
pub(crate) struct AtArgs {
    /// Take TIME (RFC 3339) for the present, to see what would be then
    #[arg(long, value_name = "TIME", value_parser = clock::parse)]
    at: Option<OffsetDateTime>,
}

impl AtArgs {
    pub(crate) fn or(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.at.unwrap_or(now)
    }
}

// What every command takes that changes a ring.
#[derive(clap::Args)]
pub(crate) struct DryArgs {
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: take TIME (RFC 3339) for the present
    #[arg(long, value_name = "TIME", value_parser = clock::parse, requires = "dry_run")]
    at: Option<OffsetDateTime>,
}

impl DryArgs {
    /// The present: never another one where something is changed.
    pub(crate) fn or(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.at.filter(|_| self.dry_run).unwrap_or(now)
    }
}

// What a command takes that a job runs.
#[derive(clap::Args)]
pub(crate) struct QuietArgs {
    /// Say nothing where nothing was to be done, for cron
    #[arg(long)]
    quiet: bool,
}

/// A ring that is about to be changed.
pub(crate) struct Opened {
    locked: Option<Locked>,
    read: Option<RingText>,
}

impl Opened {
    pub(crate) fn open(
        place: &PlaceArgs,
        dry: &DryArgs,
        goes_on: bool,
        now: OffsetDateTime,
    ) -> Result<Self, Failure> {
        match place.place()? {
            Place::File(path) if !dry.dry_run => {
                Ok(Self { locked: Some(Locked::open(&path, goes_on, now)?), read: None })
            }
            place => Ok(Self { locked: None, read: Some(RingText::read(&place, now)?) }),
        }
    }

    pub(crate) fn file(&self) -> &RingText {
        let locked = self.locked.as_ref().map(|locked| &locked.file);
        locked.or(self.read.as_ref()).expect("it was locked or read")
    }

    /// Puts the changed ring where the old one was, or prints it, and reports.
    pub(crate) fn change(
        self,
        changed: Changed,
        dry: &DryArgs,
        text: &str,
        mut json: Value,
    ) -> Result<Report, Failure> {
        let is_file = matches!(self.file().place, Place::File(_));
        // A key that is thrown away has no fingerprint to be compared with.
        let fingerprint = match dry.dry_run && has_fresh_key(&self.file().ring, &changed.ring) {
            true => None,
            false => Some(changed.ring.fingerprint().to_string()),
        };
        let mut notes = Vec::from_iter(self.file().exposure());
        let mut output = None;
        if let Some(locked) = self.locked {
            notes.extend(locked.replace(&changed.text)?);
        } else if !is_file && !dry.dry_run {
            output = Some(changed.text);
        }
        let mut head = String::new();
        if dry.dry_run {
            head += &format!("{CARE}dry run: nothing was changed{CARE:#}; what would be done:\n");
        }
        if output.is_some() {
            head += &self.read.as_ref().map(|file| file.place.as_it_was()).unwrap_or_default();
        }
        head += &in_text(&notes);
        if let Value::Object(json) = &mut json {
            json.insert("changed".to_owned(), (!dry.dry_run).into());
            json.insert("dry_run".to_owned(), dry.dry_run.into());
            json.insert("notes".to_owned(), notes.into());
            json.insert("fingerprint".to_owned(), fingerprint.into());
        }
        Ok(Report { has_changed: !dry.dry_run, output, ..Report::good(head + text, json) })
    }
}

fn has_fresh_key(old: &KeyRing, new: &KeyRing) -> bool {
    let is_known = |entry: &KeyEntry| old.entries().iter().any(|old| old.id() == entry.id());
    !new.entries().iter().all(is_known)
}

pub(crate) fn in_text(notes: &[String]) -> String {
    notes.iter().fold(String::new(), |text, note| text + &format!("{CARE}note{CARE:#}: {note}\n"))
}

/// A command had nothing to do.
pub(crate) fn unchanged(
    file: &RingText,
    dry: &DryArgs,
    quiet: &QuietArgs,
    text: &str,
    mut json: Value,
) -> Report {
    let notes: Vec<_> = file.notes().collect();
    let text = in_text(&notes) + if quiet.quiet { "" } else { text };
    if let Value::Object(json) = &mut json {
        let fingerprint = file.ring.fingerprint().to_string();
        json.insert("changed".to_owned(), false.into());
        json.insert("dry_run".to_owned(), dry.dry_run.into());
        json.insert("notes".to_owned(), notes.into());
        json.insert("fingerprint".to_owned(), fingerprint.into());
    }
    // Whoever pipes a ring through gets it back.
    let is_file = matches!(file.place, Place::File(_));
    let output = (!is_file && !dry.dry_run).then(|| file.text.clone());
    Report { output, ..Report::good(text, json) }
}
