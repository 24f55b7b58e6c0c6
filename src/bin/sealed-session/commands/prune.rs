use serde_json::json;
use time::OffsetDateTime;

use super::{DryArgs, Opened, QuietArgs, retire::unknown_timeout, unchanged};
use crate::{
    edit::Edit,
    failure::Failure,
    place::PlaceArgs,
    report::{GOOD, Report},
    schedule::{Removal, Timeout},
};

/// Take out every key that no live session can be under
///
/// A ring from `--env` or `-` is printed, with or without a change.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    timeout: Timeout,
    #[command(flatten)]
    quiet: QuietArgs,
    #[command(flatten)]
    dry: DryArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.dry.or(now);
        let opened = Opened::open(&self.place, &self.dry, false, now)?;
        let file = opened.file();
        let timeout = self.timeout.of(&file.ring);
        let entries = file.ring.entries().iter().enumerate();
        let removals: Vec<_> = entries
            .map(|(position, entry)| {
                (position, entry.id(), Removal::of(&file.ring, position, timeout, now))
            })
            .collect();
        let unknown = removals.iter().find(|(_, _, removal)| *removal == Removal::UnknownTimeout);
        if let Some((_, id, _)) = unknown {
            return Err(file.failure(unknown_timeout(file)).at_line(file.line(*id)));
        }
        let prunable = removals.iter().filter(|(_, _, removal)| *removal == Removal::SafeNow);
        let removed: Vec<_> = prunable.clone().map(|(_, id, _)| id.get()).collect();
        let json = json!({ "ok": true, "removed": removed });
        if removed.is_empty() {
            let text = format!("{}: every key may still be needed, nothing changed\n", file.place);
            return Ok(unchanged(file, &self.dry, &self.quiet, &text, json));
        }
        let mut edit = Edit::new(file, now)?;
        for (position, ..) in prunable.rev() {
            edit.remove(*position)?;
        }
        let changed = edit.finish()?;
        let text = format!(
            "{GOOD}keys {removed:?} taken out{GOOD:#} of {}\n\nnext: bring the ring to every machine\n",
            file.place.ring()
        );
        opened.change(changed, &self.dry, &text, json)
    }
}
