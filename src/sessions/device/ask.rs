//! How an application asks for it.

use super::config::{Asked, Bound};
use crate::{session::SessionData, sessions::builder::Builder};

#[cfg_attr(docsrs, doc(cfg(feature = "bound")))]
impl<T: SessionData> Builder<T> {
    /// Binds sessions to the device that they began on, where its browser can do that: Device Bound
    /// Session Credentials of the W3C. **Experimental**: the specification is a draft, and one
    /// engine has it.
    ///
    /// The response to a [`renew`](crate::Session::renew) or a
    /// [`reauthenticate`](crate::Session::reauthenticate) offers the binding. The browser then
    /// makes a key that cannot be copied, and proves every ten minutes that it has it, for which it gets a
    /// second cookie. A session that is bound counts beside such a cookie only. Nothing is kept on the server.
    ///
    /// The middleware of each framework answers the browser's requests. Without one, see
    /// [`Sessions::answer_device`](crate::Sessions::answer_device). The guide has
    /// [a chapter](crate::guide::bound_sessions).
    pub fn bound(mut self, bound: Bound) -> Self {
        self.device = Asked(Some(bound));
        self
    }
}
