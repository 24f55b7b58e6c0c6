//! A cookie of another library, taken for a session of ours until a response
//! replaces it. The core knows no such library: it knows this trait.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::{
    error::{ConfigError, UnsealError},
    format::{claims::Claims, lifetime::Timeouts},
    http::cookie::{CheckedCookie, CookieConfig},
};

/// Reads another library's cookie.
pub(crate) trait Fallback<T>: Send + Sync {
    /// Its name and where browsers keep it, for reading and for removal.
    fn cookie(&self) -> Result<CookieConfig, ConfigError>;

    /// The data of a value that is accepted at `now`, as a session within these
    /// limits. The same value always gives the same id. The caller judges the claims.
    fn open(
        &self,
        value: &str,
        now: OffsetDateTime,
        timeouts: &Timeouts,
    ) -> Result<Found<T>, UnsealError>;
}

/// What another library's value holds.
pub(crate) struct Found<T> {
    pub(crate) data: T,
    pub(crate) claims: Claims,
    /// Of several values in a request the greatest wins.
    pub(crate) newness: u64,
}

/// A fallback whose cookie was checked.
pub(crate) struct FallbackCookie<T> {
    pub(crate) cookie: CheckedCookie,
    pub(crate) reader: Arc<dyn Fallback<T>>,
}

impl<T> FallbackCookie<T> {
    /// Of a reader beside a cookie of ours with this name, with or without Secure.
    pub(crate) fn new(
        reader: Arc<dyn Fallback<T>>,
        our_name: &str,
        secure: bool,
    ) -> Result<Self, ConfigError> {
        let cookie = CookieConfig { secure, ..reader.cookie()? }.check()?;
        match cookie.name() == our_name {
            true => Err(ConfigError::FallbackName),
            false => Ok(Self { cookie, reader }),
        }
    }
}
