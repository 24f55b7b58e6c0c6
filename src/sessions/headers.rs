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
    /// Loads the session from the headers of a request, as [`load`](Self::load) does.
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

    /// Like [`load_headers`](Self::load_headers), at a given time.
    pub fn load_headers_at(&self, request: &HeaderMap, now: OffsetDateTime) -> Session<T> {
        self.load_at(request.get_all(COOKIE), now)
    }

    /// Commits the session, as [`commit`](Self::commit) does, and writes the result into the
    /// headers of the response:
    ///
    /// - It appends the Set-Cookie headers, and removes earlier ones for the same cookie.
    /// - If there is a Set-Cookie, or if the page contains a CSRF token, it sets
    ///   `Cache-Control: no-store`.
    /// - If the handler used the session, it adds `Vary: cookie` and `Cache-Control: private`.
    /// - In all these cases it removes headers that give other instructions to some caches, such as
    ///   `CDN-Cache-Control`.
    ///
    /// # Errors
    ///
    /// As for [`commit`](Self::commit). The headers are then left as they were.
    pub fn commit_headers(
        &self,
        session: &Session<T>,
        response: &mut HeaderMap,
    ) -> Result<(), SealError> {
        self.commit(session)?.write_to(response);
        Ok(())
    }

    /// Like [`commit_headers`](Self::commit_headers), at a given time.
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
