//! The backend with the crate `chacha20poly1305`: pure Rust, builds everywhere, audited.

use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};

use super::types::{Nonce, NotAuthentic, Tag};
use crate::keys::Key;

/// Encrypts in place.
// A program for WebAssembly is mostly compiled for size. The cipher is not, where it is compiled here.
#[cfg_attr(not(target_arch = "wasm32"), inline)]
pub(super) fn encrypt(
    key: &[u8; Key::LENGTH],
    nonce: &Nonce,
    aad: &[u8],
    plaintext: &mut [u8],
) -> Tag {
    XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(nonce.into(), aad, plaintext.into())
        .expect("a cookie is shorter than the 256 GiB that ChaCha20 can encrypt")
        .into()
}

/// Verifies the tag, then decrypts in place. Without a valid tag nothing is decrypted.
#[cfg_attr(not(target_arch = "wasm32"), inline)]
pub(super) fn decrypt(
    key: &[u8; Key::LENGTH],
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &mut [u8],
    tag: &Tag,
) -> Result<(), NotAuthentic> {
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(nonce.into(), aad, ciphertext.into(), tag.into())
        .map_err(|_| NotAuthentic)
}
