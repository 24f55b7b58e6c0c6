//! The list in memory, and how a session is held against it.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicU64, AtomicUsize,
            Ordering::{Acquire, Release},
        },
    },
    time::Duration,
};

use time::OffsetDateTime;

use super::{
    freshness::Freshness,
    log::{Log, Seconds},
    position::Position,
    subject::{Subject, Target},
    tables::{Tables, number_of, position_in},
};
use crate::{error::RevokeError, format::session_id::Family, platform::stopwatch::Stopwatch};

/// What all handles of a list share.
///
/// Readers take no lock. A writer puts an entry where they find it, and then says that there is one.
pub(super) struct List {
    tables: Tables,
    /// The greatest position that was heard of: every revocation from now on gets a greater one.
    position: AtomicU64,
    /// The greatest position of a subject's entry. Sessions that have seen it need not be looked up.
    newest: AtomicU64,
    families: AtomicUsize,
    writer: Mutex<Writer>,
    retention: Duration,
    pub(super) stopwatch: Stopwatch,
    pub(super) freshness: Freshness,
}

struct Writer {
    live: usize,
    log: Log,
    /// Entries up to here may have been forgotten.
    horizon: Position,
}

impl List {
    pub(super) fn new(retention: Duration, position: Position, freshness: Freshness) -> Self {
        Self {
            tables: Tables::new(),
            position: AtomicU64::new(position.get()),
            newest: AtomicU64::new(0),
            families: AtomicUsize::new(0),
            writer: Mutex::new(Writer {
                live: 0,
                log: Log::default(),
                horizon: Position::default(),
            }),
            retention,
            stopwatch: Stopwatch::start(),
            freshness,
        }
    }

    /// Whether a session that has seen so much is refused. `subject` is asked only where it matters.
    #[inline]
    pub(super) fn refuses<'a>(
        &self,
        family: Option<Family>,
        seen: u64,
        subject: impl FnOnce() -> Option<Subject<'a>>,
    ) -> bool {
        let has_families = self.families.load(Acquire) != 0;
        let is_behind = seen < self.newest.load(Acquire);
        if !has_families && !is_behind {
            return false;
        }
        let is_revoked = |family| self.tables.get(Target::Family(family)) != 0;
        family.filter(|_| has_families).is_some_and(is_revoked)
            || is_behind
                && subject()
                    .is_some_and(|name| self.tables.get(Target::Subject(name.as_bytes())) > seen)
    }

    /// The position of an entry, 0 where there is none.
    pub(super) fn known(&self, target: Target<'_>) -> Position {
        position_in(self.tables.get(target))
    }

    pub(super) fn hash(&self, target: Target<'_>) -> u64 {
        self.tables.hash(target)
    }

    #[inline]
    pub(super) fn position(&self) -> Position {
        Position::new(self.position.load(Acquire)).unwrap_or(Position::MAX)
    }

    /// Notes a position that another machine, or the engine, told of.
    pub(super) fn hear(&self, position: Position) {
        self.position.fetch_max(position.get(), Release);
    }

    /// Notes what a session has seen. Normally it is less: a greater position was given out, and is
    /// not heard of here yet, or was lost together with everything else that knew it. The next
    /// revocation must be above it, or it would not be one to this session.
    #[inline]
    pub(super) fn hear_of_session(&self, seen: u64) {
        if seen > self.position.load(Acquire)
            && let Some(seen) = Position::new(seen).filter(|seen| seen.is_sensible())
        {
            self.hear(seen);
        }
    }

    /// Adds a revocation for which this list alone gives out positions, above `floor`.
    pub(super) fn add(&self, target: Target<'_>, floor: Position) -> Result<Position, RevokeError> {
        let mut writer = self.writer();
        let position = self.position().max(floor).next().ok_or(RevokeError::Exhausted)?;
        let now = self.stopwatch.seconds();
        self.insert_into(&mut writer, target, position, now);
        self.forget_from(&mut writer, now);
        self.hear(position);
        Ok(position)
    }

    /// Adds what was revoked elsewhere, so many seconds ago.
    pub(super) fn insert(&self, target: Target<'_>, position: Position, age: u64) {
        let age = Seconds::try_from(age).unwrap_or(Seconds::MAX);
        let at = self.stopwatch.seconds().saturating_sub(age);
        self.insert_into(&mut self.writer(), target, position, at);
    }

    fn insert_into(
        &self,
        writer: &mut Writer,
        target: Target<'_>,
        position: Position,
        at: Seconds,
    ) {
        let number = number_of(target, position);
        let before = self.tables.get(target);
        if before >= number {
            return;
        }
        self.tables.put(target, number);
        if before == 0 {
            writer.live = writer.live.saturating_add(1);
        }
        let span = Seconds::try_from(self.retention.as_secs() / 64).unwrap_or(Seconds::MAX);
        writer.log.push(target, position, at, span);
        if writer.log.count() > writer.live.saturating_mul(2).saturating_add(SUPERSEDED) {
            let look = self.tables.look();
            writer.log.retain(|target, position| look.is_current(target, position));
        }
        match target {
            Target::Subject(_) => _ = self.newest.fetch_max(position.get(), Release),
            Target::Family(_) if before == 0 => _ = self.families.fetch_add(1, Release),
            Target::Family(_) => {}
        }
    }

    /// Drops the entries of which no session can be live. Says up to which position nobody needs
    /// any, where that has changed.
    pub(super) fn forget(&self) -> Option<Position> {
        let mut writer = self.writer();
        let before = writer.horizon;
        self.forget_from(&mut writer, self.stopwatch.seconds());
        if writer.horizon == before {
            return None;
        }
        let live = writer.log.entries().map(|(_, position)| position.before());
        live.chain([writer.horizon]).min()
    }

    fn forget_from(&self, writer: &mut Writer, now: Seconds) {
        let kept = Seconds::try_from(self.retention.as_secs()).unwrap_or(Seconds::MAX);
        let limit = now.saturating_sub(kept).saturating_sub(MARGIN);
        let Writer { live, log, horizon } = writer;
        log.forget_before(limit, |target, position| {
            // Not where the same was revoked again since.
            if self.tables.look().is_current(target, position) {
                self.tables.put(target, 0);
                *live = live.saturating_sub(1);
                *horizon = position.max(*horizon);
                if matches!(target, Target::Family(_)) {
                    self.families.fetch_sub(1, Release);
                }
            }
        });
        if self.tables.used() > live.saturating_mul(4).saturating_add(SUPERSEDED) {
            self.tables.rebuild();
        }
    }

    /// Up to which position entries may have been forgotten, here or before this machine came.
    pub(super) fn horizon(&self) -> Position {
        self.writer().horizon
    }

    pub(super) fn raise_horizon(&self, position: Position) {
        let mut writer = self.writer();
        writer.horizon = writer.horizon.max(position);
    }

    /// Hands out what is in the list, up to a position.
    pub(super) fn entries(&self, up_to: Position, mut entry: impl FnMut(Target<'_>, Position)) {
        let writer = self.writer();
        let look = self.tables.look();
        for (target, position) in writer.log.entries() {
            if position <= up_to && look.is_current(target, position) {
                entry(target, position);
            }
        }
    }

    pub(super) fn retention(&self) -> Duration {
        self.retention
    }

    pub(super) fn count(&self) -> usize {
        self.writer().live
    }

    pub(super) fn bytes(&self) -> usize {
        self.writer().log.bytes().saturating_add(self.tables.bytes())
    }

    /// How long ago an entry was made, at most, if the newest of all has this position.
    pub(super) fn age(position: Position, newest: Position, now: OffsetDateTime) -> u64 {
        // By this machine's clock, or by the entries themselves: a clock that is far ahead would forget them all.
        position.age_at(now).min(newest.seconds_after(position))
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // Nothing of the application's runs while it is held.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Entries that are superseded, or slots that are free again, before anything is done about them.
const SUPERSEDED: usize = 4096;
/// Seconds by which machines' clocks may differ about when a session ends.
const MARGIN: Seconds = 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocations::freshness::Policy;

    const RETENTION: u64 = 1000;
    const OLD: u64 = RETENTION + MARGIN.unsigned_abs() + 100;

    fn list() -> List {
        let policy = Policy { is_alone: true, serve_unread: true, refuse_after: None };
        List::new(Duration::from_secs(RETENTION), Position::default(), Freshness::new(policy))
    }

    fn position(number: u64) -> Position {
        Position::new(number).unwrap()
    }

    fn refuses(list: &List, name: &str) -> bool {
        list.refuses(None, 0, || Some(Subject::from(name)))
    }

    #[test]
    fn forgets_what_is_too_old_and_keeps_what_was_revoked_again() {
        let list = list();
        let family = Family::from_bytes(*b"a family");
        let other = Family::from_bytes(*b"another.");
        list.insert(Target::Subject(b"old"), position(1), OLD);
        list.insert(Target::Subject(b"again"), position(2), OLD);
        list.insert(Target::Family(family), position(3), OLD);
        list.insert(Target::Family(other), position(4), OLD);
        list.insert(Target::Subject(b"again"), position(5), 0);
        list.insert(Target::Family(other), position(6), 0);
        list.insert(Target::Subject(b"young"), position(7), RETENTION);
        assert_eq!(list.count(), 5);
        assert!(refuses(&list, "old") && list.refuses(Some(family), u64::MAX, || None));

        assert_eq!(list.forget(), Some(position(3)));
        assert_eq!(list.count(), 3);
        assert!(!refuses(&list, "old") && !list.refuses(Some(family), 0, || None));
        assert!(refuses(&list, "again") && refuses(&list, "young"));
        assert!(list.refuses(Some(other), u64::MAX, || None));
        assert_eq!(list.forget(), None, "nothing more");
        assert_eq!(list.families.load(Acquire), 1, "or each session's would be looked up for ever");
        // What is forgotten can be revoked again.
        list.insert(Target::Subject(b"old"), position(8), 0);
        assert!(refuses(&list, "old"));
    }

    #[test]
    fn subject_is_asked_only_of_sessions_that_have_not_seen_the_newest_entry() {
        let list = list();
        list.insert(Target::Subject(b"ada"), position(5), 0);
        list.insert(Target::Family(Family::from_bytes(*b"a family")), position(9), 0);
        for (seen, is_asked) in [(4, true), (5, false), (6, false)] {
            let mut was_asked = false;
            assert!(!list.refuses(None, seen, || {
                was_asked = true;
                None
            }));
            assert_eq!(was_asked, is_asked, "{seen}");
        }
    }

    #[test]
    fn entries_are_kept_an_hour_longer_than_sessions_live_and_hardly_longer() {
        let list = list();
        let limit = RETENTION + 3600;
        list.insert(Target::Subject(b"old"), position(1), limit + 10);
        list.insert(Target::Subject(b"young"), position(2), limit - 10);
        list.forget();
        assert!(!refuses(&list, "old") && refuses(&list, "young"));
    }

    #[test]
    fn what_was_superseded_takes_no_memory_after_others_were_forgotten() {
        let list = list();
        let users = 5000_u64;
        for number in 1..=users {
            list.insert(Target::Subject(&number.to_be_bytes()), position(number), OLD);
        }
        for number in 1..users {
            list.insert(Target::Subject(b"ada"), position(users + number), 0);
        }
        list.forget();
        list.insert(Target::Subject(b"ada"), position(3 * users), 0);
        assert_eq!((list.count(), list.writer().log.count()), (1, 1));
    }

    #[test]
    fn family_is_refused_at_every_position() {
        for number in [0, 1, Position::MAX.get()] {
            let (list, family) = (list(), Family::from_bytes(*b"a family"));
            list.insert(Target::Family(family), position(number), 0);
            assert!(list.refuses(Some(family), u64::MAX, || None), "{number}");
            assert_eq!(list.known(Target::Family(family)), position(number));
        }
    }

    #[test]
    fn nobody_drops_what_another_entry_of_ours_still_needs() {
        let list = list();
        list.insert(Target::Subject(b"put back late"), position(2), 0);
        list.insert(Target::Subject(b"old"), position(5), OLD);
        assert_eq!(list.forget(), Some(position(1)));
    }

    #[test]
    fn shrinks_when_much_was_forgotten() {
        let list = list();
        for number in 1..=100_000_u64 {
            list.insert(Target::Subject(&number.to_be_bytes()), position(number), OLD);
        }
        let before = list.bytes();
        list.forget();
        assert!(list.count() == 0 && list.bytes() < before / 10, "{}", list.bytes());
    }

    #[test]
    fn older_position_does_not_replace_a_newer_one() {
        let list = list();
        list.insert(Target::Subject(b"ada"), position(9), 0);
        list.insert(Target::Subject(b"ada"), position(3), 0);
        assert_eq!(list.known(Target::Subject(b"ada")), position(9));
        assert!(list.refuses(None, 8, || Some(Subject::from("ada"))));
        assert!(!list.refuses(None, 9, || Some(Subject::from("ada"))));
    }

    #[test]
    fn age_is_the_lesser_by_the_clock_and_by_the_other_entries() {
        let second = 16_000;
        let now = OffsetDateTime::from_unix_timestamp(1_000_000).unwrap();
        let then = position((1_000_000 - 50) * second);
        let newest = position((1_000_000 - 20) * second);
        assert_eq!(List::age(then, newest, now), 30);
        // A clock that is a year ahead, or behind.
        assert_eq!(List::age(then, newest, now + Duration::from_secs(31_536_000)), 30);
        assert_eq!(List::age(then, newest, now - Duration::from_secs(40)), 10);
        assert_eq!(List::age(newest, then, now - Duration::from_secs(40)), 0);
    }
}
