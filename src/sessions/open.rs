//! Opens the values that a request brought, and chooses the session among them.

use super::{
    accepted::{Accepted, Reader},
    core::Core,
    revocation::SessionInfo,
};
use crate::{
    error::UnsealError,
    events,
    format::{
        claims::Claims,
        frame::{Seal, key_id},
        seal::Unsealed,
        session_id::Family,
    },
    http::cookie::Named,
    key_id::KeyId,
    keys::KeyRing,
    platform::{clock::Moment, few::Few},
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
        now: Moment,
        proven: Option<Family>,
    ) -> Opened<T> {
        // All of them by one ring, even if it is replaced meanwhile.
        self.with_ring(|seal, ring| {
            let mut opening = Opening {
                now,
                seconds: now.seconds(),
                proven,
                seal,
                ring,
                decryptions: 0..MAX_DECRYPTIONS,
                found: None,
                winner: 0,
                refusal: None,
                is_passing: false,
                authentic: Few::None,
                is_complete: !candidates.is_cut,
            };
            let other = self.fallback().filter(|_| !candidates.fallback.is_empty());
            if let Some(other) = other.filter(|_| candidates.sessions.is_empty()) {
                self.open_in_place(other, candidates, &mut opening);
            } else {
                self.open_ours(candidates, &mut opening);
                if let Some(other) = other {
                    self.contest(other, candidates, &mut opening);
                }
            }
            if let Some(found) = &opening.found {
                if let (Some(observer), Some(key_id)) = (&self.observer, found.live.key_id) {
                    observer.opened(key_id);
                }
                let is_live = |value: &&Authentic| value.verdict == Verdict::Live;
                if opening.authentic.iter().filter(is_live).count() > 1 {
                    events::several_live(self.cookie().name());
                }
            }
            opening.end()
        })
    }

    fn open_ours(&self, candidates: &Candidates, opening: &mut Opening<'_, T>) {
        // The descent of values that are not opened is unknown.
        opening.is_complete &= candidates.fallback.is_empty();
        for (place, name) in self.accepted.names(opening.seconds) {
            opening.decryptions = 0..MAX_DECRYPTIONS;
            let of_name = candidates.sessions.iter().enumerate().filter(|(_, c)| c.name == place);
            for (value, candidate) in of_name {
                if !opening.has_room(name.cookie.name()) {
                    break;
                }
                let (mut found, mut authentic) = (None, None);
                let came = (value, candidate);
                let opened = self.open_one(candidates, came, opening, (&mut found, &mut authentic));
                match self.end_one(candidates, opened, &mut authentic, opening) {
                    Ok(()) => opening.add(found, place),
                    Err(error) => {
                        let key_id = key_id(&candidate.value).ok();
                        self.refuse(opening, name.cookie.name(), error, authentic.take(), key_id);
                    }
                }
                if let Some(value) = authentic {
                    opening.authentic.push(value);
                }
            }
        }
    }

    /// Opens one value of ours, at this index, with each reader of its name. What it is goes where
    /// the caller says: to return it would copy it at each step.
    fn open_one(
        &self,
        candidates: &Candidates,
        (value, candidate): (usize, &Candidate),
        opening: &Opening<'_, T>,
        (found, authentic): (&mut Option<LiveSession<T>>, &mut Option<Authentic>),
    ) -> Result<(), UnsealError> {
        let &Opening { now, seconds, proven, ring, .. } = opening;
        let mut refusal = UnsealError::Malformed;
        for (reader, bound) in readers_of(&self.accepted, candidate.name, seconds) {
            let seal = opening.seal.bound_to(&bound.session);
            let prove = |claims: &Claims| {
                let ends_at = claims.created_at.saturating_add(claims.lifetime.into());
                *authentic = Some(Authentic::new(claims, ends_at, Verdict::Refused));
                self.device_of(opening.seal, candidates, proven, (claims, seconds))
            };
            let opened = seal.unseal(&candidate.value, seconds, prove, |unsealed| {
                let found = found.insert(LiveSession {
                    data: unsealed.data()?,
                    live: Live { value, ..live_of(&unsealed, ring, reader) },
                    extension: Some(unsealed.extension)
                        .filter(|block| !block.is_empty())
                        .map(Box::from),
                });
                self.ask_hook(&found.data, unsealed.claims, found.live.key_id, now)
            });
            match opened {
                Err(error @ UnsealError::NotAuthentic(_)) => refusal = error,
                other => return other,
            }
        }
        Err(refusal)
    }

    /// What becomes of a value that was opened with this result.
    fn end_one(
        &self,
        candidates: &Candidates,
        opened: Result<(), UnsealError>,
        authentic: &mut Option<Authentic>,
        opening: &Opening<'_, T>,
    ) -> Result<(), UnsealError> {
        let Some(value) = authentic else { return opened };
        let is_ended = || self.is_ended(opening.seal, candidates, value.descent, opening.seconds);
        let (result, verdict) = match opened {
            Ok(()) | Err(UnsealError::Bound) if is_ended() => {
                (Err(UnsealError::Ended), Verdict::Ended)
            }
            Ok(()) => (Ok(()), Verdict::Live),
            Err(UnsealError::Bound) => (Err(UnsealError::Bound), Verdict::Elsewhere),
            Err(error) => return Err(error),
        };
        value.verdict = verdict;
        result
    }

    /// Records that a value was refused, and why.
    pub(super) fn refuse(
        &self,
        opening: &mut Opening<'_, T>,
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
        opening.is_complete &= authentic.is_some();
        // A value that may be good elsewhere gives the reason that is kept.
        let is_passing = error.is_passing(opening.seal.ring.newest_id());
        if is_passing || !opening.is_passing {
            opening.refusal = Some(Box::new(error));
        }
        opening.is_passing |= is_passing;
        if let Some(mut value) = authentic {
            if is_passing && value.verdict == Verdict::Refused {
                value.verdict = Verdict::Later;
            }
            opening.authentic.push(value);
        }
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
        now: Moment,
    ) -> Result<(), UnsealError> {
        self.listed.judge(data, claims)?;
        let info = || SessionInfo::new(claims, &self.timeouts, key_id, now.time());
        match self.revoke_if.refuses(data, info) {
            true => Err(UnsealError::Revoked),
            false => Ok(()),
        }
    }
}

/// What was found so far among a request's values.
pub(super) struct Opening<'a, T> {
    pub(super) now: Moment,
    /// [`now`](Self::now) in Unix seconds.
    seconds: u64,
    proven: Option<Family>,
    pub(super) seal: &'a Seal<'a>,
    /// The ring's number.
    ring: u64,
    /// The decryptions that are left for the cookie's name.
    decryptions: std::ops::Range<usize>,
    pub(super) found: Option<LiveSession<T>>,
    /// The index of the name under which it came.
    winner: usize,
    refusal: Option<Box<UnsealError>>,
    pub(super) is_passing: bool,
    pub(super) authentic: Few<Authentic>,
    pub(super) is_complete: bool,
}

/// A live session.
pub(super) struct LiveSession<T> {
    pub(super) data: T,
    pub(super) live: Live,
    pub(super) extension: Option<Box<[u8]>>,
}

impl<T> Opening<'_, T> {
    fn has_room(&mut self, cookie: &str) -> bool {
        if self.decryptions.is_empty() {
            events::too_many(cookie, MAX_DECRYPTIONS);
            self.is_complete = false;
        }
        !self.decryptions.is_empty()
    }

    /// Adds a session that came under the name at this index.
    fn add(&mut self, found: Option<LiveSession<T>>, place: usize) {
        self.decryptions.next();
        let newness =
            |found: &Option<LiveSession<T>>| found.as_ref().map(|found| found.live.newness);
        let is_newer = match self.winner == place {
            true => newness(&self.found) <= newness(&found),
            false => newness(&self.found) < newness(&found),
        };
        if is_newer {
            self.winner = place;
            self.found = found;
        }
    }
}

impl<T: SessionData> Opening<'_, T> {
    fn end(self) -> Opened<T> {
        let Self { found, refusal, is_passing, authentic, is_complete, .. } = self;
        match found {
            Some(LiveSession { data, live, extension }) => {
                Opened { live: Some(live), extension, authentic, is_complete, ..Opened::with(data) }
            }
            None => Opened { refusal, is_passing, authentic, is_complete, ..Opened::empty() },
        }
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
