use serde_json::json;
use time::OffsetDateTime;

use super::{DryArgs, Opened};
use crate::{
    edit::{self, Edit, NewKey},
    failure::Failure,
    place::PlaceArgs,
    report::{CARE, GOOD, Report},
};

/// A key leaked: put one fresh key in the place of all
///
/// Whoever has a key forges sessions of anybody, and forgeries that were used
/// are under the next key by now. So every key goes, and everybody signs in again, at once. Cookies of
/// other libraries are refused too, until you take `no_takeover` out: their secret may have leaked as well.
/// A ring from `--env` or `-` is printed, changed.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    dry: DryArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.dry.or(now);
        // Nobody who may only read the file can hold this up.
        let opened = Opened::open(&self.place, &self.dry, true, now)
            .map_err(|failure| failure.or_if_no_ring(BY_HAND))?;
        let file = opened.file();
        let removed: Vec<_> = file.ring.entries().iter().map(|entry| entry.id().get()).collect();
        // Without a start: a machine whose clock is behind must seal too.
        let fresh = NewKey::generate(edit::next_id(file, EXHAUSTED)?, None)?;
        let mut edit = Edit::new(file, now)?;
        edit.start_over(&fresh)?;
        let changed = edit.finish()?;

        let (place, id) = (file.place.ring(), fresh.id);
        let fingerprint = match self.dry.dry_run {
            true => String::new(),
            false => format!(": {}", changed.ring.fingerprint()),
        };
        let text = format!(
            "{GOOD}keys {removed:?} dropped{GOOD:#} from {place}\n\
             key {id} added; it seals at once\n\
             no_takeover set: cookies of other libraries are refused\n\n\
             {CARE}next{CARE:#}: 1. bring the ring to every machine now; forgeries work on each until it has it\n\
             \x20     2. compare the machines' fingerprints{fingerprint}\n\
             \x20     3. find out how the key got out, before the new one does\n\n\
             what users notice: everybody is signed out once, and loses what the session held.\n"
        );
        let json = json!({
            "ok": true, "removed": removed, "id": id.get(), "no_takeover": true,
        });
        opened.change(changed, &self.dry, &text, json)
    }
}

const BY_HAND: &str = "if a key leaked, do not lose time over it: move it away, run `sealed-session rotate --create --id N` with N above every id in use, and write no_takeover = true at the new ring's top";
const EXHAUSTED: &str = "no id is left above the greatest one: write a ring of one new key by hand, with an id that was never used, a last_id that is this id, and no_takeover = true, and restart every machine with it";
