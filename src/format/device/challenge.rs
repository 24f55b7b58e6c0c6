//! What a device signs to prove that it holds its key.

use crate::{
    error::UnsealError,
    format::{claims::CLOCK_TOLERANCE, layout::wide, session_id::Family, token::Body},
    platform::clock::MAX_TIME,
};

/// The body of a challenge. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) family: Family,
    pub(crate) kind: Kind,
    pub(crate) issued_at: u64,
}

/// What a challenge may be answered for, and for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Registration = 1,
    Refresh = 2,
}

impl Challenge {
    pub(crate) fn judge(&self, now: u64) -> Result<(), UnsealError> {
        if self.issued_at > now.saturating_add(CLOCK_TOLERANCE) {
            return Err(UnsealError::IssuedInFuture);
        }
        match now < self.issued_at.saturating_add(CHALLENGE_LIFE) {
            true => Ok(()),
            false => Err(UnsealError::Expired),
        }
    }
}

impl Body<14> for Challenge {
    /// `family (8) ‖ kind (1) ‖ issued_at (5)`
    fn encode(&self) -> [u8; 14] {
        let mut bytes = [0; 14];
        let [_, _, _, issued_at @ ..] = self.issued_at.min(MAX_TIME).to_be_bytes();
        let family = self.family.as_bytes().iter().copied();
        let fields = family.chain([self.kind as u8]).chain(issued_at);
        bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        bytes
    }

    fn decode(bytes: &[u8; 14]) -> Option<Self> {
        let (family, rest) = bytes.split_first_chunk()?;
        let ([kind], issued_at) = rest.split_first_chunk()?;
        let kind = match kind {
            1 => Kind::Registration,
            2 => Kind::Refresh,
            _ => return None,
        };
        let issued_at = wide::<5>(issued_at.try_into().ok()?);
        let family = Family::from_bytes(*family);
        (issued_at <= MAX_TIME).then_some(Self { family, kind, issued_at })
    }
}

/// Seconds in which a challenge has to be answered.
pub(crate) const CHALLENGE_LIFE: u64 = 120;
