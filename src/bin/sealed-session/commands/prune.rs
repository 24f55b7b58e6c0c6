use serde_json::json;
use time::OffsetDateTime;

use super::RingArgs;
use crate::{
    edit::Edit,
    failure::Failure,
    file::Locked,
    report::{GOOD, Report},
    schedule::Removal,
};

/// Take out every key that no live session can be under
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ring: RingArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let locked = Locked::open(&self.ring.file, now)?;
        let ring = locked.file.ring.ring();
        let entries = ring.entries().iter().enumerate();
        let prunable: Vec<_> = entries
            .filter(|(position, _)| {
                Removal::of(ring, *position, &self.ring.timeouts, now) == Removal::SafeNow
            })
            .map(|(position, entry)| (position, entry.id().get()))
            .collect();
        let removed: Vec<_> = prunable.iter().map(|(_, id)| *id).collect();
        let path = self.ring.file.display();
        if removed.is_empty() {
            let text = format!("{path}: every key may still be needed, nothing changed\n");
            return Ok(Report::good(text, json!({ "ok": true, "removed": removed })));
        }
        let mut edit = Edit::new(&locked.file)?;
        for (position, _) in prunable.iter().rev() {
            edit.remove(*position)?;
        }
        let text = edit.finish();
        let ring = locked.replace(&text, now)?;
        let text = format!(
            "{GOOD}keys {removed:?} taken out{GOOD:#} of {path}\n\nnext: bring the file to every machine\n"
        );
        let json = json!({
            "ok": true, "removed": removed, "fingerprint": ring.ring().fingerprint().to_string(),
        });
        Ok(Report::good(text, json))
    }
}
