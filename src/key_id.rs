//! The id of a key. Errors name it too.

use std::fmt;

/// The number by which a sealed value names its key. The operator chooses it: any `u32`. Never use
/// one id for two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// Creates the id with this number.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// Returns the id's number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<u32> for KeyId {
    fn from(id: u32) -> Self {
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
