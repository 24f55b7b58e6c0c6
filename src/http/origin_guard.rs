//! The first defense against cross-site request forgery: where a request comes from, by what
//! browsers tell about it. Pure functions over strings.
//!
//! The rules follow the OWASP cheat sheet on request forgery, for fetch metadata with the fallback
//! to `Origin`, and RFC 9110 section 9.2.1 for safe methods.

use crate::{
    error::{ConfigError, ForeignRequest},
    events,
};

/// Refuses requests that another site makes a visitor's browser send.
///
/// The first of these rules that applies decides:
///
/// 1. A safe method (GET, HEAD, OPTIONS, TRACE) passes, so a GET must not change anything. A
///    request with an `Upgrade` header does not pass by this rule: a WebSocket begins with a GET,
///    and browsers let every site open one.
/// 2. A request whose `Origin` is [trusted](Self::trust) passes.
/// 3. If there is a `Sec-Fetch-Site`, it decides. `same-origin` passes, and so does `none` (a typed
///    address or a bookmark). `same-site` is refused unless [allowed](Self::allow_same_site).
///    `cross-site` and anything else is refused. Every browser since 2023 sends this header over
///    HTTPS and to localhost, and no page can set it.
/// 4. Otherwise, if there is an `Origin`, it must be `https://` and the request's host. Any other
///    origin is refused.
/// 5. If there is neither, the request is refused unless [allowed](Self::allow_without_headers).
///
/// The guard needs no session, so it protects the sign-in form too. It is the first line of
/// defense. The second is the token of [`Session::csrf_token`](crate::Session::csrf_token), and the
/// cookie's `SameSite=Lax` is the third.
///
/// ```
/// use sealed_session::{ForeignRequest, OriginGuard, RequestSource};
///
/// let guard = OriginGuard::new().trust("https://accounts.example.org")?;
/// let request = RequestSource {
///     method: "POST",
///     sec_fetch_site: Some("same-origin"),
///     origin: Some("https://shop.example.org"),
///     host: Some("shop.example.org"),
///     ..RequestSource::default()
/// };
/// assert_eq!(guard.check(&request), Ok(()));
///
/// let forged = RequestSource {
///     sec_fetch_site: Some("cross-site"),
///     origin: Some("https://evil.example"),
///     ..request
/// };
/// assert_eq!(guard.check(&forged), Err(ForeignRequest::CrossSite));
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginGuard {
    trusted: Vec<String>,
    same_site: bool,
    without_headers: bool,
}

/// What an [`OriginGuard`] checks: the method and four headers. A header that the request does not
/// have is `None`.
///
/// If a header came twice, pass `Some("")`, which is refused. The default has an empty method,
/// which is not a safe one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestSource<'a> {
    /// The method, as in `POST`.
    pub method: &'a str,
    /// The value of `Sec-Fetch-Site`.
    pub sec_fetch_site: Option<&'a str>,
    /// The value of `Origin`.
    pub origin: Option<&'a str>,
    /// The host and port that the browser requested: `:authority` in HTTP/2 and later, else `Host`.
    /// If a proxy rewrites it, [trust](OriginGuard::trust) the public origin.
    pub host: Option<&'a str>,
    /// The value of `Upgrade`.
    pub upgrade: Option<&'a str>,
}

impl OriginGuard {
    /// Creates a guard that trusts no other origin, and refuses `same-site` requests and requests
    /// without headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts an origin: its requests may change something, whatever `Sec-Fetch-Site` says. Use it
    /// for a sign-in host or a partner. Also use it for the site's own public origin if the
    /// application cannot know that: behind a proxy that rewrites `Host`, or over plain HTTP (rule
    /// 4 assumes HTTPS).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Origin`] unless the text is a scheme (`http` or `https`), a host and an
    /// optional port.
    pub fn trust(mut self, origin: impl AsRef<str>) -> Result<Self, ConfigError> {
        let origin = origin.as_ref();
        let serialized = serialize(origin).ok_or_else(|| ConfigError::Origin(origin.to_owned()))?;
        self.trusted.push(serialized);
        Ok(self)
    }

    /// Sets whether requests from other origins of the same site pass: sibling subdomains and other
    /// ports. The default is `false`: otherwise one sibling in the hands of an attacker could forge
    /// requests.
    #[must_use]
    pub fn allow_same_site(mut self, allow: bool) -> Self {
        self.same_site = allow;
        self
    }

    /// Sets whether requests without `Sec-Fetch-Site` and `Origin` pass. Programs and browsers from
    /// before 2020 send such requests. The default is `false`. A client that is not a browser needs
    /// no protection from forgery, so it is better to leave its routes out of the check.
    #[must_use]
    pub fn allow_without_headers(mut self, allow: bool) -> Self {
        self.without_headers = allow;
        self
    }

    /// Checks a request.
    ///
    /// # Errors
    ///
    /// [`ForeignRequest`] with the reason, for logs. Answer with 403 before anything changes.
    pub fn check(&self, request: &RequestSource<'_>) -> Result<(), ForeignRequest> {
        let verdict = self.judge(request);
        if let Err(reason) = verdict {
            events::foreign_request(request.method, reason);
        }
        verdict
    }

    fn judge(&self, request: &RequestSource<'_>) -> Result<(), ForeignRequest> {
        if SAFE_METHODS.contains(&request.method) && request.upgrade.is_none() {
            return Ok(());
        }
        if request.origin.is_some_and(|origin| self.trusted.iter().any(|t| t == origin)) {
            return Ok(());
        }
        match (request.sec_fetch_site, request.origin) {
            (Some("same-origin" | "none"), _) => Ok(()),
            (Some("same-site"), _) if self.same_site => Ok(()),
            (Some("same-site"), _) => Err(ForeignRequest::SameSite),
            (Some(_), _) => Err(ForeignRequest::CrossSite),
            (None, Some(origin)) if is_own(origin, request.host) => Ok(()),
            (None, Some(_)) => Err(ForeignRequest::Origin),
            (None, None) if self.without_headers => Ok(()),
            (None, None) => Err(ForeignRequest::NoHeaders),
        }
    }
}

/// Whether `origin` is `https://` and `host`.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    host.and_then(|host| serialize(&format!("https://{host}"))).is_some_and(|own| own == origin)
}

/// An origin as browsers write it (WHATWG HTML, serialization of an origin): in lower case, without
/// the scheme's default port. `None` if the text is not an origin.
fn serialize(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, rest) = origin.split_once("://")?;
    let own_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let rest = rest.strip_suffix(own_port).unwrap_or(rest);
    let (host, port) = match rest.rsplit_once(':') {
        // The colons of an IPv6 address are inside brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse().is_ok_and(|port: u16| port > 0)
    };
    let is_host = match host.strip_prefix('[') {
        Some(address) => address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    (is_host && port.is_none_or(is_port)).then(|| format!("{scheme}://{rest}"))
}

/// RFC 9110 section 9.2.1. Methods are compared with their case.
const SAFE_METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];
