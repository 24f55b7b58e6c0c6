use std::{path::PathBuf, time::Duration};

use sealed_session::KeyId;
use serde_json::json;
use time::OffsetDateTime;

use crate::{
    edit::{self, Edit, NewKey},
    failure::Failure,
    file::{self, Locked},
    report::{self, GOOD, Report},
    schedule::{State, after},
};

/// Put a fresh key in front, which every machine reads at once and seals with later
///
/// The new key gets an id that was never used in this file. Comments and
/// formatting stay. Bring the file to every machine before the new key begins to seal.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The ring's TOML file
    file: PathBuf,
    /// Begin to seal after this time, in which every machine has to get the file
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = humantime::parse_duration)]
    activate_in: Duration,
    /// Begin to seal now: for a single machine, or where lost sessions do not matter
    #[arg(long, conflicts_with = "activate_in")]
    now: bool,
    /// Make the file, with a first key, which seals at once
    #[arg(long, conflicts_with_all = ["activate_in", "now"])]
    create: bool,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        if self.create {
            return self.create();
        }
        let locked = Locked::open(&self.file, now)?;
        let start = match self.now {
            true => now,
            false => after(now, self.activate_in),
        };
        let new = NewKey::generate(edit::next_id(&locked.file)?, Some(start))?;
        let old = locked.file.ring.ring().sealing_key_id(now);
        let pending = locked.file.ring.ring().entries().iter();
        let pending: Vec<_> = pending
            .filter(|entry| State::of(locked.file.ring.ring(), entry, now) == State::Pending)
            .map(|entry| entry.id().get())
            .collect();
        let mut edit = Edit::new(&locked.file)?;
        edit.prepend(&new)?;
        let text = edit.finish();
        let ring = locked.replace(&text, now)?;

        let (file, id, start) = (self.file.display(), new.id, report::time(start));
        let mut text =
            format!("{GOOD}key {id} added{GOOD:#} to {file}; it seals from {start} on\n");
        if let Some(old) = old.filter(|_| !self.now) {
            text += &format!("until then key {old} seals\n");
        }
        if !pending.is_empty() {
            text += &format!("note: the ring had a pending key already: {pending:?}\n");
        }
        text += &match self.now {
            true => {
                "\nnext: bring the file to every machine at once; until a machine has it, it does\n\
                     not know the sessions that others seal\n"
                    .to_owned()
            }
            false => format!(
                "\nnext: 1. bring the file to every machine before {start}\n\
                 \x20     2. compare their fingerprints: {}\n\
                 \x20     3. later, `sealed-session prune {file}` takes old keys out\n",
                ring.ring().fingerprint()
            ),
        };
        let json = json!({
            "ok": true, "id": id.get(), "seals_from": start, "pending": pending,
            "fingerprint": ring.ring().fingerprint().to_string(),
        });
        Ok(Report::good(text, json))
    }

    fn create(&self) -> Result<Report, Failure> {
        // Without a start: a machine whose clock is behind must seal too.
        let new = NewKey::generate(KeyId::new(1), None)?;
        file::create(&self.file, &edit::new_file(&new))?;
        let (file, id) = (self.file.display(), new.id);
        let text = format!(
            "{GOOD}{file} made{GOOD:#} with key {id}, for its owner alone\n\n\
             next: bring the file to every machine, over a channel fit for passwords\n"
        );
        Ok(Report::good(text, json!({ "ok": true, "id": id.get(), "created": true })))
    }
}
