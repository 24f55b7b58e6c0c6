//! The primitives by hand: what any library that does this work has to pay.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use rand::{TryRng as _, rngs::SysRng};
use serde::{Serialize, de::DeserializeOwned};

/// Version, key id and nonce.
const HEADER_LEN: usize = 29;
/// Flags, times and session id.
const CLAIMS_LEN: usize = 37;
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
        let tag = XChaCha20Poly1305::new((&self.key).into())
            .encrypt_inout_detached((&nonce).into(), AAD, (&mut buffer[HEADER_LEN..]).into())
            .expect("it is short");
        buffer.extend(tag);
        URL_SAFE_NO_PAD.encode(&buffer)
    }

    pub(crate) fn unseal<T: DeserializeOwned>(&self, value: &str) -> T {
        let mut buffer = URL_SAFE_NO_PAD.decode(value).expect("it is base64url");
        let (header, rest) = buffer.split_at_mut(HEADER_LEN);
        let (body, tag) = rest.split_at_mut(rest.len() - TAG_LEN);
        let nonce: &[u8; 24] = header[5..].try_into().expect("24 bytes follow the key id");
        let tag: &[u8; TAG_LEN] = (&*tag).try_into().expect("split off with this length");
        XChaCha20Poly1305::new((&self.key).into())
            .decrypt_inout_detached(nonce.into(), AAD, (&mut *body).into(), tag.into())
            .expect("it is authentic");
        let json = str::from_utf8(&body[CLAIMS_LEN..]).expect("it is UTF-8");
        serde_json::from_str(json).expect("it is JSON")
    }
}
