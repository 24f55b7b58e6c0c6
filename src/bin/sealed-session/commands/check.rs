use std::{path::PathBuf, time::Duration};

use sealed_session::{KeyEntry, KeyId, KeyRing};
use serde_json::json;
use time::OffsetDateTime;

use super::AtArgs;
use crate::{
    failure::Failure,
    file::RingText,
    place::{Place, PlaceArgs},
    report::{self, BAD, CARE, GOOD, Report},
    schedule::{CLOCKS, LastSeal, Removal, State, Timeout, after},
};

/// Tell by the exit status whether a ring may be deployed
///
/// Fails where the ring is wrong, where others may read it, and where a key stops being accepted before
/// the sessions that it sealed have ended or moved to the next key. With --deployed it also fails where
/// the change would sign people out, or use an id again: the gate of a pipeline.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// The ring that the machines have now, to be compared with
    #[arg(long, value_name = "OLD")]
    deployed: Option<PathBuf>,
    /// The fingerprint that the ring must have, as a machine's health page shows it
    #[arg(long, value_name = "HEX", value_parser = parse_fingerprint)]
    fingerprint: Option<String>,
    /// Fail for what is only worth a note as well
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    timeout: Timeout,
    #[command(flatten)]
    at: AtArgs,
}

/// What is wrong, where.
type Found = Vec<(Option<usize>, String)>;

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let now = self.at.or(now);
        let file = RingText::read(&self.place.place()?, now)?;
        let ring = &file.ring;
        let (mut problems, mut notes) = (Found::new(), Found::new());
        for (position, entry) in ring.entries().iter().enumerate() {
            if let Some(message) = self.loses_sessions(&file, position, now) {
                problems.push((file.line(entry.id()), message));
            }
        }
        let mut is_urgent = false;
        let old = self.deployed.as_ref();
        let old = old.map(|old| RingText::read(&Place::path(old)?, now)).transpose()?;
        if let Some(old) = &old {
            is_urgent = is_incident(&old.ring, ring);
            problems.extend(self.compare(&old.ring, &file, now));
        }
        let fingerprint = ring.fingerprint().to_string();
        if let Some(wanted) = self.fingerprint.as_ref().filter(|wanted| **wanted != fingerprint) {
            problems.push((
                None,
                format!("the ring has another fingerprint, {fingerprint}, and not {wanted}"),
            ));
        }
        notes.extend(file.notes().map(|message| (None, message)));
        // A leaked key in use is worse than any of it.
        if !is_urgent {
            problems.append(&mut notes);
        }
        notes.extend(oddities(&file, old.as_ref().map(|old| &old.ring), now));
        if self.strict && !is_urgent {
            problems.append(&mut notes);
        }

        let place = &file.place;
        let mut text = String::new();
        for (line, message) in &problems {
            let line = line.map_or_else(String::new, |line| format!("{line}:"));
            text += &format!("{BAD}problem{BAD:#}: {place}:{line} {message}\n");
        }
        for (line, message) in &notes {
            let line = line.map_or_else(String::new, |line| format!("{line}:"));
            text += &format!("{CARE}note{CARE:#}: {place}:{line} {message}\n");
        }
        let is_good = problems.is_empty();
        if is_good {
            text += &format!("{GOOD}ok{GOOD:#}: {place}: fingerprint {fingerprint}\n");
        }
        let found = |found: &Found| {
            let found = found.iter();
            found
                .map(|(line, message)| json!({ "line": line, "message": message }))
                .collect::<Vec<_>>()
        };
        let json = json!({
            "ok": is_good, "problems": found(&problems), "notes": found(&notes),
            "fingerprint": fingerprint,
        });
        Ok(Report { is_good, ..Report::good(text, json) })
    }

    /// Why the end of a key comes too soon for sessions that are, or will be, under it.
    fn loses_sessions(
        &self,
        file: &RingText,
        position: usize,
        now: OffsetDateTime,
    ) -> Option<String> {
        let ring = &file.ring;
        let entry = ring.entries().get(position)?;
        let (id, end) = (entry.id(), entry.ends_at()?);
        let Some(longest) = self.timeout.of(ring) else {
            return (now < end).then(|| {
                format!(
                    "whether key {id} ends too soon cannot be told: {}, or give --absolute-timeout",
                    file.write_timeout()
                )
            });
        };
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

    /// What the change from the ring that is deployed would do.
    fn compare(&self, old: &KeyRing, file: &RingText, now: OffsetDateTime) -> Found {
        let new = &file.ring;
        let mut found = Found::new();
        let is_incident = is_incident(old, new);
        let last_id =
            old.entries().iter().map(KeyEntry::id).chain(old.last_id()).map(KeyId::get).max();
        for entry in new.entries() {
            let id = entry.id();
            let line = file.line(id);
            match find(old, id) {
                Some(before) if !before.has_same_key(entry) => found.push((line, format!(
                    "key {id} has other bytes than the deployed one: servers refuse that; give the new key a fresh id"
                ))),
                None if last_id.is_some_and(|last| id.get() <= last) => found.push((line, format!(
                    "key {id} is new, and its id was used before: give it one above {}",
                    last_id.unwrap_or_default()
                ))),
                None if !is_incident && begins_at_once(new, entry, now) => found.push((line, format!(
                    "key {id} is new and seals at once: machines that get the ring later do not know its sessions; give it a not_before after the deploy"
                ))),
                _ => {}
            }
        }
        for (position, entry) in old.entries().iter().enumerate() {
            let id = entry.id();
            let removal =
                Removal::of(old, position, self.timeout.of(new).max(self.timeout.of(old)), now);
            let is_safe = matches!(removal, Removal::SafeNow | Removal::SafeUntil(_));
            if find(new, id).is_none() && !is_incident && !is_safe {
                found.push((None, format!(
                    "key {id} is deployed and missing here: sessions under it would end; keep it until `status` says that it is safe to remove"
                )));
            }
        }
        let newest =
            new.entries().iter().map(KeyEntry::id).chain(new.last_id()).map(KeyId::get).max();
        if newest < last_id {
            found.push((
                None,
                "the ring is older than the deployed one; bring the newest".to_owned(),
            ));
        }
        if new.accepts_takeover() && !old.accepts_takeover() {
            found.push((None, "the deployed ring says no_takeover, and this one does not: other libraries' cookies would be taken over again; keep it until their secret has been changed, then deploy without --deployed".to_owned()));
        }
        found
    }
}

/// Whether the change is what `emergency` makes.
fn is_incident(old: &KeyRing, new: &KeyRing) -> bool {
    let is_old = |entry: &KeyEntry| find(old, entry.id()).is_some();
    !new.accepts_takeover() && !new.entries().iter().any(is_old)
}

fn find(ring: &KeyRing, id: KeyId) -> Option<KeyEntry> {
    ring.entries().iter().find(|entry| entry.id() == id).cloned()
}

fn parse_fingerprint(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty; perhaps what should fetch it failed".to_owned());
    }
    match text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => {
            Err("a fingerprint has 32 hex digits and nothing else, as `status` shows it".to_owned())
        }
    }
}

/// What is no fault, and seldom meant.
fn oddities(file: &RingText, old: Option<&KeyRing>, now: OffsetDateTime) -> Found {
    let ring = &file.ring;
    let mut found = Found::new();
    let is_deployed = |entry: &KeyEntry| {
        let before = old.and_then(|old| find(old, entry.id()));
        before.is_some_and(|before| before.starts_at() == entry.starts_at())
    };
    for (position, entry) in ring.entries().iter().enumerate() {
        let (id, line) = (entry.id(), file.line(entry.id()));
        if State::of(ring, entry, now) == State::PassedOver {
            found.push((
                line,
                format!(
                    "key {id} will never seal: a key in front of it begins before it; retire it"
                ),
            ));
        }
        let has_older = ring.entries().len() > position.saturating_add(1);
        match entry.starts_at() {
            None if has_older && State::of(ring, entry, now) == State::Sealing => found.push((line, format!(
                "key {id} has no not_before: nobody knows when it began to seal, so no older key can be pruned; write that time"
            ))),
            Some(start) if start > now.saturating_add(time::Duration::days(366)) => found.push((line, format!(
                "key {id} begins to seal in more than a year, {}: check its not_before",
                report::time(start)
            ))),
            Some(start) if !has_older && start <= now => found.push((line, format!(
                "key {id} is the oldest and has a not_before: a machine whose clock is behind, as after a boot in 1970, does not start; take it out"
            ))),
            Some(start) if now < start && start < now.saturating_add(CLOCKS) && !is_deployed(entry) => found.push((line, format!(
                "key {id} begins to seal within two minutes: machines may not have it by then"
            ))),
            _ => {}
        }
    }
    match ring.absolute_timeout() {
        None => found.push((
            None,
            format!("the ring does not say how long sessions live: {}", file.write_timeout()),
        )),
        Some(timeout) if timeout < Duration::from_secs(60 * 60) => found.push((
            None,
            format!(
                "the ring says that sessions live {}: check the unit of its absolute_timeout",
                report::duration(timeout)
            ),
        )),
        Some(_) => {}
    }
    found
}

/// Whether machines that have the ring seal with the key before others can have it.
fn begins_at_once(ring: &KeyRing, entry: &KeyEntry, now: OffsetDateTime) -> bool {
    let is_shadowed = ring.entries().first().map(KeyEntry::id) != Some(entry.id())
        && ring.sealing_key_id(now) != Some(entry.id());
    !is_shadowed && entry.starts_at().is_none_or(|start| start <= now.saturating_add(CLOCKS))
}
