//! Distinguishes a session that was replaced or ended from its successor.
//!
//! Clocks differ from machine to machine, and responses arrive in any order. So no times are
//! compared here. A session has a lineage, which all its successors keep, and a generation, which
//! each new id raises.

use super::text;
use crate::platform::random::{RandomSource, random};

/// The lineage of a session. It is new if no live session was there. Never make it public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lineage(pub(crate) u32);

impl Lineage {
    pub(crate) fn generate() -> Result<Self, RandomSource> {
        random().map(Self::from_bytes)
    }

    pub(crate) fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }
}

/// The position of a value in its lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descent {
    pub(crate) lineage: Lineage,
    pub(crate) generation: u16,
}

impl Descent {
    pub(crate) fn first(lineage: Lineage) -> Self {
        Self { lineage, generation: 0 }
    }

    /// The descent after a new id. `None` if the numbers have run out, so that a lineage begins.
    pub(crate) fn next(self) -> Option<Self> {
        let generation = self.generation.checked_add(1).filter(|&next| next <= MAX_GENERATION)?;
        Some(Self { generation, ..self })
    }
}

/// Says which values of a lineage are dead: those up to a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) lineage: Lineage,
    /// [`ALL`] for every generation there will be.
    pub(crate) generation: u16,
}

impl Limit {
    /// The limit that ends `from`, but not `to`.
    pub(crate) fn of_replaced(from: Descent, to: Descent) -> Self {
        match from.lineage == to.lineage {
            true => Self { lineage: from.lineage, generation: from.generation },
            false => Self::of_all(from.lineage),
        }
    }

    pub(crate) fn of_all(lineage: Lineage) -> Self {
        Self { lineage, generation: ALL }
    }

    #[inline]
    pub(crate) fn covers(self, descent: Descent) -> bool {
        self.lineage == descent.lineage && descent.generation <= self.generation
    }

    /// Whether this makes `other` needless.
    pub(crate) fn is_wider_than(self, other: Self) -> bool {
        self.lineage == other.lineage && other.generation < self.generation
    }

    pub(crate) fn to_bytes(self) -> [u8; 6] {
        let mut bytes = [0; 6];
        let (lineage, generation) = bytes.split_at_mut(4);
        lineage.copy_from_slice(&self.lineage.0.to_be_bytes());
        generation.copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; 6]) -> Self {
        let six = "four bytes and two";
        let (lineage, generation) = bytes.split_first_chunk::<4>().expect(six);
        Self {
            lineage: Lineage(u32::from_be_bytes(*lineage)),
            generation: u16::from_be_bytes(generation.try_into().expect(six)),
        }
    }

    /// The limit as the end of a cookie's name.
    pub(crate) fn to_text(self) -> String {
        text::encode(&self.to_bytes())
    }

    pub(crate) fn from_text(text: &[u8]) -> Option<Self> {
        let text: &[u8; TEXT_LEN] = text.try_into().ok()?;
        let mut bytes = [0; 6];
        text::decode(text, &mut bytes)?;
        Some(Self::from_bytes(bytes))
    }
}

/// The characters of six bytes in base64.
const TEXT_LEN: usize = 8;
/// The limit that covers every generation.
const ALL: u16 = u16::MAX;
/// The greatest generation of a value.
pub(crate) const MAX_GENERATION: u16 = ALL - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_generation_is_followed_by_a_new_lineage_and_ended_as_a_whole() {
        let last = Descent { lineage: Lineage(7), generation: MAX_GENERATION };
        assert_eq!(last.next(), None);
        let next = Descent::first(Lineage(8));
        assert_eq!(Limit::of_replaced(last, next), Limit::of_all(Lineage(7)));

        let before = Descent { generation: MAX_GENERATION - 1, ..last };
        assert_eq!(before.next().unwrap(), last);
    }

    #[test]
    fn a_limit_reads_back_from_its_text_and_from_no_other() {
        let limit = Limit { lineage: Lineage(0xfb_ef_be_01), generation: 0xff_fe };
        assert_eq!(limit.to_text(), "----Af_-");
        assert_eq!(Limit::from_text(limit.to_text().as_bytes()), Some(limit));
        for text in ["", "AAAAAAA", "AAAAAAAAA", "AAAA AAA", "AAAAAAA="] {
            assert_eq!(Limit::from_text(text.as_bytes()), None, "{text:?}");
        }
    }
}
