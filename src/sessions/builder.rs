//! The configuration of a kind of session. It is checked as a whole when it is built.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use cookie::SameSite;
use time::OffsetDateTime;

use super::{
    accepted::{Accepted, Former},
    core::{Core, Sessions},
    device,
    fallback::Configured,
    listed::Listed,
    revocation::RevokeIf,
};
use crate::{
    error::ConfigError,
    events,
    format::{
        frame::MAX_COOKIE_LEN,
        lifetime::{MAX_TIMEOUT, Timeouts, idle_seconds, whole_seconds},
    },
    http::{
        rules::{CookieConfig, Scope, without_prefix},
        token::{self, AUTHORIZATION},
    },
    keys::Keys,
    observer::Observer,
    session::SessionData,
};

impl<T: SessionData> Sessions<T> {
    /// Creates sessions with the defaults: a cookie `__Host-session` with `HttpOnly`, `Secure`,
    /// `SameSite=Lax` and `Path=/`. A session ends 14 days after it began or was last renewed, by
    /// [`renew`](crate::Session::renew) or [`sign_in`](crate::Session::sign_in). There is no idle
    /// timeout.
    #[expect(clippy::missing_panics_doc, reason = "the defaults can be built")]
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self::builder(keys).build().expect("the defaults follow every rule")
    }

    /// Starts a configuration, from the defaults of [`new`](Self::new).
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
            token_header: AUTHORIZATION.into(),
            former_names: Vec::new(),
            former_audiences: Vec::new(),
            listed: Listed::nowhere(),
            revoke_if: RevokeIf::never(),
            fallback: None,
            observer: None,
            device: device::Asked::NOTHING,
        }
    }
}

/// Configures [`Sessions`]. [`build`](Self::build) checks every rule.
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
    pub(super) token_header: Cow<'static, str>,
    former_names: Vec<Former<String>>,
    former_audiences: Vec<Former<Option<String>>>,
    pub(super) listed: Listed<T>,
    pub(super) revoke_if: RevokeIf<T>,
    pub(super) fallback: Option<Configured<T>>,
    observer: Option<Arc<dyn Observer>>,
    pub(super) device: device::Asked,
}

impl<T: SessionData> Builder<T> {
    /// Sets the cookie's name. The default is `__Host-session`. The name is sealed into the value:
    /// a value that was sealed under one name is refused under another.
    ///
    /// Keep the prefix `__Host-` if you can. Without it, a sibling subdomain can plant a cookie
    /// with this name.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.name = Cow::Owned(name.into());
        self
    }

    /// Sets the tenant, host or environment that the sessions are for, 1 to 255 bytes. None by
    /// default. The audience is sealed into the value. So several audiences can share one key ring,
    /// and each refuses what was sealed for another.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sets the cookie's Path. The default is `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.scope = self.scope.path(path);
        self
    }

    /// Sets the cookie's Domain. By default there is none, and browsers send the cookie to this
    /// host only.
    ///
    /// Browsers drop a cookie for an IP address, for `localhost` or for a top-level domain, so these
    /// are errors. They drop one for a public suffix too, such as `co.uk` or `github.io`. That is an
    /// error with the feature `public-suffix`, which brings the list of them.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.scope = self.scope.domain(domain);
        self
    }

    /// Sets the cookie's `SameSite` attribute. The default is `Lax`.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Sets the cookie's `Partitioned` attribute (CHIPS), for a site that is embedded in other
    /// sites. Off by default. It requires `SameSite=None`.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.scope.partitioned = partitioned;
        self
    }

    /// Adds a Path, Domain or Partitioned that the cookie had in an earlier configuration. A
    /// browser may still hold a cookie from that time beside the present one. Responses that set or
    /// remove the cookie remove the old one too.
    pub fn former_scope(mut self, scope: Scope) -> Self {
        self.former_scopes.push(scope);
        self
    }

    /// Accepts a name that the cookie had in an earlier configuration, until a date.
    ///
    /// If a session comes in under the former name, the next response seals it under the present
    /// name and removes the old cookie.
    ///
    /// While machines with the old and the new configuration run at the same time, deploy in two
    /// steps. Otherwise a machine that does not know the new name treats its visitors as signed
    /// out. First deploy the old name, with the new one as `former_name`, so that every machine
    /// reads both. Then swap the two.
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

    /// Accepts an audience that the sessions had in an earlier configuration, until a date. `None`
    /// stands for no audience. If a session comes in that was sealed for it, the next response
    /// seals it for the present audience.
    ///
    /// Until that date, whoever can seal for the former audience can create sessions here.
    pub fn former_audience(mut self, audience: Option<&str>, until: OffsetDateTime) -> Self {
        self.former_audiences.push(Former { value: audience.map(str::to_owned), until });
        self
    }

    /// Sets how long a session lives after it began or was last renewed, by
    /// [`renew`](crate::Session::renew) or [`sign_in`](crate::Session::sign_in), in whole seconds.
    /// The default is 14 days. The lifetime is sealed into the value. If you raise the timeout, no
    /// expired session comes back to life. If you lower it, it applies at once, to existing
    /// sessions too.
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = timeout;
        self
    }

    /// Sets how long a session lives without being used, in whole seconds. By default there is no
    /// idle timeout. It may not be longer than the [absolute timeout](Self::absolute_timeout). Like
    /// that, it is sealed into the value.
    ///
    /// The value is sealed again while the session is used, but not at every request: only if it is
    /// older than an eighth of this timeout, and never within its first minute. After an hour it is
    /// always sealed again. If the timeout is under two minutes, it is sealed again after half of
    /// it.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets whether browsers keep the cookie when they are closed. The default is `true`. The
    /// sealed expiry applies in either case. [`Session::renew_with`](crate::Session::renew_with)
    /// decides it for a single session.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// Pads the data to a multiple of this many bytes, from 1 (no padding, the default) to 1024.
    /// The cookie's length then reveals only the number of steps that the JSON takes.
    ///
    /// The padding consists of spaces after the JSON, inside the encryption. Readers accept any
    /// amount of it. Data that fits without padding also fits with it: near the limit of browsers,
    /// the last step is shorter.
    pub fn pad_to(mut self, bytes: usize) -> Self {
        self.pad_to = Some(bytes);
        self
    }

    /// Sets the maximum length of the cookie's name and value together, in bytes. The default is
    /// 4096, which is what browsers accept. A larger session is
    /// [`SealError::TooLarge`](crate::SealError::TooLarge).
    ///
    /// Some proxies accept less. For example, nginx answers 502 if a response's head exceeds its
    /// buffer, 4 KiB by default. With 2048 there is room left for the other headers.
    pub fn max_cookie_len(mut self, bytes: usize) -> Self {
        self.max_cookie_len = bytes;
        self
    }

    /// Sets whether data is read back before it is sealed. If a type writes JSON that it cannot
    /// read, the write then fails. Otherwise the visitor would be signed out at the next request.
    /// The default is `true` in debug builds and `false` in release builds, because reading back
    /// 100 B costs a quarter of an unseal and a seal with the feature `ring`, and an eighth without.
    /// NaN, infinities and JSON that is nested too deeply are errors in every build.
    pub fn check_data(mut self, check: bool) -> Self {
        self.check_data = check;
        self
    }

    /// Allows plain HTTP, for development only. Never use it in production: whoever sees the
    /// traffic can take the session over.
    ///
    /// The cookie loses the attribute `Secure`, and its name loses the prefix (`session` instead of
    /// `__Host-session`), so that every browser keeps it on `http://localhost`. Building emits a
    /// warning, as an event or on standard error.
    pub fn insecure_plain_http_for_development(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Sets an observer that counts sessions, for a dashboard.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Builds the sessions, and checks the configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the configuration breaks a rule of RFC 6265bis or of CHIPS, if browsers
    /// would drop the cookie, or if a value is out of range. The message says what to do.
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
        let absolute = whole_seconds(self.absolute_timeout, "absolute_timeout", MAX_TIMEOUT)?;
        let timeouts = Timeouts {
            absolute,
            idle: self
                .idle_timeout
                .map(|idle| idle_seconds(idle, "idle_timeout", absolute, "absolute_timeout"))
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
            // Without its prefix, a former name can equal the present one.
            let is_other = !self.plain_http || value != config.name;
            is_other.then_some(Former { value, ..former })
        });
        let former_names = former_names.collect();
        let audience = self.audience.as_deref();
        let accepted = Accepted::new(&config, audience, former_names, &self.former_audiences)?;
        let name = accepted.cookie().name();
        let fallback = self
            .fallback
            .filter(|_| cfg!(feature = "takeover"))
            .map(|fallback| fallback.check(&accepted, !self.plain_http))
            .transpose()?;
        let said = self.keys.current().absolute_timeout();
        if let Some(said) = said.filter(|said| *said != self.absolute_timeout) {
            events::timeout_differs(name, self.absolute_timeout, said);
        }
        if self.plain_http {
            events::plain_http(name);
        } else if !accepted.cookie().is_host_prefixed() {
            events::not_host_prefixed(name);
        }
        let device = self.device.check(&accepted)?;
        Ok(Sessions::with(Core {
            keys: self.keys,
            accepted,
            timeouts,
            max_len: self.max_cookie_len,
            pad_to: self.pad_to,
            check_data: self.check_data,
            tombstones: self.tombstones,
            listed: self.listed,
            token_header: token::check_header(&self.token_header)?,
            revoke_if: self.revoke_if,
            fallback,
            observer: self.observer,
            device,
        }))
    }
}

impl<T> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("cookie_name", &self.name).finish_non_exhaustive()
    }
}

const DEFAULT_NAME: &str = "__Host-session";
/// The default of iron-session.
const DEFAULT_ABSOLUTE_TIMEOUT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A smaller cookie holds no useful session.
const MIN_COOKIE_LEN: usize = 512;
/// A larger step would waste most of a cookie.
const MAX_PADDING: usize = 1024;
