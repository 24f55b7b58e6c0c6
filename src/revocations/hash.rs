//! The hashes of subjects and families.

use std::hash::{BuildHasher as _, RandomState};

use super::subject::{MAX_SUBJECT, Target};

/// The keys of a hash that is strongly universal: whichever two names somebody chooses, they have
/// the same hash with a probability of 2^-64, as long as the keys are not known to him. ("Multilinear"
/// of Lemire and Kaser, "Strongly universal string hashing is fast", The Computer Journal 57, 2014,
/// with words of 64 bits.) Nobody sees hashes. It takes a third of the time that `SipHash` takes.
pub(super) struct Keys {
    subjects: Box<[u128; WORDS + 2]>,
    families: [u128; 2],
}

impl Keys {
    /// Keys of this process's own.
    pub(super) fn random() -> Self {
        let state = RandomState::new();
        let mut halves = (0_u64..).map(|number| u128::from(state.hash_one(number)));
        let mut half = || halves.next().unwrap_or_default();
        let mut key = |_| half() << 64 | half();
        let subjects = Box::new(std::array::from_fn(&mut key));
        Self { subjects, families: std::array::from_fn(key) }
    }

    #[inline]
    pub(super) fn hash(&self, target: Target<'_>) -> u64 {
        match target {
            Target::Subject(name) => self.hash_name(name),
            Target::Family(family) => {
                let [before, key] = self.families;
                upper(term(before, key, u64::from_ne_bytes(*family.as_bytes())))
            }
        }
    }

    /// The words that are hashed are the length, the name in steps of eight bytes, and its last
    /// eight bytes again if some are left over: no two names have the same.
    #[inline]
    fn hash_name(&self, name: &[u8]) -> u64 {
        let [before, of_length, of_last, keys @ ..] = &*self.subjects;
        let mut sum = term(*before, *of_length, name.len() as u64);
        let (words, rest) = name.as_chunks();
        for (word, key) in words.iter().zip(keys) {
            sum = term(sum, *key, u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let last = name.last_chunk().copied().unwrap_or_else(|| padded(rest));
            sum = term(sum, *of_last, u64::from_le_bytes(last));
        }
        spread(upper(sum))
    }
}

#[inline]
fn term(sum: u128, key: u128, word: u64) -> u128 {
    sum.wrapping_add(key.wrapping_mul(u128::from(word)))
}

#[inline]
fn upper(sum: u128) -> u64 {
    (sum >> 64) as u64
}

/// Names in a row, as numbers are, have hashes in a row, and with one key in a hundred these lie so
/// close that a filter lets a twentieth of them past, or all. No two hashes become one.
#[inline]
fn spread(hash: u64) -> u64 {
    (hash ^ hash >> 32).wrapping_mul(GOLDEN)
}

fn padded(name: &[u8]) -> [u8; 8] {
    let mut word = [0; 8];
    word.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
    word
}

/// Whole words of a name, and one for its rest.
const WORDS: usize = MAX_SUBJECT / 8 + 1;
/// 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, section 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::format::session_id::Family;

    #[test]
    fn every_bit_and_the_length_of_a_name_count() {
        let keys = Keys::random();
        let mut seen = HashSet::new();
        for length in 0..=MAX_SUBJECT {
            let mut name = vec![0; length];
            assert!(seen.insert(keys.hash(Target::Subject(&name))), "{length}");
            for place in 0..length {
                for bit in 0..8 {
                    name[place] ^= 1 << bit;
                    assert!(seen.insert(keys.hash(Target::Subject(&name))), "{length} {place}");
                    name[place] ^= 1 << bit;
                }
            }
        }
        for bit in 0..64 {
            let family = Family::from_bytes((1_u64 << bit).to_ne_bytes());
            assert!(seen.insert(keys.hash(Target::Family(family))));
        }
    }

    #[test]
    fn no_half_of_a_key_is_another_and_the_longest_name_takes_all_keys() {
        let keys = Keys::random();
        assert_eq!(keys.subjects.len(), 3 + MAX_SUBJECT / 8);
        let keys = keys.subjects.iter().chain(&keys.families);
        let halves: Vec<_> = keys.flat_map(|key| [key >> 64, key & u128::from(u64::MAX)]).collect();
        assert_eq!(halves.iter().collect::<HashSet<_>>().len(), halves.len());
    }

    #[test]
    fn keys_are_of_one_list() {
        let hashes = [(); 2].map(|()| Keys::random().hash(Target::Subject(b"ada")));
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn numbers_in_a_row_are_spread_over_every_bit_whatever_the_keys() {
        // By which a hash has the number in its lower half alone, or in its upper.
        for (start, step) in [(0, 64), (u128::MAX << 96, 64), (0, 96), (u128::MAX << 96, 96)] {
            let mut keys = Keys { subjects: Box::new([0; WORDS + 2]), families: [0; 2] };
            let [before, _, _, of_word, ..] = &mut *keys.subjects;
            (*before, *of_word) = (start, 1 << step);
            let mut ones = [0_u32; 64];
            for number in 0..4096_u64 {
                let hash = keys.hash(Target::Subject(&number.to_le_bytes()));
                for (bit, ones) in ones.iter_mut().enumerate() {
                    *ones += u32::from(hash >> bit & 1 == 1);
                }
            }
            assert!(ones.iter().all(|ones| (1500..2600).contains(ones)), "{step}: {ones:?}");
        }
    }
}
