//! From a hash to a number, read by all threads at once without a lock and without waiting.
//!
//! ```text
//! slots: hash ‖ number, from the hash's place on to the first that is empty
//! ```
//!
//! One writer at a time adds; whoever holds the table is told of it in place. A full table is
//! replaced by a larger one.

use std::sync::atomic::{
    AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

pub(super) struct Table {
    slots: Box<[Slot]>,
    /// Slots that are taken. For the writer.
    used: AtomicUsize,
}

#[derive(Default)]
struct Slot {
    /// 0 where the slot is empty. Never changes once it is not.
    hash: AtomicU64,
    /// 0 where the entry was taken out.
    number: AtomicU64,
}

impl Table {
    /// A table for so many entries, of which it takes some more before it is full.
    pub(super) fn for_entries(entries: usize) -> Self {
        let slots = entries.saturating_mul(2).next_power_of_two().max(MIN_SLOTS);
        Self { slots: (0..slots).map(|_| Slot::default()).collect(), used: AtomicUsize::new(0) }
    }

    /// The number beside a hash, 0 where it is not there.
    pub(super) fn get(&self, hash: u64) -> u64 {
        self.find(hash.max(1)).map_or(0, |slot| slot.number.load(Acquire))
    }

    fn find(&self, hash: u64) -> Option<&Slot> {
        self.probe(hash).find_map(|slot| match slot.hash.load(Acquire) {
            0 => Some(None),
            other => (other == hash).then_some(Some(slot)),
        })?
    }

    /// The slots from the hash's own on, each once.
    fn probe(&self, hash: u64) -> impl Iterator<Item = &Slot> {
        let start = place(hash, self.slots.len());
        let (before, from) = self.slots.split_at_checked(start).unwrap_or_default();
        from.iter().chain(before)
    }

    /// Puts a number beside a hash. The table must not be [full](Self::is_full), and there may be no other writer.
    pub(super) fn put(&self, hash: u64, number: u64) {
        let hash = hash.max(1);
        let is_free = |slot: &&Slot| [0, hash].contains(&slot.hash.load(Relaxed));
        let Some(slot) = self.probe(hash).find(is_free) else { return };
        slot.number.store(number, Release);
        if slot.hash.load(Relaxed) == 0 {
            self.used.fetch_add(1, Relaxed);
        }
        // Whoever sees the hash sees the number.
        slot.hash.store(hash, Release);
    }

    /// Slots that are taken, also by what was taken out.
    pub(super) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Whether it is time for a larger one.
    pub(super) fn is_full(&self) -> bool {
        self.used() >= (self.slots.len() / 10).saturating_mul(7)
    }

    /// The same without what was taken out, with room for more.
    pub(super) fn rebuilt(&self) -> Self {
        let live = self.entries().count();
        let new = Self::for_entries(live.saturating_add(live / 4));
        for (hash, number) in self.entries() {
            new.put(hash, number);
        }
        new
    }

    /// What is there, with its hashes.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, u64)> {
        let entry = |slot: &Slot| (slot.hash.load(Relaxed), slot.number.load(Relaxed));
        self.slots.iter().map(entry).filter(|&(_, number)| number != 0)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }
}

/// The place for a hash among so many, a power of two.
fn place(hash: u64, count: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the upper bits are masked away")]
    let hash = hash as usize;
    hash & count.saturating_sub(1)
}

const MIN_SLOTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64) -> u64 {
        number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
    }

    #[test]
    fn holds_what_was_put_until_it_is_full_and_nothing_else() {
        let table = Table::for_entries(1000);
        for number in 1..=1000 {
            table.put(hash(number), number);
            table.put(hash(number), number + 1);
            assert_eq!(table.used(), usize::try_from(number).unwrap());
        }
        for number in 1..=1000 {
            assert_eq!(table.get(hash(number)), number + 1);
        }
        for number in 1001..100_000 {
            assert_eq!(table.get(hash(number)), 0);
        }
        table.put(hash(7), 0);
        assert_eq!(table.get(hash(7)), 0);
        assert_eq!(table.entries().count(), 999);
        let rebuilt = table.rebuilt();
        assert_eq!((rebuilt.used(), rebuilt.get(hash(7)), rebuilt.get(hash(8))), (999, 0, 9));
    }

    #[test]
    fn rebuilt_has_room_for_three_quarters_more_and_not_for_much_more() {
        for count in [200, 512, 1000, 5000] {
            let table = Table::for_entries(count);
            (0..count as u64).for_each(|number| table.put(hash(number), 1));
            let rebuilt = table.rebuilt();
            assert!(rebuilt.bytes() <= count * 16 * 5, "{count}");
            (0..count as u64 * 7 / 4).for_each(|number| rebuilt.put(hash(number), 1));
            assert!(!rebuilt.is_full(), "{count}");
        }
    }

    #[test]
    fn takes_any_hash_and_ends_its_search_in_a_full_table() {
        let table = Table::for_entries(0);
        table.put(0, 5);
        assert_eq!((table.get(0), table.get(1)), (5, 5), "0 counts as 1");
        for number in 0..63 {
            table.put(number * 64 + 2, 9);
        }
        assert!(table.is_full() && table.used() == 64);
        table.put(u64::MAX, 9);
        assert_eq!(table.get(u64::MAX), 0);
    }
}
