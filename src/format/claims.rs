//! What is sealed beside the data: id, times, kind of cookie; and how time judges it.

use std::{fmt, time::Duration};

use ctutils::CtEq as _;

use crate::{
    error::{ConfigError, SealError, UnsealError},
    platform::random::{RandomSource, random},
};

/// The id of a session: 128 random bits, the same until
/// [`renew`](crate::Session::renew) or [`regenerate_id`](crate::Session::regenerate_id).
///
/// It is sealed, so the visitor cannot see or choose it, and knowing it opens
/// nothing: it is fit for logs. `Display` writes 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    pub(crate) fn generate() -> Result<Self, RandomSource> {
        random().map(Self)
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Whether the ids are equal, in a time that does not tell where they differ.
    pub(crate) fn ct_eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).to_bool()
    }

    /// The id's 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// How long one session lives, and whether its cookie outlives the browser.
///
/// For [`Session::renew_with`](crate::Session::renew_with): "remember me" for one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    pub(crate) duration: Duration,
    pub(crate) persistent: bool,
}

impl Lifetime {
    /// Ends `duration` after the renewal, in whole seconds; the cookie carries `Max-Age`.
    pub const fn persistent(duration: Duration) -> Self {
        Self { duration, persistent: true }
    }

    /// Ends `duration` after the renewal at the latest, in whole seconds, and
    /// when the browser is closed: the cookie carries no `Max-Age`.
    pub const fn browser_session(duration: Duration) -> Self {
        Self { duration, persistent: false }
    }
}

/// The configured limits in seconds, which hold beside the sealed ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) absolute: u32,
    pub(crate) idle: Option<u32>,
    pub(crate) persistent: bool,
}

impl Timeouts {
    /// The limits of what lives as long as the session may, used or not.
    pub(crate) fn without_idle(&self) -> Self {
        Self { idle: None, ..*self }
    }
}

/// What a sealed session says of itself. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) persistent: bool,
    /// Otherwise `created_at` is when the session was taken over from another library.
    pub(crate) creation_known: bool,
    pub(crate) created_at: u64,
    pub(crate) issued_at: u64,
    pub(crate) lifetime: u32,
    pub(crate) idle: Option<u32>,
    pub(crate) id: SessionId,
}

impl Claims {
    /// Of a session that begins `now` and lives by the configured limits.
    pub(crate) fn begin(now: u64, timeouts: &Timeouts) -> Result<Self, RandomSource> {
        Ok(Self {
            persistent: timeouts.persistent,
            creation_known: true,
            created_at: now,
            issued_at: now,
            lifetime: timeouts.absolute,
            idle: timeouts.idle,
            id: SessionId::generate()?,
        })
    }

    /// Of a token for this session, which ends when the session's lifetime does.
    /// It does not idle out: a form may wait while the session is used elsewhere.
    pub(crate) fn of_csrf_token(&self) -> Self {
        Self { idle: None, ..*self }
    }

    /// Of the tombstone of this session, ended `now`: for `lifetime` seconds,
    /// or as long as the session itself could have lived. One that was taken over may
    /// be taken over again, so nobody knows its end.
    pub(crate) fn of_tombstone(&self, now: u64, lifetime: u32, timeouts: &Timeouts) -> Self {
        let left = match self.creation_known {
            true => self.ends_at(timeouts).saturating_sub(now),
            false => u64::MAX,
        };
        Self {
            persistent: true,
            creation_known: true,
            created_at: now,
            issued_at: now,
            lifetime: u32::try_from(left).map_or(lifetime, |left| left.min(lifetime)),
            idle: None,
            id: self.id,
        }
    }

    /// When the session began or was last renewed, `None` where nobody knows.
    #[inline]
    pub(crate) fn known_creation(&self) -> Option<u64> {
        self.creation_known.then_some(self.created_at)
    }

    /// Judges an authentic session; `now < limit` is live, `now == limit` is not.
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

    /// When the session ends unless it is used.
    #[inline]
    pub(crate) fn expires_at(&self, timeouts: &Timeouts) -> u64 {
        let end = self.ends_at(timeouts);
        self.idles_out_at(timeouts).map_or(end, |idle| idle.min(end))
    }

    /// Whether the value is old enough to be sealed again without a write:
    /// rarely, because such a response races with those of parallel requests.
    #[inline]
    pub(crate) fn is_renewal_due(&self, now: u64, timeouts: &Timeouts) -> bool {
        let interval = match self.idle(timeouts).map(u64::from) {
            // At the latest after half of a very short idle timeout, or it could never slide.
            Some(idle) => (idle / 8).clamp(MIN_RENEWAL, MAX_RENEWAL).min(idle / 2),
            None => MAX_RENEWAL,
        };
        now.saturating_sub(self.issued_at) >= interval
    }

    /// The idle timeout that holds: the sealed one or the configured one, whichever is shorter.
    #[inline]
    pub(crate) fn idle(&self, timeouts: &Timeouts) -> Option<u32> {
        match (self.idle, timeouts.idle) {
            (Some(sealed), Some(configured)) => Some(sealed.min(configured)),
            (sealed, configured) => sealed.or(configured),
        }
    }

    #[inline]
    fn ends_at(&self, timeouts: &Timeouts) -> u64 {
        self.created_at.saturating_add(self.lifetime.min(timeouts.absolute).into())
    }

    #[inline]
    fn idles_out_at(&self, timeouts: &Timeouts) -> Option<u64> {
        self.idle(timeouts).map(|idle| self.issued_at.saturating_add(idle.into()))
    }
}

/// Checks a duration that is to be sealed: whole seconds, at least one, at most `limit`.
pub(crate) fn whole_seconds(
    duration: Duration,
    what: &'static str,
    limit: u32,
) -> Result<u32, ConfigError> {
    u32::try_from(duration.as_secs())
        .ok()
        .filter(|seconds| (1..=limit).contains(seconds) && duration.subsec_nanos() == 0)
        .ok_or(ConfigError::Timeout { what, limit })
}

/// By how much another machine's clock may be ahead of ours.
pub(crate) const CLOCK_TOLERANCE: u64 = 60;

const MIN_RENEWAL: u64 = 60;
const MAX_RENEWAL: u64 = 60 * 60;
