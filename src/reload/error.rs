//! Why a source's ring is not put into use.

use std::{error::Error, fmt, io, path::PathBuf};

use crate::{error::ConfigError, key::KeyId};

/// Why the ring of a source is not put into use. The one in use stays.
///
/// No message of this crate shows a key. What a source of yours says is its own affair.
/// `Debug` shows the same message as `Display`.
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}; check the path and its permissions", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The file's ring is wrong.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong in which line, and what to do.
        source: ConfigError,
    },
    /// The file kept changing while it was read.
    #[error("{path}: keeps changing while it is read; write it elsewhere and rename it", path = path.display())]
    Unsettled {
        /// The file.
        path: PathBuf,
    },
    /// An id that the process knows came with the bytes of another key.
    #[error(
        "key id {0} has come with another key than before; give the new key an id that was never used"
    )]
    KeyChanged(KeyId),
    /// The ring is wrong.
    #[error(transparent)]
    Ring(#[from] ConfigError),
    /// The source has none.
    #[error(transparent)]
    Source(Box<dyn Error + Send + Sync>),
    /// The source panicked.
    #[error("the source of the key ring panicked; its message is on standard error")]
    Panicked,
}

// What an operator sees where `main` returns the error, and in the panic of `expect`.
impl fmt::Debug for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ReloadError {
    /// An error of a source of your own.
    pub fn source(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Source(error.into())
    }
}
