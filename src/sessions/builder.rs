//! The configuration of a kind of session, checked as a whole when it is built.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use cookie::SameSite;
use time::OffsetDateTime;

use super::{
    accepted::{Accepted, Former},
    core::{Core, Sessions},
    fallback::Configured,
    listed::Listed,
    revocation::RevokeIf,
};
use crate::{
    error::ConfigError,
    events,
    format::{
        frame::MAX_COOKIE_LEN,
        lifetime::{MAX_TIMEOUT, Timeouts, whole_seconds},
    },
    http::rules::{CookieConfig, Scope, without_prefix},
    keys::Keys,
    observer::Observer,
    session::SessionData,
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
            name: DEFAULT_NAME.into(),
            audience: None,
            scope: Scope::new(),
            same_site: SameSite::Lax,
            plain_http: false,
            former_scopes: Vec::new(),
            absolute_timeout: DEFAULT_ABSOLUTE_TIMEOUT,
            idle_timeout: None,
            persistent: true,
            pad_to: None,
            max_cookie_len: MAX_COOKIE_LEN,
            check_data: cfg!(debug_assertions),
            tombstones: true,
            former_names: Vec::new(),
            former_audiences: Vec::new(),
            listed: Listed::nowhere(),
            revoke_if: RevokeIf::never(),
            fallback: None,
            observer: None,
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
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Builder<T> {
    keys: Keys,
    name: Cow<'static, str>,
    audience: Option<String>,
    scope: Scope,
    same_site: SameSite,
    plain_http: bool,
    former_scopes: Vec<Scope>,
    absolute_timeout: Duration,
    idle_timeout: Option<Duration>,
    persistent: bool,
    pad_to: Option<usize>,
    max_cookie_len: usize,
    check_data: bool,
    pub(super) tombstones: bool,
    former_names: Vec<Former<String>>,
    former_audiences: Vec<Former<Option<String>>>,
    pub(super) listed: Listed<T>,
    pub(super) revoke_if: RevokeIf<T>,
    pub(super) fallback: Option<Configured<T>>,
    observer: Option<Arc<dyn Observer>>,
}

impl<T: SessionData> Builder<T> {
    /// The cookie's name, `__Host-session` by default. It is sealed in: what
    /// was sealed under one name is refused under another.
    ///
    /// Only with the prefix `__Host-` do browsers keep a sibling subdomain from
    /// planting a cookie of this name.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.name = Cow::Owned(name.into());
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

    /// A name that the cookie had in an earlier configuration, accepted until a date.
    ///
    /// What comes under it is sealed under the present name by the next response, and removed.
    /// Where machines of both configurations run at once, deploy in two steps, or those that do not
    /// know the new name yet find nobody signed in: first the old name with the new
    /// one as `former_name`, which is then read everywhere, and afterwards the other way round.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    /// use time::{Duration, OffsetDateTime};
    ///
    /// let until = OffsetDateTime::now_utc() + Duration::days(30);
    /// let sessions = Sessions::<u32>::builder(KeyRing::ephemeral()?)
    ///     .cookie_name("__Host-shop")
    ///     .former_name("__Host-session", until)
    ///     .build()?;
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn former_name(mut self, name: impl Into<String>, until: OffsetDateTime) -> Self {
        self.former_names.push(Former { value: name.into(), until });
        self
    }

    /// An audience that the sessions had in an earlier configuration, or that they had none,
    /// accepted until a date. What was sealed for it is sealed for the present one by the next response.
    ///
    /// Whoever can seal for the former audience can sign in here until that date.
    pub fn former_audience(mut self, audience: Option<&str>, until: OffsetDateTime) -> Self {
        self.former_audiences.push(Former { value: audience.map(str::to_owned), until });
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

    /// Pads the data to a multiple of so many bytes, 1 (no padding) to 1024, so that the
    /// cookie's length tells only how many steps the JSON takes. 1 by default.
    ///
    /// The padding is spaces behind the JSON, inside the encryption; readers
    /// accept any. Data that fits without padding fits with it: near
    /// the limit of browsers the last step is shorter.
    pub fn pad_to(mut self, bytes: usize) -> Self {
        self.pad_to = Some(bytes);
        self
    }

    /// The longest that name and value of the cookie may be together, 4096 bytes by default,
    /// which is what browsers keep. More is [`SealError::TooLarge`](crate::SealError::TooLarge).
    ///
    /// Some proxies take less: a response whose head exceeds the buffer of nginx, 4 KiB by
    /// default, becomes a 502. 2048 leave it room for the other headers.
    pub fn max_cookie_len(mut self, bytes: usize) -> Self {
        self.max_cookie_len = bytes;
        self
    }

    /// Whether data is read back before it is sealed, so that a type whose JSON it cannot read
    /// itself is an error at the write, and not a visitor who is signed out at the next request.
    /// By default it is in debug builds alone. NaN, infinities and nesting beyond what
    /// readers take are errors in any build.
    pub fn check_data(mut self, check: bool) -> Self {
        self.check_data = check;
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

    /// Tells an observer what becomes of sessions, for a dashboard.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
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
        let spelled = |name: &str| match self.plain_http {
            true => without_prefix(name).to_owned(),
            false => name.to_owned(),
        };
        let config = CookieConfig {
            name: match self.plain_http {
                true => spelled(&self.name).into(),
                false => self.name.clone(),
            },
            scope: self.scope,
            same_site: self.same_site,
            secure: !self.plain_http,
            former_scopes: self.former_scopes,
        };
        let timeouts = Timeouts {
            absolute: whole_seconds(self.absolute_timeout, "absolute_timeout", MAX_TIMEOUT)?,
            idle: self
                .idle_timeout
                .map(|idle| whole_seconds(idle, "idle_timeout", MAX_TIMEOUT))
                .transpose()?,
            persistent: self.persistent,
            own_idle: false,
        };
        self.listed.check(&timeouts)?;
        if self.audience.as_deref() == Some("") {
            return Err(ConfigError::Audience);
        }
        if self.pad_to.is_some_and(|step| !(1..=MAX_PADDING).contains(&step)) {
            return Err(ConfigError::Padding { limit: MAX_PADDING });
        }
        if !(MIN_COOKIE_LEN..=MAX_COOKIE_LEN).contains(&self.max_cookie_len) {
            return Err(ConfigError::CookieLength { least: MIN_COOKIE_LEN, most: MAX_COOKIE_LEN });
        }
        let former_names = self.former_names.into_iter().filter_map(|former| {
            let value = spelled(&former.value);
            // Without its prefix a former name may be the present one.
            let is_other = !self.plain_http || value != config.name;
            is_other.then_some(Former { value, ..former })
        });
        let former_names = former_names.collect();
        let audience = self.audience.as_deref();
        let accepted = Accepted::new(&config, audience, former_names, &self.former_audiences)?;
        let name = accepted.cookie().name();
        let fallback =
            self.fallback.map(|fallback| fallback.check(name, !self.plain_http)).transpose()?;
        let said = self.keys.current().absolute_timeout();
        if let Some(said) = said.filter(|said| *said != self.absolute_timeout) {
            events::timeout_differs(name, self.absolute_timeout, said);
        }
        if self.plain_http {
            events::plain_http(name);
        } else if !accepted.cookie().is_host_prefixed() {
            events::not_host_prefixed(name);
        }
        Ok(Sessions::with(Core {
            keys: self.keys,
            accepted,
            timeouts,
            max_len: self.max_cookie_len,
            pad_to: self.pad_to,
            check_data: self.check_data,
            tombstones: self.tombstones,
            listed: self.listed,
            revoke_if: self.revoke_if,
            fallback,
            observer: self.observer,
        }))
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
/// Less holds no session worth the name.
const MIN_COOKIE_LEN: usize = 512;
/// More would leave little of a cookie.
const MAX_PADDING: usize = 1024;
