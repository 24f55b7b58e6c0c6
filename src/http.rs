//! Load and commit over the header maps of the `http` crate.

use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
};
use time::OffsetDateTime;

use crate::{
    Commit, Cookie,
    error::SealError,
    session::{Session, SessionData},
    sessions::Sessions,
};

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl<T: SessionData> Sessions<T> {
    /// [`load`](Self::load) from the headers of a request.
    ///
    /// ```
    /// use http::HeaderMap;
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let mut visits = sessions.load_headers(&HeaderMap::new()); // those of the request
    /// visits.write(|count| *count += 1);
    ///
    /// let mut headers = HeaderMap::new(); // those of the response
    /// sessions.commit_headers(&visits, &mut headers)?;
    /// assert_eq!(headers["cache-control"], "no-store");
    /// assert_eq!(headers["vary"], "cookie");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load_headers(&self, request: &HeaderMap) -> Session<T> {
        self.load_headers_at(request, OffsetDateTime::now_utc())
    }

    /// [`load_headers`](Self::load_headers), with the present given.
    pub fn load_headers_at(&self, request: &HeaderMap, now: OffsetDateTime) -> Session<T> {
        self.load_at(request.get_all(COOKIE), now)
    }

    /// [`commit`](Self::commit) into the headers of the response: appends
    /// Set-Cookie, in the place of an earlier one of this session if there is
    /// one, sets `Cache-Control: no-store` beside it, and adds `Vary: cookie`
    /// if the handler looked at the session.
    ///
    /// # Errors
    ///
    /// As for [`commit`](Self::commit); the headers are left as they were.
    pub fn commit_headers(
        &self,
        session: &Session<T>,
        response: &mut HeaderMap,
    ) -> Result<(), SealError> {
        self.commit_headers_at(session, response, OffsetDateTime::now_utc())
    }

    /// [`commit_headers`](Self::commit_headers), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`commit_headers`](Self::commit_headers).
    pub fn commit_headers_at(
        &self,
        session: &Session<T>,
        response: &mut HeaderMap,
        now: OffsetDateTime,
    ) -> Result<(), SealError> {
        write_headers(&self.commit_at(session, now)?, response);
        Ok(())
    }
}

fn write_headers(commit: &Commit, response: &mut HeaderMap) {
    for cookie in commit.cookies() {
        let mut value = HeaderValue::try_from(cookie.to_string())
            .expect("name and attributes were checked when built, the value is base64url");
        // Keeps the cookie out of what prints headers.
        value.set_sensitive(true);
        remove_twin(cookie, response);
        response.append(SET_COOKIE, value);
    }
    if commit.sets_cookies() {
        response.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if commit.depends_on_cookie() && !varies_by_cookie(response) {
        response.append(VARY, HeaderValue::from_static("cookie"));
    }
}

/// Removes a Set-Cookie that a browser would keep in the same place as `cookie`.
fn remove_twin(cookie: &Cookie<'_>, response: &mut HeaderMap) {
    let is_twin = |value: &HeaderValue| {
        let twin = value.to_str().ok().and_then(|text| Cookie::parse(text).ok());
        twin.is_some_and(|twin| {
            twin.name() == cookie.name()
                && twin.path() == cookie.path()
                && twin.domain() == cookie.domain()
                && twin.partitioned() == cookie.partitioned()
        })
    };
    if !response.get_all(SET_COOKIE).iter().any(is_twin) {
        return;
    }
    let values: Vec<_> = response.get_all(SET_COOKIE).iter().cloned().collect();
    response.remove(SET_COOKIE);
    for value in values.into_iter().filter(|value| !is_twin(value)) {
        response.append(SET_COOKIE, value);
    }
}

fn varies_by_cookie(response: &HeaderMap) -> bool {
    response.get_all(VARY).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("cookie"))
    })
}
