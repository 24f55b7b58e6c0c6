//! The bytes of version 1; docs/FORMAT.md has them for other implementers.
//!
//! ```text
//! sealed    = version 0x01 (1) ‖ key id (4) ‖ nonce (24) ‖ ciphertext ‖ tag (16)
//! aad       = version (1) ‖ key id (4) ‖ purpose (1) ‖ u16 length ‖ name ‖ u16 length ‖ audience
//! plaintext = a body of a fixed length for each purpose; of a session claims and payload
//! ```
//!
//! Integers are big-endian and unsigned.

use arrayvec::ArrayVec;

use crate::{error::UnsealError, key_id::KeyId};

pub(crate) const VERSION: u8 = 1;
pub(crate) const KEY_ID_LEN: usize = 4;
pub(crate) const NONCE_LEN: usize = 24;
pub(crate) const TAG_LEN: usize = 16;
/// The length of what comes before the ciphertext.
pub(crate) const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
/// Bytes of a sealed value beside its plaintext.
pub(crate) const FRAME_LEN: usize = HEADER_LEN + TAG_LEN;

/// What a value is for. A value sealed for one purpose is refused for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Session = 1,
    /// Travels in a form or a header, beside the session's cookie.
    CsrfToken = 2,
    /// Travels in a cookie of its own, and says which sessions were ended.
    Tombstone = 3,
    /// Travels in a cookie of its own, and says that the device of a family proved itself recently.
    #[cfg(feature = "bound")]
    BoundCookie = 4,
    /// Travels in headers of the binding protocol.
    #[cfg(feature = "bound")]
    Challenge = 5,
    /// Names a device to the binding protocol, and holds its public key.
    #[cfg(feature = "bound")]
    Identifier = 6,
    /// A session that travels in `Authorization` or another header, and in no cookie.
    Token = 7,
}

/// Name and audience are written with two bytes of length; configuration allows this much of each.
pub(crate) const MAX_BOUND_LEN: usize = 255;
/// Associated data, at its longest.
pub(crate) type Aad = ArrayVec<u8, { 1 + KEY_ID_LEN + 1 + 2 * (2 + MAX_BOUND_LEN) }>;

/// What a value is bound to besides its key: purpose, cookie name and audience.
///
/// Stored as the associated data of key 0, because only the id changes from value to value.
#[derive(Debug, Clone)]
pub(crate) struct Binding(Box<[u8]>);

impl Binding {
    /// `None` if the name or the audience is longer than [`MAX_BOUND_LEN`].
    pub(crate) fn new(purpose: Purpose, name: &str, audience: Option<&str>) -> Option<Self> {
        let mut bytes = vec![VERSION];
        bytes.extend([0; KEY_ID_LEN]);
        bytes.push(purpose as u8);
        for text in [name, audience.unwrap_or_default()] {
            let length = u16::try_from(text.len()).ok()?;
            if text.len() > MAX_BOUND_LEN {
                return None;
            }
            bytes.extend(length.to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        Some(Self(bytes.into()))
    }

    /// Whether this is the purpose of sessions in a header.
    pub(crate) fn is_of_tokens(&self) -> bool {
        self.0.get(1 + KEY_ID_LEN) == Some(&(Purpose::Token as u8))
    }

    /// The associated data of a value under the key `id`. It is written into the caller's buffer,
    /// because returning it would copy all of it.
    #[inline]
    pub(crate) fn aad<'a>(&self, id: KeyId, aad: &'a mut Aad) -> &'a [u8] {
        aad.clear();
        aad.try_extend_from_slice(&self.0).expect("name and audience were measured");
        aad.get_mut(1..=KEY_ID_LEN)
            .expect("version and key id come first")
            .copy_from_slice(&id.get().to_be_bytes());
        aad
    }
}

/// Writes version, key id and nonce.
#[inline]
pub(crate) fn encode_header(id: KeyId, nonce: &[u8; NONCE_LEN], mut append: impl FnMut(&[u8])) {
    append(&[VERSION]);
    append(&id.get().to_be_bytes());
    append(nonce);
}

/// The key id and the nonce of a value.
#[inline]
pub(crate) fn decode_header(
    header: &[u8; HEADER_LEN],
) -> Result<(KeyId, &[u8; NONCE_LEN]), UnsealError> {
    let end = "version, key id and nonce are the header";
    let ([version, id @ ..], _) = header.split_first_chunk::<{ 1 + KEY_ID_LEN }>().expect(end);
    let nonce = header.last_chunk().expect(end);
    Ok((decode_key_id(*version, *id)?, nonce))
}

/// The key id of a value, from its first bytes.
#[inline]
pub(crate) fn decode_key_id(version: u8, key_id: [u8; KEY_ID_LEN]) -> Result<KeyId, UnsealError> {
    match version {
        VERSION => Ok(KeyId::new(u32::from_be_bytes(key_id))),
        other => Err(UnsealError::UnsupportedVersion(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn associated_data_of_every_length_has_room_and_the_longest_fills_it() {
        let longest = "n".repeat(MAX_BOUND_LEN);
        let mut room = Aad::new();
        let mut length = |name: &str, audience| {
            let binding = Binding::new(Purpose::Session, name, audience).unwrap();
            binding.aad(KeyId::new(1), &mut room).len()
        };
        for bound in 1..=MAX_BOUND_LEN {
            assert_eq!(length(&longest[..bound], None), 10 + bound);
        }
        assert_eq!(length(&longest, Some(&longest)), Aad::new().capacity());
    }
}
