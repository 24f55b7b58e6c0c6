//! What a commit comes to, for whoever writes the response.

use std::fmt;

use cookie::Cookie;

/// What a response has to say of a session.
///
/// Append each of [`headers`](Self::headers). Piece by piece these are: each of
/// [`cookies`](Self::cookies) as a Set-Cookie header; where [`forbids_storing`](Self::forbids_storing), `Cache-Control: no-store`, or a
/// cache may hand the cookie or the token to somebody else; where
/// [`depends_on_cookie`](Self::depends_on_cookie), `Vary: cookie` and `Cache-Control: private`.
/// In both cases set no other `Cache-Control`, and no `CDN-Cache-Control`, `Surrogate-Control` or other header for some caches alone.
/// (`commit_headers` of the feature `http` does all of it.)
#[derive(Clone, Default)]
#[must_use = "the response has to carry the cookies"]
pub struct Commit {
    pub(crate) cookies: Vec<Cookie<'static>>,
    pub(crate) depends_on_cookie: bool,
    pub(crate) gave_token: bool,
}

impl Commit {
    /// None where there is nothing to change, one that sets the session, or,
    /// when it was destroyed, one removal for each scope it may have. With the
    /// feature `iron`, behind either, the removal of a cookie that ours replaces.
    ///
    /// The `Debug` of a [`Cookie`] shows its value: keep it out of logs.
    pub fn cookies(&self) -> &[Cookie<'static>] {
        &self.cookies
    }

    /// [`cookies`](Self::cookies), to be kept.
    pub fn into_cookies(self) -> Vec<Cookie<'static>> {
        self.cookies
    }

    /// The headers of the response, names in lower case: to be appended to those that are there,
    /// with no other `Cache-Control` beside the one that is among them.
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
        let caching = match (self.forbids_storing(), self.depends_on_cookie()) {
            (true, _) => Some("no-store"),
            (false, true) => Some("private"),
            (false, false) => None,
        };
        let vary = self.depends_on_cookie().then_some("cookie");
        let cookies = self.cookies.iter().map(|cookie| ("set-cookie", cookie.to_string()));
        cookies
            .chain(caching.map(|value| ("cache-control", value.to_owned())))
            .chain(vary.map(|value| ("vary", value.to_owned())))
    }

    /// Whether there is a cookie to set or to remove.
    pub fn sets_cookies(&self) -> bool {
        !self.cookies.is_empty()
    }

    /// Whether the response need not say anything.
    #[cfg(any(feature = "actix-web", feature = "poem"))]
    pub(crate) fn is_empty(&self) -> bool {
        !self.forbids_storing() && !self.depends_on_cookie()
    }

    /// Whether no cache may keep the response: it sets or removes a cookie, or
    /// its page holds a token of [`Session::csrf_token`](crate::Session::csrf_token).
    pub fn forbids_storing(&self) -> bool {
        self.sets_cookies() || self.gave_token
    }

    /// Whether the handler looked at the session, found or not. A session that was
    /// [unsealed](crate::Sessions::unseal) or [created](crate::Sessions::create) counts as looked at.
    pub fn depends_on_cookie(&self) -> bool {
        self.depends_on_cookie
    }
}

impl fmt::Debug for Commit {
    /// Without the cookies' values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("cookies", &self.cookies.len())
            .field("depends_on_cookie", &self.depends_on_cookie)
            .field("gave_token", &self.gave_token)
            .finish()
    }
}
