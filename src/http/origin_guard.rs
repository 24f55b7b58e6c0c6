//! The first line against cross-site request forgery: where a request comes
//! from, by what browsers say of it. Pure: strings in, verdict out.
//!
//! The rules are those of the OWASP cheat sheet on request forgery, for fetch
//! metadata with the fallback to `Origin`, and of RFC 9110 section 9.2.1 for safe methods.

use crate::error::{ConfigError, ForeignRequest};

/// Refuses requests that another site makes a visitor's browser send.
///
/// In this order, the first rule that applies decides:
///
/// 1. A safe method (GET, HEAD, OPTIONS, TRACE) passes, unless the request has an `Upgrade`: a
///    WebSocket begins with a GET, and browsers let every site open one. So nothing may change on a GET.
/// 2. An `Origin` that is [trusted](Self::trust) passes.
/// 3. `Sec-Fetch-Site`, which every browser since 2023 sends over HTTPS and to
///    localhost, and which no page can set: `same-origin` passes, `none` (typed, a bookmark) passes,
///    `same-site` is refused unless [allowed](Self::allow_same_site), `cross-site` and anything else is refused.
/// 4. Without it `Origin` has to be `https://` and the request's host, or it is refused.
/// 5. With neither the request is refused, unless [allowed](Self::allow_without_headers).
///
/// It needs no session, so it protects the sign-in form too. It is the first
/// line: the second is the token of [`Session::csrf_token`](crate::Session::csrf_token),
/// and `SameSite=Lax` on the cookie stands behind both.
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

/// What an [`OriginGuard`] looks at: the method and four headers, `None` where
/// the request has no such header.
///
/// Of a header that came twice, give `Some("")`: it is refused. The default has no method, which is not a safe one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestSource<'a> {
    /// The method, as in `POST`.
    pub method: &'a str,
    /// The value of `Sec-Fetch-Site`.
    pub sec_fetch_site: Option<&'a str>,
    /// The value of `Origin`.
    pub origin: Option<&'a str>,
    /// The host and port that the browser asked for: `:authority` in HTTP/2 and
    /// later, else `Host`. Behind a proxy that rewrites it, [trust](OriginGuard::trust) the public origin.
    pub host: Option<&'a str>,
    /// The value of `Upgrade`.
    pub upgrade: Option<&'a str>,
}

impl OriginGuard {
    /// Trusts no other origin, and refuses `same-site` and requests without headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets this origin send requests that change something, whatever `Sec-Fetch-Site`
    /// says: a sign-in host, a partner, or the site's own public
    /// origin where the application cannot know it: behind a proxy that rewrites `Host`, or
    /// over plain HTTP (rule 4 assumes HTTPS).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Origin`] for anything but scheme (`http` or `https`), host and port.
    pub fn trust(mut self, origin: impl AsRef<str>) -> Result<Self, ConfigError> {
        let origin = origin.as_ref();
        let serialized = serialize(origin).ok_or_else(|| ConfigError::Origin(origin.to_owned()))?;
        self.trusted.push(serialized);
        Ok(self)
    }

    /// Whether other origins of the same site pass: sibling subdomains, other
    /// ports. `false` by default, because a single sibling that is taken over could then forge.
    #[must_use]
    pub fn allow_same_site(mut self, allow: bool) -> Self {
        self.same_site = allow;
        self
    }

    /// Whether requests pass that carry neither `Sec-Fetch-Site` nor `Origin`:
    /// programs, and browsers from before 2020. `false` by default. Who has no
    /// cookies in a browser needs no protection from forgery, so better leave such
    /// routes out of the check.
    #[must_use]
    pub fn allow_without_headers(mut self, allow: bool) -> Self {
        self.without_headers = allow;
        self
    }

    /// Judges a request.
    ///
    /// # Errors
    ///
    /// [`ForeignRequest`], with the reason for logs. Answer with 403, before anything changes.
    pub fn check(&self, request: &RequestSource<'_>) -> Result<(), ForeignRequest> {
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

/// Whether `origin` is that of a page which HTTPS served from `host`.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    host.and_then(|host| serialize(&format!("https://{host}"))).is_some_and(|own| own == origin)
}

/// An origin as browsers write it (WHATWG HTML, serialization of an origin):
/// lower case, without the scheme's own port. `None` where it is none.
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
        // The colons of an IPv6 address stand in brackets.
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
