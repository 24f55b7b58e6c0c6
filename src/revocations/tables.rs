//! The entries, for all readers at once: a table of subjects and one of families.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
};

use arc_swap::{ArcSwap, Guard};

use super::{position::Position, subject::Target, table::Table};

pub(super) struct Tables {
    /// Keyed by secrets of this process, so that nobody can choose two subjects of one hash.
    hashes: RandomState,
    /// Of the hash of families, which are random already.
    secrets: [u64; 2],
    pair: ArcSwap<Pair>,
}

/// Apart, so that a short one stays in the processor's cache beside a long one.
#[derive(Clone)]
struct Pair {
    subjects: Arc<Table>,
    families: Arc<Table>,
}

/// The tables at one moment, for several looks.
pub(super) struct Look<'a>(&'a Tables, Guard<Arc<Pair>>);

impl Tables {
    pub(super) fn new() -> Self {
        let hashes = RandomState::new();
        let secrets = [0, 1].map(|number| hashes.hash_one(number));
        let [subjects, families] = [(); 2].map(|()| Arc::new(Table::for_entries(0)));
        Self { hashes, secrets, pair: ArcSwap::from_pointee(Pair { subjects, families }) }
    }

    #[inline]
    pub(super) fn look(&self) -> Look<'_> {
        Look(self, self.pair.load())
    }

    #[inline]
    pub(super) fn hash(&self, target: Target<'_>) -> u64 {
        match target {
            Target::Subject(name) => {
                let mut hasher = self.hashes.build_hasher();
                hasher.write(name);
                hasher.finish()
            }
            Target::Family(family) => {
                let [before, factor] = self.secrets;
                let mixed = u64::from_ne_bytes(*family.as_bytes()) ^ before;
                let [low, high] = wide_product(mixed, factor | 1);
                low ^ high
            }
        }
    }

    /// Puts a number beside a target, 0 to take it out. There may be no other writer.
    pub(super) fn put(&self, target: Target<'_>, number: u64) {
        if self.pair.load().of(target).is_full() {
            self.rebuild(&[target]);
        }
        self.pair.load().of(target).put(self.hash(target), number);
    }

    /// Slots that are taken, also by what was taken out.
    pub(super) fn used(&self) -> usize {
        let pair = self.pair.load();
        pair.subjects.used().saturating_add(pair.families.used())
    }

    /// Without what was taken out, the tables in which these targets are. There may be no other writer.
    pub(super) fn rebuild(&self, targets: &[Target<'_>]) {
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
        pair.subjects.bytes().saturating_add(pair.families.bytes())
    }
}

impl Look<'_> {
    /// The number beside a target, 0 where it is not there.
    #[inline]
    pub(super) fn get(&self, target: Target<'_>) -> u64 {
        self.1.of(target).get(self.0.hash(target))
    }

    /// Whether this entry is the one that counts, and not a later one of its target.
    pub(super) fn is_current(&self, target: Target<'_>, position: Position) -> bool {
        self.get(target) == number_of(target, position)
    }
}

impl Pair {
    #[inline]
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

/// The lower and the upper half of a product.
#[inline]
fn wide_product(one: u64, other: u64) -> [u64; 2] {
    let product = u128::from(one).wrapping_mul(u128::from(other));
    #[expect(clippy::cast_possible_truncation, reason = "these are the halves")]
    [product as u64, (product >> 64) as u64]
}

const FAMILY: u64 = 1 << 63;
