//! A ring's fingerprint: the same for equal rings, and it reveals nothing about the keys.

use std::fmt;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::ring::{KeyEntry, KeyRing};
use crate::platform::clock::unix_seconds;

/// A hash of a key ring. Compare it between machines to see whether they have the same ring.
///
/// It is the first 128 bits of a SHA-256 over the ring: whether it accepts take-overs, and its keys
/// with their ids, their order and their times in whole seconds. It stays the same in later
/// versions. Keys have 256 bits of entropy, so nobody can compute a key from it: it is safe for
/// logs and health pages. `Display` writes 32 hex digits.
///
/// ```
/// use sealed_session::{Key, KeyEntry, KeyRing};
///
/// let (new, old) = (KeyEntry::new(2, Key::generate()?), KeyEntry::new(1, Key::generate()?));
/// let here = KeyRing::new([new.clone(), old.clone()])?;
/// let there = KeyRing::new([new.clone(), old.clone()])?;
/// let lagging = KeyRing::new([old])?;
/// assert_eq!(here.fingerprint(), there.fingerprint());
/// assert_ne!(here.fingerprint(), lagging.fingerprint());
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint's 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The fingerprint of a key alone, without its times.
    pub(crate) fn of_key(entry: &KeyEntry) -> Self {
        let mut hash = Sha256::new_with_prefix(b"sealed-session key 1\n");
        hash.update(entry.key().as_bytes());
        Self::finish(hash)
    }

    /// `hash` wipes what it held of the keys when it is dropped.
    fn finish(hash: Sha256) -> Self {
        let mut bytes = [0; 16];
        for (byte, digest) in bytes.iter_mut().zip(hash.finalize()) {
            *byte = digest;
        }
        Self(bytes)
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
impl KeyRing {
    /// Returns the fingerprint of this ring, to compare it with that of other machines.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new_with_prefix(b"sealed-session ring 1\n");
        hash.update([u8::from(self.accepts_takeover())]);
        for entry in self.entries() {
            hash.update(entry.id().get().to_be_bytes());
            hash.update(entry.key().as_bytes());
            hash.update(encode_time(entry.starts_at()));
            hash.update(encode_time(entry.ends_at()));
        }
        Fingerprint::finish(hash)
    }
}

/// Has a fixed length, so that two different rings never give the same bytes.
fn encode_time(time: Option<OffsetDateTime>) -> [u8; 9] {
    let mut bytes = [0; 9];
    if let (Some(time), [is_set, seconds @ ..]) = (time, &mut bytes) {
        *is_set = 1;
        *seconds = unix_seconds(time).to_be_bytes();
    }
    bytes
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
