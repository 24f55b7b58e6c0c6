//! Keys and their ids.

use std::{fmt, str::FromStr};

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use ctutils::CtEq as _;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use super::{guess::is_guessable, moment::trim};
use crate::{error::ConfigError, key_id::KeyId, platform::random::random};

/// A secret key: 32 random bytes.
///
/// Its text form is base64 or base64url, with or without padding, or 64 hex digits. Spaces, tabs
/// and line ends around it are ignored. A passphrase cannot be used: print a key with
/// `openssl rand -base64 32`.
///
/// The bytes are wiped from memory when the key is dropped. `Debug` does not show them, and `==`
/// takes constant time.
///
/// ```
/// use sealed_session::Key;
///
/// let key = Key::generate()?;
/// let text = key.to_base64();
/// assert_eq!(text.parse::<Key>()?, key);
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
// Boxed, so that moving a key leaves no copy of it behind.
#[derive(Clone)]
pub struct Key(Box<[u8; Self::LENGTH]>);

impl Key {
    /// The length of a key in bytes.
    pub const LENGTH: usize = 32;

    /// Generates a key from the operating system's random source.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RandomSource`] if that source fails.
    pub fn generate() -> Result<Self, ConfigError> {
        let mut bytes = random().map_err(|_| ConfigError::RandomSource)?;
        let key = Self::from_bytes(&bytes);
        bytes.zeroize();
        key
    }

    /// Creates a key from these bytes. All 256 bits must be random.
    ///
    /// # Errors
    ///
    /// [`ConfigError::PublishedKey`] for a key from this crate's documentation.
    ///
    /// [`ConfigError::WeakKey`] for a key that somebody could guess: its bytes repeat with a period
    /// of 16 or less, count with a constant step, have 12 different values or fewer, are all
    /// letters and digits, or spell prose or a run of an alphabet or a keyboard, as ASCII or in the
    /// key's base64 or hex. A random key is refused with a probability below 2^-64.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, ConfigError> {
        if is_published(bytes) {
            return Err(ConfigError::PublishedKey);
        }
        if is_guessable(bytes) {
            return Err(ConfigError::WeakKey);
        }
        let mut key = Self(Box::new([0; Self::LENGTH]));
        key.0.copy_from_slice(bytes);
        Ok(key)
    }

    /// Returns the key as 44 characters of base64, which are wiped when dropped. Store it in a
    /// secret manager and nowhere else.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(general_purpose::STANDARD.encode(self.0.as_slice()))
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl FromStr for Key {
    type Err = ConfigError;

    /// # Errors
    ///
    /// [`ConfigError::KeyText`] unless the text is 32 bytes in one of these forms; otherwise as for
    /// [`from_bytes`](Self::from_bytes).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = trim(text);
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        if text.len() == 2 * Self::LENGTH {
            decode_hex(text, &mut bytes)?;
        } else {
            decode_base64(text, &mut bytes)?;
        }
        Self::from_bytes(&bytes)
    }
}

impl FromStr for KeyId {
    type Err = ConfigError;

    /// # Errors
    ///
    /// [`ConfigError::KeyId`] unless the text is the decimal digits of a `u32`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ConfigError::KeyId);
        }
        text.parse().map(Self::new).map_err(|_| ConfigError::KeyId)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).to_bool()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Key {}

fn decode_hex(text: &str, bytes: &mut [u8; Key::LENGTH]) -> Result<(), ConfigError> {
    const REASON: ConfigError =
        ConfigError::KeyText("64 characters should be hex digits, 0-9 and a-f");
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digits.iter().try_fold(0, |byte, &digit| {
            let value = char::from(digit).to_digit(16).ok_or(REASON)?;
            u8::try_from(value).map(|value| byte << 4 | value).map_err(|_| REASON)
        })?;
    }
    Ok(())
}

fn decode_base64(text: &str, bytes: &mut [u8; Key::LENGTH]) -> Result<(), ConfigError> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const REASON: ConfigError =
        ConfigError::KeyText("expected 32 bytes as base64, base64url or 64 hex digits");
    let alphabet = match text.contains(['+', '/']) {
        true => &STANDARD,
        false => &URL_SAFE,
    };
    // Has room for 33 bytes, which 44 characters without padding would give.
    let mut buffer = Zeroizing::new([0; Key::LENGTH + 1]);
    let length = GeneralPurpose::new(alphabet, CONFIG)
        .decode_slice(text, buffer.as_mut_slice())
        .map_err(|_| REASON)?;
    bytes.copy_from_slice(
        buffer.get(..length).filter(|key| key.len() == Key::LENGTH).ok_or(REASON)?,
    );
    Ok(())
}

/// The keys of docs/FORMAT.md: n, n + 1, … for a first byte of 0x00, 0x20, …
fn is_published(bytes: &[u8; Key::LENGTH]) -> bool {
    let [first, ..] = bytes;
    first.is_multiple_of(0x20)
        && bytes.iter().zip(*first..=u8::MAX).all(|(&byte, published)| byte == published)
}
