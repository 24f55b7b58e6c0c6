//! The primitives by hand: what any library that does this work has to pay.
//!
//! That includes that no plaintext and no key of a value stays in memory. The crate
//! `chacha20poly1305` wipes its keys, ring does not, so that it is done here.

use rand::{TryRng as _, rngs::SysRng};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::optimization_barrier;

/// Version, key id and nonce.
const HEADER_LEN: usize = 29;
/// What stands in front of the JSON.
const CLAIMS_LEN: usize = 50;
const TAG_LEN: usize = 16;
const AAD: &[u8] = b"\x01\0\0\0\x01\x01\0\x0e__Host-session\0\0";

pub(crate) struct Floor {
    key: [u8; 32],
}

impl Floor {
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        SysRng.try_fill_bytes(&mut key).expect("the system has randomness");
        Self { key }
    }

    pub(crate) fn seal<T: Serialize>(&self, data: &T) -> String {
        let mut nonce = [0; 24];
        SysRng.try_fill_bytes(&mut nonce).expect("the system has randomness");
        let mut buffer = Vec::with_capacity(3072);
        buffer.extend([1, 0, 0, 0, 1]);
        buffer.extend(nonce);
        buffer.extend([0; CLAIMS_LEN]);
        serde_json::to_writer(&mut buffer, data).expect("it is JSON");
        let tag = cipher::encrypt(&self.key, &nonce, &mut buffer[HEADER_LEN..]);
        buffer.extend(tag);
        base64url::encode(&buffer)
    }

    pub(crate) fn unseal<T: DeserializeOwned>(&self, value: &str) -> T {
        let mut buffer = base64url::decode(value);
        let (header, rest) = buffer.split_at_mut(HEADER_LEN);
        let (body, tag) = rest.split_at_mut(rest.len() - TAG_LEN);
        let nonce: &[u8; 24] = header[5..].try_into().expect("24 bytes follow the key id");
        let tag: &[u8; TAG_LEN] = (&*tag).try_into().expect("split off with this length");
        cipher::decrypt(&self.key, nonce, body, *tag);
        let json = str::from_utf8(&body[CLAIMS_LEN..]).expect("it is UTF-8");
        let data = serde_json::from_str(json).expect("it is JSON");
        wipe(body);
        data
    }
}

fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

#[cfg(not(feature = "simd"))]
mod base64url {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    pub(super) fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(super) fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("it is base64url")
    }
}

#[cfg(feature = "simd")]
mod base64url {
    use base64_simd::URL_SAFE_NO_PAD;

    pub(super) fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode_to_string(bytes)
    }

    pub(super) fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode_to_vec(text).expect("it is base64url")
    }
}

#[cfg(not(feature = "ring"))]
mod cipher {
    use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};

    use super::{AAD, TAG_LEN};

    pub(super) fn encrypt(key: &[u8; 32], nonce: &[u8; 24], text: &mut [u8]) -> [u8; TAG_LEN] {
        XChaCha20Poly1305::new(key.into())
            .encrypt_inout_detached(nonce.into(), AAD, text.into())
            .expect("it is short")
            .into()
    }

    pub(super) fn decrypt(key: &[u8; 32], nonce: &[u8; 24], text: &mut [u8], tag: [u8; TAG_LEN]) {
        XChaCha20Poly1305::new(key.into())
            .decrypt_inout_detached(nonce.into(), AAD, text.into(), (&tag).into())
            .expect("it is authentic");
    }
}

#[cfg(feature = "ring")]
mod cipher {
    use std::sync::LazyLock;

    use chacha20::{R20, hchacha};
    use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
    use zeroize::optimization_barrier;

    use super::{AAD, TAG_LEN, wipe};

    pub(super) fn encrypt(key: &[u8; 32], nonce: &[u8; 24], text: &mut [u8]) -> [u8; TAG_LEN] {
        let (mut key, nonce) = derive(key, nonce);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(AAD), text)
            .expect("it is short")
            .as_ref()
            .try_into()
            .expect("a tag has 16 bytes");
        overwrite(&mut key);
        tag
    }

    pub(super) fn decrypt(key: &[u8; 32], nonce: &[u8; 24], text: &mut [u8], tag: [u8; TAG_LEN]) {
        let (mut key, nonce) = derive(key, nonce);
        key.open_in_place_separate_tag(nonce, Aad::from(AAD), tag.into(), text, 0..)
            .expect("it is authentic");
        overwrite(&mut key);
    }

    fn derive(key: &[u8; 32], nonce: &[u8; 24]) -> (LessSafeKey, Nonce) {
        let (input, rest) = nonce.split_first_chunk::<16>().expect("24 bytes hold 16");
        let mut bytes = hchacha::<R20>(key.into(), input.into());
        let subkey = ring_key(&bytes);
        wipe(&mut bytes);
        let mut short = [0; 12];
        short[4..].copy_from_slice(rest);
        (subkey, Nonce::assume_unique_for_key(short))
    }

    fn overwrite(key: &mut LessSafeKey) {
        static NO_SECRET: LazyLock<LessSafeKey> = LazyLock::new(|| ring_key(&[0; 32]));
        key.clone_from(&NO_SECRET);
        optimization_barrier(key);
    }

    fn ring_key(bytes: &[u8]) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, bytes).expect("it has 32 bytes"))
    }
}
