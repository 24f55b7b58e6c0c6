//! How long sessions live: as configured, or as one sign-in asks for.

use std::time::Duration;

use crate::error::ConfigError;

/// How long one session lives, and whether browsers keep its cookie when they are closed.
///
/// For [`Session::renew_with`](crate::Session::renew_with): "remember me" for one sign-in.
///
/// ```
/// use std::time::Duration;
///
/// use sealed_session::Lifetime;
///
/// let hour = Duration::from_secs(60 * 60);
/// // Ends after two weeks, or after 30 hours without use, whatever the configured idle timeout.
/// let remembered = Lifetime::persistent(24 * 14 * hour).idle(30 * hour);
/// // Ends with the browser, and after 8 hours at the latest.
/// let at_work = Lifetime::browser_session(8 * hour);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    pub(crate) duration: Duration,
    pub(crate) persistent: bool,
    pub(crate) idle: Idle,
}

/// The idle timeout of one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idle {
    Configured,
    /// The sign-in's own: this one, or none.
    Own(Option<Duration>),
}

impl Lifetime {
    /// A session that ends `duration` after the sign-in, in whole seconds. The cookie carries
    /// `Max-Age`.
    pub const fn persistent(duration: Duration) -> Self {
        Self { duration, persistent: true, idle: Idle::Configured }
    }

    /// A session that ends when the browser is closed, and at the latest `duration` after the
    /// sign-in, in whole seconds. The cookie carries no `Max-Age`.
    pub const fn browser_session(duration: Duration) -> Self {
        Self { duration, persistent: false, idle: Idle::Configured }
    }

    /// Sets an idle timeout that replaces the [configured one](crate::Builder::idle_timeout), in
    /// whole seconds. It may be longer or shorter than that, but not longer than this lifetime.
    ///
    /// It is sealed into the value. If you later lower the configured idle timeout, this session
    /// keeps its own. A lowered absolute timeout still ends it, and so does a revocation.
    #[must_use]
    pub const fn idle(mut self, timeout: Duration) -> Self {
        self.idle = Idle::Own(Some(timeout));
        self
    }

    /// Sets that there is no idle timeout, whatever is [configured](crate::Builder::idle_timeout).
    #[must_use]
    pub const fn without_idle(mut self) -> Self {
        self.idle = Idle::Own(None);
        self
    }
}

/// The limits of new sessions, in seconds. They apply in addition to the sealed ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) absolute: u32,
    pub(crate) idle: Option<u32>,
    pub(crate) persistent: bool,
    /// The idle timeout is that of one sign-in, not the configured one.
    pub(crate) own_idle: bool,
}

impl Timeouts {
    /// The limits of one sign-in.
    pub(crate) fn of(self, lifetime: Lifetime) -> Result<Self, ConfigError> {
        let asked = lifetime.duration.as_secs();
        if asked > u64::from(self.absolute) {
            return Err(ConfigError::Lifetime { asked, configured: self.absolute });
        }
        let absolute = whole_seconds(lifetime.duration, "a lifetime", self.absolute)?;
        let persistent = lifetime.persistent;
        let Idle::Own(idle) = lifetime.idle else {
            return Ok(Self { absolute, persistent, ..self });
        };
        let idle = idle
            .map(|idle| {
                idle_seconds(idle, "the idle timeout of a lifetime", absolute, "the lifetime")
            })
            .transpose()?;
        Ok(Self { absolute, persistent, idle, own_idle: true })
    }
}

/// Checks an idle timeout, beside what ends the session anyway.
pub(crate) fn idle_seconds(
    idle: Duration,
    what: &'static str,
    limit: u32,
    end: &'static str,
) -> Result<u32, ConfigError> {
    let idle = whole_seconds(idle, what, MAX_TIMEOUT)?;
    if idle > limit {
        return Err(ConfigError::IdleTimeout { what, idle, end, limit });
    }
    Ok(idle)
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

/// The format has 32 bits, and the greatest number means that there is no idle timeout.
pub(crate) const MAX_TIMEOUT: u32 = u32::MAX - 1;
