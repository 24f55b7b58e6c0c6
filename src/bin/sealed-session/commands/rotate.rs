use std::time::Duration;

use sealed_session::{KeyId, KeyRing, RingForm};
use serde_json::json;
use time::OffsetDateTime;

use super::{DryArgs, Opened, unchanged};
use crate::{
    clock,
    edit::{self, Edit, NewKey},
    failure::Failure,
    file::RingText,
    place::{Place, PlaceArgs},
    report::{self, GOOD, Report},
    schedule::{State, Timeout, after},
    write,
};

/// Put a fresh key in front, which every machine reads at once and seals with later
///
/// The new key gets an id that was never used in this ring. Comments and
/// formatting stay. Bring the ring to every machine before the new key begins to seal.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// Begin to seal after this time, in which every machine has to get the ring
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = clock::parse_duration)]
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
    /// Make the file, with a first key, which seals at once
    #[arg(long, conflicts_with_all = ["activate_in", "now", "if_older_than", "unless_pending", "env"])]
    create: bool,
    // With --create it is written into the file.
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
            return Ok(unchanged(file, &self.dry, text, json));
        }
        let start = match self.now {
            true => now,
            false => after(now, self.activate_in),
        };
        let new = NewKey::generate(edit::next_id(file)?, Some(start))?;
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
        let (place, id) = (&file.place, new.id);
        let start = new.not_before.map(report::time).unwrap_or_default();
        let mut text =
            format!("{GOOD}key {id} added{GOOD:#} to {place}; it seals from {start} on\n");
        if let Some(old) = file.ring.sealing_key_id(now).filter(|_| !self.now) {
            text += &format!("until then key {old} seals\n");
        }
        if !pending.is_empty() {
            text += &format!("note: the ring had a pending key already: {pending:?}\n");
        }
        text + &match self.now {
            true => {
                "\nnext: bring the ring to every machine at once; until a machine has it, it does\n\
                     not know the sessions that others seal\n"
                    .to_owned()
            }
            false => format!(
                "\nnext: 1. bring the ring to every machine before {start}\n\
                 \x20     2. compare their fingerprints: {}\n\
                 \x20     3. later, `sealed-session prune` takes old keys out\n",
                ring.fingerprint()
            ),
        }
    }

    fn create(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let place = self.place.place()?;
        // Without a start: a machine whose clock is behind must seal too.
        let new = NewKey::generate(KeyId::new(1), None)?;
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
        text += &format!("{GOOD}{place} made{GOOD:#} with key 1, for its owner alone\n\n");
        text += "next: bring it to every machine, over a channel fit for passwords\n";
        if self.timeout.given().is_none() {
            text += "      write the application's absolute_timeout into it, as in \"14d\": `prune` needs it\n";
        }
        let json = json!({
            "ok": true, "id": 1, "seals_from": null, "pending": [], "changed": !self.dry.dry_run,
            "dry_run": self.dry.dry_run, "notes": [], "fingerprint": ring.fingerprint().to_string(),
        });
        let has_changed = output.is_none() && !self.dry.dry_run;
        Ok(Report { has_changed, output, ..Report::good(text, json) })
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
