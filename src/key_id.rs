//! The id of a key, which even errors name.

use std::{fmt, str::FromStr};

use crate::error::ConfigError;

/// The number by which a sealed value names its key: any `u32`, chosen by the
/// operator, never used for two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// The id with this number.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The id's number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<u32> for KeyId {
    fn from(id: u32) -> Self {
        Self(id)
    }
}

impl FromStr for KeyId {
    type Err = ConfigError;

    /// # Errors
    ///
    /// [`ConfigError::KeyId`] for anything but the decimal digits of a `u32`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ConfigError::KeyId);
        }
        text.parse().map(Self).map_err(|_| ConfigError::KeyId)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
