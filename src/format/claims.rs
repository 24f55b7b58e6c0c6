//! What is sealed beside the data: id, times and kind of cookie. Also how a time judges it.

use super::{
    lifetime::Timeouts,
    lineage::{Descent, Lineage},
    session_id::SessionId,
};
use crate::{
    error::{SealError, UnsealError},
    platform::random::{RandomSource, random},
};

/// The claims of a sealed session. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) persistent: bool,
    /// If false, `created_at` is when the session was taken over from another library.
    pub(crate) creation_known: bool,
    pub(crate) bond: Bond,
    /// `idle` was chosen for this session, and the configured idle timeout does not apply.
    pub(crate) own_idle: bool,
    pub(crate) created_at: u64,
    pub(crate) issued_at: u64,
    pub(crate) lifetime: u32,
    pub(crate) idle: Option<u32>,
    /// When the user last proved who they are.
    pub(crate) authenticated_at: u64,
    pub(crate) descent: Descent,
    pub(crate) id: SessionId,
    /// The position of the list of revocations when the user signed in.
    pub(crate) seen: u64,
}

/// Whether a session needs a proof of the device that it began on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    None,
    /// Not yet: it is accepted without a proof for a short time.
    Awaited,
    Bound,
}

/// Whether a request proves that it comes from the device of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    Unproven,
    Proven,
}

impl Claims {
    /// The claims of a session that begins `now`, with these limits. Without a descent, a lineage
    /// begins with it.
    pub(crate) fn begin(
        now: u64,
        timeouts: &Timeouts,
        descent: Option<Descent>,
    ) -> Result<Self, RandomSource> {
        // Drawn at once: a call of the operating system costs more than the bytes that it fills.
        let drawn: [u8; 20] = random()?;
        let (lineage, id) = drawn.split_first_chunk().expect("20 bytes begin with 4");
        Ok(Self {
            persistent: timeouts.persistent,
            creation_known: true,
            bond: Bond::None,
            own_idle: timeouts.own_idle,
            created_at: now,
            issued_at: now,
            lifetime: timeouts.absolute,
            idle: timeouts.idle,
            authenticated_at: now,
            descent: descent.unwrap_or_else(|| Descent::first(Lineage::from_bytes(*lineage))),
            id: SessionId::from_bytes(id.try_into().expect("16 bytes follow")),
            seen: 0,
        })
    }

    /// When the session began or was last renewed. `None` if it is unknown.
    #[inline]
    pub(crate) fn known_creation(&self) -> Option<u64> {
        self.creation_known.then_some(self.created_at)
    }

    /// When the user last proved their identity. `None` if it is unknown.
    pub(crate) fn known_authentication(&self) -> Option<u64> {
        let known = self.creation_known || self.authenticated_at > self.created_at;
        known.then_some(self.authenticated_at)
    }

    /// Judges an authentic session by its times; `now < limit` is live, `now == limit` is not.
    #[inline]
    pub(crate) fn judge(&self, now: u64, timeouts: &Timeouts) -> Result<(), UnsealError> {
        if self.issued_at > now.saturating_add(CLOCK_TOLERANCE) {
            return Err(UnsealError::IssuedInFuture);
        }
        if now >= self.ends_at(timeouts) {
            return Err(UnsealError::Expired);
        }
        if self.idles_out_at(timeouts).is_some_and(|end| now >= end) {
            return Err(UnsealError::Idle);
        }
        Ok(())
    }

    /// Judges whether a session may be used where its device is proved, or is not. It comes last:
    /// what has ended for another reason is not to wait for its device.
    #[inline]
    pub(crate) fn judge_bond(&self, now: u64, device: Device) -> Result<(), UnsealError> {
        match (self.bond, device) {
            (Bond::None, _) | (_, Device::Proven) => Ok(()),
            (Bond::Awaited, _) if now < self.authenticated_at.saturating_add(AWAITED_FOR) => Ok(()),
            _ => Err(UnsealError::Bound),
        }
    }

    /// Whether the session may travel in a header, where nothing proves a device.
    #[inline]
    pub(crate) fn fits_a_token(&self) -> bool {
        self.bond == Bond::None
    }

    /// Whether the device of a session was proven that is live.
    pub(crate) fn device(&self) -> Device {
        match self.bond {
            Bond::Bound => Device::Proven,
            Bond::None | Bond::Awaited => Device::Unproven,
        }
    }

    /// Binds the session to its device if that is proved. Returns whether it was not bound before.
    #[inline]
    pub(crate) fn bind(&mut self, device: Device) -> bool {
        let is_due = device == Device::Proven && self.bond != Bond::Bound;
        if is_due {
            self.bond = Bond::Bound;
        }
        is_due
    }

    /// The claims of the next value of this session, sealed at `now`. Sealing revives nothing.
    #[inline]
    pub(crate) fn reissue(&self, now: u64, timeouts: &Timeouts) -> Result<Self, SealError> {
        if now >= self.expires_at(timeouts) {
            return Err(SealError::Expired);
        }
        // Machines' clocks differ: a value sealed later must not look older.
        let issued_at = now.max(self.issued_at).max(self.created_at);
        Ok(Self { issued_at, ..*self })
    }

    /// When the session ends if it is not used before.
    #[inline]
    pub(crate) fn expires_at(&self, timeouts: &Timeouts) -> u64 {
        let end = self.ends_at(timeouts);
        self.idles_out_at(timeouts).map_or(end, |idle| idle.min(end))
    }

    /// Whether sealing at `now` would let the session live longer than it does.
    #[inline]
    pub(crate) fn slides(&self, timeouts: &Timeouts) -> bool {
        self.idles_out_at(timeouts).is_some_and(|idle| idle < self.ends_at(timeouts))
    }

    /// Whether half of the idle timeout has passed since the value was sealed.
    pub(crate) fn is_half_idle(&self, now: u64, timeouts: &Timeouts) -> bool {
        self.idle(timeouts)
            .is_some_and(|idle| now.saturating_sub(self.issued_at) >= u64::from(idle.div_ceil(2)))
    }

    /// Whether the value is old enough to be sealed again without a write:
    /// rarely, because such a response races with those of parallel requests.
    #[inline]
    pub(crate) fn is_renewal_due(&self, now: u64, timeouts: &Timeouts) -> bool {
        let interval = match self.idle(timeouts).map(u64::from) {
            // Half of a very short idle timeout is the latest, or it could never slide.
            Some(idle) => (idle / 8).clamp(MIN_RENEWAL, MAX_RENEWAL).min(idle / 2),
            None => MAX_RENEWAL,
        };
        now.saturating_sub(self.issued_at) >= interval
    }

    /// Whether browsers drop the cookie before the session ends, and soon enough to set it again.
    #[inline]
    pub(crate) fn is_cookie_aging(&self, now: u64, timeouts: &Timeouts) -> bool {
        self.persistent
            && self.ends_at(timeouts).saturating_sub(self.issued_at) > MAX_AGE_LIMIT
            && now.saturating_sub(self.issued_at) >= MAX_AGE_LIMIT / 8
    }

    /// The idle timeout that applies: the session's own one, or else the shorter of the sealed and
    /// the configured one.
    #[inline]
    pub(crate) fn idle(&self, timeouts: &Timeouts) -> Option<u32> {
        match (self.idle, timeouts.idle) {
            (sealed, _) if self.own_idle => sealed,
            (Some(sealed), Some(configured)) => Some(sealed.min(configured)),
            (sealed, configured) => sealed.or(configured),
        }
    }

    #[inline]
    pub(crate) fn ends_at(&self, timeouts: &Timeouts) -> u64 {
        self.created_at.saturating_add(self.lifetime.min(timeouts.absolute).into())
    }

    #[inline]
    fn idles_out_at(&self, timeouts: &Timeouts) -> Option<u64> {
        self.idle(timeouts).map(|idle| self.issued_at.saturating_add(idle.into()))
    }
}

/// How much another machine's clock may be ahead of ours.
pub(crate) const CLOCK_TOLERANCE: u64 = 60;
/// 400 days, the longest that browsers keep a cookie (RFC 6265bis section 5.5).
pub(crate) const MAX_AGE_LIMIT: u64 = 400 * 24 * 60 * 60;

/// How long after the sign-in a session that awaits its bond is accepted without one, in seconds.
const AWAITED_FOR: u64 = 5 * 60;
const MIN_RENEWAL: u64 = 60;
const MAX_RENEWAL: u64 = 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::lineage::MAX_GENERATION;

    const TIMEOUTS: Timeouts =
        Timeouts { absolute: 60, idle: None, persistent: true, own_idle: false };

    #[test]
    fn sessions_that_begin_differ_in_lineage_and_in_both_halves_of_their_id() {
        let [one, other] = [(); 2].map(|()| Claims::begin(1, &TIMEOUTS, None).unwrap());
        assert_ne!(one.descent.lineage, other.descent.lineage, "one of 2^32 runs may fail here");
        assert_ne!(one.id.family(), other.id.family());
        assert_ne!(one.id.as_bytes()[8..], other.id.as_bytes()[8..]);
    }

    #[test]
    fn a_lineage_is_kept_until_its_generations_run_out() {
        let before = Descent { lineage: Lineage(7), generation: MAX_GENERATION - 1 };
        let last = Claims::begin(1, &TIMEOUTS, before.next()).unwrap().descent;
        assert_eq!(last, Descent { generation: MAX_GENERATION, ..before });
        let next = Claims::begin(1, &TIMEOUTS, last.next()).unwrap().descent;
        assert_eq!(next.generation, 0);
        assert_ne!(next.lineage, last.lineage, "one of 2^32 runs may fail here");
    }
}
