//! What is sealed besides sessions: bodies of a fixed length, and nothing else.

use super::{frame::Seal, layout::wide, lineage::Limit, session_id::SessionId};
use crate::{
    error::{SealError, UnsealError},
    platform::clock::MAX_TIME,
};

/// A body of a fixed length.
pub(crate) trait Body<const N: usize>: Sized {
    fn encode(&self) -> [u8; N];

    /// `None` if an authentic body breaks a rule of the format.
    fn decode(bytes: &[u8; N]) -> Option<Self>;
}

impl Seal<'_> {
    /// Seals a body at `now` (Unix seconds).
    pub(crate) fn seal_token<const N: usize>(
        &self,
        token: &impl Body<N>,
        now: u64,
    ) -> Result<String, SealError> {
        self.seal_plaintext(now, |plaintext| {
            plaintext.append(&token.encode());
            Ok(())
        })
    }

    /// Opens what [`seal_token`](Self::seal_token) sealed, under a key that is accepted at `now`.
    pub(crate) fn unseal_token<const N: usize, B: Body<N>>(
        &self,
        value: &[u8],
        now: u64,
    ) -> Result<B, UnsealError> {
        self.open(value, self.accepted(now), |_, plaintext| {
            let body = plaintext.try_into().ok().and_then(B::decode);
            body.ok_or(UnsealError::InvalidClaims)
        })
    }
}

/// A CSRF token: the id of its session. It is valid while that session is live.
pub(crate) struct CsrfToken(pub(crate) SessionId);

impl Body<16> for CsrfToken {
    fn encode(&self) -> [u8; 16] {
        *self.0.as_bytes()
    }

    fn decode(bytes: &[u8; 16]) -> Option<Self> {
        Some(Self(SessionId::from_bytes(*bytes)))
    }
}

/// Ends everything that a limit covers. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub(crate) limit: Limit,
    pub(crate) ended_at: u64,
    /// From then on, no value that the limit covers is live.
    pub(crate) until: u64,
}

impl Body<16> for Tombstone {
    /// `lineage (4) ‖ limit (2) ‖ ended_at (5) ‖ until (5)`
    fn encode(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let [_, _, _, ended_at @ ..] = self.ended_at.min(MAX_TIME).to_be_bytes();
        let [_, _, _, until @ ..] = self.until.min(MAX_TIME).to_be_bytes();
        let fields = self.limit.to_bytes().into_iter().chain(ended_at).chain(until);
        bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        bytes
    }

    fn decode(bytes: &[u8; 16]) -> Option<Self> {
        let (limit, rest) = bytes.split_first_chunk::<6>()?;
        let (ended_at, until) = rest.split_first_chunk::<5>()?;
        let (ended_at, until) = (wide(ended_at), wide::<5>(until.try_into().ok()?));
        let limit = Limit::from_bytes(*limit);
        (ended_at <= until && until <= MAX_TIME).then_some(Self { limit, ended_at, until })
    }
}

impl Limit {
    /// For tests and vectors: the parts of a limit.
    #[cfg(test)]
    pub(crate) fn new(lineage: u32, generation: u16) -> Self {
        Self { lineage: super::lineage::Lineage(lineage), generation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_reads_back_and_one_that_ends_before_it_began_does_not() {
        let tombstone = Tombstone { limit: Limit::new(1, 2), ended_at: 3, until: MAX_TIME };
        assert_eq!(Tombstone::decode(&tombstone.encode()), Some(tombstone));
        let instant = Tombstone { until: 3, ..tombstone };
        assert_eq!(Tombstone::decode(&instant.encode()), Some(instant));
        assert_eq!(Tombstone::decode(&Tombstone { until: 2, ..tombstone }.encode()), None);
        let mut late = tombstone.encode();
        late[11] = 0xff;
        assert_eq!(Tombstone::decode(&late), None);
    }
}
