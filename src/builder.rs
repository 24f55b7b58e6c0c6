//! The configuration of a kind of session, checked as a whole when it is built.

use std::{fmt, marker::PhantomData, time::Duration};

use cookie::SameSite;

use crate::{
    claims::{Timeouts, whole_seconds},
    cookie::{CookieConfig, Scope, without_prefix},
    envelope::{Binding, Purpose},
    error::ConfigError,
    events,
    keys::Keys,
    session::SessionData,
    sessions::Sessions,
};

impl<T: SessionData> Sessions<T> {
    /// Sessions with the defaults: a cookie `__Host-session` with `HttpOnly`,
    /// `Secure`, `SameSite=Lax` and `Path=/` that lasts 14 days from the last
    /// [`renew`](crate::Session::renew), and no idle timeout.
    #[expect(clippy::missing_panics_doc, reason = "the defaults can be built")]
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self::builder(keys).build().expect("the defaults follow every rule")
    }

    /// Sessions with a configuration of their own.
    pub fn builder(keys: impl Into<Keys>) -> Builder<T> {
        Builder {
            keys: keys.into(),
            name: DEFAULT_NAME.to_owned(),
            audience: None,
            scope: Scope::new(),
            same_site: SameSite::Lax,
            plain_http: false,
            former_scopes: Vec::new(),
            absolute_timeout: DEFAULT_ABSOLUTE_TIMEOUT,
            idle_timeout: None,
            persistent: true,
            data: PhantomData,
        }
    }
}

/// Configures [`Sessions`]. Every rule is checked by [`build`](Self::build).
///
/// ```
/// use std::time::Duration;
///
/// use sealed_session::{KeyRing, Sessions};
///
/// let carts = Sessions::<Vec<u32>>::builder(KeyRing::ephemeral()?)
///     .cookie_name("__Host-cart")
///     .idle_timeout(Duration::from_secs(30 * 60))
///     .build()?;
/// assert_eq!(carts.cookie_name(), "__Host-cart");
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[must_use = "call `build`"]
pub struct Builder<T> {
    keys: Keys,
    name: String,
    audience: Option<String>,
    scope: Scope,
    same_site: SameSite,
    plain_http: bool,
    former_scopes: Vec<Scope>,
    absolute_timeout: Duration,
    idle_timeout: Option<Duration>,
    persistent: bool,
    data: PhantomData<fn() -> T>,
}

impl<T: SessionData> Builder<T> {
    /// The cookie's name, `__Host-session` by default. It is sealed in: what
    /// was sealed under one name is refused under another.
    ///
    /// Only with the prefix `__Host-` do browsers keep a sibling subdomain from
    /// planting a cookie of this name.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The tenant, host or environment that the sessions are for, 1 to 255
    /// bytes. It is sealed in: with one key ring for all of them, what was
    /// sealed for one is refused by the others.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The cookie's Path, `/` by default.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.scope = self.scope.path(path);
        self
    }

    /// The cookie's Domain, none by default: the cookie goes to this host alone.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.scope = self.scope.domain(domain);
        self
    }

    /// `SameSite`, `Lax` by default.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// `Partitioned` by top-level site (CHIPS), for an embedded site; with it
    /// goes `SameSite=None`. Off by default.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.scope.partitioned = partitioned;
        self
    }

    /// A Path, Domain or Partitioned that the cookie had in an earlier version
    /// of the configuration: browsers may still hold such a twin, so
    /// [`Session::destroy`](crate::Session::destroy) removes it too.
    pub fn former_scope(mut self, scope: Scope) -> Self {
        self.former_scopes.push(scope);
        self
    }

    /// The longest a session lives from its last [`renew`](crate::Session::renew), 14
    /// days by default, whole seconds. It is sealed in: raising it revives
    /// nothing, lowering it takes effect at once.
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = timeout;
        self
    }

    /// The longest a session lives without being looked at, none by default,
    /// whole seconds. The value is sealed again while the session is used,
    /// when it is older than an eighth of this timeout, though not within a
    /// minute and at least every hour (a timeout under two minutes: after half
    /// of it). Sealed in like the absolute timeout.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Whether the cookie outlives the browser's session, `true` by default.
    /// The sealed expiry holds in either case. [`Session::renew_with`](crate::Session::renew_with) decides for a single session.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// For development without TLS, never for production: the cookie loses
    /// `Secure` and its name the prefix (`session` in place of
    /// `__Host-session`), so that every browser keeps it on `http://localhost`.
    /// Whoever sees the traffic can take the session over. Building warns, as
    /// an event or on standard error.
    pub fn insecure_plain_http_for_development(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// The finished configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], with the remedy, for whatever breaks a rule of RFC
    /// 6265bis or of CHIPS, or that browsers would drop, and for a timeout or
    /// an audience out of range.
    pub fn build(self) -> Result<Sessions<T>, ConfigError> {
        let name = match self.plain_http {
            true => without_prefix(&self.name).to_owned(),
            false => self.name,
        };
        let cookie = CookieConfig {
            name,
            scope: self.scope,
            same_site: self.same_site,
            secure: !self.plain_http,
            former_scopes: self.former_scopes,
        }
        .check()?;
        let timeouts = Timeouts {
            absolute: whole_seconds(self.absolute_timeout, "absolute_timeout", MAX_TIMEOUT)?,
            idle: self
                .idle_timeout
                .map(|idle| whole_seconds(idle, "idle_timeout", MAX_TIMEOUT))
                .transpose()?,
            persistent: self.persistent,
        };
        if self.audience.as_deref() == Some("") {
            return Err(ConfigError::Audience);
        }
        let binding = Binding::new(Purpose::Session, cookie.name(), self.audience.as_deref())
            .ok_or(ConfigError::Audience)?;
        if self.plain_http {
            events::plain_http(cookie.name());
        } else if !cookie.is_host_prefixed() {
            events::not_host_prefixed(cookie.name());
        }
        Ok(Sessions::with(self.keys, cookie, binding, timeouts))
    }
}

impl<T> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("cookie_name", &self.name).finish_non_exhaustive()
    }
}

const DEFAULT_NAME: &str = "__Host-session";
/// That of iron-session.
const DEFAULT_ABSOLUTE_TIMEOUT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The format has 32 bits, and the greatest number means that there is no idle timeout.
const MAX_TIMEOUT: u32 = u32::MAX - 1;
