use std::path::PathBuf;

use serde_json::json;
use time::OffsetDateTime;

use crate::{
    edit::{self, Edit, NewKey},
    failure::Failure,
    file::Locked,
    report::{CARE, GOOD, Report},
};

/// A key leaked: put one fresh key in the place of all
///
/// Whoever has a key forges sessions of anybody, and forgeries that were used
/// are under the next key by now. So every key goes, and everybody signs in again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The ring's TOML file
    file: PathBuf,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let locked = Locked::open(&self.file, now)?;
        let entries = locked.file.ring.ring().entries().iter();
        let removed: Vec<_> = entries.map(|entry| entry.id().get()).collect();
        // Without a start: a machine whose clock is behind must seal too.
        let fresh = NewKey::generate(edit::next_id(&locked.file)?, None)?;
        let mut edit = Edit::new(&locked.file)?;
        edit.start_over(&fresh)?;
        let text = edit.finish();
        let ring = locked.replace(&text, now)?;

        let (path, id) = (self.file.display(), fresh.id);
        let fingerprint = ring.ring().fingerprint();
        let text = format!(
            "{GOOD}keys {removed:?} dropped{GOOD:#} from {path}\n\
             key {id} added; it seals at once\n\
             no_takeover set: cookies of other libraries are refused\n\n\
             {CARE}next{CARE:#}: 1. bring the file to every machine now; forgeries work on each until it has it\n\
             \x20     2. compare the machines' fingerprints: {fingerprint}\n\
             \x20     3. find out how the key got out, before the new one does\n\n\
             what users notice: everybody is signed out once, and loses what the session held.\n"
        );
        let json = json!({
            "ok": true, "removed": removed, "added": id.get(), "no_takeover": true,
            "fingerprint": fingerprint.to_string(),
        });
        Ok(Report::good(text, json))
    }
}
