//! The name of a device in the binding protocol, which holds all that is known of it.

use super::es256::{COMPRESSED_LEN, PublicKey};
use crate::{
    error::UnsealError,
    format::{
        claims::CLOCK_TOLERANCE, layout::wide, lifetime::Timeouts, session_id::Family, token::Body,
    },
    platform::clock::MAX_TIME,
};

/// The body of an identifier. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identifier {
    pub(crate) family: Family,
    pub(crate) key: PublicKey,
    pub(crate) created_at: u64,
}

impl Identifier {
    pub(crate) fn judge(&self, now: u64, timeouts: &Timeouts) -> Result<(), UnsealError> {
        if self.created_at > now.saturating_add(CLOCK_TOLERANCE) {
            return Err(UnsealError::IssuedInFuture);
        }
        match now < self.created_at.saturating_add(timeouts.absolute.into()) {
            true => Ok(()),
            false => Err(UnsealError::Expired),
        }
    }
}

impl Body<46> for Identifier {
    /// `family (8) ‖ public key (33) ‖ created_at (5)`
    fn encode(&self) -> [u8; 46] {
        let mut bytes = [0; 46];
        let [_, _, _, created_at @ ..] = self.created_at.min(MAX_TIME).to_be_bytes();
        let family = self.family.as_bytes().iter().copied();
        let fields = family.chain(self.key.to_compressed()).chain(created_at);
        bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        bytes
    }

    fn decode(bytes: &[u8; 46]) -> Option<Self> {
        let (family, rest) = bytes.split_first_chunk()?;
        let (key, created_at) = rest.split_first_chunk::<COMPRESSED_LEN>()?;
        let created_at = wide::<5>(created_at.try_into().ok()?);
        let (family, key) = (Family::from_bytes(*family), PublicKey::from_compressed(key)?);
        (created_at <= MAX_TIME).then_some(Self { family, key, created_at })
    }
}
