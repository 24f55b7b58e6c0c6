//! Says that the device of a family held its key a short time ago.

use crate::{
    format::{layout::wide, session_id::Family, text, token::Body},
    platform::clock::MAX_TIME,
};

/// The first bytes of a family, which stand in the name of its bound cookie. So that of another
/// family is not overwritten by a late response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag([u8; 6]);

impl Tag {
    pub(crate) fn of(family: Family) -> Self {
        let [tag @ .., _, _] = *family.as_bytes();
        Self(tag)
    }

    pub(crate) fn to_text(self) -> String {
        text::encode(&self.0)
    }

    pub(crate) fn from_text(text: &[u8]) -> Option<Self> {
        let text: &[u8; 8] = text.try_into().ok()?;
        let mut tag = [0; 6];
        text::decode(text, &mut tag)?;
        Some(Self(tag))
    }
}

/// The body of a bound cookie. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoundCookie {
    pub(crate) family: Family,
    pub(crate) until: u64,
}

impl Body<13> for BoundCookie {
    /// `family (8) ‖ until (5)`
    fn encode(&self) -> [u8; 13] {
        let mut bytes = [0; 13];
        let [_, _, _, until @ ..] = self.until.min(MAX_TIME).to_be_bytes();
        let fields = self.family.as_bytes().iter().copied().chain(until);
        bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        bytes
    }

    fn decode(bytes: &[u8; 13]) -> Option<Self> {
        let (family, until) = bytes.split_first_chunk()?;
        let until = wide::<5>(until.try_into().ok()?);
        (until <= MAX_TIME).then_some(Self { family: Family::from_bytes(*family), until })
    }
}
