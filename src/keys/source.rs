//! Where a ring comes from, and why it is refused.

use std::{error::Error, fmt, io, path::PathBuf};

use time::OffsetDateTime;

use super::ring::KeyRing;
use crate::{error::ConfigError, key_id::KeyId};

/// Where a ring comes from: a [`RingFile`](crate::RingFile), or a closure that you write.
///
/// ```
/// use sealed_session::{Follower, KeyRing, ReloadError};
/// use time::OffsetDateTime;
///
/// # fn fetch_secret(_: &str) -> Result<String, std::io::Error> {
/// #     let key = sealed_session::Key::generate().unwrap();
/// #     Ok(format!("1:{}", *key.to_base64()))
/// # }
/// // A ring in the text form, kept by a secret manager.
/// let source = |now: OffsetDateTime| -> Result<KeyRing, ReloadError> {
///     let text = fetch_secret("session-keys").map_err(ReloadError::source)?;
///     Ok(KeyRing::parse_at(&text, now)?)
/// };
/// let follower = Follower::new(source)?;
/// assert_eq!(follower.keys().generation(), 1);
/// # Ok::<(), std::sync::Arc<ReloadError>>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
pub trait RingSource {
    /// Reads the ring as it is now. May block.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if there is no ring. The ring in use then stays.
    fn read(&mut self, now: OffsetDateTime) -> Result<KeyRing, ReloadError>;
}

impl<F: FnMut(OffsetDateTime) -> Result<KeyRing, ReloadError>> RingSource for F {
    fn read(&mut self, now: OffsetDateTime) -> Result<KeyRing, ReloadError> {
        self(now)
    }
}

/// Why a source's ring is refused. The ring in use stays.
///
/// No message of this crate shows a key; keep to that in a source of your own. `Debug` shows the
/// same message as `Display`.
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
        /// The line, what is wrong there, and what to do.
        source: ConfigError,
    },
    /// The file kept changing while it was read.
    #[error("{path}: the file keeps changing while it is read; write it to another path and rename it", path = path.display())]
    Unsettled {
        /// The file.
        path: PathBuf,
    },
    /// The file was deleted or replaced, but a mount of the file alone still shows the old one.
    #[error(
        "{path}: the file was replaced outside the container, but this mount still shows the old one: mount its folder instead of the file, and restart the container",
        path = path.display()
    )]
    Unlinked {
        /// The file.
        path: PathBuf,
    },
    /// The ring is older than one that was in use.
    #[error(
        "the ring is older than one that was in use: its last_id is at most {last_id}, and {seen} was in use; deploy the newest file, or, to go back on purpose, write last_id = {seen} into this one"
    )]
    Older {
        /// The greatest id that the ring records.
        last_id: KeyId,
        /// The greatest `last_id` that was in use.
        seen: KeyId,
    },
    /// The ring has a key that was removed from it before.
    #[error(
        "key id {id} was removed from the ring and is back, as in an older file; deploy the newest file, or, to go back on purpose, write last_id = {next} into this one",
        next = u64::from(last_id.get()).saturating_add(1)
    )]
    Returned {
        /// The key's id.
        id: KeyId,
        /// The greatest id that the ring records.
        last_id: KeyId,
    },
    /// A known key id now has another key.
    #[error("key id {0} has another key than before; give the new key an id that was never used")]
    KeyChanged(KeyId),
    /// The ring is wrong.
    #[error(transparent)]
    Ring(#[from] ConfigError),
    /// The source failed.
    #[error(transparent)]
    Source(Box<dyn Error + Send + Sync>),
    /// The source panicked.
    #[error("the source of the key ring panicked; its message is on standard error")]
    Panicked,
}

// An operator sees this if `main` returns the error, and in the panic of `expect`.
impl fmt::Debug for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ReloadError {
    /// Wraps an error of a source of your own.
    pub fn source(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Source(error.into())
    }
}
