//! The key ring of a running process, replaceable at any time.

use std::{fmt, ops::Deref, sync::Arc};

#[cfg(feature = "reload")]
use arc_swap::ArcSwapOption;
use arc_swap::{ArcSwap, Guard};
#[cfg(feature = "reload")]
use time::OffsetDateTime;

use super::ring::KeyRing;
#[cfg(feature = "reload")]
use super::source::ReloadError;

/// A handle to the key ring in use. All clones share the ring, so any of them can replace it while
/// the server runs.
///
/// Each load and each commit uses one snapshot of the ring. Nobody waits for a lock, neither
/// readers nor whoever replaces the ring.
///
/// ```
/// use sealed_session::{KeyRing, Keys, Sessions};
///
/// let keys = Keys::from(KeyRing::ephemeral()?);
/// let sessions = Sessions::<()>::new(keys.clone());
/// keys.replace(KeyRing::ephemeral()?); // `sessions` now seals under the new ring
/// assert_eq!(sessions.keys().generation(), 2);
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
///
/// With the feature `reload`, a `Follower` replaces the ring whenever its file changes.
#[derive(Clone)]
pub struct Keys(Arc<Shared>);

pub(crate) struct Shared {
    current: ArcSwap<Generation>,
    /// Why the source's ring was refused at the last check.
    #[cfg(feature = "reload")]
    last_error: ArcSwapOption<ReloadError>,
    #[cfg(feature = "reload")]
    last_checked: ArcSwapOption<OffsetDateTime>,
}

/// A ring and its number, which change together.
pub(crate) struct Generation {
    number: u64,
    ring: Arc<KeyRing>,
}

impl Generation {
    /// The number of this ring in its handle, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Deref for Generation {
    type Target = KeyRing;

    fn deref(&self) -> &KeyRing {
        &self.ring
    }
}

impl Keys {
    /// Replaces the ring in use, for every clone of this handle.
    pub fn replace(&self, ring: KeyRing) {
        let ring = Arc::new(ring);
        self.0.current.rcu(|current| Generation {
            number: current.number.saturating_add(1),
            ring: Arc::clone(&ring),
        });
    }

    /// The ring in use.
    pub fn current(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.current.load().ring)
    }

    /// How many rings this handle has had, including the present one. It is 1 at first, and one
    /// more after each replacement.
    pub fn generation(&self) -> u64 {
        self.0.current.load().number
    }

    /// Why a [`Follower`](crate::Follower) refused its source's ring at the last check. `None` if
    /// it did not. If there is an error, the ring in use is the last good one.
    #[cfg(feature = "reload")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
    pub fn last_error(&self) -> Option<Arc<ReloadError>> {
        self.0.last_error.load_full()
    }

    /// When a [`Follower`](crate::Follower) last read a good ring from its source. `None` if there
    /// is no follower. Show its age on your health page: nothing else reveals that a follower has
    /// died, or that its source hangs.
    #[cfg(feature = "reload")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
    pub fn last_checked(&self) -> Option<OffsetDateTime> {
        self.0.last_checked.load_full().map(|time| *time)
    }

    /// [`current`](Self::current) for a short time, without touching the reference count that all
    /// threads share.
    #[inline]
    pub(crate) fn snapshot(&self) -> Guard<Arc<Generation>> {
        self.0.current.load()
    }
}

#[cfg(feature = "reload")]
impl Keys {
    /// Sets the error of the last check, and returns that of the one before.
    pub(crate) fn set_last_error(&self, error: Arc<ReloadError>) -> Option<Arc<ReloadError>> {
        self.0.last_error.swap(Some(error))
    }

    pub(crate) fn take_last_error(&self) -> Option<Arc<ReloadError>> {
        self.0.last_error.swap(None)
    }

    pub(crate) fn set_last_checked(&self, now: OffsetDateTime) {
        self.0.last_checked.store(Some(Arc::new(now)));
    }

    pub(crate) fn downgrade(&self) -> std::sync::Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    /// `None` once nobody has a handle any more.
    pub(crate) fn upgrade(shared: &std::sync::Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(Self)
    }
}

impl From<KeyRing> for Keys {
    fn from(ring: KeyRing) -> Self {
        Self(Arc::new(Shared {
            current: ArcSwap::from_pointee(Generation { number: 1, ring: Arc::new(ring) }),
            #[cfg(feature = "reload")]
            last_error: ArcSwapOption::empty(),
            #[cfg(feature = "reload")]
            last_checked: ArcSwapOption::empty(),
        }))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.current()).finish()
    }
}
