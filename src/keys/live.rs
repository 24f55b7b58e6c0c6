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
/// assert_eq!(sessions.keys().generation(), 2);
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
///
/// With the feature `reload` a `Follower` replaces the ring whenever its file changes.
#[derive(Clone)]
pub struct Keys(Arc<Shared>);

pub(crate) struct Shared {
    current: ArcSwap<Generation>,
    /// Why the source of the ring was refused when it was looked at last.
    #[cfg(feature = "reload")]
    last_error: ArcSwapOption<ReloadError>,
    #[cfg(feature = "reload")]
    last_checked: ArcSwapOption<OffsetDateTime>,
}

/// A ring and its number, which change as one.
pub(crate) struct Generation {
    number: u64,
    ring: Arc<KeyRing>,
}

impl Generation {
    /// Which ring of its handle this is, from 1.
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
    /// Puts `ring` in the place of the present one, for every clone of this handle.
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

    /// How many rings this handle has had, the present one included: 1 before
    /// it was replaced, and one more each time it was.
    pub fn generation(&self) -> u64 {
        self.0.current.load().number
    }

    /// Why the source of the ring was refused when a
    /// [`Follower`](crate::Follower) looked at it last, `None` if it was not.
    /// The ring in use is the last good one.
    #[cfg(feature = "reload")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
    pub fn last_error(&self) -> Option<Arc<ReloadError>> {
        self.0.last_error.load_full()
    }

    /// When a [`Follower`](crate::Follower) last found its source right, `None` where none
    /// follows. Its age belongs on the health page: a follower that has died, or whose
    /// source hangs, shows in nothing else.
    #[cfg(feature = "reload")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
    pub fn last_checked(&self) -> Option<OffsetDateTime> {
        self.0.last_checked.load_full().map(|time| *time)
    }

    /// [`current`](Self::current) for a short time, without touching the reference count
    /// that all threads share.
    #[inline]
    pub(crate) fn snapshot(&self) -> Guard<Arc<Generation>> {
        self.0.current.load()
    }
}

#[cfg(feature = "reload")]
impl Keys {
    pub(crate) fn set_last_error(&self, error: Option<Arc<ReloadError>>) {
        self.0.last_error.store(error);
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
