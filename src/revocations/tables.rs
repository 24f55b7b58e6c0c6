//! The entries, for all readers at once: a table of subjects and one of families, behind a filter
//! that keeps almost all from looking.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::{filter::Filter, hash::Keys, position::Position, subject::Target, table::Table};
use crate::format::session_id::Family;

pub(super) struct Tables {
    keys: Keys,
    /// Each of what is in its table, and also of what was taken out of it since the filter was made.
    /// Apart, so that a short one stays in the processor's cache beside a long one.
    subject_filter: Filter,
    family_filter: Filter,
    pair: ArcSwap<Pair>,
}

#[derive(Clone)]
struct Pair {
    subjects: Arc<Table>,
    families: Arc<Table>,
}

/// The tables at one moment, for several looks.
pub(super) struct Look<'a>(&'a Tables, Guard<Arc<Pair>>);

impl Tables {
    pub(super) fn new() -> Self {
        let [subjects, families] = [(); 2].map(|()| Arc::new(Table::for_entries(0)));
        let pair = ArcSwap::from_pointee(Pair { subjects, families });
        let [subject_filter, family_filter] = [(); 2].map(|()| Filter::new());
        Self { keys: Keys::random(), subject_filter, family_filter, pair }
    }

    /// The number beside a target, 0 where it is not there.
    #[inline]
    pub(super) fn get(&self, target: Target<'_>) -> u64 {
        let hash = self.hash(target);
        match self.filter_of(target).may_have(hash) {
            true => self.find(target, hash),
            false => 0,
        }
    }

    #[inline(never)]
    fn find(&self, target: Target<'_>, hash: u64) -> u64 {
        self.pair.load().of(target).get(hash)
    }

    pub(super) fn look(&self) -> Look<'_> {
        Look(self, self.pair.load())
    }

    #[inline]
    pub(super) fn hash(&self, target: Target<'_>) -> u64 {
        // 0 stands for an empty slot.
        self.keys.hash(target).max(1)
    }

    /// Puts a number beside a target, 0 to take it out. There may be no other writer.
    pub(super) fn put(&self, target: Target<'_>, number: u64) {
        if self.pair.load().of(target).is_full() {
            self.rebuild_tables(&[target]);
        }
        let hash = self.hash(target);
        self.pair.load().of(target).put(hash, number);
        // After the table, so that who is let past finds it there.
        if number > 0 {
            let filter = self.filter_of(target);
            filter.add(hash);
            if filter.is_full() {
                self.refilter(target);
            }
        }
    }

    #[inline]
    fn filter_of(&self, target: Target<'_>) -> &Filter {
        match target {
            Target::Subject(_) => &self.subject_filter,
            Target::Family(_) => &self.family_filter,
        }
    }

    /// Lets the filter have what is in this target's table now.
    fn refilter(&self, target: Target<'_>) {
        let pair = self.pair.load();
        let table = pair.of(target);
        let hashes = table.entries().map(|(hash, _)| hash);
        self.filter_of(target).replace(table.entries().count(), hashes);
    }

    /// Slots that are taken, also by what was taken out.
    pub(super) fn used(&self) -> usize {
        let pair = self.pair.load();
        pair.subjects.used().saturating_add(pair.families.used())
    }

    /// Gives the memory of what was taken out free. There may be no other writer.
    pub(super) fn rebuild(&self) {
        let targets = [Target::Subject(&[]), Target::Family(Family::from_bytes([0; 8]))];
        self.rebuild_tables(&targets);
        for target in targets {
            self.refilter(target);
        }
    }

    /// Without what was taken out, the tables in which these targets are.
    fn rebuild_tables(&self, targets: &[Target<'_>]) {
        let mut pair = Pair::clone(&self.pair.load());
        for target in targets {
            let table = match target {
                Target::Subject(_) => &mut pair.subjects,
                Target::Family(_) => &mut pair.families,
            };
            *table = Arc::new(table.rebuilt());
        }
        self.pair.store(Arc::new(pair));
    }

    pub(super) fn bytes(&self) -> usize {
        let pair = self.pair.load();
        let tables = pair.subjects.bytes().saturating_add(pair.families.bytes());
        let filters = self.subject_filter.bytes().saturating_add(self.family_filter.bytes());
        tables.saturating_add(filters)
    }
}

impl Look<'_> {
    fn get(&self, target: Target<'_>) -> u64 {
        self.1.of(target).get(self.0.hash(target))
    }

    /// Whether this entry is the one that counts, and not a later one of its target.
    pub(super) fn is_current(&self, target: Target<'_>, position: Position) -> bool {
        self.get(target) == number_of(target, position)
    }
}

impl Pair {
    fn of(&self, target: Target<'_>) -> &Table {
        match target {
            Target::Subject(_) => &self.subjects,
            Target::Family(_) => &self.families,
        }
    }
}

/// What stands beside a target: for a family it is above everything that a session can have seen.
pub(super) fn number_of(target: Target<'_>, position: Position) -> u64 {
    match target {
        Target::Subject(_) => position.get(),
        Target::Family(_) => position.get() | FAMILY,
    }
}

/// The position in such a number.
pub(super) fn position_in(number: u64) -> Position {
    Position::new(number & !FAMILY).unwrap_or_default()
}

const FAMILY: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these numbers' subjects the filter lets past.
    fn passed(tables: &Tables, numbers: std::ops::Range<u64>) -> usize {
        let is_past = |number: &u64| {
            let name = number.to_be_bytes();
            let target = Target::Subject(&name);
            tables.filter_of(target).may_have(tables.hash(target))
        };
        numbers.filter(is_past).count()
    }

    #[test]
    fn filter_grows_with_the_table_and_forgets_with_it() {
        let tables = Tables::new();
        for number in 0..10_000_u64 {
            tables.put(Target::Subject(&number.to_be_bytes()), 1);
        }
        // A slot has sixteen bytes.
        assert!((160_000..1_600_000).contains(&tables.bytes()), "{}", tables.bytes());
        assert_eq!(passed(&tables, 0..10_000), 10_000);
        let others = passed(&tables, 10_000..20_000);
        assert!(others < 300, "{others} of 10,000");
        for number in 1..10_000_u64 {
            tables.put(Target::Subject(&number.to_be_bytes()), 0);
        }
        tables.rebuild();
        let gone = passed(&tables, 1..10_000);
        assert!(passed(&tables, 0..1) == 1 && gone < 100, "{gone} of 10,000");
    }
}
