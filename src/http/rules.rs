//! The rules for a cookie, checked when the configuration is built.
//!
//! They come from RFC 6265bis sections 4.1 and 5.7, from CHIPS for `Partitioned`, and from the
//! behavior of browsers. Each refusal says what to do.

use std::borrow::Cow;

use cookie::SameSite;

use crate::{error::ConfigError, format::envelope::MAX_BOUND_LEN};

/// A cookie as the application configures it.
#[derive(Debug, Clone)]
pub(crate) struct CookieConfig {
    pub(crate) name: Cow<'static, str>,
    pub(crate) scope: Scope,
    pub(crate) same_site: SameSite,
    /// Sent over HTTPS only. Off only for development over plain HTTP.
    pub(crate) secure: bool,
    pub(crate) former_scopes: Vec<Scope>,
}

/// Where a browser stores a cookie. It stores one cookie of a name for each combination of Path,
/// Domain and Partitioned.
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
    /// Each Set-Cookie gets a copy; copying the usual `/` allocates nothing.
    pub(crate) path: Cow<'static, str>,
    pub(crate) domain: Option<String>,
    pub(crate) partitioned: bool,
}

impl Scope {
    /// Creates a scope with `Path=/`, without Domain, not Partitioned.
    pub fn new() -> Self {
        Self { path: "/".into(), domain: None, partitioned: false }
    }

    /// Sets the Path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Cow::Owned(path.into());
        self
    }

    /// Sets the Domain.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        // Browsers ignore its case.
        self.domain = Some(domain.into().to_ascii_lowercase());
        self
    }

    /// Sets Partitioned: the cookie is stored once for each top-level site (CHIPS).
    #[must_use]
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Whether only `Partitioned` distinguishes the two.
    pub(super) fn differs_in_partition_alone(&self, other: &Self) -> bool {
        self.partitioned != other.partitioned
            && (&self.path, &self.domain) == (&other.path, &other.domain)
    }

    /// Whether a `__Host-` cookie can have this scope.
    pub(crate) fn fits_host_prefix(&self) -> bool {
        self.domain.is_none() && self.path == "/"
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !self.path.starts_with('/') {
            return refuse("Path", "it must begin with `/`");
        }
        if self.path.len() > MAX_ATTRIBUTE_LEN || !self.path.bytes().all(is_attribute_octet) {
            return refuse("Path", "it must be at most 1024 visible ASCII characters, without `;`");
        }
        if let Some(domain) = &self.domain
            && !(is_host_name(domain) && is_below_a_top_level(domain))
        {
            return refuse(
                "Domain",
                "it must be a host name in ASCII, without leading dot, port or `;`, as in `example.org`; \
                 browsers take no address, no top-level domain and no `localhost`: leave it out for those",
            );
        }
        #[cfg(feature = "public-suffix")]
        if self.domain.as_deref().is_some_and(is_public_suffix) {
            return refuse(
                "Domain",
                "it is a public suffix, below which anybody can have a domain, so browsers take no cookie for it; \
                 name your own domain below it, as in `example.co.uk`, or leave it out",
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
pub(crate) struct CheckedCookie(pub(super) CookieConfig);

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
                    "a `__Host-` cookie must not have one; leave it out, or choose a cookie name with `__Secure-`",
                );
            }
            if self.scope.path != "/" {
                return refuse(
                    "Path",
                    "a `__Host-` cookie must have `/`; keep that, or choose a cookie name with `__Secure-`",
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
            if is_host && !former.fits_host_prefix() {
                return Err(ConfigError::FormerScope(
                    "a `__Host-` cookie never had a Domain or another Path than `/`; leave it out, or give the \
                     name that the cookie had then as `former_name`",
                ));
            }
            if former.partitioned && !self.secure {
                return Err(ConfigError::FormerScope("Partitioned needs Secure; leave it out"));
            }
            if *former == self.scope || self.former_scopes.iter().take(index).any(|f| f == former) {
                return Err(ConfigError::FormerScope(
                    "it is listed twice, or is the present scope; remove it",
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
        // Browsers ignore the case of a prefix; other servers may not.
        let spelled = |prefix: &Prefix| {
            self.name
                .get(..prefix.as_str().len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_str()))
        };
        match Prefix::ALL.into_iter().find(spelled) {
            Some(prefix) if !self.name.starts_with(prefix.as_str()) => self.refuse_name(
                "spell the prefix `__Host-`, `__Secure-`, `__Http-` or `__Host-Http-`, in exactly this case",
            ),
            Some(prefix) if self.name.len() == prefix.as_str().len() => {
                self.refuse_name("nothing follows the prefix; write a name after it, as in `__Host-session`")
            }
            prefix => Ok(prefix),
        }
    }

    fn refuse_name<R>(&self, reason: &'static str) -> Result<R, ConfigError> {
        Err(ConfigError::CookieName { name: self.name.clone().into_owned(), reason })
    }
}

/// The name prefixes that have a meaning for browsers (RFC 6265bis section 4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    HostHttp,
    Host,
    Secure,
    Http,
}

impl Prefix {
    /// The longer ones first.
    const ALL: [Self; 4] = [Self::HostHttp, Self::Host, Self::Secure, Self::Http];

    pub(super) const fn as_str(self) -> &'static str {
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

/// Whether browsers restrict cookies of this name to one host.
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
pub(crate) fn is_token_octet(byte: u8) -> bool {
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

/// Whether it is neither an IP address nor a single label, such as `com` or `localhost`. What ends
/// in a number is an address for browsers, and a number may be hexadecimal (the URL standard, "ends
/// in a number checker").
fn is_below_a_top_level(domain: &str) -> bool {
    domain.rsplit_once('.').is_some_and(|(_, top)| {
        let is_hexadecimal = top
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        !is_hexadecimal && !top.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether other sites are below it (RFC 6265bis section 5.7, step 9), by the list that the crate
/// psl has.
#[cfg(feature = "public-suffix")]
fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes().len() == domain.len())
}

/// Browsers ignore a longer Path or Domain (RFC 6265bis section 5.6).
const MAX_ATTRIBUTE_LEN: usize = 1024;
