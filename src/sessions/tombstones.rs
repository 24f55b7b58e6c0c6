//! Keeps a session that was ended or replaced in this browser ended, in whatever order responses
//! arrive.
//!
//! Each tombstone is a cookie of its own, and its name says what it ends. So none overwrites
//! another, and a request carries the whole set.

use cookie::Cookie;

use super::{core::Core, open::MAX_DECRYPTIONS};
use crate::{
    error::{SealError, UnsealError},
    events,
    format::{
        frame::Seal,
        lineage::{Descent, Limit},
        token::Tombstone,
    },
    platform::clock::{MAX_TIME, Moment},
    session::{Authentic, Candidates, Session, SessionData, Stone},
};

impl<T: SessionData> Core<T> {
    /// Whether the request carries a tombstone that covers this value.
    pub(super) fn is_ended(
        &self,
        seal: &Seal<'_>,
        candidates: &Candidates,
        descent: Descent,
        now: u64,
    ) -> bool {
        let matching = || candidates.tombstones.iter().filter(|stone| stone.limit.covers(descent));
        if candidates.has_unread_tombstones || matching().count() > MAX_DECRYPTIONS {
            return true;
        }
        matching().any(|stone| match self.open_tombstone(seal, stone, now) {
            Ok(tombstone) => tombstone.is_some(),
            // It was set by a machine with a newer ring, or under a key that is gone. Its name is
            // enough, because nobody but us knows a lineage.
            Err(error) => error.is_for_want_of_key(),
        })
    }

    /// The Set-Cookies that end every live value of the request, except what `to` descends from.
    /// Without `to`, they end all of them.
    pub(super) fn end(
        &self,
        session: &Session<T>,
        to: Option<Descent>,
        now: Moment,
    ) -> Result<Vec<Cookie<'static>>, SealError> {
        if !self.tombstones {
            return Ok(Vec::new());
        }
        let opened = session.opened();
        let mut ends: Vec<(Limit, u64)> = Vec::new();
        // What is taken over from another library goes on as it came.
        let is_ended =
            |value: &&Authentic| value.verdict.may_be_live() && to != Some(value.descent);
        for value in opened.authentic.iter().filter(is_ended) {
            let limit = to.map_or(Limit::of_all(value.descent.lineage), |to| {
                Limit::of_replaced(value.descent, to)
            });
            match ends.iter_mut().find(|(other, _)| other.lineage == limit.lineage) {
                Some((other, ends_at)) => {
                    other.generation = other.generation.max(limit.generation);
                    *ends_at = value.ends_at.max(*ends_at);
                }
                None => ends.push((limit, value.ends_at)),
            }
        }
        let mut cookies = Vec::new();
        for (limit, ends_at) in ends {
            match self.tombstone_cookies(limit, ends_at, now) {
                Ok(set) => cookies.extend(set),
                // A session must not be replaced without being ended.
                Err(error) if to.is_some() => return Err(error),
                // A sign-out must never fail.
                Err(error) => events::tombstone_failed(self.cookie().name(), &error),
            }
            let needless = |stone: &&Stone| limit.is_wider_than(stone.limit);
            for stone in
                session.candidates().iter().flat_map(|c| c.tombstones.iter()).filter(needless)
            {
                self.remove_tombstone(stone, &mut cookies);
            }
        }
        Ok(cookies)
    }

    /// The Set-Cookies that remove tombstones which are no longer needed: at the time of the
    /// request they were some minutes old, and the browser held no value that they cover. The time
    /// of the request counts. By a later time, a slow handler could remove a tombstone that is
    /// needed for a response sent meanwhile.
    pub(super) fn collect_tombstones(&self, session: &Session<T>) -> Vec<Cookie<'static>> {
        let mut cookies = Vec::new();
        // Asked first, since a request whose session nobody looked at need not be searched.
        let Some(opened) = session.opened_before().filter(|opened| opened.is_complete) else {
            return cookies;
        };
        let Some(candidates) = session.candidates().filter(|c| !c.tombstones.is_empty()) else {
            return cookies;
        };
        let Some(now) = session.loaded_at() else { return cookies };
        let is_idle = |stone: &&Stone| {
            !opened.authentic.iter().any(|value| value.descent.lineage == stone.limit.lineage)
        };
        let shown = candidates.tombstones.iter().enumerate().filter_map(|(place, stone)| {
            self.is_last_of_all_copies(candidates, place, stone).then_some(stone)
        });
        let now = now.seconds();
        let is_old = |tombstone: Tombstone| now >= tombstone.ended_at.saturating_add(AFTERLIFE);
        self.with_ring(|seal, _| {
            for stone in shown.filter(is_idle).take(MAX_DECRYPTIONS) {
                if self.open_tombstone(seal, stone, now).ok().flatten().is_some_and(is_old) {
                    self.remove_tombstone(stone, &mut cookies);
                }
            }
        });
        cookies
    }

    /// Whether this is the last copy of a tombstone that the request carries once for each scope. A
    /// scope without the tombstone may hold a value that the tombstone ends.
    fn is_last_of_all_copies(&self, candidates: &Candidates, place: usize, stone: &Stone) -> bool {
        let is_copy = |other: &&Stone| other.limit == stone.limit && other.name == stone.name;
        let before = candidates.tombstones.iter().take(place).filter(is_copy).count();
        let after = candidates.tombstones.iter().skip(place).filter(is_copy).count();
        let scopes = self.accepted.name(stone.name).map(|name| name.cookie.scopes().count());
        after == 1 && scopes.is_some_and(|scopes| before.saturating_add(after) >= scopes)
    }

    /// The content of the tombstone. `None` if it belongs to another name or is no longer in
    /// effect.
    fn open_tombstone(
        &self,
        seal: &Seal<'_>,
        stone: &Stone,
        now: u64,
    ) -> Result<Option<Tombstone>, UnsealError> {
        let name = self.accepted.name(stone.name).ok_or(UnsealError::Malformed)?;
        let tombstone: Tombstone =
            seal.bound_to(&name.tombstone).unseal_token(&stone.value, now)?;
        let is_live = tombstone.limit == stone.limit && now < tombstone.until;
        Ok(is_live.then_some(tombstone))
    }

    /// The tombstone's cookies, for each scope and each name under which a machine may read the
    /// session.
    fn tombstone_cookies(
        &self,
        limit: Limit,
        ends_at: u64,
        now: Moment,
    ) -> Result<Vec<Cookie<'static>>, SealError> {
        let now = now.seconds();
        let longest = now.saturating_add(self.timeouts.absolute.into());
        let until = longest.max(ends_at).saturating_add(AFTERLIFE);
        let tombstone = Tombstone { limit, ended_at: now, until: until.min(MAX_TIME) };
        let max_age = std::time::Duration::from_secs(tombstone.until.saturating_sub(now));
        let mut cookies = Vec::new();
        for (_, name) in self.accepted.names(now) {
            let value =
                self.with_binding(&name.tombstone, |seal, _| seal.seal_token(&tombstone, now))?;
            cookies.extend(name.cookie.set_tombstone(limit, &value, max_age));
        }
        Ok(cookies)
    }

    fn remove_tombstone(&self, stone: &Stone, cookies: &mut Vec<Cookie<'static>>) {
        if let Some(name) = self.accepted.name(stone.name) {
            cookies.extend(name.cookie.remove_tombstone(stone.limit));
        }
    }
}

/// Seconds during which a late response may still arrive.
const AFTERLIFE: u64 = 10 * 60;
