//! The result of a commit, for whoever writes the response.

use std::{borrow::Cow, fmt};

use cookie::Cookie;

/// What a response has to carry for a session.
///
/// Append all [`headers`](Self::headers) to the response. [`write_to_list`](Self::write_to_list), and
/// with the feature `http` `commit_headers`, do everything described here. To write the headers one
/// by one:
///
/// - Add a Set-Cookie header for each of [`cookies`](Self::cookies).
/// - If [`forbids_storing`](Self::forbids_storing), set `Cache-Control: no-store`. Otherwise a
///   cache may give the cookie or the token to somebody else.
/// - Else, if [`depends_on_cookie`](Self::depends_on_cookie), set `Cache-Control: private`.
/// - If [`depends_on_cookie`](Self::depends_on_cookie), add `Vary: cookie`.
///
/// If you set `Cache-Control` for one of these reasons, send no other `Cache-Control`. Also send no
/// header that is only for some caches, such as `CDN-Cache-Control` or `Surrogate-Control`.
#[derive(Clone, Default)]
#[must_use = "the response has to carry the cookies"]
pub struct Commit {
    pub(crate) cookies: Vec<Cookie<'static>>,
    pub(crate) depends_on_cookie: bool,
    pub(crate) gave_token: bool,
    pub(crate) depends_on_header: Option<Cow<'static, str>>,
    /// The value of `Secure-Session-Registration`.
    #[cfg_attr(not(feature = "bound"), allow(dead_code))]
    pub(crate) registration: Option<String>,
}

impl Commit {
    /// The header that has the offer, in lower case.
    pub(crate) const REGISTRATION: &str = "secure-session-registration";

    /// The cookies to set or to remove. Empty if nothing changes. To set the session, there is one
    /// cookie, plus removals of others that it replaces. To destroy it, there is one removal for
    /// each scope that the cookie may have. [Tombstones](crate::Builder::tombstones) are among
    /// them.
    ///
    /// The `Debug` of a [`Cookie`] shows its value: keep it out of logs.
    pub fn cookies(&self) -> &[Cookie<'static>] {
        &self.cookies
    }

    /// Returns the [`cookies`](Self::cookies) by value.
    pub fn into_cookies(self) -> Vec<Cookie<'static>> {
        self.cookies
    }

    /// Returns the headers to append to the response, with names in lower case. If a
    /// `Cache-Control` is among them, remove any other `Cache-Control` from the response.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// session.write(|visits| *visits += 1);
    /// let mut response = String::from("HTTP/1.1 204 No Content\r\n");
    /// for (name, value) in sessions.commit(&session)?.headers() {
    ///     response += &format!("{name}: {value}\r\n");
    /// }
    /// assert!(response.contains("\nset-cookie: __Host-session="));
    /// assert!(response.contains("\ncache-control: no-store\r\nvary: cookie\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let caching = match (self.forbids_storing(), self.vary().next()) {
            (true, _) => Some("no-store"),
            (false, Some(_)) => Some("private"),
            (false, None) => None,
        };
        let cookies = self.cookies.iter().map(|cookie| ("set-cookie", cookie.to_string()));
        let offer = self.registration.iter().map(|offer| (Self::REGISTRATION, offer.clone()));
        cookies
            .chain(offer)
            .chain(caching.map(|value| ("cache-control", value.to_owned())))
            .chain(self.vary().map(|value| ("vary", value.to_owned())))
    }

    /// The names of the request's headers that the response depends on.
    pub(crate) fn vary(&self) -> impl Iterator<Item = &str> {
        let cookie = self.depends_on_cookie().then_some("cookie");
        cookie.into_iter().chain(self.depends_on_header())
    }

    /// Whether there is a cookie to set or to remove.
    pub fn sets_cookies(&self) -> bool {
        !self.cookies.is_empty()
    }

    /// The value of the header `Secure-Session-Registration`, by which the response offers the
    /// browser to bind the session to its device. It comes beside a cookie only, and is among the
    /// [`headers`](Self::headers).
    #[cfg(feature = "bound")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bound")))]
    pub fn registration(&self) -> Option<&str> {
        self.registration.as_deref()
    }

    /// Whether the response need not carry anything.
    #[cfg(any(feature = "actix-web", feature = "poem"))]
    pub(crate) fn is_empty(&self) -> bool {
        !self.forbids_storing() && self.vary().next().is_none()
    }

    /// Whether no cache may store the response: it sets or removes a cookie, or its page contains a
    /// token of [`Session::csrf_token`](crate::Session::csrf_token).
    pub fn forbids_storing(&self) -> bool {
        self.sets_cookies() || self.gave_token
    }

    /// Whether the handler used the session, whether or not one came. A session that was
    /// [unsealed](crate::Sessions::unseal) or [created](crate::Sessions::create) counts as used.
    pub fn depends_on_cookie(&self) -> bool {
        self.depends_on_cookie
    }

    /// The name of the header, in lower case, in which the handler looked for a
    /// [token](crate::Bearer), found or not: it belongs into `Vary`, beside `Cache-Control: private`.
    pub fn depends_on_header(&self) -> Option<&str> {
        self.depends_on_header.as_deref()
    }
}

impl fmt::Debug for Commit {
    /// Without the cookies' values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("cookies", &self.cookies.len())
            .field("depends_on_cookie", &self.depends_on_cookie)
            .field("gave_token", &self.gave_token)
            .field("depends_on_header", &self.depends_on_header)
            .field("registration", &self.registration.is_some())
            .finish()
    }
}
