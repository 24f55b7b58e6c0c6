use serde_json::{Value, json};
use time::OffsetDateTime;

use super::RingArgs;
use crate::{
    failure::Failure,
    file::RingText,
    report::{self, CARE, GOOD, HEADING, PLAIN, Report},
    schedule::{Removal, State},
};

/// Show the keys: what each does, since when, and when it is safe to remove
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ring: RingArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let file = RingText::read(&self.ring.file, now)?;
        let ring = file.ring.ring();
        let mut rows = vec![
            ["ID", "STATE", "SEALS FROM", "ACCEPTED UNTIL", "SAFE TO REMOVE"]
                .map(|title| (title.to_owned(), HEADING))
                .to_vec(),
        ];
        let mut keys = Vec::new();
        for (position, entry) in ring.entries().iter().enumerate() {
            let state = State::of(ring, entry, now);
            let removal = Removal::of(ring, position, &self.ring.timeouts, now);
            let since = entry.starts_at().map(report::time);
            let until = entry.ends_at().map(report::time);
            let style = match state {
                State::Sealing => GOOD,
                State::Pending => CARE,
                _ => PLAIN,
            };
            rows.push(vec![
                (entry.id().to_string(), PLAIN),
                (state.as_str().to_owned(), style),
                (since.clone().unwrap_or_else(|| "the beginning".to_owned()), PLAIN),
                (until.clone().unwrap_or_else(|| "removed".to_owned()), PLAIN),
                (in_words(removal), PLAIN),
            ]);
            keys.push(json!({
                "id": entry.id().get(),
                "line": file.ring.line(entry.id()),
                "state": state.as_str(),
                "seals_from": since,
                "accepted_until": until,
                "safe_to_remove": in_json(removal, now),
            }));
        }
        let mut text = report::table(&rows);
        if !ring.accepts_takeover() {
            text += "\nno_takeover: cookies of other libraries are refused\n";
        }
        let fingerprint = ring.fingerprint().to_string();
        text += &format!("\nfingerprint {fingerprint}\n");
        let json = json!({
            "ok": true,
            "now": report::time(now),
            "fingerprint": fingerprint,
            "no_takeover": !ring.accepts_takeover(),
            "last_id": file.ring.last_id().map(sealed_session::KeyId::get),
            "keys": keys,
        });
        Ok(Report::good(text, json))
    }
}

fn in_words(removal: Removal) -> String {
    match removal {
        Removal::SafeNow => "now".to_owned(),
        Removal::SafeUntil(time) => format!("until {}", report::time(time)),
        Removal::SafeFrom(time) => format!("from {}", report::time(time)),
        Removal::InUse => "no, it seals".to_owned(),
        Removal::Unknown => "unknown, see check".to_owned(),
    }
}

/// The time from which on a script may remove the key; `null` where there is none.
fn in_json(removal: Removal, now: OffsetDateTime) -> Value {
    match removal {
        Removal::SafeNow | Removal::SafeUntil(_) => report::time(now).into(),
        Removal::SafeFrom(time) => report::time(time).into(),
        Removal::InUse | Removal::Unknown => Value::Null,
    }
}
