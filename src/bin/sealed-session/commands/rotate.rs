use std::time::Duration;

use sealed_session::{KeyId, KeyRing, RingForm};
use serde_json::json;
use time::OffsetDateTime;

use super::{DryArgs, Opened, QuietArgs, retire::parse_id, unchanged};
use crate::{
    clock,
    edit::{self, Edit, NewKey},
    failure::Failure,
    file::RingText,
    place::{Place, PlaceArgs},
    remedy::write_timeout,
    report::{self, GOOD, Report},
    schedule::{CLOCKS, State, Timeout, after},
    write,
};

/// Put a fresh key in front, which every machine reads at once and seals with later
///
/// The new key gets an id that was never used in this ring. Comments and
/// formatting stay. Bring the ring to every machine before the new key begins to seal.
/// A ring from `--env` or `-` is printed, with or without a change.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// Begin to seal after this time, in which every machine has to get the ring
    #[arg(long, value_name = "DURATION", default_value = "15m", allow_hyphen_values = true, value_parser = clock::parse_delay)]
    activate_in: Duration,
    /// Begin to seal now: for a single machine, or where lost sessions do not matter
    #[arg(long, conflicts_with = "activate_in")]
    now: bool,
    /// Do nothing if the newest key was made less than this ago
    #[arg(long, value_name = "DURATION", value_parser = clock::parse_duration)]
    if_older_than: Option<Duration>,
    /// Do nothing if a key is yet to begin to seal
    #[arg(long)]
    unless_pending: bool,
    #[command(flatten)]
    quiet: QuietArgs,
    /// Make the file, with a first key, which seals at once; with `-`, print one string for a variable
    #[arg(long, conflicts_with_all = ["activate_in", "now", "if_older_than", "unless_pending"])]
    create: bool,
    /// With --create: the key's id, above every id of a ring that machines still run with
    #[arg(long, value_name = "ID", requires = "create", value_parser = parse_first_id)]
    id: Option<KeyId>,
    #[command(flatten)]
    timeout: Timeout,
    #[command(flatten)]
    dry: DryArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.dry.or(now);
        if self.create {
            return self.create(now);
        }
        let opened = Opened::open(&self.place, &self.dry, false, now)?;
        let file = opened.file();
        let pending = pending(&file.ring, now);
        if let Some(reason) = self.reason_to_wait(file, &pending, now) {
            let text = format!("{}: {reason}, nothing changed\n", file.place);
            let json = json!({ "ok": true, "id": null, "seals_from": null, "pending": pending });
            return Ok(unchanged(file, &self.dry, &self.quiet, &text, json));
        }
        let start = match self.now {
            true => now,
            false => after(now, self.activate_in),
        };
        let start = edit::in_seconds(start);
        let new = NewKey::generate(edit::next_id(file, EXHAUSTED)?, Some(start))?;
        let mut edit = Edit::new(file, now)?;
        edit.prepend(&new)?;
        let changed = edit.finish()?;
        let text = self.text(file, &changed.ring, &new, &pending, now);
        let json = json!({
            "ok": true, "id": new.id.get(), "seals_from": report::time(start), "pending": pending,
        });
        opened.change(changed, &self.dry, &text, json)
    }

    fn reason_to_wait(
        &self,
        file: &RingText,
        pending: &[u32],
        now: OffsetDateTime,
    ) -> Option<String> {
        if let Some(id) = pending.first().filter(|_| self.unless_pending) {
            return Some(format!("key {id} is yet to begin to seal"));
        }
        let since = made_at(&file.ring, now)?;
        let due = after(since, self.if_older_than?);
        (now < due).then(|| {
            format!(
                "the newest key is of {}, the next one is due {}",
                report::time(since),
                report::time(due)
            )
        })
    }

    fn text(
        &self,
        file: &RingText,
        ring: &KeyRing,
        new: &NewKey,
        pending: &[u32],
        now: OffsetDateTime,
    ) -> String {
        let (place, id) = (file.place.ring(), new.id);
        let start = new.not_before.map(report::time).unwrap_or_default();
        let mut text =
            format!("{GOOD}key {id} added{GOOD:#} to {place}; it seals from {start} on\n");
        if let Some(old) = file.ring.sealing_key_id(now).filter(|_| !self.now) {
            text += &format!("until then key {old} seals");
            for entry in ring.entries().iter().skip(1).rev() {
                if State::of(ring, entry, now) == State::Pending {
                    let start = entry.starts_at().map(report::time).unwrap_or_default();
                    text += &format!(", and from {start} on key {}", entry.id());
                }
            }
            text += "\n";
        }
        if new.not_before.is_some_and(|start| !self.now && start <= now.saturating_add(CLOCKS)) {
            text += "note: that is within two minutes: machines may not have the ring by then\n";
        }
        if !pending.is_empty() {
            text += &format!("note: the ring had a pending key already: {pending:?}\n");
        }
        for entry in ring.entries().iter().skip(1) {
            if pending.contains(&entry.id().get())
                && State::of(ring, entry, now) == State::PassedOver
            {
                text += &format!(
                    "note: key {} will never seal, since the new key begins before it; retire it\n",
                    entry.id()
                );
            }
        }
        if self.timeout.given().is_some() && ring.absolute_timeout().is_none() {
            text += &format!(
                "note: --absolute-timeout is not written into the ring, but with --create: {}\n",
                file.write_timeout()
            );
        }
        text + &match self.now {
            true => {
                "\nnext: bring the ring to every machine at once; until a machine has it, it does\n\
                     not know the sessions that others seal\n"
                    .to_owned()
            }
            false => format!(
                "\nnext: 1. bring the ring to every machine before {start}\n\
                 \x20     2. compare their fingerprints{}\n\
                 \x20     3. later, `sealed-session prune` takes old keys out\n",
                match self.dry.dry_run {
                    true => String::new(),
                    false => format!(": {}", ring.fingerprint()),
                }
            ),
        }
    }

    fn create(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let place = self.place.place()?;
        if let Place::Variable(_) = place {
            return Err(Failure::usage(
                "a variable cannot be set from here: `sealed-session rotate --create -` prints a first ring for it",
            ));
        }
        // Without a start: a machine whose clock is behind must seal too.
        let new = NewKey::generate(self.id.unwrap_or(KeyId::new(1)), None)?;
        let mut ring = edit::new_ring(&new, now)?;
        if let Some(timeout) = self.timeout.given() {
            ring = ring.with_absolute_timeout(timeout);
        }
        let form = match &place {
            Place::File(path) if path.extension().is_some_and(|end| end == "json") => {
                RingForm::Json
            }
            Place::File(_) => RingForm::Toml,
            _ => RingForm::Text,
        };
        let written = form.write(&ring).map_err(|error| Failure::new(error.to_string()))?;
        let mut output = None;
        match &place {
            _ if self.dry.dry_run => {}
            Place::File(path) => {
                write::create(path, &written).map_err(|message| Failure::in_file(path, message))?;
            }
            _ => output = Some(written),
        }
        let mut text = match self.dry.dry_run {
            true => "dry run: nothing was changed; what would be done:\n".to_owned(),
            false => String::new(),
        };
        let id = new.id;
        text += &match &place {
            Place::File(_) => {
                format!("{GOOD}{place} made{GOOD:#} with key {id}, for its owner alone\n\n")
            }
            _ => format!("{GOOD}a ring made{GOOD:#} with key {id}\n\n"),
        };
        text += "next: bring it to every machine, over a channel fit for passwords\n";
        if self.timeout.given().is_none() {
            text += &format!("      {}: `prune` needs it\n", write_timeout(form));
        }
        if self.id.is_none() {
            text += "      if machines run with another ring, they refuse this one: make it with --id, above every id of theirs\n";
        }
        let fingerprint = (!self.dry.dry_run).then(|| ring.fingerprint().to_string());
        let json = json!({
            "ok": true, "id": id.get(), "seals_from": null, "pending": [], "changed": !self.dry.dry_run,
            "dry_run": self.dry.dry_run, "notes": [], "fingerprint": fingerprint,
        });
        Ok(Report { has_changed: !self.dry.dry_run, output, ..Report::good(text, json) })
    }
}

fn parse_first_id(text: &str) -> Result<KeyId, String> {
    let id = parse_id(text)?;
    match id.get() {
        u32::MAX => Err("no id would be left for the next key; write a smaller number".to_owned()),
        _ => Ok(id),
    }
}

/// When the newest key was made, as far as the ring says.
fn made_at(ring: &KeyRing, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let starts = ring.entries().iter().filter_map(sealed_session::KeyEntry::starts_at);
    ring.rotated_at().or_else(|| starts.filter(|start| *start <= now).max())
}

fn pending(ring: &KeyRing, now: OffsetDateTime) -> Vec<u32> {
    let entries = ring.entries().iter();
    entries
        .filter(|entry| State::of(ring, entry, now) == State::Pending)
        .map(|entry| entry.id().get())
        .collect()
}

const EXHAUSTED: &str = "no id is left above the greatest one; prepend a key by hand, with an id that was never used, and set last_id lower";
