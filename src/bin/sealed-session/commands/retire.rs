use std::path::PathBuf;

use sealed_session::KeyId;
use serde_json::json;
use time::OffsetDateTime;

use crate::{
    edit::Edit,
    failure::Failure,
    file::{Locked, RingText},
    report::{self, CARE, GOOD, Report},
    schedule::{Removal, Timeouts},
};

/// Take a key out, if no live session can be under it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The ring's TOML file
    file: PathBuf,
    /// The key's id
    #[arg(value_parser = parse_id)]
    id: KeyId,
    /// Take it out all the same: whoever has a session under it is signed out
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    timeouts: Timeouts,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let locked = Locked::open(&self.file, now)?;
        let file = &locked.file;
        let position = position(file, self.id)?;
        if file.ring.ring().entries().len() == 1 {
            let message = format!("key {} is the only one, rotate first", self.id);
            return Err(Failure::in_file(&self.file, message).at_line(file.ring.line(self.id)));
        }
        let removal = Removal::of(file.ring.ring(), position, &self.timeouts, now);
        let refused = refusal(removal, self.id);
        if let Some(reason) = refused.as_ref().filter(|_| !self.force) {
            let message = format!("{reason}, or use --force");
            return Err(Failure::in_file(&self.file, message).at_line(file.ring.line(self.id)));
        }
        let mut edit = Edit::new(file)?;
        edit.remove(position)?;
        let text = edit.finish();
        let ring = locked.replace(&text, now)?;

        let (path, id) = (self.file.display(), self.id);
        let mut text = format!("{GOOD}key {id} taken out{GOOD:#} of {path}\n");
        if refused.is_some() {
            text +=
                &format!("{CARE}sessions under key {id} end{CARE:#} as machines get the file\n");
        }
        text += &match removal {
            Removal::SafeUntil(time) => format!(
                "\nnext: bring the file to every machine before {}; those without it will seal under the key\n",
                report::time(time)
            ),
            _ => "\nnext: bring the file to every machine\n".to_owned(),
        };
        let json = json!({
            "ok": true, "removed": [id.get()], "forced": refused.is_some(),
            "fingerprint": ring.ring().fingerprint().to_string(),
        });
        Ok(Report::good(text, json))
    }
}

/// Why the key has to stay, and what to do.
fn refusal(removal: Removal, id: KeyId) -> Option<String> {
    match removal {
        Removal::SafeNow | Removal::SafeUntil(_) => None,
        Removal::SafeFrom(time) => Some(format!(
            "live sessions can be sealed under key {id}: retire it from {} on",
            report::time(time)
        )),
        Removal::InUse => Some(format!(
            "key {id} seals, or is about to: rotate first, and retire it when `status` says so"
        )),
        Removal::Unknown => Some(format!(
            "nobody knows when key {id} sealed last, since no newer key says when it began: \
             write that time as not_before of the newer key"
        )),
    }
}

pub(crate) fn position(file: &RingText, id: KeyId) -> Result<usize, Failure> {
    let entries = file.ring.ring().entries();
    entries.iter().position(|entry| entry.id() == id).ok_or_else(|| {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id().get()).collect();
        Failure::in_file(&file.path, format!("the ring has no key {id}; it has {ids:?}"))
    })
}

pub(crate) fn parse_id(text: &str) -> Result<KeyId, String> {
    text.parse()
        .map_err(|_| "write a whole number from 0 to 4294967295, as `status` shows it".to_owned())
}
