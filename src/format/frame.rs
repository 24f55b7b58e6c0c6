//! What surrounds a plaintext: version, key id, nonce and tag, as text. It is the same for sessions
//! and for everything else that is sealed.

use arrayvec::ArrayVec;

use super::{
    aead::{self, FreshNonce},
    envelope::{self, Aad, Binding, FRAME_LEN, HEADER_LEN, TAG_LEN},
    lifetime::Timeouts,
    secret::Draft,
    text,
};
use crate::{
    error::{SealError, UnsealError},
    key_id::KeyId,
    keys::{KeyEntry, KeyRing},
    platform::random::RandomSource,
};

/// Everything that sealing needs, except the time and the session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seal<'a> {
    pub(crate) ring: &'a KeyRing,
    pub(crate) binding: &'a Binding,
    pub(crate) timeouts: &'a Timeouts,
    /// The length of the cookie's name in bytes. It counts toward the limit.
    pub(crate) name_len: usize,
    /// The longest name and value together, at most [`MAX_COOKIE_LEN`].
    pub(crate) max_len: usize,
    /// Payloads are padded with spaces to a multiple of this many bytes.
    pub(crate) pad_to: Option<usize>,
    /// Whether a payload is read back before it is sealed.
    pub(crate) check_data: bool,
}

impl Seal<'_> {
    /// Seals a plaintext at `now`.
    pub(super) fn seal_plaintext(
        &self,
        now: u64,
        write: impl FnOnce(&mut Draft<'_, MAX_SEALED_LEN>) -> Result<(), SealError>,
    ) -> Result<String, SealError> {
        let Some(entry) = self.ring.sealing(now) else { return Err(SealError::NoSealingKey) };
        self.encode(entry, fresh_nonce()?, write)
    }

    pub(super) fn encode(
        &self,
        entry: &KeyEntry,
        nonce: FreshNonce,
        write: impl FnOnce(&mut Draft<'_, MAX_SEALED_LEN>) -> Result<(), SealError>,
    ) -> Result<String, SealError> {
        let mut sealed = ArrayVec::<u8, MAX_SEALED_LEN>::new();
        envelope::encode_header(entry.id(), nonce.as_bytes(), |field| {
            sealed.try_extend_from_slice(field).expect("a header is shorter than a cookie");
        });
        let mut plaintext = Draft::behind(&mut sealed);
        write(&mut plaintext)?;
        if !self.fits(plaintext.length()) {
            let size = self.size_of(plaintext.length());
            return Err(SealError::TooLarge { size, limit: self.max_len });
        }

        let mut aad = Aad::new();
        let aad = self.binding.aad(entry.id(), &mut aad);
        let tag = aead::encrypt(entry.key(), nonce, aad, plaintext);
        sealed.try_extend_from_slice(&tag).expect("header, body and tag were measured");
        Ok(text::encode(&sealed))
    }

    /// This, but for values that are bound to `binding`.
    #[inline]
    pub(crate) fn bound_to<'a>(&'a self, binding: &'a Binding) -> Seal<'a> {
        Seal { binding, ..*self }
    }

    /// Whether the key with this id is accepted at `now`.
    pub(crate) fn check_key(&self, key_id: KeyId, now: u64) -> Result<(), UnsealError> {
        self.accepted(now)(key_id).map(drop)
    }

    /// Whether a value is authentic under a key that is accepted at `now`.
    pub(crate) fn check_value(&self, value: &[u8], now: u64) -> Result<(), UnsealError> {
        self.open(value, self.accepted(now), |_, _| Ok(()))
    }

    /// Whether a plaintext of this length is within the limit: its [`size_of`](Self::size_of), but
    /// without a division.
    #[inline]
    fn fits(&self, plaintext_len: usize) -> bool {
        plaintext_len.saturating_add(FRAME_LEN) <= sealed_len(self.max_len, self.name_len)
    }

    /// Bytes of name and value of a plaintext of this length.
    pub(crate) fn size_of(&self, plaintext_len: usize) -> usize {
        text::encoded_len(plaintext_len.saturating_add(FRAME_LEN)).saturating_add(self.name_len)
    }

    #[inline]
    pub(super) fn find(&self, key_id: KeyId) -> Result<&KeyEntry, UnsealError> {
        self.ring.find(key_id).ok_or(UnsealError::UnknownKey(key_id))
    }

    /// Finds a key that is accepted at `now`.
    pub(super) fn accepted<'a>(
        &'a self,
        now: u64,
    ) -> impl Fn(KeyId) -> Result<&'a KeyEntry, UnsealError> {
        move |key_id| {
            let entry = self.find(key_id)?;
            match entry.is_accepted(now) {
                true => Ok(entry),
                false => Err(UnsealError::RetiredKey(key_id)),
            }
        }
    }

    /// Decrypts what is authentic under the key that it names, whatever its times.
    pub(super) fn open<'a, R, E: From<UnsealError>>(
        &self,
        value: &[u8],
        find: impl FnOnce(KeyId) -> Result<&'a KeyEntry, UnsealError>,
        read: impl FnOnce(&'a KeyEntry, &[u8]) -> Result<R, E>,
    ) -> Result<R, E> {
        check_length(value)?;
        text::decode_apart::<MAX_SEALED_LEN, _>(value, |sealed| {
            let Some(sealed) = sealed else {
                // Version and key are checked first, and may be readable nevertheless.
                find(key_id(value)?)?;
                return Err(UnsealError::Malformed.into());
            };
            let (header, rest) =
                sealed.split_first_chunk_mut::<HEADER_LEN>().ok_or(UnsealError::Malformed)?;
            let (body, tag) =
                rest.split_last_chunk_mut::<TAG_LEN>().ok_or(UnsealError::Malformed)?;
            let (key_id, nonce) = envelope::decode_header(header)?;
            let entry = find(key_id)?;

            let mut aad = Aad::new();
            let aad = self.binding.aad(key_id, &mut aad);
            let plaintext = aead::decrypt(entry.key(), nonce, aad, body, tag)
                .map_err(|aead::NotAuthentic| UnsealError::NotAuthentic(key_id))?;

            read(entry, plaintext.bytes())
        })
    }
}

/// The key id that a value names, from its first characters alone. Do not trust it before the tag
/// has verified.
pub(crate) fn key_id(value: &[u8]) -> Result<KeyId, UnsealError> {
    check_length(value)?;
    let mut hint = [0; HINT_LEN / 4 * 3];
    let text = value.get(..HINT_LEN).ok_or(UnsealError::Malformed)?;
    text::decode(text, &mut hint).ok_or(UnsealError::Malformed)?;
    let [version, id @ .., _] = hint;
    envelope::decode_key_id(version, id)
}

#[inline]
fn check_length(value: &[u8]) -> Result<(), UnsealError> {
    match value.len() {
        MIN_VALUE_LEN..=MAX_COOKIE_LEN => Ok(()),
        ..MIN_VALUE_LEN => Err(UnsealError::Malformed),
        _ => Err(UnsealError::TooLong { limit: MAX_COOKIE_LEN }),
    }
}

#[inline]
pub(super) fn fresh_nonce() -> Result<FreshNonce, SealError> {
    FreshNonce::draw().map_err(|RandomSource| SealError::RandomSource)
}

/// The bytes that fit as base64 into a cookie of this length, beside a name of this length.
pub(super) const fn sealed_len(max_len: usize, name_len: usize) -> usize {
    max_len.saturating_sub(name_len).saturating_mul(3) / 4
}

/// The longest cookie that browsers keep, its name and value together
/// (RFC 6265bis section 5.6).
pub(crate) const MAX_COOKIE_LEN: usize = 4096;
/// The bytes that [`MAX_COOKIE_LEN`] characters of base64 hold.
pub(crate) const MAX_SEALED_LEN: usize = sealed_len(MAX_COOKIE_LEN, 0);
/// An empty plaintext, in base64.
const MIN_VALUE_LEN: usize = (FRAME_LEN * 4).div_ceil(3);
/// The characters that contain version and key id: six bytes, of which five are used.
const HINT_LEN: usize = 8;
