//! When each key of a ring seals, and when no live session can be under it.

use std::time::Duration;

use clap::Args;
use sealed_session::{KeyEntry, KeyRing};
use time::OffsetDateTime;

use crate::clock;

/// How long a session can live, as the application has configured it. Tokens live as long, so an
/// idle timeout lets no key go sooner.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Timeout {
    /// The application's absolute timeout; if the ring has one too, the longer counts. It is not
    /// written into the ring, except by `rotate --create`
    #[arg(
        long,
        value_name = "DURATION",
        env = "SEALED_SESSION_ABSOLUTE_TIMEOUT",
        value_parser = clock::parse_duration
    )]
    absolute_timeout: Option<Duration>,
}

impl Timeout {
    /// The longest that a value stays live after it was sealed, if anybody says.
    pub(crate) fn of(self, ring: &KeyRing) -> Option<Duration> {
        self.absolute_timeout.max(ring.absolute_timeout())
    }

    /// What the command line says.
    pub(crate) fn given(self) -> Option<Duration> {
        self.absolute_timeout
    }
}

/// What a key does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Accepted, and yet to seal.
    Pending,
    /// Accepted, and will never seal: a key in front of it begins before it would.
    PassedOver,
    Sealing,
    /// Accepted, and no longer the one that seals.
    Accepting,
    /// Its `not_after` has passed.
    Retired,
}

impl State {
    pub(crate) fn of(ring: &KeyRing, entry: &KeyEntry, now: OffsetDateTime) -> Self {
        if has_begun(entry.ends_at(), now) {
            Self::Retired
        } else if ring.sealing_key_id(now) == Some(entry.id()) {
            Self::Sealing
        } else if let Some(start) = entry.starts_at().filter(|start| now < *start) {
            match will_seal(ring, entry, start) {
                true => Self::Pending,
                false => Self::PassedOver,
            }
        } else {
            Self::Accepting
        }
    }

    pub(crate) fn of_position(
        ring: &KeyRing,
        position: usize,
        now: OffsetDateTime,
    ) -> Option<Self> {
        ring.entries().get(position).map(|entry| Self::of(ring, entry, now))
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PassedOver => "passed_over",
            Self::Sealing => "sealing",
            Self::Accepting => "accepting",
            Self::Retired => "retired",
        }
    }
}

/// When a key seals for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastSeal {
    /// No later than this.
    By(OffsetDateTime),
    /// A newer key took over, and the ring does not say when.
    Unknown,
    /// As far as the ring says, never.
    Never,
}

impl LastSeal {
    /// Of the entry at `position`, from the times of it and of those in front of it.
    pub(crate) fn of(ring: &KeyRing, position: usize) -> Self {
        let mut newer = ring.entries().iter().take(position.saturating_add(1));
        let Some(entry) = newer.next_back() else { return Self::Unknown };
        let newer: Vec<_> = newer.collect();

        // Between two of these times nothing changes.
        let bounds = newer.iter().copied().chain([entry]);
        let mut bounds: Vec<_> =
            bounds.flat_map(|entry| [entry.starts_at(), entry.ends_at()]).flatten().collect();
        bounds.sort_unstable();
        let starts = std::iter::once(None).chain(bounds.iter().copied().map(Some));
        let ends = bounds.iter().copied().map(Some).chain([None]);
        let seals = |at| is_active(entry, at) && !newer.iter().any(|newer| is_active(newer, at));
        let last = starts
            .zip(ends)
            .filter(|(start, end)| (start.is_none() || start != end) && seals(*start));
        match last.last() {
            Some((_, Some(end))) => Self::By(end),
            Some((_, None)) => Self::Never,
            // It is in a newer one's shadow all the time; the nearest with a start ended its turn.
            None => newer
                .iter()
                .rev()
                .filter(|newer| newer.ends_at().is_none())
                .find_map(|newer| newer.starts_at())
                .map_or(Self::Unknown, |start| {
                    Self::By(entry.starts_at().unwrap_or(start).max(start))
                }),
        }
    }
}

/// Since when, or from when on, a key can be taken out of the ring without ending a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// Nothing that it sealed is accepted, or can be live.
    SafeNow,
    /// Yet to seal: taking it out calls the rotation off, if every machine learns it before this.
    SafeUntil(OffsetDateTime),
    SafeFrom(OffsetDateTime),
    /// It seals, or will again.
    InUse,
    /// No newer key says when it began to seal.
    Unknown,
    /// Nobody says how long sessions live.
    UnknownTimeout,
}

impl Removal {
    pub(crate) fn of(
        ring: &KeyRing,
        position: usize,
        timeout: Option<Duration>,
        now: OffsetDateTime,
    ) -> Self {
        let Some(entry) = ring.entries().get(position) else { return Self::Unknown };
        match State::of(ring, entry, now) {
            State::Retired => return Self::SafeNow,
            State::Sealing => return Self::InUse,
            State::Pending | State::PassedOver => {
                let last_call = entry.starts_at().map(|start| start.saturating_sub(CLOCKS));
                return match last_call {
                    Some(last_call) if now < last_call => Self::SafeUntil(last_call),
                    _ => Self::InUse,
                };
            }
            State::Accepting => {}
        }
        match LastSeal::of(ring, position) {
            LastSeal::Never => Self::InUse,
            LastSeal::Unknown => entry.ends_at().map_or(Self::Unknown, Self::SafeFrom),
            LastSeal::By(last) => {
                let Some(timeout) = timeout else {
                    return entry.ends_at().map_or(Self::UnknownTimeout, Self::SafeFrom);
                };
                let expired = after(last, timeout).saturating_add(CLOCKS);
                let from = entry.ends_at().map_or(expired, |end| end.min(expired));
                match now < from {
                    true => Self::SafeFrom(from),
                    false => Self::SafeNow,
                }
            }
        }
    }
}

/// Whether a key seals at its start or later.
fn will_seal(ring: &KeyRing, entry: &KeyEntry, start: OffsetDateTime) -> bool {
    // Between two of these times nothing changes.
    let bounds = ring.entries().iter().flat_map(|entry| [entry.starts_at(), entry.ends_at()]);
    let mut bounds = bounds.flatten().filter(|time| start <= *time);
    bounds.any(|time| ring.sealing_key_id(time) == Some(entry.id()))
}

/// The time so much later, or the last one there is.
pub(crate) fn after(time: OffsetDateTime, duration: Duration) -> OffsetDateTime {
    time.saturating_add(time::Duration::try_from(duration).unwrap_or(time::Duration::MAX))
}

/// Whether an entry is active at a time, `None` being before all times.
fn is_active(entry: &KeyEntry, at: Option<OffsetDateTime>) -> bool {
    match at {
        Some(at) => {
            !has_begun(entry.ends_at(), at) && entry.starts_at().is_none_or(|start| start <= at)
        }
        None => entry.starts_at().is_none(),
    }
}

fn has_begun(time: Option<OffsetDateTime>, now: OffsetDateTime) -> bool {
    time.is_some_and(|time| time <= now)
}

/// Two machines' clocks may each be off by as much as the library tolerates, 60 s.
pub(crate) const CLOCKS: time::Duration = time::Duration::seconds(120);
