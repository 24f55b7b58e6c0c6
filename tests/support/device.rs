//! What a device says in the binding protocol, as Chromium was seen to.
#![allow(dead_code, reason = "each test file uses a part of it")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use sealed_session::DeviceAnswer;
use serde_json::{Value, json};

pub(crate) fn header(answer: &DeviceAnswer, name: &str) -> Option<String> {
    answer.headers().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
}

/// The path and the challenge of an offer.
pub(crate) fn read_offer(offer: &str) -> (String, String) {
    let quoted: Vec<_> = offer.split('"').collect();
    assert!(offer.starts_with("(ES256);path=\""), "{offer}");
    (quoted[1].to_owned(), quoted[3].to_owned())
}

/// A device's key.
pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("less than the order of the curve")
}

pub(crate) fn jwk(key: &SigningKey) -> Value {
    let point = key.verifying_key().to_sec1_point(false);
    let (x, y) = (point.x().expect("a point"), point.y().expect("a point"));
    json!({"kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y)})
}

/// A proof as Chromium makes it.
pub(crate) fn jwt(key: &SigningKey, brings_key: bool, challenge: &str) -> String {
    let mut header = json!({"alg": "ES256", "typ": "dbsc+jwt"});
    if brings_key {
        header["jwk"] = jwk(key);
    }
    signed(key, &header.to_string(), &json!({"jti": challenge}).to_string())
}

/// Header and payload of any content, with their signature.
pub(crate) fn signed(key: &SigningKey, header: &str, payload: &str) -> String {
    let text = format!("{}.{}", base64(header.as_bytes()), base64(payload.as_bytes()));
    let signature: Signature = key.sign(text.as_bytes());
    format!("{text}.{}", base64(&signature.to_bytes()))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
