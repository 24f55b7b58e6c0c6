use sealed_session::KeyRing;
use serde_json::json;
use time::OffsetDateTime;

use super::RingArgs;
use crate::{
    failure::Failure,
    file::RingText,
    report::{self, BAD, CARE, GOOD, Report},
    schedule::{LastSeal, after},
};

/// Tell by the exit status whether a ring may be deployed
///
/// Fails where the ring is wrong, and where a key stops being accepted before
/// the sessions that it sealed have ended or moved to the next key.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ring: RingArgs,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let file = RingText::read(&self.ring.file, now)?;
        let ring = file.ring.ring();
        let problems: Vec<_> = ring
            .entries()
            .iter()
            .enumerate()
            .filter_map(|(position, entry)| {
                let message = self.loses_sessions(ring, position, now)?;
                Some((file.ring.line(entry.id()), message))
            })
            .collect();
        let notes: Vec<_> = file.exposure().into_iter().collect();

        let path = self.ring.file.display();
        let mut text = String::new();
        for (line, message) in &problems {
            let line = line.unwrap_or(1);
            text += &format!("{BAD}problem{BAD:#}: {path}:{line}: {message}\n");
        }
        for note in &notes {
            text += &format!("{CARE}note{CARE:#}: {path}: {note}\n");
        }
        let is_good = problems.is_empty();
        let fingerprint = ring.fingerprint().to_string();
        if is_good {
            text += &format!("{GOOD}ok{GOOD:#}: {path}: fingerprint {fingerprint}\n");
        }
        let problems: Vec<_> = problems
            .iter()
            .map(|(line, message)| json!({ "line": line, "message": message }))
            .collect();
        let json = json!({
            "ok": is_good, "problems": problems, "notes": notes, "fingerprint": fingerprint,
        });
        Ok(Report { is_good, text, json })
    }

    /// Why the end of a key comes too soon for sessions that are, or will be, under it.
    fn loses_sessions(
        &self,
        ring: &KeyRing,
        position: usize,
        now: OffsetDateTime,
    ) -> Option<String> {
        let entry = ring.entries().get(position)?;
        let (id, end) = (entry.id(), entry.ends_at()?);
        let longest = self.ring.timeouts.longest();
        let needed = match LastSeal::of(ring, position) {
            LastSeal::By(last) => after(last, longest),
            // The newer key may have taken over as late as now.
            LastSeal::Unknown => after(now, longest),
            LastSeal::Never => return None,
        };
        if needed <= end || needed <= now {
            return None;
        }
        let (end, needed) = (report::time(end), report::time(needed));
        let longest = report::duration(longest);
        Some(match LastSeal::of(ring, position) {
            LastSeal::Unknown => format!(
                "key {id} is not accepted after {end}, but sessions under it may live until {needed}, \
                 since no newer key says when it began to seal: write that as not_before of the newer key"
            ),
            _ => format!(
                "key {id} is not accepted after {end}, but sessions that it sealed live until {needed} \
                 ({longest} after its last seal): set its not_after to {needed} or later, or leave it out"
            ),
        })
    }
}
