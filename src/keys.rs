//! The key ring of a running process, replaceable at any time.

use std::{fmt, sync::Arc};

use arc_swap::{ArcSwap, Guard};

use crate::keyring::KeyRing;

/// A handle to the key ring in use. Clones share the ring, so that whoever
/// keeps one can replace it under a running server.
///
/// Each load and each commit takes one snapshot of the ring; nobody waits on a
/// lock, neither readers nor whoever replaces.
///
/// ```
/// use sealed_session::{KeyRing, Keys, Sessions};
///
/// let keys = Keys::from(KeyRing::ephemeral()?);
/// let sessions = Sessions::<()>::new(keys.clone());
/// keys.replace(KeyRing::ephemeral()?); // `sessions` now seals under the new ring
/// # drop(sessions);
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Keys(Arc<ArcSwap<KeyRing>>);

impl Keys {
    /// Puts `ring` in the place of the present one, for every clone of this handle.
    pub fn replace(&self, ring: KeyRing) {
        self.0.store(Arc::new(ring));
    }

    /// The ring in use.
    pub fn current(&self) -> Arc<KeyRing> {
        self.0.load_full()
    }

    /// [`current`](Self::current) for a short time, without touching the reference count
    /// that all threads share.
    pub(crate) fn snapshot(&self) -> Guard<Arc<KeyRing>> {
        self.0.load()
    }
}

impl From<KeyRing> for Keys {
    fn from(ring: KeyRing) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(ring)))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.current()).finish()
    }
}
