//! Cookies for the tests of an application.

use cookie::Cookie;
use time::OffsetDateTime;

use super::core::Sessions;
use crate::session::{Session, SessionData};

impl<T: SessionData> Sessions<T> {
    /// For tests: makes the cookie of a visitor whose session has this data. Formatted as text, it
    /// is a Cookie header.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<Option<String>>::new(KeyRing::ephemeral()?);
    /// let cookie = sessions.test_cookie(Some("ada".to_owned()));
    /// let mut session = sessions.load([cookie.to_string()]); // what the application does
    /// assert_eq!(session.read().as_deref(), Some("ada"));
    ///
    /// session.destroy();
    /// let response = sessions.commit(&session)?;
    /// let lines = response.cookies().iter().map(|cookie| cookie.to_string());
    /// assert!(sessions.test_session(lines).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the session cannot be sealed, for example because it is too large for a cookie.
    #[track_caller]
    pub fn test_cookie(&self, data: T) -> Cookie<'static> {
        self.test_cookie_at(data, OffsetDateTime::now_utc())
    }

    /// Like [`test_cookie`](Self::test_cookie), for a session that began and was sealed at `now`.
    /// Pass a time in the past to get a session that is idle or expired by the application's clock.
    ///
    /// # Panics
    ///
    /// As for [`test_cookie`](Self::test_cookie).
    #[track_caller]
    pub fn test_cookie_at(&self, data: T, now: OffsetDateTime) -> Cookie<'static> {
        let sealed = self.create_at(data, now).and_then(|session| self.seal_at(&session, now));
        match sealed {
            Ok(value) => Cookie::new(self.cookie_name().to_owned(), value),
            Err(error) => panic!("no cookie for the test: {error}"),
        }
    }

    /// For tests: reads the session that a response sets, from the values of its Set-Cookie
    /// headers. `None` if the response sets none, or removes it.
    ///
    /// # Panics
    ///
    /// If the value is refused, for example because it was sealed under another key ring.
    #[track_caller]
    pub fn test_session<H: AsRef<[u8]>>(
        &self,
        set_cookies: impl IntoIterator<Item = H>,
    ) -> Option<Session<T>> {
        self.test_session_at(set_cookies, OffsetDateTime::now_utc())
    }

    /// Like [`test_session`](Self::test_session), at a given time.
    ///
    /// # Panics
    ///
    /// As for [`test_session`](Self::test_session).
    #[track_caller]
    pub fn test_session_at<H: AsRef<[u8]>>(
        &self,
        set_cookies: impl IntoIterator<Item = H>,
        now: OffsetDateTime,
    ) -> Option<Session<T>> {
        let mut set: Option<Cookie<'static>> = None;
        for line in set_cookies {
            let cookie = str::from_utf8(line.as_ref()).ok().map(str::to_owned);
            let Some(Ok(cookie)) = cookie.map(Cookie::parse) else { continue };
            if cookie.name() != self.cookie_name() {
                continue;
            }
            // The removal of a twin in a former scope leaves the session.
            match cookie.value().is_empty() {
                true => set = set.filter(|set| place(set) != place(&cookie)),
                false => set = Some(cookie),
            }
        }
        match self.unseal_at(set?.value(), now) {
            Ok(session) => Some(session),
            Err(error) => panic!("the session that the response sets is refused: {error}"),
        }
    }
}

/// Where a browser stores a cookie of one name.
fn place<'c>(cookie: &'c Cookie<'_>) -> (Option<&'c str>, Option<&'c str>, bool) {
    (cookie.path(), cookie.domain(), cookie.partitioned().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use crate::{keys::KeyRing, sessions::Sessions};

    #[test]
    fn cookie_of_a_test_is_as_old_as_it_says() {
        let sessions = Sessions::<u32>::builder(KeyRing::ephemeral().unwrap())
            .idle_timeout(std::time::Duration::from_secs(600))
            .build()
            .unwrap();
        let now = datetime!(2031-05-06 07:08:09 UTC);
        let cookie = sessions.test_cookie_at(7, now).to_string();
        let live = sessions.load_at([&cookie], now + Duration::minutes(9));
        assert_eq!(*live.read(), 7);
        let idle = sessions.load_at([&cookie], now + Duration::minutes(10));
        assert!(idle.is_new());
    }

    #[test]
    #[should_panic(expected = "is refused")]
    fn session_of_another_ring_fails_the_test() {
        let [ours, theirs] = [0; 2].map(|_| Sessions::<u32>::new(KeyRing::ephemeral().unwrap()));
        let lines = [theirs.test_cookie(7).to_string()];
        let _ = ours.test_session(lines);
    }
}
