//! The session of a user who is signed in.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use super::{data::SessionData, handle::Session, snapshot::Snapshot};

/// Session data that tells whether a user is signed in. [`SignedIn`] uses it.
///
/// ```
/// use sealed_session::SignedInData;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize)]
/// struct Account {
///     user: Option<String>,
/// }
///
/// impl SignedInData for Account {
///     const SIGN_IN_PAGE: Option<&'static str> = Some("/login");
///
///     fn is_signed_in(&self) -> bool {
///         self.user.is_some()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing tells when `{Self}` is that of somebody who signed in",
    note = "implement `sealed_session::SignedInData` for it, whose `is_signed_in` looks at the data"
)]
pub trait SignedInData: SessionData {
    /// The path of your sign-in page. A browser that opens a page without being signed in is
    /// redirected there, with the requested path in the query parameter `next`; read that with
    /// [`LocalPath`](crate::LocalPath). All other requests get 401. Without a sign-in page, every
    /// request gets 401.
    const SIGN_IN_PAGE: Option<&'static str> = None;

    /// Whether a user is signed in with this data.
    fn is_signed_in(&self) -> bool;
}

/// The live session of a user who is signed in, as [`SignedInData`] tells.
///
/// As an argument of a handler it turns away everybody who is not signed in. As
/// `Option<SignedIn<T>>` it is `None` for them. It counts as activity; use [`SignedInPeek`] for
/// requests that a page makes by itself.
///
/// ```
/// use sealed_session::{KeyRing, Sessions, SignedInData};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Default, Serialize, Deserialize)]
/// # struct Account { user: Option<String> }
/// # impl SignedInData for Account {
/// #     fn is_signed_in(&self) -> bool { self.user.is_some() }
/// # }
///
/// let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
/// // A guest who saw a form with a token has a session, and is not signed in.
/// let mut guest = sessions.load([""]);
/// guest.csrf_token()?;
/// let cookie = sessions.commit(&guest)?.cookies()[0].stripped().to_string();
/// assert!(sessions.load([&cookie]).existing().is_some());
/// assert!(sessions.load([&cookie]).signed_in().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SignedIn<T: SignedInData>(Session<T>);

/// The session data of a user who is signed in. It does not count as activity. Use it for requests
/// that a page makes by itself, such as polling, which must not keep the session alive.
pub struct SignedInPeek<T: SignedInData>(Snapshot<T>);

impl<T: SignedInData> Session<T> {
    /// Returns the session if a user is signed in. Counts as activity.
    pub fn signed_in(self) -> Option<SignedIn<T>> {
        let existing = self.existing()?;
        existing.read().is_signed_in().then_some(SignedIn(existing.0))
    }

    /// Returns the session's data if a user is signed in. Does not count as activity.
    pub fn peek_signed_in(&self) -> Option<SignedInPeek<T>> {
        let data = self.peek();
        (!self.is_new() && data.is_signed_in()).then_some(SignedInPeek(data))
    }
}

#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl<T: SignedInData> SignedIn<T> {
    /// Where to redirect a visitor who is not signed in, with status 303: to the [sign-in
    /// page](SignedInData::SIGN_IN_PAGE), with the requested path in `next`. `None` if the request
    /// is not that of a browser that opens a page, or if there is no sign-in page; then answer 401.
    ///
    /// For hyper and tower. In a framework the extractor does this by itself.
    ///
    /// ```
    /// use http::Request;
    /// use sealed_session::{SignedIn, SignedInData};
    /// # use serde::{Deserialize, Serialize};
    ///
    /// # #[derive(Clone, Default, Serialize, Deserialize)]
    /// struct Account {
    ///     user: Option<String>,
    /// }
    ///
    /// impl SignedInData for Account {
    ///     const SIGN_IN_PAGE: Option<&'static str> = Some("/login");
    ///
    ///     fn is_signed_in(&self) -> bool {
    ///         self.user.is_some()
    ///     }
    /// }
    ///
    /// let page = Request::get("/orders?page=2").header("sec-fetch-mode", "navigate").body(())?;
    /// let location = SignedIn::<Account>::sign_in_at(page.method(), page.uri(), page.headers());
    /// assert_eq!(location.as_deref(), Some("/login?next=/orders%3Fpage%3D2"));
    ///
    /// let script = Request::get("/orders").header("sec-fetch-mode", "cors").body(())?;
    /// let location = SignedIn::<Account>::sign_in_at(script.method(), script.uri(), script.headers());
    /// assert_eq!(location, None);
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn sign_in_at(
        method: &http::Method,
        uri: &http::Uri,
        headers: &http::HeaderMap,
    ) -> Option<String> {
        let head = crate::http::head::Head(method, uri, headers);
        T::SIGN_IN_PAGE.and_then(|page| crate::http::request::sign_in_at(&head, page))
    }
}

impl<T: SignedInData> SignedIn<T> {
    /// The session.
    pub fn into_inner(self) -> Session<T> {
        self.0
    }
}

impl<T: SignedInData> Clone for SignedIn<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: SignedInData> fmt::Debug for SignedIn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedIn").field(&self.0).finish()
    }
}

impl<T: SignedInData> Deref for SignedIn<T> {
    type Target = Session<T>;

    fn deref(&self) -> &Session<T> {
        &self.0
    }
}

impl<T: SignedInData> DerefMut for SignedIn<T> {
    fn deref_mut(&mut self) -> &mut Session<T> {
        &mut self.0
    }
}

impl<T: SignedInData> Clone for SignedInPeek<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: SignedInData> fmt::Debug for SignedInPeek<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedInPeek").field(&self.0).finish()
    }
}

impl<T: SignedInData> Deref for SignedInPeek<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
