//! Sealing and unsealing. Each step of unsealing undoes one of sealing.
//!
//! ```text
//! seal:   T → JSON → claims ‖ JSON → XChaCha20-Poly1305 → base64url
//! unseal: base64url → key by id → XChaCha20-Poly1305 → claims judged now → JSON → T
//! ```

use std::any::type_name;

use arrayvec::ArrayVec;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    claims::{Claims, Device},
    envelope::{Binding, FRAME_LEN},
    extension,
    frame::{MAX_SEALED_LEN, Seal, fresh_nonce, sealed_len},
    json,
    layout::CLAIMS_LEN,
    secret::Draft,
};
use crate::{
    error::{Misfit, SealError, UnsealError},
    key_id::KeyId,
    keys::KeyEntry,
};

/// A live value, opened.
pub(crate) struct Unsealed<'a> {
    pub(crate) claims: &'a Claims,
    /// Whether the value should be replaced by a fresh one though nothing was written.
    pub(crate) reseal_due: bool,
    /// The extension block, empty where there is none.
    pub(crate) extension: &'a [u8],
    entry: &'a KeyEntry,
    payload: &'a [u8],
}

impl Unsealed<'_> {
    pub(crate) fn key_id(&self) -> KeyId {
        self.entry.id()
    }

    /// The data in the payload.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, UnsealError> {
        read_payload(self.payload)
    }
}

impl Seal<'_> {
    /// Seals `data` with these claims and this extension block, issued at `now` (Unix seconds).
    pub(crate) fn seal<T: Serialize + DeserializeOwned>(
        &self,
        claims: &Claims,
        extension: &[u8],
        data: &T,
        now: u64,
    ) -> Result<String, SealError> {
        self.seal_plaintext(now, |plaintext| {
            // In here, or all of the claims would be put aside while the nonce is drawn.
            let claims = claims.reissue(now, self.timeouts)?;
            plaintext.append(&claims.encode(!extension.is_empty())?);
            if !extension.is_empty() {
                plaintext.append(extension);
            }
            let start = plaintext.length();
            self.write_data(plaintext, data)?;
            self.pad(plaintext, start);
            Ok(())
        })
    }

    /// Appends the data, and reads it back where that is asked for.
    fn write_data<T: Serialize + DeserializeOwned>(
        &self,
        plaintext: &mut Draft<'_, MAX_SEALED_LEN>,
        data: &T,
    ) -> Result<(), SealError> {
        let start = plaintext.length();
        json::write(&mut *plaintext, data).map_err(payload_error::<T>)?;
        if !self.check_data {
            return Ok(());
        }
        match plaintext.bytes_mut().get(start..).unwrap_or_default() {
            // What does not fit is refused as too large.
            [] => Ok(()),
            payload => check_reading::<T>(payload),
        }
    }

    /// Opens a value and judges it at `now` (Unix seconds). `prove` is called for every authentic
    /// value, live or not, and returns whether its device is proved. Only if it need not be, or is,
    /// the result of `use_it` is returned.
    ///
    /// The unsealed data is used in place. The plaintext is wiped afterwards.
    pub(crate) fn unseal<R, E: From<UnsealError>>(
        &self,
        value: &[u8],
        now: u64,
        prove: impl FnOnce(&Claims) -> Device,
        use_it: impl FnOnce(Unsealed<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        self.open(value, self.accepted(now), |entry, plaintext| {
            let (mut claims, extended, rest) = split_claims(plaintext)?;
            if self.binding.is_of_tokens() && !claims.fits_a_token() {
                return Err(UnsealError::InvalidClaims.into());
            }
            let (extension, payload) = split_extension(extended, rest)?;
            let device = prove(&claims);
            claims.judge(now, self.timeouts)?;
            let reseal_due = claims.bind(device) || self.is_reseal_due(entry, &claims, now);
            let used = use_it(Unsealed { claims: &claims, reseal_due, extension, entry, payload })?;
            claims.judge_bond(now, device)?;
            Ok(used)
        })
    }

    /// A fresh value with the payload of this one, byte for byte: code that is
    /// older than the value must not drop a field that newer code wrote.
    /// `None` where the value may stay as it is. `inspect` has the last word on
    /// whether the session is live. With `from`, a value is opened that is bound to something
    /// else, and sealed in any case. Where its device is proven, the session is bound to that.
    pub(crate) fn reseal(
        &self,
        value: &[u8],
        now: u64,
        from: Option<&Binding>,
        device: Device,
        inspect: impl FnOnce(&Unsealed<'_>) -> Result<(), UnsealError>,
    ) -> Result<Option<(String, Claims)>, ResealError> {
        let reader = self.bound_to(from.unwrap_or(self.binding));
        reader.unseal(
            value,
            now,
            |_| device,
            |unsealed| {
                inspect(&unsealed)?;
                if from.is_none() && !unsealed.reseal_due {
                    return Ok(None);
                }
                let Unsealed { claims, extension, entry, payload, .. } = unsealed;
                let Some(sealing) = self.ring.sealing(now) else {
                    return Err(SealError::NoSealingKey.into());
                };
                // A value from a machine with a newer ring keeps its key. Otherwise the two
                // machines would re-seal it back and forth.
                let entry = if self.ring.is_superseded(entry.id(), now) { sealing } else { entry };
                let claims = claims.reissue(now, self.timeouts)?;
                let fresh = self.encode(entry, fresh_nonce()?, |fresh| {
                    fresh.append(&claims.encode(!extension.is_empty())?);
                    fresh.append(extension);
                    let start = fresh.length();
                    fresh.append(payload);
                    self.pad(fresh, start);
                    Ok(())
                })?;
                Ok(Some((fresh, claims)))
            },
        )
    }

    /// Whether a session that is read but not written should be sealed again: because its idle
    /// timeout slides, because its key has been superseded, or because browsers would drop the cookie.
    #[expect(clippy::inline_always, reason = "as for `Claims::decode`")]
    #[inline(always)]
    fn is_reseal_due(&self, entry: &KeyEntry, claims: &Claims, now: u64) -> bool {
        let is_due = claims.is_renewal_due(now, self.timeouts)
            && (claims.idle(self.timeouts).is_some() || self.ring.is_superseded(entry.id(), now));
        is_due || claims.is_cookie_aging(now, self.timeouts) && !self.binding.is_of_tokens()
    }

    /// Appends spaces to a payload that begins at `start`, up to the next multiple of the step,
    /// or to what fits in a cookie: padding makes nothing too large.
    #[inline]
    fn pad(&self, plaintext: &mut Draft<'_, MAX_SEALED_LEN>, start: usize) {
        let Some(step) = self.pad_to else { return };
        let length = plaintext.length().saturating_sub(start);
        let room = sealed_len(self.max_len, self.name_len).saturating_sub(FRAME_LEN);
        let room = room.saturating_sub(start);
        let padded = length.checked_next_multiple_of(step).unwrap_or(length).min(room);
        plaintext.append(SPACES.get(..padded.saturating_sub(length)).unwrap_or_default());
    }

    /// How many bytes of JSON fit beside an extension block of this length.
    pub(crate) fn room(&self, extension_len: usize) -> usize {
        let taken = OVERHEAD.saturating_add(extension_len);
        sealed_len(self.max_len, self.name_len).saturating_sub(taken)
    }

    /// How many bytes of JSON fit beside this data and an extension block of this length.
    pub(crate) fn left<T: Serialize + DeserializeOwned>(
        &self,
        data: &T,
        extension_len: usize,
    ) -> Result<usize, SealError> {
        let mut buffer = ArrayVec::<u8, MAX_SEALED_LEN>::new();
        let mut payload = Draft::behind(&mut buffer);
        self.write_data(&mut payload, data)?;
        let beside = CLAIMS_LEN.saturating_add(extension_len);
        let size = self.size_of(payload.length().saturating_add(beside));
        match size > self.max_len {
            true => Err(SealError::TooLarge { size, limit: self.max_len }),
            false => Ok(self.room(extension_len).saturating_sub(payload.length())),
        }
    }

    /// [`unseal`](Self::unseal) for an operator: hands over what is refused too, with the reason.
    #[cfg(feature = "inspect")]
    pub(crate) fn inspect<R>(
        &self,
        value: &[u8],
        now: u64,
        read: impl FnOnce(&KeyEntry, &Claims, &[u8], Option<UnsealError>) -> R,
    ) -> Result<R, UnsealError> {
        self.open(
            value,
            |key_id| self.find(key_id),
            |entry, plaintext| {
                let (claims, extended, rest) = split_claims(plaintext)?;
                let (_extension, payload) = split_extension(extended, rest)?;
                let refusal = match entry.is_accepted(now) {
                    true => {
                        let judged = claims.judge(now, self.timeouts);
                        judged.and_then(|()| claims.judge_bond(now, Device::Unproven)).err()
                    }
                    false => Some(UnsealError::RetiredKey(entry.id())),
                };
                Ok(read(entry, &claims, payload, refusal))
            },
        )
    }
}

#[inline]
fn read_payload<T: DeserializeOwned>(payload: &[u8]) -> Result<T, UnsealError> {
    let malformed =
        |column, misfit| UnsealError::Payload { type_name: type_name::<T>(), column, misfit };
    // Parsing from a checked `str` spares serde_json from checking each string.
    let json = str::from_utf8(payload)
        .map_err(|error| malformed(error.valid_up_to().saturating_add(1), Misfit::NotJson))?;
    serde_json::from_str(json).map_err(|error| malformed(error.column(), Misfit::of(&error)))
}

#[expect(clippy::inline_always, reason = "as for `Claims::decode`")]
#[inline(always)]
fn split_claims(plaintext: &[u8]) -> Result<(Claims, bool, &[u8]), UnsealError> {
    let (claims, rest) = plaintext.split_first_chunk().ok_or(UnsealError::InvalidClaims)?;
    let (claims, extended) = Claims::decode(claims)?;
    Ok((claims, extended, rest))
}

#[inline]
fn split_extension(extended: bool, rest: &[u8]) -> Result<(&[u8], &[u8]), UnsealError> {
    match extended {
        true => extension::split(rest),
        false => Ok((&[], rest)),
    }
}

fn payload_error<T>(fault: json::Fault) -> SealError {
    SealError::Payload { type_name: type_name::<T>(), reason: fault.reason().to_owned() }
}

/// Whether the payload can be read as what was written.
fn check_reading<T: DeserializeOwned>(payload: &[u8]) -> Result<(), SealError> {
    // Readers differ on duplicates: some take the first, some the last, some refuse both.
    if str::from_utf8(payload).is_ok_and(json::has_twins) {
        return Err(payload_error::<T>(json::Fault::Twins));
    }
    read_payload::<T>(payload).map(drop).map_err(|error| SealError::Payload {
        type_name: type_name::<T>(),
        reason: match error {
            UnsealError::Payload { column, .. } => format!(
                "its JSON does not read back as the same type (column {column}); give a field that \
                 is skipped `#[serde(default)]`, and let no two fields have one name"
            ),
            error => error.to_string(),
        },
    })
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

/// The longest padding.
const SPACES: [u8; MAX_SEALED_LEN] = [b' '; MAX_SEALED_LEN];
/// Bytes of a sealed session beside its payload, before base64.
pub(crate) const OVERHEAD: usize = FRAME_LEN + CLAIMS_LEN;

#[cfg(test)]
mod tests;
