//! What an application configures, and the rules that follow from it.

use std::time::Duration;

use crate::{
    error::ConfigError,
    http::{
        LocalPath,
        rules::{Scope, without_prefix},
    },
    sessions::accepted::Accepted,
};

/// How sessions are bound to the device that they began on. For
/// [`Builder::bound`](crate::Builder::bound).
///
/// ```
/// use sealed_session::{Bound, KeyRing, Sessions};
///
/// let sessions = Sessions::<u32>::builder(KeyRing::ephemeral()?)
///     .bound(Bound::new().path("/auth/device"))
///     .build()?;
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "give it to `Builder::bound`"]
pub struct Bound {
    path: Option<String>,
    former_paths: Vec<String>,
    lifetime: Duration,
    strict: bool,
    offer: bool,
}

impl Bound {
    /// Offers the binding at each sign-in. Browsers that do not support it go without.
    pub fn new() -> Self {
        Self {
            path: None,
            former_paths: Vec::new(),
            lifetime: MAX_LIFETIME,
            strict: false,
            offer: true,
        }
    }

    /// Sets the path below which browsers register and refresh: `PATH/register` and `PATH/refresh`.
    ///
    /// The default is `/session-binding/` and the cookie's name without its prefix, below the
    /// cookie's own Path. Two kinds of session need two paths. It is the path as browsers send it:
    /// mount the middleware where nothing has cut it yet.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Answers below a former path too. Browsers go on refreshing where they registered, so without
    /// it a change of the path ends the sessions that are bound. Call it once for each, and leave
    /// it in until the absolute timeout has passed since the deploy.
    ///
    /// Where no path was chosen, the default ones of the cookie's former names and scopes are
    /// answered anyway.
    pub fn former_path(mut self, path: impl Into<String>) -> Self {
        self.former_paths.push(path.into());
        self
    }

    /// Sets how long a bound cookie lasts in the browser, in whole seconds, from 1 s to 10 minutes.
    /// The default is 10 minutes. Copied cookies work for this time and 60 s more.
    ///
    /// Chromium signs at most 6 times in 9 minutes for a site, and refreshes two minutes early if
    /// it can. So use less than four minutes only in tests.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets whether a session is refused if its browser did not bind it within five minutes after
    /// the sign-in. The default is `false`.
    ///
    /// If it is off, whoever copies the cookie between sign-in and binding has a session until it
    /// expires. If it is on, that copy works for those five minutes. But then nobody stays signed
    /// in with a browser that does not support the protocol, which is true of most browsers.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sets whether sign-ins offer the binding. The default is `true`.
    ///
    /// Use `false` for the first step of a deployment on several machines, and for the last step
    /// when you give the binding up. Bound sessions are then read and refreshed, but no session is
    /// newly bound, and [`strict`](Self::strict) does nothing.
    pub fn offer(mut self, offer: bool) -> Self {
        self.offer = offer;
        self
    }
}

impl Default for Bound {
    fn default() -> Self {
        Self::new()
    }
}

/// The configuration, if there is one.
pub(in crate::sessions) struct Asked(pub(super) Option<Bound>);

/// The rules, if sessions are bound at all.
pub(in crate::sessions) struct Rules(Option<DeviceRules>);

/// The checked configuration.
#[derive(Debug)]
pub(crate) struct DeviceRules {
    /// Below which the protocol's requests come. The present one comes first.
    pub(crate) paths: Vec<String>,
    /// Seconds.
    pub(crate) lifetime: u64,
    pub(crate) is_strict: bool,
    pub(crate) offers: bool,
}

/// What a browser asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Registration,
    Refresh,
}

impl DeviceRules {
    pub(crate) fn registration_path(&self) -> String {
        format!("{}/register", self.path())
    }

    pub(crate) fn refresh_path(&self) -> String {
        format!("{}/refresh", self.path())
    }

    /// What a POST to this path asks for. `None` if it is the application's.
    pub(crate) fn step(&self, path: &str) -> Option<Step> {
        let (base, end) = path.rsplit_once('/')?;
        let step = match end {
            "register" => Step::Registration,
            "refresh" => Step::Refresh,
            _ => return None,
        };
        self.paths.iter().any(|own| own == base).then_some(step)
    }

    fn path(&self) -> &str {
        self.paths.first().map_or("", String::as_str)
    }
}

impl Asked {
    pub(in crate::sessions) const NOTHING: Self = Self(None);

    pub(in crate::sessions) fn check(self, accepted: &Accepted) -> Result<Rules, ConfigError> {
        self.0.map(|bound| bound.check(accepted)).transpose().map(Rules)
    }
}

impl Rules {
    pub(in crate::sessions) fn get(&self) -> Option<&DeviceRules> {
        self.0.as_ref()
    }
}

impl Bound {
    fn check(self, accepted: &Accepted) -> Result<DeviceRules, ConfigError> {
        let config = accepted.cookie().config();
        if config.scope.domain.is_some() || config.scope.partitioned {
            return refuse(
                "the session's cookie has to be of one host: leave out its Domain and Partitioned",
            );
        }
        let lifetime = self.lifetime;
        if lifetime.subsec_nanos() > 0 || !(MIN_LIFETIME..=MAX_LIFETIME).contains(&lifetime) {
            return refuse("lifetime must be whole seconds from 1 s to 600 s");
        }
        let scope = config.scope.path.trim_end_matches('/');
        // Those of the present name and scope come first.
        let mut defaults = accepted.cookies().flat_map(|cookie| {
            let name = without_prefix(cookie.name());
            cookie.scopes().map(move |scope| default_path(scope, name))
        });
        let (path, defaults) = match self.path {
            Some(path) => (path, None),
            None => (defaults.next().unwrap_or_default(), Some(defaults)),
        };
        let path = check_path(&path)?;
        if !path.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/')) {
            return refuse(
                "the path must be below the cookie's Path, or browsers send no cookie to it",
            );
        }
        let mut paths = vec![path];
        for former in &self.former_paths {
            paths.push(check_path(former)?);
        }
        // A default that browsers could not use was never one.
        paths.extend(defaults.into_iter().flatten().filter_map(|path| check_path(&path).ok()));
        Ok(DeviceRules {
            paths,
            lifetime: lifetime.as_secs(),
            // No browser binds over plain HTTP, which is for development only.
            is_strict: self.strict && config.secure,
            offers: self.offer && config.secure,
        })
    }
}

fn default_path(scope: &Scope, name: &str) -> String {
    format!("{}/session-binding/{name}", scope.path.trim_end_matches('/'))
}

/// A path without a slash at its end.
fn check_path(path: &str) -> Result<String, ConfigError> {
    let path = path.trim_end_matches('/');
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~');
    match LocalPath::new(path).is_some() && path.bytes().all(is_plain) {
        true => Ok(path.to_owned()),
        false => refuse(
            "the path must begin with one `/` and have letters, digits and -._~ alone: choose one with `Bound::path`",
        ),
    }
}

fn refuse<R>(reason: &'static str) -> Result<R, ConfigError> {
    Err(ConfigError::Bound(reason))
}

const MIN_LIFETIME: Duration = Duration::from_secs(1);
/// Of docs/FORMAT.md.
const MAX_LIFETIME: Duration = Duration::from_secs(600);
