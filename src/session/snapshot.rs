//! A session's data at one moment.

use std::{
    any::type_name,
    fmt,
    ops::Deref,
    sync::{Arc, atomic::Ordering::SeqCst},
};

use super::{
    data::SessionData,
    handle::{Inner, Session},
    state::Replaced,
};

/// A session's data at one moment. It dereferences to `&T`, is `Send`, holds no lock, and does not
/// change when the session is written.
pub struct Snapshot<T>(Version<T>);

enum Version<T> {
    Opened(Arc<Inner<T>>),
    Written(Arc<T>),
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Version::Opened(inner) => {
                &inner.source.opened().expect("a snapshot is made after the first look").data
            }
            Version::Written(data) => data,
        }
    }
}

impl<T: Clone> Snapshot<T> {
    /// Returns the data by value, for you to keep or change independently of the session. Clones
    /// it, unless this is the last snapshot of what was written.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<Vec<u32>>::new(KeyRing::ephemeral()?);
    /// let cart: Vec<u32> = sessions.create(vec![7])?.read().into_inner();
    /// assert_eq!(cart, [7]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_inner(self) -> T {
        match self.0 {
            Version::Opened(_) => T::clone(&self),
            Version::Written(data) => Arc::unwrap_or_clone(data),
        }
    }
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Version::Opened(inner) => Version::Opened(Arc::clone(inner)),
            Version::Written(data) => Version::Written(Arc::clone(data)),
        })
    }
}

impl<T> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot<{}>(..)", type_name::<T>())
    }
}

/// Formats the data itself.
impl<T: fmt::Display> fmt::Display for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T: SessionData> Session<T> {
    pub(super) fn snapshot(&self) -> Snapshot<T> {
        if !self.0.marks.is_overwritten.load(SeqCst) {
            return self.snapshot_of(None);
        }
        // Not in the `match`, whose arms would then run with the state locked.
        let replaced = self.state().replaced();
        match replaced {
            Replaced::No => self.snapshot_of(None),
            Replaced::Written(data) => self.snapshot_of(Some(data)),
            Replaced::Destroyed => Snapshot(Version::Written(Arc::default())),
        }
    }

    pub(super) fn snapshot_of(&self, written: Option<Arc<T>>) -> Snapshot<T> {
        Snapshot(match written {
            Some(written) => Version::Written(written),
            None => Version::Opened(Arc::clone(&self.0)),
        })
    }
}
