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

use crate::format::{
    device::{PublicKey, Signature},
    json,
};

/// A JWT as it was sent. Nothing in it is verified, and whoever sends it can write what they like.
pub(super) struct Jwt<'a> {
    signed: &'a [u8],
    signature: Signature,
    key: Option<PublicKey>,
    challenge: String,
}

impl<'a> Jwt<'a> {
    pub(super) fn read(text: &'a [u8]) -> Result<Self, &'static str> {
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
        let signature =
            decode(signature)?.try_into().map_err(|_| "the signature has not 64 bytes")?;
        let Header { jwk, .. } = read(header)?;
        let key = jwk.map(|jwk| jwk.key()).transpose()?;
        let Payload { jti, .. } = read(payload)?;
        Ok(Self { signed, signature, key, challenge: jti })
    }

    /// The challenge that it says it answers. Look at that first: to open it costs far less than to
    /// verify a signature, and nobody can make one but us.
    pub(super) fn challenge(&self) -> &[u8] {
        self.challenge.as_bytes()
    }

    /// The key in the JWT, if it signed the JWT.
    pub(super) fn verify_by_its_own(self) -> Result<PublicKey, &'static str> {
        let key = self.key.ok_or("the JWT has no key")?;
        match key.verifies(self.signed, &self.signature) {
            true => Ok(key),
            false => Err(UNVERIFIED),
        }
    }

    /// Whether this key signed the JWT, which brings none.
    pub(super) fn verify_by(&self, key: &PublicKey) -> Result<(), &'static str> {
        if self.key.is_some() {
            return Err("the JWT has a key of its own");
        }
        match key.verifies(self.signed, &self.signature) {
            true => Ok(()),
            false => Err(UNVERIFIED),
        }
    }
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

const UNVERIFIED: &str = "the signature does not verify";
/// A JWT from Chromium has about 500 bytes.
const MAX_LEN: usize = 2048;
