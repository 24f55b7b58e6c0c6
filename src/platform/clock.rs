//! Times as the format has them: whole seconds since 1970.

use std::time::Duration;

use time::OffsetDateTime;

/// What the machine's clock says.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What the machine's clock said, as it said it: a middleware reads it for each request, and most
/// requests need no time.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
#[derive(Clone, Copy)]
pub(crate) struct Reading(Native);

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
impl Reading {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(read())
    }

    pub(crate) fn moment(self) -> Moment {
        Moment(Source::Clock(since_1970(self.0)))
    }
}

/// A time that the caller gave, or that the machine's clock said. To make a date of what the clock
/// said costs more than to read it, and few steps need a date.
#[derive(Clone, Copy)]
pub(crate) struct Moment(Source);

#[derive(Clone, Copy)]
enum Source {
    Caller(OffsetDateTime),
    /// Since 1970.
    Clock(Duration),
}

impl Moment {
    /// What the machine's clock says. If it is set to a time before 1970, it says 1970.
    #[inline]
    pub(crate) fn now() -> Self {
        Self(Source::Clock(since_1970(read())))
    }

    pub(crate) fn time(self) -> OffsetDateTime {
        match self.0 {
            Source::Caller(time) => time,
            Source::Clock(since) => {
                let since = time::Duration::try_from(since).unwrap_or(time::Duration::MAX);
                OffsetDateTime::UNIX_EPOCH.saturating_add(since)
            }
        }
    }

    /// [`unix_seconds`] of it.
    #[inline]
    pub(crate) fn seconds(self) -> u64 {
        match self.0 {
            Source::Caller(time) => unix_seconds(time),
            Source::Clock(since) => since.as_secs(),
        }
    }

    /// It again, if the caller gave it.
    #[inline]
    pub(crate) fn given(self) -> Option<Self> {
        matches!(self.0, Source::Caller(_)).then_some(self)
    }
}

impl From<OffsetDateTime> for Moment {
    #[inline]
    fn from(time: OffsetDateTime) -> Self {
        Self(Source::Caller(time))
    }
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
type Native = OffsetDateTime;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
type Native = std::time::SystemTime;

#[inline]
fn read() -> Native {
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    return now();
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    Native::now()
}

#[inline]
fn since_1970(said: Native) -> Duration {
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    return Duration::try_from(said - Native::UNIX_EPOCH).unwrap_or_default();
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    said.duration_since(Native::UNIX_EPOCH).unwrap_or_default()
}

/// Whole seconds since 1970; an earlier time counts as 1970.
#[inline]
pub(crate) fn unix_seconds(time: OffsetDateTime) -> u64 {
    u64::try_from(time.unix_timestamp()).unwrap_or(0)
}

/// The time of a number of Unix seconds, at most [`MAX_TIME`].
pub(crate) fn date_time(seconds: u64) -> OffsetDateTime {
    i64::try_from(seconds.min(MAX_TIME))
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .expect("`time` knows every four-digit year")
}

/// 9999-12-31T23:59:59Z, the last second of a four-digit year.
pub(crate) const MAX_TIME: u64 = 253_402_300_799;
