//! How an application asks for it.

use super::config::{Asked, Bound};
use crate::{session::SessionData, sessions::builder::Builder};

#[cfg_attr(docsrs, doc(cfg(feature = "bound")))]
impl<T: SessionData> Builder<T> {
    /// Binds sessions to the device that they began on, if its browser supports Device Bound
    /// Session Credentials (W3C). **Experimental**: the specification is a draft, and one engine
    /// implements it.
    ///
    /// The response to a [`renew`](crate::Session::renew) or a
    /// [`reauthenticate`](crate::Session::reauthenticate) offers the binding. The browser then
    /// makes a key that cannot be copied. Every ten minutes it proves that it has the key, and gets
    /// a second cookie for that. A bound session is accepted only together with this cookie. The
    /// server stores nothing.
    ///
    /// The middleware of each framework answers the browser's requests. Without one, see
    /// [`Sessions::answer_device`](crate::Sessions::answer_device). The guide has
    /// [a chapter](crate::guide::bound_sessions).
    pub fn bound(mut self, bound: Bound) -> Self {
        self.device = Asked(Some(bound));
        self
    }
}
