//! The session of a visitor whose request brought one.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use super::{data::SessionData, handle::Session};

/// A live session that came with the request.
///
/// As an argument of a handler it answers 401 to a visitor who has none. As `Option<Existing<T>>`
/// it is `None` for such a visitor. (`Option<Session<T>>` is something else: there, `None` means
/// that no middleware was mounted.)
///
/// A live session does not mean that somebody signed in: a guest's cart is a session too. Use
/// [`SignedIn`](crate::SignedIn) for that.
///
/// ```
/// use sealed_session::{KeyRing, Sessions};
///
/// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
/// assert!(sessions.load([""]).existing().is_none());
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
pub struct Existing<T: SessionData>(pub Session<T>);

impl<T: SessionData> Session<T> {
    /// Returns the session if it came with the request and is live. Counts as activity.
    pub fn existing(self) -> Option<Existing<T>> {
        self.read();
        (!self.is_new()).then_some(Existing(self))
    }
}

impl<T: SessionData> Clone for Existing<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: SessionData> fmt::Debug for Existing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Existing").field(&self.0).finish()
    }
}

impl<T: SessionData> Deref for Existing<T> {
    type Target = Session<T>;

    fn deref(&self) -> &Session<T> {
        &self.0
    }
}

impl<T: SessionData> DerefMut for Existing<T> {
    fn deref_mut(&mut self) -> &mut Session<T> {
        &mut self.0
    }
}
