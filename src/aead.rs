//! The cipher. The only file that encrypts, decrypts or draws a nonce.

use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};

use crate::{
    envelope::{NONCE_LEN, TAG_LEN},
    key::Key,
    secret::{Plaintext, RandomSource, random},
};

pub(crate) type Nonce = [u8; NONCE_LEN];
pub(crate) type Tag = [u8; TAG_LEN];

/// The tag does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// Random, 192 bits: no two machines need to coordinate, and 2^80 values can be
/// sealed under one key before two nonces are equal with a probability of 2^-32.
pub(crate) fn nonce() -> Result<Nonce, RandomSource> {
    random()
}

/// Encrypts in place. `plaintext` is wiped if anything goes wrong on the way.
pub(crate) fn encrypt(key: &Key, nonce: &Nonce, aad: &[u8], mut plaintext: Plaintext<'_>) -> Tag {
    let tag = XChaCha20Poly1305::new(key.as_bytes().into())
        .encrypt_inout_detached(nonce.into(), aad, plaintext.bytes_mut().into())
        .expect("a cookie is shorter than the 256 GiB that ChaCha20 can encrypt");
    plaintext.declassify();
    tag.into()
}

/// Verifies the tag, then decrypts in place. Without a valid tag nothing is decrypted.
pub(crate) fn decrypt<'a>(
    key: &Key,
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &'a mut [u8],
    tag: &Tag,
) -> Result<Plaintext<'a>, NotAuthentic> {
    let mut plaintext = Plaintext::full(ciphertext);
    XChaCha20Poly1305::new(key.as_bytes().into())
        .decrypt_inout_detached(nonce.into(), aad, plaintext.bytes_mut().into(), tag.into())
        .map_err(|_| NotAuthentic)?;
    Ok(plaintext)
}
