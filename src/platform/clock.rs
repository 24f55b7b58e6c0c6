//! Times as the format has them: whole seconds since 1970.

use time::OffsetDateTime;

/// What the machine's clock says.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What the machine's clock said. To make a date of it costs more than to read it, and most
/// requests need none.
#[derive(Clone, Copy)]
pub(crate) struct Reading(Native);

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
type Native = OffsetDateTime;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
type Native = std::time::SystemTime;

impl Reading {
    #[inline]
    pub(crate) fn now() -> Self {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        return Self(now());
        #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
        Self(Native::now())
    }

    pub(crate) fn time(self) -> OffsetDateTime {
        self.0.into()
    }
}

/// Whole seconds since 1970; an earlier time counts as 1970.
#[inline]
pub(crate) fn unix_seconds(time: OffsetDateTime) -> u64 {
    u64::try_from(time.unix_timestamp()).unwrap_or(0)
}

/// A time, and its [`unix_seconds`], for where several steps need either.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) time: OffsetDateTime,
    pub(crate) seconds: u64,
}

impl From<OffsetDateTime> for Moment {
    #[inline]
    fn from(time: OffsetDateTime) -> Self {
        Self { time, seconds: unix_seconds(time) }
    }
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
