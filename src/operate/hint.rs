//! What a value shows without a key.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    error::UnsealError,
    format::{
        frame::{MAX_SEALED_LEN, key_id},
        seal::OVERHEAD,
    },
    key_id::KeyId,
};

/// What a value shows without its key: the key's id and its size. It is only a hint, because
/// anybody can write such a value. Only unsealing tells whether it is true.
///
/// ```
/// use sealed_session::{Hint, KeyId, KeyRing, Sessions, UnsealError};
///
/// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
/// let value = sessions.seal(&sessions.create("hello".to_owned())?)?;
///
/// let hint = Hint::read(&value)?;
/// assert_eq!(hint.key_id(), KeyId::new(1));
/// assert_eq!(hint.payload_len(), r#""hello""#.len());
/// assert_eq!(Hint::read("*******"), Err(UnsealError::Malformed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "inspect")))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    key_id: KeyId,
    sealed_len: usize,
}

impl Hint {
    /// Reads the parts of a version 1 value that need no key.
    ///
    /// # Errors
    ///
    /// [`UnsealError::TooLong`], [`UnsealError::Malformed`] or
    /// [`UnsealError::UnsupportedVersion`], as for unsealing.
    pub fn read(value: &str) -> Result<Self, UnsealError> {
        let key_id = key_id(value.as_bytes())?;
        let mut buffer = [0; MAX_SEALED_LEN];
        let sealed_len =
            URL_SAFE_NO_PAD.decode_slice(value, &mut buffer).map_err(|_| UnsealError::Malformed)?;
        Ok(Self { key_id, sealed_len })
    }

    /// The id of the key that the value names.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The length of the value in bytes, before base64.
    pub fn sealed_len(&self) -> usize {
        self.sealed_len
    }

    /// The length of the data in bytes: the JSON with its padding.
    pub fn payload_len(&self) -> usize {
        self.sealed_len.saturating_sub(OVERHEAD)
    }
}
