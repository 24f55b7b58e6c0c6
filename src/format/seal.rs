//! Sealing and unsealing: each step of one is undone by a step of the other.
//!
//! ```text
//! seal:   T → JSON → claims ‖ JSON → XChaCha20-Poly1305 → base64url
//! unseal: base64url → key by id → XChaCha20-Poly1305 → claims judged now → JSON → T
//! ```
//!
//! Tokens go the same way and have claims alone.

use std::any::type_name;

use arrayvec::ArrayVec;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{SealError, UnsealError},
    format::{
        aead::{self, Nonce},
        claims::{Claims, Timeouts},
        envelope::{self, Aad, Binding, CLAIMS_LEN, HEADER_LEN, OVERHEAD, TAG_LEN},
        secret::Draft,
        text,
    },
    key_id::KeyId,
    keys::{KeyEntry, KeyRing},
    platform::random::RandomSource,
};

/// The longest cookie that browsers keep, its name and value together
/// (RFC 6265bis section 5.6).
pub(crate) const MAX_COOKIE_LEN: usize = 4096;
/// What [`MAX_COOKIE_LEN`] characters of base64 hold.
pub(crate) const MAX_SEALED_LEN: usize = max_sealed_len(0);
/// The longest padding.
const SPACES: [u8; MAX_SEALED_LEN] = [b' '; MAX_SEALED_LEN];
/// Most values are shorter than this, and zeroing a buffer for the longest takes
/// as long as it takes to decode 100 bytes.
const SHORT_VALUE_LEN: usize = 1024;
/// `OVERHEAD` bytes without a payload, in base64.
const MIN_VALUE_LEN: usize = (OVERHEAD * 4).div_ceil(3);
/// The characters that tell version and key id: six bytes, of which five are used.
const HINT_LEN: usize = 8;

/// Everything a value is sealed under, but for the time and the session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seal<'a> {
    pub(crate) ring: &'a KeyRing,
    pub(crate) binding: &'a Binding,
    pub(crate) timeouts: &'a Timeouts,
    /// Bytes of the cookie's name, which count towards the limit of browsers.
    pub(crate) name_len: usize,
    /// Payloads are padded with spaces to a multiple of so many bytes.
    pub(crate) pad_to: Option<usize>,
}

/// A live value, opened.
pub(crate) struct Unsealed<'a> {
    pub(crate) claims: &'a Claims,
    /// Whether the value should be replaced by a fresh one though nothing was written.
    pub(crate) reseal_due: bool,
    entry: &'a KeyEntry,
    payload: &'a [u8],
}

impl Unsealed<'_> {
    pub(crate) fn key_id(&self) -> KeyId {
        self.entry.id()
    }

    /// The data in the payload.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, UnsealError> {
        let malformed = |column| UnsealError::Payload { type_name: type_name::<T>(), column };
        // From a `str` that was checked once, serde_json need not check each string.
        let json = str::from_utf8(self.payload)
            .map_err(|error| malformed(error.valid_up_to().saturating_add(1)))?;
        serde_json::from_str(json).map_err(|error| malformed(error.column()))
    }
}

impl Seal<'_> {
    /// Seals `data` with these claims, issued at `now` (Unix seconds).
    pub(crate) fn seal<T: Serialize>(
        &self,
        claims: &Claims,
        data: &T,
        now: u64,
    ) -> Result<String, SealError> {
        let entry = self.ring.sealing(now).ok_or(SealError::NoSealingKey)?;
        let (value, _) = self.issue(entry, claims, now, |payload| {
            serde_json::to_writer(&mut *payload, data)
                .map_err(|_| SealError::Payload { type_name: type_name::<T>() })?;
            self.pad(payload);
            Ok(())
        })?;
        Ok(value)
    }

    /// Opens a value and judges it at `now` (Unix seconds).
    ///
    /// What is unsealed is used where it stands: the plaintext is wiped behind it.
    pub(crate) fn unseal<R, E: From<UnsealError>>(
        &self,
        value: &[u8],
        now: u64,
        use_it: impl FnOnce(Unsealed<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let find = |key_id| {
            let entry = self.find(key_id)?;
            match entry.is_accepted(now) {
                true => Ok(entry),
                false => Err(UnsealError::RetiredKey(key_id)),
            }
        };
        self.open(value, find, |entry, claims, payload| {
            self.judge(claims, now)?;
            let reseal_due = self.is_reseal_due(entry, claims, now);
            use_it(Unsealed { claims, reseal_due, entry, payload })
        })
    }

    /// Seals these claims and nothing else, issued at `now`.
    pub(crate) fn seal_token(&self, claims: &Claims, now: u64) -> Result<String, SealError> {
        let entry = self.ring.sealing(now).ok_or(SealError::NoSealingKey)?;
        let (value, _) = self.issue(entry, claims, now, |_| Ok(()))?;
        Ok(value)
    }

    /// Opens what [`seal_token`](Self::seal_token) sealed, and judges it at `now`.
    pub(crate) fn unseal_token(&self, value: &[u8], now: u64) -> Result<Claims, UnsealError> {
        self.unseal(value, now, |unsealed| match unsealed.payload {
            [] => Ok(*unsealed.claims),
            _ => Err(UnsealError::InvalidClaims),
        })
    }

    /// A fresh value with the payload of this one, byte for byte: code that is
    /// older than the value must not drop a field that newer code wrote.
    /// `None` where the value may stay as it is. `inspect` has the last word on
    /// whether the session is live.
    pub(crate) fn reseal(
        &self,
        value: &[u8],
        now: u64,
        inspect: impl FnOnce(&Unsealed<'_>) -> Result<(), UnsealError>,
    ) -> Result<Option<(String, Claims)>, ResealError> {
        self.unseal(value, now, |unsealed| {
            inspect(&unsealed)?;
            if !unsealed.reseal_due {
                return Ok(None);
            }
            let Unsealed { claims, entry, payload, .. } = unsealed;
            let sealing = self.ring.sealing(now).ok_or(SealError::NoSealingKey)?;
            // A value from a machine that is ahead keeps its key, or the two would go back and forth.
            let entry = if self.ring.is_superseded(entry.id(), now) { sealing } else { entry };
            let fresh = self.issue(entry, claims, now, |fresh| {
                fresh.append(payload);
                self.pad(fresh);
                Ok(())
            })?;
            Ok(Some(fresh))
        })
    }

    /// Whether a session that is read but not written should be sealed again:
    /// because its idle timeout slides, or because its key has been superseded.
    #[inline]
    fn is_reseal_due(&self, entry: &KeyEntry, claims: &Claims, now: u64) -> bool {
        claims.is_renewal_due(now, self.timeouts)
            && (claims.idle(self.timeouts).is_some() || self.ring.is_superseded(entry.id(), now))
    }

    /// The value that these claims have `now`.
    fn issue(
        &self,
        entry: &KeyEntry,
        claims: &Claims,
        now: u64,
        write_payload: impl FnOnce(&mut Draft<'_, MAX_SEALED_LEN>) -> Result<(), SealError>,
    ) -> Result<(String, Claims), SealError> {
        let nonce = aead::nonce().map_err(|RandomSource| SealError::RandomSource)?;
        let claims = claims.reissue(now, self.timeouts)?;
        let value = self.encode(entry, &nonce, &claims, write_payload)?;
        Ok((value, claims))
    }

    /// Appends spaces up to the next multiple of the step, or to what fits in a
    /// cookie: padding makes nothing too large.
    fn pad(&self, plaintext: &mut Draft<'_, MAX_SEALED_LEN>) {
        let Some(step) = self.pad_to else { return };
        let length = plaintext.length().saturating_sub(CLAIMS_LEN);
        let room = max_sealed_len(self.name_len).saturating_sub(OVERHEAD);
        let padded = length.checked_next_multiple_of(step).unwrap_or(length).min(room);
        plaintext.append(SPACES.get(..padded.saturating_sub(length)).unwrap_or_default());
    }

    fn encode(
        &self,
        entry: &KeyEntry,
        nonce: &Nonce,
        claims: &Claims,
        write_payload: impl FnOnce(&mut Draft<'_, MAX_SEALED_LEN>) -> Result<(), SealError>,
    ) -> Result<String, SealError> {
        let mut sealed = ArrayVec::<u8, MAX_SEALED_LEN>::new();
        envelope::encode_header(entry.id(), nonce, |field| {
            sealed.try_extend_from_slice(field).expect("a header is shorter than a cookie");
        });
        let mut plaintext = Draft::behind(&mut sealed);
        claims.encode(|field| plaintext.append(field))?;
        write_payload(&mut plaintext)?;
        let sealed_len = plaintext.length().saturating_add(HEADER_LEN + TAG_LEN);
        let size = text::encoded_len(sealed_len).saturating_add(self.name_len);
        if size > MAX_COOKIE_LEN {
            return Err(SealError::TooLarge { size, limit: MAX_COOKIE_LEN });
        }

        let mut aad = Aad::new();
        let aad = self.binding.aad(entry.id(), &mut aad);
        let tag = aead::encrypt(entry.key(), nonce, aad, plaintext);
        sealed.try_extend_from_slice(&tag).expect("header, body and tag were measured");
        Ok(text::encode(&sealed))
    }

    /// [`unseal`](Self::unseal) for an operator: hands over what is refused too, with the reason.
    #[cfg(feature = "inspect")]
    pub(crate) fn inspect<R>(
        &self,
        value: &[u8],
        now: u64,
        read: impl FnOnce(&KeyEntry, &Claims, &[u8], Option<UnsealError>) -> R,
    ) -> Result<R, UnsealError> {
        let find = |key_id| self.find(key_id);
        self.open(value, find, |entry, claims, payload| {
            let refusal = match entry.is_accepted(now) {
                true => self.judge(claims, now).err(),
                false => Some(UnsealError::RetiredKey(entry.id())),
            };
            Ok(read(entry, claims, payload, refusal))
        })
    }

    #[inline]
    fn find(&self, key_id: KeyId) -> Result<&KeyEntry, UnsealError> {
        self.ring.find(key_id).ok_or(UnsealError::UnknownKey(key_id))
    }

    /// Decrypts what is authentic under the key that it names, whatever its times.
    fn open<'a, R, E: From<UnsealError>>(
        &self,
        value: &[u8],
        find: impl FnOnce(KeyId) -> Result<&'a KeyEntry, UnsealError>,
        read: impl FnOnce(&'a KeyEntry, &Claims, &[u8]) -> Result<R, E>,
    ) -> Result<R, E> {
        check_length(value)?;
        let open = |buffer: &mut [u8]| {
            let Some(sealed) = text::decode(value, buffer) else {
                // Version and key come first among the reasons, and may be legible all the same.
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

            let (claims, payload) =
                plaintext.bytes().split_first_chunk().ok_or(UnsealError::InvalidClaims)?;
            read(entry, &Claims::decode(claims)?, payload)
        };
        match value.len() {
            ..=SHORT_VALUE_LEN => open(&mut [0; SHORT_VALUE_LEN / 4 * 3]),
            _ => open(&mut [0; MAX_SEALED_LEN]),
        }
    }

    /// Whether a session with these claims, whoever vouches for them, is live at `now`.
    #[inline]
    pub(crate) fn judge(&self, claims: &Claims, now: u64) -> Result<(), UnsealError> {
        claims.judge(now, self.timeouts)
    }
}

/// The bytes that base64 can bring into a cookie beside a name of this length.
const fn max_sealed_len(name_len: usize) -> usize {
    MAX_COOKIE_LEN.saturating_sub(name_len).saturating_mul(3) / 4
}

/// Why a value was not sealed again.
#[derive(Debug)]
pub(crate) enum ResealError {
    Unseal(UnsealError),
    Seal(SealError),
}

impl From<UnsealError> for ResealError {
    fn from(error: UnsealError) -> Self {
        Self::Unseal(error)
    }
}

impl From<SealError> for ResealError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

/// The key id that a value names, from its first characters alone. Not to be
/// believed before the tag has verified.
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

#[cfg(test)]
mod tests;
