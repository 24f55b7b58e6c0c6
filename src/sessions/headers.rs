//! Load and commit over the header maps of the `http` crate.

use http::{HeaderMap, header::COOKIE};
use time::OffsetDateTime;

use super::core::Sessions;
use crate::{
    error::SealError,
    session::{Session, SessionData},
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
        self.load(request.get_all(COOKIE))
    }

    /// [`load_headers`](Self::load_headers), with the present given.
    pub fn load_headers_at(&self, request: &HeaderMap, now: OffsetDateTime) -> Session<T> {
        self.load_at(request.get_all(COOKIE), now)
    }

    /// [`commit`](Self::commit) into the headers of the response: appends
    /// Set-Cookie, in the place of an earlier one of this session if there is
    /// one, sets `Cache-Control: no-store` beside it and where the page holds a
    /// CSRF token, and adds `Vary: cookie` and `Cache-Control: private` if the handler looked at
    /// the session. In all these cases it removes what tells some caches otherwise, such as `CDN-Cache-Control`.
    ///
    /// # Errors
    ///
    /// As for [`commit`](Self::commit); the headers are left as they were.
    pub fn commit_headers(
        &self,
        session: &Session<T>,
        response: &mut HeaderMap,
    ) -> Result<(), SealError> {
        self.commit(session)?.write_to(response);
        Ok(())
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
        self.commit_at(session, now)?.write_to(response);
        Ok(())
    }
}
