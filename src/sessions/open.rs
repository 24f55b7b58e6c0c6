//! Opens the values that a request brought, and chooses the session among them.

use time::OffsetDateTime;

use super::{
    accepted::{Accepted, Reader},
    core::Core,
    revocation::SessionInfo,
};
use crate::{
    error::UnsealError,
    events,
    format::{claims::Claims, frame::key_id, seal::Unsealed, session_id::Family},
    http::cookie::Named,
    key_id::KeyId,
    keys::KeyRing,
    platform::clock::unix_seconds,
    session::{Authentic, Candidate, Candidates, Live, Opened, SessionData, Stone, Verdict},
};

impl<T: SessionData> Core<T> {
    /// Collects from a Cookie header the values that may be sessions or tombstones.
    pub(super) fn collect_from(&self, header: &[u8], now: u64, candidates: &mut Candidates) {
        for (place, name) in self.accepted.names(now) {
            let mut kept = candidates.sessions.iter().filter(|kept| kept.name == place).count();
            let mut is_cut = false;
            for found in name.cookie.values(header) {
                match found {
                    Named::Value(_) if kept == MAX_CANDIDATES => {
                        candidates.is_cut = true;
                        is_cut = true;
                    }
                    Named::Value(value) => {
                        kept = kept.saturating_add(1);
                        candidates.sessions.push(Candidate { value: value.into(), name: place });
                    }
                    Named::Tombstone(limit, _)
                        if !self.tombstones
                            || self.accepted.is_session_name(&name.cookie, limit, now) => {}
                    Named::Tombstone(..) if candidates.tombstones.len() == MAX_CANDIDATES => {
                        candidates.has_unread_tombstones = true;
                        is_cut = true;
                    }
                    Named::Tombstone(limit, value) => {
                        let value = value.into();
                        candidates.tombstones.push(Stone { limit, value, name: place });
                    }
                    #[cfg(feature = "bound")]
                    Named::Bound(tag, value) => {
                        let came = (tag, value);
                        is_cut |= !self.collect_bound((&name.cookie, place), came, now, candidates);
                    }
                }
            }
            if is_cut {
                events::too_many(name.cookie.name(), MAX_CANDIDATES);
            }
        }
        self.collect_others(header, candidates);
    }

    /// If several values are live, the one issued last wins. If they were issued in the same
    /// second, the name that is read first wins, and within a name the last value.
    /// The device of the family `proven` has just proved itself.
    pub(super) fn open_all(
        &self,
        candidates: &Candidates,
        now: OffsetDateTime,
        proven: Option<Family>,
    ) -> Opened<T> {
        let mut opening = Opening {
            now,
            proven,
            newest_key: self.newest_key(),
            decryptions: 0..MAX_DECRYPTIONS,
            best: Opened::empty(),
            winner: 0,
        };
        opening.best.is_complete = !candidates.is_cut;
        let other = self.fallback.as_ref().filter(|_| !candidates.fallback.is_empty());
        if let Some(other) = other.filter(|_| candidates.sessions.is_empty()) {
            self.open_in_place(other, candidates, &mut opening);
        } else {
            self.open_ours(candidates, &mut opening);
            if let Some(other) = other {
                self.contest(other, candidates, &mut opening);
            }
        }
        let Opening { mut best, .. } = opening;
        match best.live {
            Some(live) => {
                if let (Some(observer), Some(key_id)) = (&self.observer, live.key_id) {
                    observer.opened(key_id);
                }
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

    fn open_ours(&self, candidates: &Candidates, opening: &mut Opening<T>) {
        // The descent of values that are not opened is unknown.
        opening.best.is_complete &= candidates.fallback.is_empty();
        for (place, name) in self.accepted.names(unix_seconds(opening.now)) {
            let cookie = (name.cookie.name(), place);
            opening.decryptions = 0..MAX_DECRYPTIONS;
            let of_name = candidates.sessions.iter().enumerate().filter(|(_, c)| c.name == place);
            for (value, candidate) in of_name {
                if !opening.has_room(cookie.0) {
                    break;
                }
                let opened = self.unseal_candidate(candidates, value, opening);
                self.add(opening, cookie, &candidate.value, candidates, opened);
            }
        }
    }

    /// Adds the result of opening `value`, from the cookie with this name and index.
    fn add(
        &self,
        opening: &mut Opening<T>,
        (cookie, place): (&str, usize),
        value: &[u8],
        candidates: &Candidates,
        opened: (Result<Opened<T>, UnsealError>, Option<Authentic>),
    ) {
        let (result, authentic) = opened;
        let (result, mut authentic) = match (result, authentic) {
            (Ok(_) | Err(UnsealError::Bound), Some(value))
                if self.is_ended(candidates, value.descent, opening.now) =>
            {
                (Err(UnsealError::Ended), Some(Authentic { verdict: Verdict::Ended, ..value }))
            }
            (Err(UnsealError::Bound), Some(value)) => {
                (Err(UnsealError::Bound), Some(Authentic { verdict: Verdict::Elsewhere, ..value }))
            }
            other => other,
        };
        match result {
            Ok(opened) => {
                opening.decryptions.next();
                if let Some(value) = &mut authentic {
                    value.verdict = Verdict::Live;
                }
                let is_newer = match opening.winner == place {
                    true => opening.best.newness() <= opened.newness(),
                    false => opening.best.newness() < opened.newness(),
                };
                if is_newer {
                    opening.winner = place;
                    let Opened { data, live, extension, .. } = opened;
                    opening.best.data = data;
                    opening.best.live = live;
                    opening.best.extension = extension;
                }
            }
            Err(error) => {
                return self.refuse(opening, cookie, error, authentic, key_id(value).ok());
            }
        }
        if let Some(value) = authentic {
            opening.best.authentic.push(value);
        }
    }

    /// Records that a value was refused, and why.
    pub(super) fn refuse(
        &self,
        opening: &mut Opening<T>,
        cookie: &str,
        error: UnsealError,
        authentic: Option<Authentic>,
        key_id: Option<KeyId>,
    ) {
        events::refused(cookie, &error, key_id);
        if let Some(observer) = &self.observer {
            observer.refused(error.class());
        }
        if error.is_after_decryption() {
            opening.decryptions.next();
        }
        opening.best.is_complete &= authentic.is_some();
        // A value that may be good elsewhere gives the reason that is kept.
        let is_passing = error.is_passing(opening.newest_key);
        if is_passing || !opening.best.is_passing {
            opening.best.refusal = Some(Box::new(error));
        }
        opening.best.is_passing |= is_passing;
        if let Some(mut value) = authentic {
            if is_passing && value.verdict == Verdict::Refused {
                value.verdict = Verdict::Later;
            }
            opening.best.authentic.push(value);
        }
    }

    /// Opens one value of ours with each reader of its name. Also returns its descent if it is
    /// authentic.
    pub(super) fn unseal_candidate(
        &self,
        candidates: &Candidates,
        place: usize,
        &Opening { now, proven, .. }: &Opening<T>,
    ) -> (Result<Opened<T>, UnsealError>, Option<Authentic>) {
        let mut authentic = None;
        let mut refusal = UnsealError::Malformed;
        let Some(candidate) = candidates.sessions.get(place) else { return (Err(refusal), None) };
        for (reader, bound) in readers_of(&self.accepted, candidate.name, unix_seconds(now)) {
            let opened = self.with_binding(&bound.session, |seal, ring| {
                let prove = |claims: &Claims| {
                    let ends_at = claims.created_at.saturating_add(claims.lifetime.into());
                    authentic = Some(Authentic::new(claims, ends_at, Verdict::Refused));
                    self.device_of(candidates, proven, claims, unix_seconds(now))
                };
                seal.unseal(&candidate.value, unix_seconds(now), prove, |unsealed| {
                    let live = Live { value: place, ..live_of(&unsealed, ring, reader) };
                    let data = unsealed.data()?;
                    self.ask_hook(&data, unsealed.claims, live.key_id, now)?;
                    let extension =
                        Some(unsealed.extension).filter(|block| !block.is_empty()).map(Box::from);
                    Ok(Opened { live: Some(live), extension, ..Opened::with(data) })
                })
            });
            match opened {
                Err(error @ UnsealError::NotAuthentic(_)) => refusal = error,
                other => return (other, authentic),
            }
        }
        (Err(refusal), None)
    }

    /// The result of the first reader, of those accepted at `now` (Unix seconds), under which the
    /// value is authentic.
    pub(super) fn by_readers<R>(
        &self,
        now: u64,
        mut open: impl FnMut(usize, &Reader) -> Result<R, UnsealError>,
    ) -> Result<R, UnsealError> {
        let mut refusal = UnsealError::Malformed;
        for (place, reader) in self.accepted.readers(now) {
            match open(place, reader) {
                Err(error @ UnsealError::NotAuthentic(_)) => refusal = error,
                other => return other,
            }
        }
        Err(refusal)
    }

    /// Whether the list of revocations and the application let a session live.
    #[inline]
    pub(super) fn ask_hook(
        &self,
        data: &T,
        claims: &Claims,
        key_id: Option<KeyId>,
        now: OffsetDateTime,
    ) -> Result<(), UnsealError> {
        self.listed.judge(data, claims)?;
        let info = || SessionInfo::new(claims, &self.timeouts, key_id, now);
        match self.revoke_if.refuses(data, info) {
            true => Err(UnsealError::Revoked),
            false => Ok(()),
        }
    }

    /// The greatest key id that this machine knows. A greater one may come from a machine that has
    /// a newer ring.
    pub(super) fn newest_key(&self) -> KeyId {
        let ring = self.keys.snapshot();
        KeyId::new(ring.entries().iter().map(|entry| entry.id().get()).fold(0, u32::max))
    }
}

/// What was found so far among a request's values.
pub(super) struct Opening<T> {
    pub(super) now: OffsetDateTime,
    proven: Option<Family>,
    newest_key: KeyId,
    /// The decryptions that are left for the cookie's name.
    decryptions: std::ops::Range<usize>,
    pub(super) best: Opened<T>,
    /// The index of the name under which the best value came.
    winner: usize,
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

/// What is known about a value once it is opened, by the ring with this number and the reader at
/// this index.
pub(super) fn live_of(unsealed: &Unsealed<'_>, ring: u64, reader: usize) -> Live {
    Live {
        claims: *unsealed.claims,
        key_id: Some(unsealed.key_id()),
        // A value under a former name or audience is sealed under the present one at once.
        reseal_due: unsealed.reseal_due || reader > 0,
        newness: unsealed.claims.issued_at,
        value: 0,
        reader,
        ring,
    }
}

/// The readers for values under this name.
pub(super) fn readers_of(
    accepted: &Accepted,
    name: usize,
    now: u64,
) -> impl Iterator<Item = (usize, &Reader)> {
    accepted.readers(now).filter(move |(_, reader)| reader.name == name)
}

/// Whether the ring allows take-overs from another library.
pub(super) fn check_takeover(ring: &KeyRing) -> Result<(), UnsealError> {
    match ring.accepts_takeover() {
        true => Ok(()),
        false => Err(UnsealError::Fallback { class: "no_takeover", reason: NO_TAKEOVER.into() }),
    }
}

/// Why no cookie of another library is read.
const NO_TAKEOVER: &str = "the key ring says no_takeover, as after an incident; remove that once the other library's secret has been changed";
/// The most values that are kept from one request. Each costs little, but there must be a limit.
pub(super) const MAX_CANDIDATES: usize = 64;
/// The most values that one request can make us decrypt, for each kind of session.
pub(super) const MAX_DECRYPTIONS: usize = 8;
