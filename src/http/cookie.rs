//! The cookie around a sealed value: its name and attributes, checked when the
//! configuration is built, and its place in Cookie and Set-Cookie headers.
//!
//! The rules are those of RFC 6265bis sections 4.1 and 5.7, of CHIPS for
//! `Partitioned`, and what browsers do; each refusal names the remedy.

use std::{borrow::Cow, time::Duration};

use cookie::{Cookie, SameSite};
use time::OffsetDateTime;

use crate::{
    error::ConfigError,
    format::{
        claims::MAX_AGE_LIMIT, envelope::MAX_BOUND_LEN, lineage::Limit, seal::MAX_COOKIE_LEN,
    },
};

/// What the application configures of a cookie.
#[derive(Debug, Clone)]
pub(crate) struct CookieConfig {
    pub(crate) name: Cow<'static, str>,
    pub(crate) scope: Scope,
    pub(crate) same_site: SameSite,
    /// Sent over HTTPS only; off for plain-HTTP development alone.
    pub(crate) secure: bool,
    pub(crate) former_scopes: Vec<Scope>,
}

/// Where a browser keeps a cookie: it holds one of a name for each combination
/// of Path, Domain and Partitioned.
///
/// For [`Builder::former_scope`](crate::Builder::former_scope).
///
/// ```
/// use sealed_session::Scope;
///
/// let scope = Scope::new().path("/app").domain("example.org");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Each Set-Cookie has a copy, and to copy the usual `/` allocates nothing.
    pub(crate) path: Cow<'static, str>,
    pub(crate) domain: Option<String>,
    pub(crate) partitioned: bool,
}

impl Scope {
    /// `Path=/`, no Domain, not Partitioned.
    pub fn new() -> Self {
        Self { path: "/".into(), domain: None, partitioned: false }
    }

    /// With this Path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Cow::Owned(path.into());
        self
    }

    /// With this Domain.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        // Browsers compare it without case.
        self.domain = Some(domain.into().to_ascii_lowercase());
        self
    }

    /// Partitioned by top-level site (CHIPS).
    #[must_use]
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !self.path.starts_with('/') {
            return refuse("Path", "it must begin with `/`");
        }
        if self.path.len() > MAX_ATTRIBUTE_LEN || !self.path.bytes().all(is_attribute_octet) {
            return refuse("Path", "it must be at most 1024 visible ASCII characters, without `;`");
        }
        if let Some(domain) = &self.domain
            && !is_host_name(domain)
        {
            return refuse(
                "Domain",
                "it must be a host name in ASCII, without leading dot, port or `;`, as in `example.org`",
            );
        }
        Ok(())
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

/// A configuration that browsers will keep.
#[derive(Debug, Clone)]
pub(crate) struct CheckedCookie(CookieConfig);

impl CookieConfig {
    /// Checks every rule.
    pub(crate) fn check(self) -> Result<CheckedCookie, ConfigError> {
        let prefix = self.check_name()?;
        self.scope.check()?;
        if prefix.is_some() && !self.secure {
            return self
                .refuse_name("this prefix needs Secure; use a name without it for plain HTTP");
        }
        if prefix.is_some_and(Prefix::is_host) {
            if self.scope.domain.is_some() {
                return refuse(
                    "Domain",
                    "a `__Host-` cookie has none; leave it out, or choose a cookie name with `__Secure-`",
                );
            }
            if self.scope.path != "/" {
                return refuse(
                    "Path",
                    "a `__Host-` cookie has `/`; leave it so, or choose a cookie name with `__Secure-`",
                );
            }
        }
        if self.same_site == SameSite::None && !self.secure {
            return refuse(
                "SameSite",
                "`None` needs Secure, which plain HTTP does not have; use Lax",
            );
        }
        if self.scope.partitioned && !self.secure {
            return refuse(
                "Partitioned",
                "it needs Secure, which plain HTTP does not have; leave it out",
            );
        }
        if self.scope.partitioned && self.same_site != SameSite::None {
            return refuse("Partitioned", "it is for cross-site use and needs SameSite=None");
        }
        for (index, former) in self.former_scopes.iter().enumerate() {
            former.check()?;
            let is_host = prefix.is_some_and(Prefix::is_host);
            if is_host && (former.domain.is_some() || former.path != "/") {
                return Err(ConfigError::FormerScope(
                    "a `__Host-` cookie never had a Domain or another Path than `/`; leave it out",
                ));
            }
            if former.partitioned && !self.secure {
                return Err(ConfigError::FormerScope("Partitioned needs Secure; leave it out"));
            }
            if *former == self.scope || self.former_scopes.iter().take(index).any(|f| f == former) {
                return Err(ConfigError::FormerScope(
                    "it is listed twice, or is the present scope",
                ));
            }
        }
        Ok(CheckedCookie(self))
    }

    fn check_name(&self) -> Result<Option<Prefix>, ConfigError> {
        if self.name.is_empty() || !self.name.bytes().all(is_token_octet) {
            return self.refuse_name(
                "it must be a token: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2)",
            );
        }
        if self.name.len() > MAX_BOUND_LEN {
            return self.refuse_name("it must have at most 255 bytes");
        }
        // Browsers match prefixes without case, other servers may not.
        let spelled = |prefix: &Prefix| {
            self.name
                .get(..prefix.as_str().len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_str()))
        };
        match Prefix::ALL.into_iter().find(spelled) {
            Some(prefix) if !self.name.starts_with(prefix.as_str()) => self.refuse_name(
                "spell the prefix `__Host-`, `__Secure-`, `__Http-` or `__Host-Http-`, with this case",
            ),
            Some(prefix) if self.name.len() == prefix.as_str().len() => {
                self.refuse_name("nothing follows the prefix; write a name behind it, as in `__Host-session`")
            }
            prefix => Ok(prefix),
        }
    }

    fn refuse_name<R>(&self, reason: &'static str) -> Result<R, ConfigError> {
        Err(ConfigError::CookieName { name: self.name.clone().into_owned(), reason })
    }
}

impl CheckedCookie {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn config(&self) -> &CookieConfig {
        &self.0
    }

    pub(crate) fn is_host_prefixed(&self) -> bool {
        self.name().starts_with(Prefix::Host.as_str())
    }

    /// The cookie that carries `value`; without `max_age` it ends with the browser's session.
    pub(crate) fn set(&self, value: String, max_age: Option<Duration>) -> Cookie<'static> {
        let mut cookie = self.build(self.0.name.clone(), value, &self.0.scope);
        if let Some(max_age) = max_age {
            set_max_age(&mut cookie, max_age);
        }
        cookie
    }

    /// The cookies that remove ours, in the present scope and in each former one.
    pub(crate) fn removals(&self) -> impl Iterator<Item = Cookie<'static>> {
        self.scopes().map(|scope| self.removal(self.0.name.clone(), scope))
    }

    /// The cookies that remove what a browser may hold of ours in former scopes, beside the present one.
    pub(crate) fn twin_removals(&self) -> impl Iterator<Item = Cookie<'static>> {
        self.0.former_scopes.iter().map(|scope| self.removal(self.0.name.clone(), scope))
    }

    /// The cookies that end what `limit` covers, in each scope in which a value of it may be read.
    pub(crate) fn set_tombstone(
        &self,
        limit: Limit,
        value: &str,
        max_age: Duration,
    ) -> impl Iterator<Item = Cookie<'static>> {
        let name = self.tombstone_name(limit);
        self.scopes().map(move |scope| {
            let mut cookie = self.build(name.clone(), value.to_owned(), scope);
            set_max_age(&mut cookie, max_age);
            cookie
        })
    }

    /// The cookies that remove that tombstone.
    pub(crate) fn remove_tombstone(&self, limit: Limit) -> impl Iterator<Item = Cookie<'static>> {
        let name = self.tombstone_name(limit);
        self.scopes().map(move |scope| self.removal(name.clone(), scope))
    }

    /// Whether our name is that of a tombstone beside another cookie.
    pub(crate) fn is_tombstone_name_of(&self, other: &Self, limit: Limit) -> bool {
        let end = self
            .name()
            .strip_prefix(other.name())
            .and_then(|end| end.strip_prefix(TOMBSTONE_INFIX));
        end.and_then(|end| Limit::from_text(end.as_bytes())) == Some(limit)
    }

    fn tombstone_name(&self, limit: Limit) -> Cow<'static, str> {
        format!("{}{TOMBSTONE_INFIX}{}", self.0.name, limit.to_text()).into()
    }

    fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::once(&self.0.scope).chain(&self.0.former_scopes)
    }

    fn removal(&self, name: Cow<'static, str>, scope: &Scope) -> Cookie<'static> {
        let mut cookie = self.build(name, String::new(), scope);
        cookie.set_max_age(time::Duration::ZERO);
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        cookie
    }

    /// The values of our name in one Cookie header, and those of its tombstones.
    ///
    /// On bytes, because another application's cookie need not be UTF-8. Names
    /// are compared as they stand: a parser that trims Unicode white space or
    /// decodes `%` would take a planted `%5F%5FHost-…` for our cookie, for
    /// which browsers do not enforce the prefix.
    pub(crate) fn values<'a>(&'a self, header: &'a [u8]) -> impl Iterator<Item = Named<'a>> {
        pairs(header).filter_map(|pair| {
            let rest = trim_ows(pair).strip_prefix(self.name().as_bytes())?;
            if let Some(value) = rest.strip_prefix(b"=") {
                return Some(Named::Value(bounded(value)));
            }
            let rest = rest.strip_prefix(TOMBSTONE_INFIX.as_bytes())?;
            let end = memchr::memchr(b'=', rest)?;
            let (limit, value) = rest.split_at_checked(end)?;
            Some(Named::Tombstone(Limit::from_text(limit)?, bounded(value.get(1..)?)))
        })
    }

    fn build(&self, name: Cow<'static, str>, value: String, scope: &Scope) -> Cookie<'static> {
        let mut cookie = Cookie::new(name, value);
        cookie.set_http_only(true);
        cookie.set_secure(self.0.secure);
        cookie.set_path(scope.path.clone());
        if let Some(domain) = &scope.domain {
            cookie.set_domain(domain.clone());
        }
        if scope.partitioned {
            cookie.set_partitioned(true);
        }
        // The removal of a former partitioned twin has to pass where that twin lives, cross-site.
        let same_site = if scope.partitioned { SameSite::None } else { self.0.same_site };
        cookie.set_same_site(same_site);
        cookie
    }
}

/// What a Cookie header has under a name.
pub(crate) enum Named<'a> {
    Value(&'a [u8]),
    /// Under the name with what it ends behind.
    Tombstone(Limit, &'a [u8]),
}

/// As much as it takes to see that a value is too long.
fn bounded(value: &[u8]) -> &[u8] {
    value.get(..=MAX_COOKIE_LEN).unwrap_or(value)
}

fn set_max_age(cookie: &mut Cookie<'_>, max_age: Duration) {
    let seconds = max_age.as_secs().min(MAX_AGE_LIMIT);
    cookie.set_max_age(time::Duration::seconds(seconds.try_into().unwrap_or(i64::MAX)));
}

/// The name prefixes that browsers give a meaning (RFC 6265bis section 4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    HostHttp,
    Host,
    Secure,
    Http,
}

impl Prefix {
    /// The longer ones first.
    const ALL: [Self; 4] = [Self::HostHttp, Self::Host, Self::Secure, Self::Http];

    const fn as_str(self) -> &'static str {
        match self {
            Self::HostHttp => "__Host-Http-",
            Self::Host => "__Host-",
            Self::Secure => "__Secure-",
            Self::Http => "__Http-",
        }
    }

    fn is_host(self) -> bool {
        matches!(self, Self::HostHttp | Self::Host)
    }
}

/// Whether browsers hold cookies of this name to one host.
pub(crate) fn is_host_prefixed(name: &str) -> bool {
    name.starts_with(Prefix::Host.as_str()) || name.starts_with(Prefix::HostHttp.as_str())
}

/// The name without its prefix, for plain-HTTP development.
pub(crate) fn without_prefix(name: &str) -> &str {
    Prefix::ALL.into_iter().find_map(|prefix| name.strip_prefix(prefix.as_str())).unwrap_or(name)
}

fn refuse<R>(attribute: &'static str, reason: &'static str) -> Result<R, ConfigError> {
    Err(ConfigError::CookieAttribute { attribute, reason })
}

/// RFC 9110 section 5.6.2.
fn is_token_octet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_attribute_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b';'
}

/// Letters, digits and hyphens between dots (RFC 1123 section 2.1).
fn is_host_name(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// What stands between semicolons. Most of a Cookie header may be our value, so it is searched in words, not in bytes.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let pairs = rest?;
        let (pair, tail) =
            match memchr::memchr(b';', pairs).and_then(|at| pairs.split_at_checked(at)) {
                Some((pair, tail)) => (pair, tail.split_first().map(|(_semicolon, tail)| tail)),
                None => (pairs, None),
            };
        rest = tail;
        Some(pair)
    })
}

/// Without the spaces and tabs at both ends (RFC 6265bis section 5.6), and no other white space.
fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Browsers ignore a longer Path or Domain (RFC 6265bis section 5.6).
const MAX_ATTRIBUTE_LEN: usize = 1024;
/// What stands between the session cookie's name and what a tombstone ends.
const TOMBSTONE_INFIX: &str = "-ended-";
