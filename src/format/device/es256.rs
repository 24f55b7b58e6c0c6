//! ES256: ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). Only keys and signatures of others
//! are handled here, so nothing is secret.
//!
//! Signatures are verified by `ring` where that feature is on. Points are read by `p256` in either
//! case: ring does not take the compressed form.

use p256::{FieldBytes, Sec1Point, ecdsa::VerifyingKey};

/// A point on the curve, other than the one at infinity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey(VerifyingKey);

/// `r ‖ s`, of any content.
pub(crate) type Signature = [u8; 64];

impl PublicKey {
    /// `None` where the coordinates are of no point on the curve.
    pub(crate) fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let (x, y) = (FieldBytes::from(*x), FieldBytes::from(*y));
        Self::from_point(&Sec1Point::from_affine_coordinates(&x, &y, false))
    }

    /// From the form of SEC 1 section 2.3.3, with `None` for all other content.
    pub(crate) fn from_compressed(bytes: &[u8; COMPRESSED_LEN]) -> Option<Self> {
        // The crate also reads the compact form, of which the sign is not known.
        let is_compressed = matches!(bytes.first(), Some(2 | 3));
        Self::from_point(&Sec1Point::from_bytes(bytes).ok().filter(|_| is_compressed)?)
    }

    pub(crate) fn to_compressed(&self) -> [u8; COMPRESSED_LEN] {
        let point = self.0.to_sec1_point(true);
        point.as_bytes().try_into().expect("a compressed point has this length")
    }

    fn from_point(point: &Sec1Point) -> Option<Self> {
        VerifyingKey::from_sec1_point(point).ok().map(Self)
    }

    /// Whether the device with this key signed the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        #[cfg(not(feature = "ring"))]
        {
            use p256::ecdsa::signature::Verifier as _;

            let signature = p256::ecdsa::Signature::from_slice(signature);
            signature.is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
        }
        #[cfg(feature = "ring")]
        {
            use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

            let point = self.0.to_sec1_point(false);
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.as_bytes())
                .verify(message, signature)
                .is_ok()
        }
    }
}

/// A sign and one coordinate.
pub(super) const COMPRESSED_LEN: usize = 33;
