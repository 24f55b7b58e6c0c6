//! The header maps of the `http` crate: what the guard reads there, and what a commit writes.

#[cfg(feature = "tower")]
use http::header::COOKIE;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{self, CACHE_CONTROL, HOST, ORIGIN, SET_COOKIE, UPGRADE, VARY},
};

use super::{
    origin_guard::{OriginGuard, RequestSource},
    response::{Name, ResponseHeaders},
};
use crate::error::ForeignRequest;
#[cfg(feature = "tower")]
use crate::platform::few::Few;

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl OriginGuard {
    /// Checks a request of the `http` crate, as [`check`](Self::check) does.
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
    /// As for [`check`](Self::check). A header that came twice or is not visible ASCII is refused.
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
            upgrade: only(headers, &UPGRADE),
        })
    }
}

/// The value of a header that may come only once. If it came twice or is not visible ASCII, returns
/// a text that is never accepted.
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

    fn set_static(&mut self, name: Name, value: &'static str) {
        self.insert(header_name(name), HeaderValue::from_static(value));
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        let header::Entry::Occupied(entry) = self.entry(header_name(name)) else { return };
        let (name, values) = entry.remove_entry_mult();
        let kept: Vec<_> = values.filter(|value| keep(value.as_bytes())).collect();
        for value in kept {
            HeaderMap::append(self, &name, value);
        }
    }

    fn remove(&mut self, is_such: impl Fn(&str) -> bool) {
        let such: Vec<_> = self.keys().filter(|name| is_such(name.as_str())).cloned().collect();
        for name in such {
            HeaderMap::remove(self, name);
        }
    }
}

/// The values of a request's Cookie headers. They share the memory of the request.
#[cfg(feature = "tower")]
pub(crate) struct CookieHeaders(Few<HeaderValue>);

#[cfg(feature = "tower")]
impl CookieHeaders {
    #[inline]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(first) = headers.get(&COOKIE) else { return Self(Few::None) };
        // Mostly no header at all came twice.
        match headers.len() == headers.keys_len() {
            true => Self(Few::One(first.clone())),
            false => Self(headers.get_all(&COOKIE).iter().cloned().collect()),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(HeaderValue::as_bytes)
    }
}

fn header_name(name: Name) -> HeaderName {
    match name {
        Name::SetCookie => SET_COOKIE,
        Name::CacheControl => CACHE_CONTROL,
        Name::Vary => VARY,
        Name::Registration => REGISTRATION,
    }
}

const REGISTRATION: HeaderName = HeaderName::from_static(Name::REGISTRATION);
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
