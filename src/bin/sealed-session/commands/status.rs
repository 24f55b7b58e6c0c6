use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{AtArgs, in_text};
use crate::{
    failure::Failure,
    file::RingText,
    place::PlaceArgs,
    report::{self, CARE, GOOD, HEADING, PLAIN, Report},
    schedule::{Removal, State, Timeout},
};

/// Show the keys: what each does, since when, and when it is safe to remove
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    timeout: Timeout,
    #[command(flatten)]
    at: AtArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.at.or(now);
        let file = RingText::read(&self.place.place()?, now)?;
        let (ring, timeout) = (&file.ring, self.timeout.of(&file.ring));
        let mut rows = vec![
            ["ID", "STATE", "SEALS FROM", "ACCEPTED UNTIL", "SAFE TO REMOVE"]
                .map(|title| (title.to_owned(), HEADING))
                .to_vec(),
        ];
        let mut keys = Vec::new();
        for (position, entry) in ring.entries().iter().enumerate() {
            let state = State::of(ring, entry, now);
            let removal = Removal::of(ring, position, timeout, now);
            let since = entry.starts_at().map(report::time);
            let until = entry.ends_at().map(report::time);
            let style = match state {
                State::Sealing => GOOD,
                State::Pending | State::PassedOver => CARE,
                _ => PLAIN,
            };
            rows.push(vec![
                (entry.id().to_string(), PLAIN),
                (state.as_str().to_owned(), style),
                (since.clone().unwrap_or_else(|| "the beginning".to_owned()), PLAIN),
                (until.clone().unwrap_or_else(|| "removed".to_owned()), PLAIN),
                (in_words(removal, state), PLAIN),
            ]);
            let mut key = json!({
                "id": entry.id().get(),
                "line": file.line(entry.id()),
                "state": state.as_str(),
                "seals_from": since,
                "accepted_until": until,
            });
            if let (Value::Object(key), Value::Object(removal)) = (&mut key, in_json(removal)) {
                key.extend(removal);
            }
            keys.push(key);
        }
        let mut text = report::table(&rows);
        text += "\n";
        if !ring.accepts_takeover() {
            text += "no_takeover: cookies of other libraries are refused\n";
        }
        text += &timeout.map_or_else(
            || format!("how long sessions live is not known: {}\n", file.write_timeout()),
            |timeout| format!("sessions live {}\n", report::duration(timeout)),
        );
        let fingerprint = ring.fingerprint().to_string();
        text += &format!("fingerprint {fingerprint}\n");
        let notes: Vec<_> = file.notes().collect();
        text += &in_text(&notes);
        let json = json!({
            "ok": true,
            "now": report::time(now),
            "fingerprint": fingerprint,
            "no_takeover": !ring.accepts_takeover(),
            "last_id": ring.last_id().map(sealed_session::KeyId::get),
            "rotated_at": ring.rotated_at().map(report::time),
            "absolute_timeout": timeout.map(|timeout| timeout.as_secs()),
            "keys": keys,
            "notes": notes,
        });
        Ok(Report::good(text, json))
    }
}

fn in_words(removal: Removal, state: State) -> String {
    match removal {
        Removal::SafeNow => "now".to_owned(),
        Removal::SafeUntil(time) => format!("until {}", report::time(time)),
        Removal::SafeFrom(time) => format!("from {}", report::time(time)),
        Removal::InUse if state == State::Pending => "no, it is about to seal".to_owned(),
        Removal::InUse => "no, it seals".to_owned(),
        Removal::Unknown => "unknown, see check".to_owned(),
        Removal::UnknownTimeout => "unknown without absolute_timeout".to_owned(),
    }
}

/// A word, and the bounds that there are: it is safe from the one on, until the other.
fn in_json(removal: Removal) -> Value {
    let (word, from, until) = match removal {
        Removal::SafeNow => ("now", None, None),
        Removal::SafeFrom(time) => ("later", Some(time), None),
        Removal::SafeUntil(time) => ("call_off", None, Some(time)),
        Removal::InUse => ("in_use", None, None),
        Removal::Unknown | Removal::UnknownTimeout => ("unknown", None, None),
    };
    json!({
        "removal": word,
        "removable_from": from.map(report::time),
        "removable_until": until.map(report::time),
    })
}
