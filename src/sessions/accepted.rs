//! The accepted names and audiences: the present ones, and former ones until a date.

use time::OffsetDateTime;

use crate::{
    error::ConfigError,
    format::{
        envelope::{Binding, Purpose},
        lineage::Limit,
    },
    http::rules::{CheckedCookie, CookieConfig, Scope, is_host_prefixed},
    platform::clock::unix_seconds,
};

/// The names under which sessions are read, and what they are bound to. In each list the present
/// one comes first.
pub(crate) struct Accepted {
    names: Vec<Name>,
    readers: Vec<Reader>,
}

/// A name of the cookie.
pub(super) struct Name {
    pub(super) cookie: CheckedCookie,
    /// Has no audience: a tombstone ends its lineage wherever it is read.
    pub(super) tombstone: Binding,
    until: Option<u64>,
}

/// One pair of a name and an audience.
pub(super) struct Reader {
    pub(super) name: usize,
    pub(super) session: Binding,
    pub(super) csrf: Binding,
    pub(super) token: Binding,
    #[cfg(feature = "bound")]
    pub(super) device: DeviceBindings,
    until: Option<u64>,
}

/// What is sealed to bind sessions to devices.
#[cfg(feature = "bound")]
pub(super) struct DeviceBindings {
    pub(super) bound: Binding,
    pub(super) challenge: Binding,
    pub(super) identifier: Binding,
}

/// A former value, accepted until a date.
pub(super) struct Former<V> {
    pub(super) value: V,
    pub(super) until: OffsetDateTime,
}

impl Accepted {
    pub(super) fn new(
        present: &CookieConfig,
        audience: Option<&str>,
        former_names: Vec<Former<String>>,
        former_audiences: &[Former<Option<String>>],
    ) -> Result<Self, ConfigError> {
        let mut names = vec![Name::new(present_config(present, &former_names), None)?];
        for Former { value, until } in former_names {
            let config = former_config(present, value);
            if names.iter().any(|name| name.cookie.name() == config.name) {
                return refuse("name", "it is listed twice, or is the present name; remove it");
            }
            names.push(Name::new(config, Some(unix_seconds(until)))?);
        }
        let mut readers = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let present =
                Former { value: audience.map(str::to_owned), until: OffsetDateTime::UNIX_EPOCH };
            for (index, former) in std::iter::once(&present).chain(former_audiences).enumerate() {
                let until = (index > 0).then(|| unix_seconds(former.until));
                if index > 0 && former.value.as_deref() == audience {
                    return refuse("audience", "it is the present audience; remove it");
                }
                if former.value.as_deref() == Some("") {
                    return Err(ConfigError::Audience);
                }
                let bind = |purpose| {
                    Binding::new(purpose, name.cookie.name(), former.value.as_deref())
                        .ok_or(ConfigError::Audience)
                };
                readers.push(Reader {
                    name: place,
                    session: bind(Purpose::Session)?,
                    csrf: bind(Purpose::CsrfToken)?,
                    token: bind(Purpose::Token)?,
                    #[cfg(feature = "bound")]
                    device: DeviceBindings {
                        bound: bind(Purpose::BoundCookie)?,
                        challenge: bind(Purpose::Challenge)?,
                        identifier: bind(Purpose::Identifier)?,
                    },
                    until: match (name.until, until) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    },
                });
            }
        }
        Ok(Self { names, readers })
    }

    #[inline]
    pub(super) fn cookie(&self) -> &CheckedCookie {
        &self.present().0.cookie
    }

    /// The cookies of all names, whatever their dates.
    pub(super) fn cookies(&self) -> impl Iterator<Item = &CheckedCookie> {
        self.names.iter().map(|name| &name.cookie)
    }

    #[inline]
    pub(super) fn binding(&self) -> &Binding {
        &self.present().1.session
    }

    pub(super) fn csrf_binding(&self) -> &Binding {
        &self.present().1.csrf
    }

    pub(super) fn token_binding(&self) -> &Binding {
        &self.present().1.token
    }

    #[cfg(feature = "bound")]
    pub(super) fn device_bindings(&self) -> &DeviceBindings {
        &self.present().1.device
    }

    #[inline]
    fn present(&self) -> (&Name, &Reader) {
        let there = "the present name and audience come first";
        (self.names.first().expect(there), self.readers.first().expect(there))
    }

    pub(super) fn name(&self, place: usize) -> Option<&Name> {
        self.names.get(place)
    }

    /// The names that are accepted at `now` (Unix seconds), with their indices, in order.
    pub(super) fn names(&self, now: u64) -> impl Iterator<Item = (usize, &Name)> {
        self.names.iter().enumerate().filter(move |(_, name)| is_accepted(name.until, now))
    }

    /// Whether a name that looks like a tombstone's is in fact the name of a session's cookie.
    pub(super) fn is_session_name(&self, name: &CheckedCookie, limit: Limit, now: u64) -> bool {
        let is_own = |other: &Name| other.cookie.is_tombstone_name_of(name, limit);
        self.names.len() > 1 && self.names(now).any(|(_, other)| is_own(other))
    }

    pub(super) fn reader(&self, place: usize) -> Option<&Reader> {
        self.readers.get(place)
    }

    /// The readers that are accepted at `now` (Unix seconds), with their indices, the present one
    /// first.
    pub(super) fn readers(&self, now: u64) -> impl Iterator<Item = (usize, &Reader)> {
        self.readers.iter().enumerate().filter(move |(_, reader)| is_accepted(reader.until, now))
    }
}

impl Name {
    fn new(config: CookieConfig, until: Option<u64>) -> Result<Self, ConfigError> {
        let cookie = config.check()?;
        let tombstone = Binding::new(Purpose::Tombstone, cookie.name(), None)
            .expect("the length of a checked name is that of a bound one");
        Ok(Self { cookie, tombstone, until })
    }
}

/// The configuration under the present name. A former scope that a `__Host-` cookie cannot have had
/// is that of a former name without the prefix, if there is one.
fn present_config(present: &CookieConfig, former: &[Former<String>]) -> CookieConfig {
    let is_of_former = is_host_prefixed(&present.name)
        && former.iter().any(|former| !is_host_prefixed(&former.value));
    match is_of_former {
        true => CookieConfig { former_scopes: host_scopes(present), ..present.clone() },
        false => present.clone(),
    }
}

/// The configuration under a former name: a `__Host-` cookie had no Domain and no other Path.
fn former_config(present: &CookieConfig, name: String) -> CookieConfig {
    match is_host_prefixed(&name) {
        true => {
            let scope = Scope { partitioned: present.scope.partitioned, ..Scope::new() };
            let mut former_scopes = host_scopes(present);
            former_scopes.retain(|former| *former != scope);
            CookieConfig { name: name.into(), scope, former_scopes, ..present.clone() }
        }
        false => CookieConfig { name: name.into(), ..present.clone() },
    }
}

/// The former scopes that a `__Host-` cookie can have had.
fn host_scopes(present: &CookieConfig) -> Vec<Scope> {
    present.former_scopes.iter().filter(|scope| scope.fits_host_prefix()).cloned().collect()
}

fn is_accepted(until: Option<u64>, now: u64) -> bool {
    until.is_none_or(|until| now < until)
}

fn refuse<R>(what: &'static str, reason: &'static str) -> Result<R, ConfigError> {
    Err(ConfigError::Former { what, reason })
}
