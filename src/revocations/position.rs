//! The position of a revocation in the order of all revocations.

use std::fmt;

use time::OffsetDateTime;

use crate::platform::clock::unix_seconds;

/// The position of a revocation in the order of all revocations of a fleet. Each is greater than
/// those before it. It is not a time, so machines whose clocks differ agree on the order.
///
/// [`Revocations::revoke_all`](crate::Revocations::revoke_all) returns it. An application can store
/// it with the user's new password, and pass it to
/// [`Session::renew_after`](crate::Session::renew_after) at a later sign-in.
///
/// ```
/// use sealed_session::Position;
///
/// let position = Position::new(28_800_000_000_001).expect("less than 2^48");
/// assert_eq!(position.get(), 28_800_000_000_001);
/// assert!(Position::new(1 << 48).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

impl Position {
    /// The greatest position that a session can store.
    pub const MAX: Self = Self((1 << 48) - 1);

    /// Creates the position with this number, for example from a database. `None` if it needs more
    /// than 48 bits.
    pub const fn new(number: u64) -> Option<Self> {
        match number <= Self::MAX.0 {
            true => Some(Self(number)),
            false => None,
        }
    }

    /// The position as a number under 2^48.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this.
    pub(crate) fn next(self) -> Option<Self> {
        Self::new(self.0.saturating_add(1))
    }

    /// The one before this.
    pub(crate) fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Where to go on counting at `now`, if nobody remembers how far it had come: positions that are
    /// given out more slowly than 16 in a millisecond are below it. Time is a floor here and
    /// no more, so a clock that is wrong costs nothing but this.
    pub(crate) fn floor_at(now: OffsetDateTime) -> Self {
        let milliseconds =
            unix_seconds(now).saturating_mul(1000).saturating_add(u64::from(now.millisecond()));
        let floor = Self(milliseconds.saturating_mul(PER_MILLISECOND));
        if floor.is_sensible() { floor } else { Self(0) }
    }

    /// Whether going on from here leaves positions for the rest of time. A clock so far ahead, or a
    /// number that was made up, would not.
    pub(crate) fn is_sensible(self) -> bool {
        self.0 <= Self::MAX.0 / 2
    }

    /// How many seconds before `now` the position was given out, at most.
    pub(crate) fn age_at(self, now: OffsetDateTime) -> u64 {
        unix_seconds(now).saturating_sub(self.0 / PER_MILLISECOND / 1000)
    }

    /// By how many seconds this was given out later than `earlier`, at most.
    pub(crate) fn seconds_after(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / PER_MILLISECOND / 1000
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

const PER_MILLISECOND: u64 = 16;
