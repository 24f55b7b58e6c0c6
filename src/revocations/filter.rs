//! Which hashes are certainly not there: what almost every request asks, and gets for a few loads.
//!
//! ```text
//! version: of the generation in use, and how often it was changed
//! generation: words, and in the word of each hash that may be there some bits
//! ```
//!
//! A generation is never given back, only used again, so a reader needs no lock and no count of
//! readers. Those would be writes to memory that all threads share, and would make the processor
//! wait for the word before it goes on.

use std::sync::{
    OnceLock,
    atomic::{
        AtomicU64, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};

pub(super) struct Filter {
    /// The place of the generation in use, and above it a number that is another after each change.
    version: AtomicU64,
    /// Two of each size.
    generations: [OnceLock<Box<[AtomicU64]>>; 1 << PLACE_BITS],
    /// What was added to the generation in use. For the writer.
    added: AtomicUsize,
}

impl Filter {
    pub(super) fn new() -> Self {
        let generations = [const { OnceLock::new() }; 1 << PLACE_BITS];
        let new = Self { version: AtomicU64::new(0), generations, added: AtomicUsize::new(0) };
        new.words(0);
        new
    }

    /// Whether the hash may be there. What was added before is; of others at most one in some fifty.
    #[inline]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let version = self.version.load(Acquire);
        let words = self.generations.get(place_in(version)).and_then(OnceLock::get);
        let Some(word) = words.and_then(|words| words.get(word_of(hash, words.len()))) else {
            return true;
        };
        let bits = bits_of(hash);
        // Acquire: who sees a word of a generation that is used again sees the version of then.
        word.load(Acquire) & bits == bits || self.version.load(Relaxed) != version
    }

    /// Adds a hash. There may be no other writer.
    pub(super) fn add(&self, hash: u64) {
        let place = place_in(self.version.load(Relaxed));
        if set(self.words(place), hash) {
            self.added.fetch_add(1, Relaxed);
        }
    }

    /// Whether so much was added that too many pass.
    pub(super) fn is_full(&self) -> bool {
        let words = self.words(place_in(self.version.load(Relaxed))).len();
        self.added.load(Relaxed) > words.saturating_mul(HASHES_PER_WORD)
    }

    /// Replaces what is there, by so many hashes. There may be no other writer.
    pub(super) fn replace(&self, count: usize, hashes: impl Iterator<Item = u64>) {
        let version = self.version.load(Relaxed);
        // Room for a quarter more at least, or the next would come soon.
        let words = count.saturating_add(count / 4).div_ceil(HASHES_PER_WORD).next_power_of_two();
        let size = (words / MIN_WORDS).checked_ilog2().unwrap_or(0).min(MAX_SIZE);
        let place = (0..2)
            .map(|twin| (size as usize).saturating_mul(2).saturating_add(twin))
            .find(|place| *place != place_in(version))
            .unwrap_or(0);
        let words = self.words(place);
        // A reader that has looked up this place long ago sees, beside any of these words, that the
        // version has changed since.
        for word in words {
            word.store(0, Release);
        }
        for hash in hashes {
            set(words, hash);
        }
        self.added.store(count, Relaxed);
        let changes = (version >> PLACE_BITS).wrapping_add(1);
        self.version.store(changes << PLACE_BITS | place as u64, Release);
    }

    fn words(&self, place: usize) -> &[AtomicU64] {
        let Some(generation) = self.generations.get(place) else { return &[] };
        generation.get_or_init(|| {
            let words = MIN_WORDS << (place / 2);
            (0..words).map(|_| AtomicU64::new(0)).collect()
        })
    }

    pub(super) fn bytes(&self) -> usize {
        let words = self.generations.iter().filter_map(OnceLock::get);
        words.map(|words| size_of_val(&**words)).fold(0, usize::saturating_add)
    }
}

/// Whether that changed anything.
fn set(words: &[AtomicU64], hash: u64) -> bool {
    let bits = bits_of(hash);
    let word = words.get(word_of(hash, words.len()));
    word.is_some_and(|word| word.fetch_or(bits, Release) & bits != bits)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the upper bits are masked away")]
fn place_in(version: u64) -> usize {
    version as usize & ((1 << PLACE_BITS) - 1)
}

/// The place of a hash's word among so many, a power of two.
#[inline]
fn word_of(hash: u64, count: usize) -> usize {
    (hash >> 24) as usize & count.saturating_sub(1)
}

/// Three of the word's bits.
#[inline]
fn bits_of(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63)
}

const PLACE_BITS: u32 = 6;
const MIN_WORDS: usize = 64;
/// With two generations of each size, as many as there are places.
const MAX_SIZE: u32 = (1 << (PLACE_BITS - 1)) - 1;
/// At most. With three bits each, a word is then a quarter full.
const HASHES_PER_WORD: usize = 6;

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering::SeqCst},
        thread,
    };

    use super::*;
    use crate::revocations::{hash::Keys, subject::Target};

    fn filled(keys: &Keys, numbers: std::ops::Range<u64>) -> Filter {
        let filter = Filter::new();
        for number in numbers.clone() {
            filter.add(hash(keys, number));
            if filter.is_full() {
                let added = numbers.start..=number;
                filter.replace(added.clone().count(), added.map(|number| hash(keys, number)));
            }
        }
        filter
    }

    fn hash(keys: &Keys, number: u64) -> u64 {
        keys.hash(Target::Subject(number.to_string().as_bytes()))
    }

    #[test]
    fn what_was_added_may_be_there_and_of_others_few() {
        let keys = Keys::random();
        for count in [1, 10, 385, 10_000, 30_000] {
            let filter = filled(&keys, 0..count);
            assert!((0..count).all(|number| filter.may_have(hash(&keys, number))));
            let others = count..count + 10_000;
            let passed = others.filter(|number| filter.may_have(hash(&keys, *number))).count();
            assert!(passed < 500, "{passed} of 10,000 with {count}");
        }
    }

    #[test]
    fn each_of_three_bits_counts_and_no_other() {
        let mut places: Vec<_> = (0..64).map(|place| [place, 63 - place, place * 7 % 64]).collect();
        places.extend([[5, 5, 9], [5, 9, 5], [9, 5, 5], [63; 3]]);
        for [first, second, third] in places {
            let bits = bits_of(first | second << 6 | third << 12);
            let of_place = |place: u64| [first, second, third].contains(&place);
            assert!((0..64).all(|place| (bits >> place & 1 == 1) == of_place(place)), "{bits:b}");
        }
    }

    /// So many hashes of which each changes its word, in as few words as there can be.
    fn dense(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(|number| {
            let bit = number / 64 * 3;
            (number % 64) << 24 | bit | (bit + 1) << 6 | (bit + 2) << 12
        })
    }

    #[test]
    fn is_full_beyond_six_hashes_for_each_word_and_counts_none_twice() {
        let filter = Filter::new();
        for _ in 0..2 {
            dense(6 * 64).for_each(|hash| filter.add(hash));
            assert!(!filter.is_full());
        }
        dense(6 * 64 + 1).for_each(|hash| filter.add(hash));
        assert!(filter.is_full());
    }

    #[test]
    fn a_quarter_more_has_room_after_a_replacement() {
        for count in [300, 384, 1000] {
            let filter = Filter::new();
            filter.replace(usize::try_from(count).unwrap(), dense(count));
            let keys = Keys::random();
            (0..count / 4).for_each(|number| filter.add(hash(&keys, number)));
            assert!(!filter.is_full(), "{count}");
        }
    }

    #[test]
    fn each_size_has_two_places_and_each_place_a_size() {
        assert_eq!(Filter::new().generations.len(), 2 * (MAX_SIZE as usize + 1));
    }

    /// Or a reader that was held up for some changes would take one generation for another.
    #[test]
    fn no_version_comes_again() {
        let filter = Filter::new();
        let mut seen = std::collections::HashSet::new();
        for count in [0, 100, 1000].into_iter().cycle().take(1000) {
            assert!(seen.insert(filter.version.load(Relaxed)));
            filter.replace(count, 0..0);
        }
    }

    #[test]
    fn what_is_replaced_is_gone_and_its_memory_used_again() {
        let keys = Keys::random();
        let filter = filled(&keys, 0..5000);
        let bytes = filter.bytes();
        for round in 1..10_u64 {
            let numbers = round * 10_000..round * 10_000 + 5000;
            filter.replace(5000, numbers.clone().map(|number| hash(&keys, number)));
            assert!(numbers.clone().all(|number| filter.may_have(hash(&keys, number))));
            let passed = (0..1000).filter(|number| filter.may_have(hash(&keys, *number))).count();
            assert!(passed < 60, "{passed} of 1000");
        }
        assert!(filter.bytes() <= 4 * bytes, "{}", filter.bytes());
        assert!((5000..5000 * 8).contains(&bytes), "{bytes}");
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn readers_miss_nothing_while_generations_change() {
        let keys = Keys::random();
        let filter = filled(&keys, 0..100);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(SeqCst) {
                        assert!((0..100).all(|number| filter.may_have(hash(&keys, number))));
                    }
                });
            }
            for _ in 0..2000 {
                filter.replace(100, (0..100).map(|number| hash(&keys, number)));
            }
            is_over.store(true, SeqCst);
        });
    }
}
