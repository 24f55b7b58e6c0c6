//! The JWT that a device signs (RFC 7519), as narrow as the protocol's own.
//!
//! ```text
//! header  {"alg": "ES256", "typ": "dbsc+jwt", "jwk": …}     `jwk` at the registration alone
//! payload {"jti": challenge, …}
//! ```
//!
//! There is one algorithm, and no other member is allowed in the header: the sender chooses
//! nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

use crate::format::{device::PublicKey, json};

/// Which key verifies the JWT.
#[derive(Clone, Copy)]
pub(super) enum KeyFrom<'a> {
    /// The key in the JWT itself.
    Itself,
    Known(&'a PublicKey),
}

/// The content of a verified JWT.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) challenge: String,
    pub(super) key: PublicKey,
}

/// The content of the JWT, if its key signed it.
pub(super) fn verify(text: &[u8], key_from: KeyFrom<'_>) -> Result<Proof, &'static str> {
    if text.len() > MAX_LEN {
        return Err("the JWT is too long");
    }
    let three = "the JWT has not three parts";
    let mut parts = text.split(|&byte| byte == b'.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(three);
    };
    let signed = text.get(..text.len().saturating_sub(signature.len().saturating_add(1)));
    let signed = signed.ok_or(three)?;

    let Header { jwk, .. } = read(header)?;
    let key = match (key_from, jwk) {
        (KeyFrom::Itself, Some(jwk)) => jwk.key()?,
        (KeyFrom::Known(key), None) => key.clone(),
        (KeyFrom::Itself, None) => return Err("the JWT has no key"),
        (KeyFrom::Known(_), Some(_)) => return Err("the JWT has a key of its own"),
    };
    let signature = decode(signature)?.try_into().map_err(|_| "the signature has not 64 bytes")?;
    if !key.verifies(signed, &signature) {
        return Err("the signature does not verify");
    }
    let Payload { jti, .. } = read(payload)?;
    Ok(Proof { challenge: jti, key })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "alg")]
    _algorithm: Algorithm,
    #[serde(rename = "typ")]
    _kind: Kind,
    #[serde(default)]
    jwk: Option<Jwk>,
}

#[derive(Deserialize)]
enum Algorithm {
    #[serde(rename = "ES256")]
    Es256,
}

#[derive(Deserialize)]
enum Kind {
    #[serde(rename = "dbsc+jwt")]
    Device,
}

/// RFC 7518 section 6.2.1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    #[serde(rename = "kty")]
    _kind: KeyKind,
    #[serde(rename = "crv")]
    _curve: Curve,
    x: String,
    y: String,
}

#[derive(Deserialize)]
enum KeyKind {
    #[serde(rename = "EC")]
    EllipticCurve,
}

#[derive(Deserialize)]
enum Curve {
    #[serde(rename = "P-256")]
    P256,
}

impl Jwk {
    fn key(&self) -> Result<PublicKey, &'static str> {
        let coordinate = |text: &str| -> Result<[u8; 32], &'static str> {
            decode(text.as_bytes())?.try_into().map_err(|_| "a coordinate has not 32 bytes")
        };
        let (x, y) = (coordinate(&self.x)?, coordinate(&self.y)?);
        PublicKey::from_coordinates(&x, &y).ok_or("the key is no point on the curve")
    }
}

/// Other members are ignored (RFC 7519 section 4). They decide nothing here.
#[derive(Deserialize)]
struct Payload {
    jti: String,
    /// The endpoint. Not checked, because a proxy may give it another name; the challenge tells its
    /// purpose.
    #[serde(rename = "aud", default)]
    _audience: Option<String>,
}

fn read<V: DeserializeOwned>(part: &[u8]) -> Result<V, &'static str> {
    let bytes = decode(part)?;
    let text = str::from_utf8(&bytes).map_err(|_| "a part of the JWT is not text")?;
    let value =
        serde_json::from_str(text).map_err(|_| "a part of the JWT is not as it should be")?;
    // serde detects duplicates only among the members that it knows.
    match json::has_twins(text) {
        true => Err("a member of the JWT stands twice"),
        false => Ok(value),
    }
}

/// Canonical base64url without padding.
fn decode(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of the JWT is not base64url")
}

/// A JWT from Chromium has about 500 bytes.
const MAX_LEN: usize = 2048;
