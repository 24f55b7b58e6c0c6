//! The backend with ring: assembly for x86-64 and ARM. Needs a C compiler to build.
//!
//! ring has ChaCha20-Poly1305 with nonces of 12 bytes. XChaCha20-Poly1305 is
//! that, under a subkey and with the rest of the nonce
//! (draft-irtf-cfrg-xchacha-03 section 2.3):
//!
//! ```text
//! subkey = HChaCha20(key, nonce[0..16])        nonce' = 0 0 0 0 ‖ nonce[16..24]
//! ```

use std::mem::MaybeUninit;

use ::ring::aead::{self, Aad, CHACHA20_POLY1305, LessSafeKey, UnboundKey};
use chacha20::{R20, hchacha};
use zeroize::optimization_barrier;

use super::types::{Nonce, NotAuthentic, Tag};
use crate::{format::secret::wipe, keys::Key};

/// Encrypts in place.
#[inline]
pub(super) fn encrypt(
    key: &[u8; Key::LENGTH],
    nonce: &Nonce,
    aad: &[u8],
    plaintext: &mut [u8],
) -> Tag {
    let tag = Subkey::room()
        .expand(&derive(key, nonce))
        .seal_in_place_separate_tag(rest_of(nonce), Aad::from(aad), plaintext)
        .expect("a cookie is shorter than the 256 GiB that ChaCha20 can encrypt");
    tag.as_ref().try_into().expect("the tag of Poly1305 has 16 bytes")
}

/// Decrypts in place while it computes the tag, in a single pass. If the tag does not verify, ring
/// overwrites what it decrypted with zeros before it returns.
#[inline]
pub(super) fn decrypt(
    key: &[u8; Key::LENGTH],
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &mut [u8],
    tag: &Tag,
) -> Result<(), NotAuthentic> {
    Subkey::room()
        .expand(&derive(key, nonce))
        .open_in_place_separate_tag(rest_of(nonce), Aad::from(aad), (*tag).into(), ciphertext, 0..)
        .map(|_plaintext| ())
        .map_err(|_| NotAuthentic)
}

#[inline]
fn derive(key: &[u8; Key::LENGTH], nonce: &Nonce) -> SubkeyBytes {
    let input = nonce.first_chunk::<16>().expect("24 bytes begin with 16");
    SubkeyBytes(hchacha::<R20>(key.into(), input.into()))
}

/// The nonce under the subkey.
#[inline]
fn rest_of(nonce: &Nonce) -> aead::Nonce {
    let rest: &[u8; 8] = nonce.last_chunk().expect("24 bytes end with 8");
    let mut short = [0; aead::NONCE_LEN];
    *short.last_chunk_mut().expect("12 bytes end with 8") = *rest;
    aead::Nonce::assume_unique_for_key(short)
}

/// The key of one value. Whoever has it can forge others, so it is wiped like the key that it is
/// derived from.
struct SubkeyBytes(chacha20::Key);

impl Drop for SubkeyBytes {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Room for a key of ring. ring does not wipe its keys, so one is used where it lies, and then
/// overwritten.
struct Subkey(MaybeUninit<LessSafeKey>);

impl Subkey {
    #[inline]
    fn room() -> Self {
        Self(MaybeUninit::uninit())
    }

    #[inline]
    fn expand(&mut self, bytes: &SubkeyBytes) -> &LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes.0);
        self.0.write(LessSafeKey::new(key.expect("a ChaCha20 key has 32 bytes")))
    }
}

impl Drop for Subkey {
    #[inline]
    fn drop(&mut self) {
        self.0 = MaybeUninit::zeroed();
        optimization_barrier(&self.0);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs::File, os::unix::fs::FileExt as _};

    use super::*;

    /// Whether these bytes stand in the memory that an element had, which the list keeps when it is cleared.
    fn is_left<T>(emptied: &[T], bytes: &[u8]) -> bool {
        let mut memory = vec![0; size_of::<T>()];
        File::open("/proc/self/mem")
            .and_then(|own| own.read_exact_at(&mut memory, emptied.as_ptr() as u64))
            .unwrap();
        memory.windows(bytes.len()).any(|window| window == bytes)
    }

    #[test]
    fn subkeys_are_overwritten_where_they_are_dropped() {
        let bytes: [u8; Key::LENGTH] = std::array::from_fn(|i| u8::try_from(i * 7 + 1).unwrap());

        let mut plain = vec![SubkeyBytes(bytes.into())];
        let mut expanded = vec![Subkey::room()];
        expanded[0].expand(&plain[0]);
        assert!(is_left(&plain, &bytes) && is_left(&expanded, &bytes), "or this could not fail");
        plain.clear();
        assert!(!is_left(&plain, &bytes));
        expanded.clear();
        assert!(!is_left(&expanded, &bytes));
    }
}
