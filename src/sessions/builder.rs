//! The configuration of a kind of session, checked as a whole when it is built.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use cookie::SameSite;

use crate::{
    error::ConfigError,
    events,
    format::{
        claims::{Timeouts, whole_seconds},
        envelope::{Binding, Purpose},
    },
    http::cookie::{CookieConfig, Scope, without_prefix},
    keys::Keys,
    session::SessionData,
    sessions::{
        Core, Sessions, Tombstone,
        fallback::{Fallback, FallbackCookie},
        revocation::{RevokeIf, SessionInfo},
    },
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
            tombstone: None,
            revoke_if: RevokeIf::never(),
            fallback: None,
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
    tombstone: Option<Duration>,
    revoke_if: RevokeIf<T>,
    fallback: Option<Arc<dyn Fallback<T>>>,
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

    /// Refuses the sessions for which `hook` returns true: of a user who was
    /// deleted, who changed the password, or who asked to be signed out everywhere.
    ///
    /// The hook is asked wherever a value is opened, after the signature and the
    /// times: by `load`, at the first look, and by `unseal` and `reseal`, so that what is revoked
    /// is neither seen nor sealed again. It runs within the request, so
    /// it must not block for long: let it read what the application keeps in memory and
    /// refreshes at its own pace. A panic in it is a panic of whoever looks.
    ///
    /// A generation counter for each user, in the session and beside the account, is enough:
    ///
    /// ```
    /// use std::{collections::HashMap, sync::{Arc, RwLock}};
    ///
    /// use sealed_session::{KeyRing, Sessions};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Clone, Default, Serialize, Deserialize)]
    /// struct Account {
    ///     user: Option<String>,
    ///     generation: u32,
    /// }
    ///
    /// let generations = Arc::new(RwLock::new(HashMap::from([("ada".to_owned(), 1)])));
    /// let known = Arc::clone(&generations);
    /// let sessions = Sessions::<Account>::builder(KeyRing::ephemeral()?)
    ///     .revoke_if(move |account, _| match &account.user {
    ///         // A user who was deleted has no generation.
    ///         Some(user) => known.read().unwrap().get(user) != Some(&account.generation),
    ///         None => false,
    ///     })
    ///     .build()?;
    ///
    /// let ada = Account { user: Some("ada".to_owned()), generation: 1 };
    /// let value = sessions.seal(&sessions.create(ada)?)?;
    /// assert!(sessions.unseal(&value).is_ok());
    ///
    /// // "Sign me out everywhere", or a new password
    /// generations.write().unwrap().insert("ada".to_owned(), 2);
    /// assert_eq!(sessions.unseal(&value).unwrap_err().class(), "revoked");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The example `revocation` does the same with a look-up every few minutes.
    pub fn revoke_if(
        mut self,
        hook: impl Fn(&T, &SessionInfo) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.revoke_if = RevokeIf::new(hook);
        self
    }

    /// Makes [`Session::destroy`](crate::Session::destroy) final against
    /// responses that are still under way, for `lifetime` in whole seconds. Off by default.
    ///
    /// A response to a parallel request may reach the browser after that of the
    /// sign-out, and set the session again. With this the sign-out also sets a small sealed
    /// cookie, the tombstone, named like the session's with `-ended` behind; a
    /// session whose tombstone comes with it is refused. It lives for `lifetime`, but no
    /// longer than the session could have, and needs some 130 bytes in each request.
    ///
    /// Five minutes are enough where requests follow a sign-out. The
    /// session that came too late lies in the browser until then, and is live
    /// again afterwards, so for shared machines give the absolute timeout, and while
    /// sessions are taken over from another library, what its cookies live for if that is longer.
    ///
    /// It binds this browser alone: a copy of the cookie elsewhere stays valid until it expires,
    /// which only [`revoke_if`](Self::revoke_if) can stop. There is one tombstone, for
    /// the session ended last.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::builder(KeyRing::ephemeral()?)
    ///     .tombstone(Duration::from_secs(300))
    ///     .build()?;
    /// let value = sessions.seal(&sessions.create(7)?)?;
    ///
    /// let mut session = sessions.load([format!("__Host-session={value}")]);
    /// session.destroy();
    /// let response = sessions.commit(&session)?;
    /// let [removal, tombstone] = response.cookies() else { panic!() };
    /// assert_eq!(tombstone.name(), "__Host-session-ended");
    ///
    /// // A response that was under way sets the session again.
    /// let header = format!("__Host-session={value}; {}={}", tombstone.name(), tombstone.value());
    /// assert!(sessions.load([header]).is_new());
    /// # assert_eq!(removal.value(), "");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tombstone(mut self, lifetime: Duration) -> Self {
        self.tombstone = Some(lifetime);
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

    /// Accepts another library's cookie where a request brings none of ours.
    #[cfg_attr(not(feature = "iron"), expect(dead_code, reason = "the only such library"))]
    pub(crate) fn accept(mut self, fallback: Arc<dyn Fallback<T>>) -> Self {
        self.fallback = Some(fallback);
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
            true => without_prefix(&self.name).to_owned().into(),
            false => self.name,
        };
        let config = CookieConfig {
            name,
            scope: self.scope,
            same_site: self.same_site,
            secure: !self.plain_http,
            former_scopes: self.former_scopes,
        };
        let cookie = config.clone().check()?;
        let timeouts = Timeouts {
            absolute: whole_seconds(self.absolute_timeout, "absolute_timeout", MAX_TIMEOUT)?,
            idle: self
                .idle_timeout
                .map(|idle| whole_seconds(idle, "idle_timeout", MAX_TIMEOUT))
                .transpose()?,
            persistent: self.persistent,
        };
        let said = self.keys.current().absolute_timeout();
        if let Some(said) = said.filter(|said| *said != self.absolute_timeout) {
            events::timeout_differs(cookie.name(), self.absolute_timeout, said);
        }
        if self.audience.as_deref() == Some("") {
            return Err(ConfigError::Audience);
        }
        // All are bound to the session's name: a token has none, a tombstone is for that name.
        let bind = |purpose| {
            Binding::new(purpose, cookie.name(), self.audience.as_deref())
                .ok_or(ConfigError::Audience)
        };
        let tombstone = match self.tombstone {
            Some(lifetime) => Some(Tombstone {
                cookie: config.of_tombstone().check()?,
                binding: bind(Purpose::Tombstone)?,
                lifetime: whole_seconds(lifetime, "tombstone", MAX_TIMEOUT)?,
            }),
            None => None,
        };
        if self.pad_to.is_some_and(|step| !(1..=MAX_PADDING).contains(&step)) {
            return Err(ConfigError::Padding { limit: MAX_PADDING });
        }
        let (binding, csrf_binding) = (bind(Purpose::Session)?, bind(Purpose::CsrfToken)?);
        let fallback = self
            .fallback
            .map(|reader| FallbackCookie::new(reader, cookie.name(), !self.plain_http))
            .transpose()?;
        if self.plain_http {
            events::plain_http(cookie.name());
        } else if !cookie.is_host_prefixed() {
            events::not_host_prefixed(cookie.name());
        }
        Ok(Sessions::with(Core {
            keys: self.keys,
            cookie,
            binding,
            csrf_binding,
            timeouts,
            pad_to: self.pad_to,
            tombstone,
            revoke_if: self.revoke_if,
            fallback,
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
/// The format has 32 bits, and the greatest number means that there is no idle timeout.
const MAX_TIMEOUT: u32 = u32::MAX - 1;
/// More would leave little of a cookie.
const MAX_PADDING: usize = 1024;
