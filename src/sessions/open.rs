//! From the values that a request brought to the session they hold.

use time::OffsetDateTime;

use super::{
    accepted::{Accepted, Reader},
    core::Core,
    fallback::{FallbackCookie, Found},
};
use crate::{
    error::UnsealError,
    events,
    format::{
        claims::{Claims, MAX_AGE_LIMIT},
        seal::{Unsealed, key_id},
    },
    http::cookie::Named,
    key_id::KeyId,
    platform::clock::unix_seconds,
    session::{Authentic, Candidate, Candidates, Live, Opened, SessionData, Stone, Verdict},
};

impl<T: SessionData> Core<T> {
    /// Takes from a Cookie header what may be a session or a tombstone of one.
    pub(super) fn collect_from(&self, header: &[u8], candidates: &mut Candidates) {
        for (place, name) in self.accepted.all_names() {
            let mut is_full = false;
            for found in name.cookie.values(header) {
                match found {
                    Named::Value(value) if candidates.of_name(place).count() < MAX_CANDIDATES => {
                        candidates.sessions.push(Candidate { value: value.into(), name: place });
                    }
                    Named::Value(_) => is_full = true,
                    Named::Tombstone(..) if !self.tombstones => {}
                    Named::Tombstone(limit, value) => {
                        if candidates.tombstones.len() < MAX_CANDIDATES {
                            let value = value.into();
                            candidates.tombstones.push(Stone { limit, value, name: place });
                        } else {
                            (candidates.has_more_tombstones, is_full) = (true, true);
                        }
                    }
                }
            }
            if is_full {
                events::too_many(name.cookie.name(), MAX_CANDIDATES);
            }
        }
        let Some(other) = &self.fallback else { return };
        for found in other.cookie.values(header) {
            let Named::Value(value) = found else { continue };
            if candidates.fallback.len() == MAX_CANDIDATES {
                events::too_many(other.cookie.name(), MAX_CANDIDATES);
                break;
            }
            candidates.fallback.push(value.into());
        }
    }

    /// Of several live values the one issued last wins, of another library's the one
    /// that is newest there; ties go to the last, and to the present name.
    pub(super) fn open_all(&self, candidates: &Candidates, now: OffsetDateTime) -> Opened<T> {
        let mut opening = Opening {
            now,
            newest_key: self.newest_key(),
            decryptions: 0..MAX_DECRYPTIONS,
            best: Opened::empty(),
        };
        match self.fallback.as_ref().filter(|_| candidates.use_fallback()) {
            Some(other) => {
                for (place, value) in candidates.fallback.iter().enumerate() {
                    if !opening.has_room(other.cookie.name()) {
                        break;
                    }
                    let opened = self.unseal_fallback(other, value, now);
                    self.add(&mut opening, other.cookie.name(), None, candidates, opened, place);
                }
            }
            None => {
                // The present name last, for ties go to the last.
                for (name, _) in self.accepted.all_names().collect::<Vec<_>>().into_iter().rev() {
                    // Each has its own, or whoever plants cookies of a former name without a
                    // prefix would keep the present one from being read.
                    opening.decryptions = 0..MAX_DECRYPTIONS;
                    for (place, candidate) in candidates.of_name(name) {
                        let cookie = self.accepted.name(name).map_or("", |name| name.cookie.name());
                        if !opening.has_room(cookie) {
                            break;
                        }
                        let opened = self.unseal_candidate(candidate, place, now);
                        self.add(
                            &mut opening,
                            cookie,
                            key_id(&candidate.value).ok(),
                            candidates,
                            opened,
                            place,
                        );
                    }
                }
            }
        }
        let Opening { mut best, .. } = opening;
        match best.live {
            Some(_) => {
                best.refusal = None;
                best.is_passing = false;
                if best.authentic.iter().filter(|value| value.verdict == Verdict::Live).count() > 1
                {
                    events::several_live(self.cookie().name());
                }
            }
            None => best.extension = None,
        }
        best
    }

    /// Adds what one value came to.
    fn add(
        &self,
        opening: &mut Opening<T>,
        cookie: &str,
        key_id: Option<KeyId>,
        candidates: &Candidates,
        opened: (Result<Opened<T>, UnsealError>, Option<Authentic>),
        _place: usize,
    ) {
        let (result, authentic) = opened;
        let (result, mut authentic) = match (result, authentic) {
            (Ok(_), Some(value)) if self.is_ended(candidates, value.descent, opening.now) => {
                (Err(UnsealError::Ended), Some(Authentic { verdict: Verdict::Ended, ..value }))
            }
            other => other,
        };
        match result {
            Ok(opened) => {
                opening.decryptions.next();
                if let Some(value) = &mut authentic {
                    value.verdict = Verdict::Live;
                }
                if opening.best.newness() <= opened.newness() {
                    let Opened { data, live, extension, .. } = opened;
                    opening.best.data = data;
                    opening.best.live = live;
                    opening.best.extension = extension;
                }
            }
            Err(error) => {
                events::refused(cookie, &error, key_id);
                if error.is_after_decryption() {
                    opening.decryptions.next();
                }
                if authentic.is_none()
                    && !matches!(
                        error,
                        UnsealError::NotAuthentic(_)
                            | UnsealError::Malformed
                            | UnsealError::TooLong { .. }
                    )
                {
                    opening.best.is_complete = false;
                }
                opening.best.is_passing |= error.is_passing(opening.newest_key);
                // What may be good elsewhere is the reason that counts.
                let is_weightier = !opening
                    .best
                    .refusal
                    .as_ref()
                    .is_some_and(|kept| kept.is_passing(opening.newest_key))
                    || error.is_passing(opening.newest_key);
                if is_weightier {
                    opening.best.refusal = Some(Box::new(error));
                }
            }
        }
        if let Some(value) = authentic {
            opening.best.authentic.push(value);
        }
    }

    /// One value of ours, under whatever it may be bound to, and what is known of it where it is authentic.
    pub(super) fn unseal_candidate(
        &self,
        candidate: &Candidate,
        place: usize,
        now: OffsetDateTime,
    ) -> (Result<Opened<T>, UnsealError>, Option<Authentic>) {
        let mut authentic = None;
        let mut refusal = UnsealError::Malformed;
        for (reader, bound) in readers_of(&self.accepted, candidate.name, unix_seconds(now)) {
            let opened = self.with_binding(&bound.session, |seal, ring| {
                let note = |claims: &Claims| {
                    authentic = Some(Authentic {
                        descent: claims.descent,
                        ends_at: claims.created_at.saturating_add(claims.lifetime.into()),
                        verdict: Verdict::Refused,
                    });
                };
                seal.unseal(&candidate.value, unix_seconds(now), note, |unsealed| {
                    let live = Live { value: place, ..live_of(&unsealed, ring, reader) };
                    let data = unsealed.data()?;
                    self.ask_hook(&data, unsealed.claims, live.key_id, now)?;
                    let extension =
                        Some(unsealed.extension).filter(|block| !block.is_empty()).map(Box::from);
                    Ok(Opened { data, live: Some(live), extension, ..Opened::empty() })
                })
            });
            match opened {
                Err(error @ UnsealError::NotAuthentic(_)) => refusal = error,
                other => return (other, authentic),
            }
        }
        (Err(refusal), None)
    }

    /// The session in another library's value, held to the same rules as one of ours.
    pub(super) fn unseal_fallback(
        &self,
        other: &FallbackCookie<T>,
        value: &[u8],
        now: OffsetDateTime,
    ) -> (Result<Opened<T>, UnsealError>, Option<Authentic>) {
        let found = self.find_fallback(other, value, now);
        let authentic = found.as_ref().ok().map(|found| Authentic {
            descent: found.claims.descent,
            // Where nobody knows its end, it is as long as browsers keep a cookie.
            ends_at: found.newness.min(unix_seconds(now).saturating_add(MAX_AGE_LIMIT)),
            verdict: Verdict::Refused,
        });
        let opened = found.and_then(|Found { data, claims, newness }| {
            claims.judge(unix_seconds(now), &self.timeouts)?;
            self.ask_hook(&data, &claims, None, now)?;
            let live = Live {
                claims,
                key_id: None,
                reseal_due: true,
                newness,
                value: 0,
                reader: 0,
                ring: 0,
            };
            Ok(Opened { data, live: Some(live), ..Opened::empty() })
        });
        (opened, authentic)
    }

    fn find_fallback(
        &self,
        other: &FallbackCookie<T>,
        value: &[u8],
        now: OffsetDateTime,
    ) -> Result<Found<T>, UnsealError> {
        self.check_takeover()?;
        // No such library is known to write anything but ASCII: the rest is refused as an empty value is.
        let value = str::from_utf8(value).unwrap_or_default();
        other.reader.open(value, now, &self.timeouts)
    }

    /// What the first reader says who does not take the value for one of another.
    pub(super) fn by_readers<R>(
        &self,
        now: OffsetDateTime,
        mut open: impl FnMut(usize, &Reader) -> Result<R, UnsealError>,
    ) -> Result<R, UnsealError> {
        let mut refusal = UnsealError::Malformed;
        for (place, reader) in self.accepted.readers(unix_seconds(now)) {
            match open(place, reader) {
                Err(error @ UnsealError::NotAuthentic(_)) => refusal = error,
                other => return other,
            }
        }
        Err(refusal)
    }

    /// Whether the ring lets another library vouch for a session.
    pub(super) fn check_takeover(&self) -> Result<(), UnsealError> {
        match self.keys.snapshot().accepts_takeover() {
            true => Ok(()),
            false => {
                Err(UnsealError::Fallback { class: "no_takeover", reason: NO_TAKEOVER.into() })
            }
        }
    }

    #[inline]
    pub(super) fn ask_hook(
        &self,
        data: &T,
        claims: &Claims,
        key_id: Option<KeyId>,
        now: OffsetDateTime,
    ) -> Result<(), UnsealError> {
        match self.revoke_if.refuses(data, claims, &self.timeouts, key_id, now) {
            true => Err(UnsealError::Revoked),
            false => Ok(()),
        }
    }

    /// The greatest id that this machine knows: what is above it may come from a machine that is ahead.
    fn newest_key(&self) -> KeyId {
        let ring = self.keys.snapshot();
        KeyId::new(ring.entries().iter().map(|entry| entry.id().get()).fold(0, u32::max))
    }
}

/// What was found so far among the values of a request.
struct Opening<T> {
    now: OffsetDateTime,
    newest_key: KeyId,
    decryptions: std::ops::Range<usize>,
    best: Opened<T>,
}

impl<T> Opening<T> {
    fn has_room(&mut self, cookie: &str) -> bool {
        if self.decryptions.is_empty() {
            events::too_many(cookie, MAX_DECRYPTIONS);
            self.best.is_complete = false;
        }
        !self.decryptions.is_empty()
    }
}

/// What a value is known for once it is opened, by the ring with this number and by the reader at this place.
pub(super) fn live_of(unsealed: &Unsealed<'_>, ring: u64, reader: usize) -> Live {
    Live {
        claims: *unsealed.claims,
        key_id: Some(unsealed.key_id()),
        // What came under a former name or audience is sealed under the present one at once.
        reseal_due: unsealed.reseal_due || reader > 0,
        newness: unsealed.claims.issued_at,
        value: 0,
        reader,
        ring,
    }
}

/// What values under a name may be bound to.
fn readers_of(
    accepted: &Accepted,
    name: usize,
    now: u64,
) -> impl Iterator<Item = (usize, &Reader)> {
    accepted.readers(now).filter(move |(_, reader)| reader.name == name)
}

/// Why no cookie of another library is looked at.
const NO_TAKEOVER: &str = "the key ring says no_takeover, as after an incident; take that out once the other library's secret has been changed";
/// The most that are kept of one name and request: each costs little, and there must be an end.
const MAX_CANDIDATES: usize = 64;
/// The most that one request can make us decrypt, for each name of a session.
pub(super) const MAX_DECRYPTIONS: usize = 8;
