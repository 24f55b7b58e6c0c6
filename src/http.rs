//! Load and commit over the header maps of the `http` crate.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{self, CACHE_CONTROL, COOKIE, HOST, ORIGIN, SET_COOKIE, VARY},
};
use time::OffsetDateTime;

use crate::{
    error::{ForeignRequest, SealError},
    origin_guard::{OriginGuard, RequestSource},
    response::{Name, ResponseHeaders},
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
    /// one, sets `Cache-Control: no-store` beside it and where the page holds a
    /// CSRF token, and adds `Vary: cookie` if the handler looked at the session.
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
        self.commit_at(session, now)?.write_to(response);
        Ok(())
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl OriginGuard {
    /// [`check`](Self::check) of a request as the `http` crate has it.
    ///
    /// ```
    /// use http::Request;
    /// use sealed_session::OriginGuard;
    ///
    /// let guard = OriginGuard::new();
    /// let request = Request::post("/transfer").header("sec-fetch-site", "cross-site").body(())?;
    /// assert!(guard.check_headers(request.method(), request.uri(), request.headers()).is_err());
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check). A header that came twice, or is not text, is refused.
    pub fn check_headers(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), ForeignRequest> {
        let host = uri.authority().map(http::uri::Authority::as_str);
        self.check(&RequestSource {
            method: method.as_str(),
            sec_fetch_site: only(headers, &SEC_FETCH_SITE),
            origin: only(headers, &ORIGIN),
            host: host.or_else(|| only(headers, &HOST)),
        })
    }
}

/// The value of a header that may come once; nothing that is ever right where it came otherwise.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().unwrap_or_default();
    Some(if values.next().is_none() { value } else { "" })
}

impl ResponseHeaders for HeaderMap {
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.get_all(header_name(name)).into_iter().map(HeaderValue::as_bytes)
    }

    fn append(&mut self, name: Name, value: Vec<u8>) {
        let mut value = HeaderValue::try_from(value)
            .expect("name and attributes were checked when built, the value is base64url");
        // Keeps the cookie out of what prints headers.
        value.set_sensitive(name == Name::SetCookie);
        HeaderMap::append(self, header_name(name), value);
    }

    fn append_static(&mut self, name: Name, value: &'static str) {
        HeaderMap::append(self, header_name(name), HeaderValue::from_static(value));
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        let header::Entry::Occupied(entry) = self.entry(header_name(name)) else { return };
        let (name, values) = entry.remove_entry_mult();
        let kept: Vec<_> = values.filter(|value| keep(value.as_bytes())).collect();
        for value in kept {
            HeaderMap::append(self, &name, value);
        }
    }
}

fn header_name(name: Name) -> HeaderName {
    match name {
        Name::SetCookie => SET_COOKIE,
        Name::CacheControl => CACHE_CONTROL,
        Name::Vary => VARY,
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
