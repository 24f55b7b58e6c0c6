use sealed_session::KeyId;
use serde_json::json;
use time::OffsetDateTime;

use super::{DryArgs, Opened};
use crate::{
    edit::Edit,
    failure::Failure,
    file::RingText,
    place::PlaceArgs,
    report::{self, CARE, GOOD, Report},
    schedule::{Removal, State, Timeout},
};

/// Take a key out, if no live session can be under it
///
/// A ring from `--env` or `-` is printed, changed.
#[derive(clap::Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// The key's id
    #[arg(value_parser = parse_id)]
    id: KeyId,
    /// Take it out all the same: whoever has a session under it is signed out
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    timeout: Timeout,
    #[command(flatten)]
    dry: DryArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.dry.or(now);
        let opened = Opened::open(&self.place, &self.dry, false, now)?;
        let (file, id) = (opened.file(), self.id);
        let position = position(file, id)?;
        let refuse = |message: String| Err(file.failure(message).at_line(file.line(id)));
        if file.ring.entries().len() == 1 {
            return refuse(format!("key {id} is the only one, rotate first"));
        }
        let removal = Removal::of(&file.ring, position, self.timeout.of(&file.ring), now);
        let state = State::of_position(&file.ring, position, now);
        let refused = refusal(removal, state, file, id);
        if let Some(reason) = refused.as_ref().filter(|_| !self.force) {
            return refuse(format!("{reason}, or use --force"));
        }
        let mut edit = Edit::new(file, now)?;
        edit.remove(position)?;
        let changed = edit.finish()?;

        let mut text = format!("{GOOD}key {id} taken out{GOOD:#} of {}\n", file.place.ring());
        if refused.is_some() {
            text +=
                &format!("{CARE}sessions under key {id} end{CARE:#} as machines get the ring\n");
        }
        text += &match removal {
            Removal::SafeUntil(time) if state == Some(State::Pending) => format!(
                "\nnext: bring the ring to every machine before {}; those without it will seal under the key\n",
                report::time(time)
            ),
            _ => "\nnext: bring the ring to every machine\n".to_owned(),
        };
        let json = json!({ "ok": true, "removed": [id.get()], "forced": refused.is_some() });
        opened.change(changed, &self.dry, &text, json)
    }
}

/// Why the key has to stay, and what to do.
fn refusal(removal: Removal, state: Option<State>, file: &RingText, id: KeyId) -> Option<String> {
    match removal {
        Removal::SafeNow | Removal::SafeUntil(_) => None,
        Removal::SafeFrom(time) => Some(format!(
            "live sessions can be sealed under key {id}: retire it from {} on",
            report::time(time)
        )),
        Removal::InUse if state == Some(State::Pending) => Some(format!(
            "key {id} begins to seal in less than two minutes, and machines whose clocks are ahead do so now: \
             leave it where it is, it does no harm"
        )),
        Removal::InUse => Some(format!(
            "key {id} seals, or is about to: rotate first, and retire it when `status` says so"
        )),
        Removal::Unknown => Some(format!(
            "nobody knows when key {id} sealed last, since no newer key says when it began: \
             write that time as not_before of the newer key"
        )),
        Removal::UnknownTimeout => Some(unknown_timeout(file)),
    }
}

fn position(file: &RingText, id: KeyId) -> Result<usize, Failure> {
    let entries = file.ring.entries();
    entries.iter().position(|entry| entry.id() == id).ok_or_else(|| {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id().get()).collect();
        file.failure(format!("the ring has no key {id}; it has {ids:?}"))
    })
}

pub(super) fn parse_id(text: &str) -> Result<KeyId, String> {
    text.parse()
        .map_err(|_| "write a whole number from 0 to 4294967295, as `status` shows it".to_owned())
}

/// A guess that is too short would take out keys that live sessions are under.
pub(super) fn unknown_timeout(file: &RingText) -> String {
    format!(
        "nobody says how long sessions live: {}, or give --absolute-timeout",
        file.write_timeout()
    )
}
