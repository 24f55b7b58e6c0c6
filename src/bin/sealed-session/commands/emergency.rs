use std::path::PathBuf;

use sealed_session::KeyId;
use serde_json::json;
use time::OffsetDateTime;

use super::retire::{parse_id, position};
use crate::{
    edit::{self, Edit, NewKey},
    failure::Failure,
    file::Locked,
    report::{self, CARE, GOOD, Report},
    schedule::{CLOCKS, State},
};

/// A key leaked: drop it, and refuse every session from before now
///
/// Whoever has a key forges sessions of anybody, and forgeries that were used
/// are under the next key by now. So everybody has to sign in again. If the whole
/// file leaked, name every key of it, or use --all.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The ring's TOML file
    file: PathBuf,
    /// The ids of the keys that leaked
    #[arg(value_parser = parse_id, required_unless_present = "all")]
    ids: Vec<KeyId>,
    /// Every key leaked
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let locked = Locked::open(&self.file, now)?;
        let ring = locked.file.ring.ring();
        let mut leaked = match self.all {
            true => (0..ring.entries().len()).collect(),
            false => self
                .ids
                .iter()
                .map(|id| position(&locked.file, *id))
                .collect::<Result<Vec<_>, _>>()?,
        };
        leaked.sort_unstable();
        leaked.dedup();
        let ids: Vec<_> = leaked
            .iter()
            .filter_map(|position| ring.entries().get(*position))
            .map(|entry| entry.id().get())
            .collect();

        // A fresh key where the leaked ones were to seal: an older one has been around for longer.
        let kept =
            ring.entries().iter().enumerate().filter(|(position, _)| !leaked.contains(position));
        let kept: Vec<_> = kept.map(|(_, entry)| entry).collect();
        let sealing_stays = kept.iter().any(|entry| State::of(ring, entry, now) == State::Sealing);
        let lasting_stays = kept.iter().any(|entry| {
            entry.ends_at().is_none() && entry.starts_at().is_none_or(|start| start <= now)
        });
        let others_seal = kept.iter().any(|entry| State::of(ring, entry, now) == State::Accepting);
        let fresh = match sealing_stays && lasting_stays {
            true => None,
            // Alone it has no start: a machine whose clock is behind must seal too.
            false => {
                Some(NewKey::generate(edit::next_id(&locked.file)?, others_seal.then_some(now))?)
            }
        };
        // Written in whole seconds, of which this is the next.
        let part = time::Duration::nanoseconds(now.nanosecond().into());
        let rest = if part.is_zero() { part } else { time::Duration::SECOND.saturating_sub(part) };
        let bound = now.saturating_add(CLOCKS).saturating_add(rest);
        let bound = ring.not_created_before().map_or(bound, |old| old.max(bound));

        let mut edit = Edit::new(&locked.file)?;
        if let Some(fresh) = &fresh {
            edit.prepend(fresh)?;
        }
        let shift = usize::from(fresh.is_some());
        for position in leaked.iter().rev() {
            edit.remove(position.saturating_add(shift))?;
        }
        edit.set_not_created_before(bound);
        let text = edit.finish();
        let ring = locked.replace(&text, now)?;

        let (path, bound) = (self.file.display(), report::time(bound));
        let mut text = format!("{GOOD}keys {ids:?} dropped{GOOD:#} from {path}\n");
        if let Some(fresh) = &fresh {
            text += &format!("key {} added; it seals at once\n", fresh.id);
        }
        let fingerprint = ring.ring().fingerprint();
        text += &format!(
            "sessions created before {bound} are refused\n\n\
             {CARE}next{CARE:#}: 1. bring the file to every machine now; forgeries work on each until it has it\n\
             \x20     2. compare the machines' fingerprints: {fingerprint}\n\
             \x20     3. find out how the key got out, before the new one does\n\n\
             what users notice: everybody is signed out once, and loses what the session held.\n\
             who signs in before {bound} is signed out again. nobody gets an error.\n"
        );
        let json = json!({
            "ok": true, "removed": ids, "added": fresh.map(|fresh| fresh.id.get()),
            "not_created_before": bound, "fingerprint": fingerprint.to_string(),
        });
        Ok(Report::good(text, json))
    }
}
