//! The cipher, XChaCha20-Poly1305. The only place that encrypts, decrypts or draws a nonce.
//!
//! Two backends do the same work on the same bytes, and differ only in speed: `rustcrypto`, and
//! with the feature `ring` the other. What both must do, such as wiping, is done here.

#[cfg(feature = "ring")]
mod ring;
#[cfg(any(not(feature = "ring"), test))]
mod rustcrypto;
mod types;

#[cfg(feature = "ring")]
use self::ring as backend;
#[cfg(not(feature = "ring"))]
use self::rustcrypto as backend;
pub(crate) use self::types::{Nonce, NotAuthentic, Tag};
use crate::{
    format::secret::{Draft, Plaintext},
    keys::Key,
    platform::random::{RandomSource, random},
};

/// A nonce under which nothing was encrypted yet. It cannot be copied, and encryption takes it, so it
/// serves for one value. Draw it when that value is sealed: one that is kept longer comes twice where
/// the process forks, or the machine is restored from a snapshot, in between.
///
/// Random, 192 bits: no two machines need to coordinate, and 2^80 values can be
/// sealed under one key before two nonces are equal with a probability of 2^-32.
pub(crate) struct FreshNonce(Nonce);

impl FreshNonce {
    #[inline]
    pub(crate) fn draw() -> Result<Self, RandomSource> {
        random().map(Self)
    }

    /// The bytes that go in front of the ciphertext.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &Nonce {
        &self.0
    }

    /// For vectors, which say what comes out under a certain nonce.
    #[cfg(test)]
    pub(crate) fn given(bytes: Nonce) -> Self {
        Self(bytes)
    }
}

/// Encrypts in place. If anything goes wrong, what was written is wiped.
#[inline]
pub(crate) fn encrypt<const N: usize>(
    key: &Key,
    FreshNonce(nonce): FreshNonce,
    aad: &[u8],
    mut draft: Draft<'_, N>,
) -> Tag {
    let tag = backend::encrypt(key.as_bytes(), &nonce, aad, draft.bytes_mut());
    draft.declassify();
    tag
}

/// Verifies the tag and decrypts in place. Without a valid tag there is no
/// plaintext to read: whatever the backend left in the buffer is wiped.
#[inline]
pub(crate) fn decrypt<'a>(
    key: &Key,
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &'a mut [u8],
    tag: &Tag,
) -> Result<Plaintext<'a>, NotAuthentic> {
    let mut plaintext = Plaintext::new(ciphertext);
    backend::decrypt(key.as_bytes(), nonce, aad, plaintext.bytes_mut(), tag)?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests;
