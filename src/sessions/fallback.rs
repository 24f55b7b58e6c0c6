//! Cookies of other libraries, each taken for a session of ours until a response replaces it.
//!
//! For a while after a change of library, visitors still come with its cookie. A [`Reader`]
//! of yours opens it, and [`Builder::accept`](crate::Builder::accept) holds what it finds to the rules of our own sessions.
//!
//! ```text
//! request without a cookie of ours ──> Reader::open ──> judged, revoked? ──> Session
//! response ──> our cookie is set, the other one removed
//! ```
//!
//! - Nothing is read after the date that is given, nor with a ring that says `no_takeover`.
//! - The session ends at the earliest of the value's own end, that date and the absolute timeout.
//! - Its id follows from the value, so that parallel requests agree on it, and that it can be
//!   revoked, and ended by a tombstone.
//! - Several cookies of the name that all open are no session: a sibling subdomain can plant one.
//! - A destroyed session has both cookies removed.

use std::{fmt, sync::Arc};

use cookie::SameSite;
use time::OffsetDateTime;

use crate::{
    error::{ConfigError, UnsealError},
    format::{
        claims::{CLOCK_TOLERANCE, Claims},
        lifetime::Timeouts,
        lineage::{Descent, Lineage},
        session_id::SessionId,
    },
    http::rules::{CheckedCookie, CookieConfig, Scope},
    platform::clock::unix_seconds,
};

/// Reads another library's cookie. For [`Builder::accept`](crate::Builder::accept).
pub trait Reader<T>: Send + Sync {
    /// The cookie. Asked for once, when the reader is given to the builder.
    fn cookie(&self) -> OtherCookie;

    /// Opens a value of that cookie, as it came, at `now`.
    ///
    /// It has to verify that the library wrote the value, before it believes anything of it,
    /// and that it has not expired by that library's own rules.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says why it is no session.
    fn open(&self, value: &str, now: OffsetDateTime) -> Result<Found<T>, Refusal>;
}

/// The name of another library's cookie, and where browsers keep it, for reading and for removal.
#[derive(Debug, Clone)]
pub struct OtherCookie {
    name: String,
    scope: Scope,
    same_site: SameSite,
    rolled_back: Option<(OffsetDateTime, OffsetDateTime)>,
    /// Where it may be split over `NAME.0`, `NAME.1` and so on: what the last part ends with.
    end_of_parts: Option<&'static str>,
}

impl OtherCookie {
    /// A cookie with `Path=/`, without Domain, and with `SameSite=Lax`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            scope: Scope::new(),
            same_site: SameSite::Lax,
            rolled_back: None,
            end_of_parts: None,
        }
    }

    /// Its Path, Domain and Partitioned, which a removal has to match.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Its `SameSite`.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// The other library served again between these times, after visitors had been taken over.
    ///
    /// So a browser may hold a session of ours beside a newer one of that library, perhaps of
    /// another user. One that was saved in this span, later than ours was sealed, takes the place
    /// of ours, also where ours is over. One that was saved later than ours but outside this span is not taken, since a
    /// sibling subdomain can plant it, and neither is ours, since it may be another user's: the
    /// visitor is anonymous, with an event. (A name with the prefix `__Host-` cannot be planted,
    /// and needs no span.) Where nobody knows when a value was [saved](Found::saved_at), ours has the last word.
    #[must_use]
    pub fn rolled_back(mut self, from: OffsetDateTime, to: OffsetDateTime) -> Self {
        self.rolled_back = Some((from, to));
        self
    }

    #[cfg_attr(not(feature = "iron"), expect(dead_code, reason = "the only such library"))]
    pub(crate) fn in_parts(mut self, end: &'static str) -> Self {
        self.end_of_parts = Some(end);
        self
    }
}

/// What another library's value holds.
pub struct Found<T> {
    pub(super) data: T,
    /// What the id and the lineage are made of.
    fingerprint: [u8; 20],
    saved_at: Option<u64>,
    expires_at: Option<u64>,
}

impl<T> Found<T> {
    /// The data, and what tells this value from every other one that the library wrote, such as
    /// its authentication tag or its nonce: bytes of which a changed spelling of the same
    /// value has the same. The session's id follows from them, and tells nothing of them.
    #[cfg(feature = "takeover")]
    #[expect(clippy::missing_panics_doc, reason = "20 bytes are less than 32")]
    pub fn new(data: T, identity: &[u8]) -> Self {
        use sha2::Digest as _;

        let digest: [u8; 32] = sha2::Sha256::new_with_prefix(b"sealed-session takeover id\0")
            .chain_update(identity)
            .finalize()
            .into();
        let fingerprint = *digest.first_chunk().expect("20 is less than 32");
        Self { data, fingerprint, saved_at: None, expires_at: None }
    }

    /// When the value was written, which becomes the session's
    /// [`created_at`](crate::Session::created_at). Without it, and for a time ahead of `now`, nobody knows that.
    #[must_use]
    pub fn saved_at(mut self, saved_at: OffsetDateTime) -> Self {
        self.saved_at = Some(unix_seconds(saved_at));
        self
    }

    /// When the value expires. Without it the session ends with the take-over, or by the
    /// absolute timeout: then a copy that somebody kept is good for as long.
    #[must_use]
    pub fn expires_at(mut self, expires_at: OffsetDateTime) -> Self {
        self.expires_at = Some(unix_seconds(expires_at));
        self
    }
}

impl<T> fmt::Debug for Found<T> {
    /// Without the data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("saved_at", &self.saved_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why another library's value is no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    class: &'static str,
    reason: Box<str>,
}

impl Refusal {
    /// With a class, a stable word for metrics, and a reason for logs, without anything of the data.
    ///
    /// Where it fits, take a word of [`UnsealError::class`]: `malformed`, `too_long`,
    /// `unknown_key` and `not_authentic` say that the library did not write the value. Of
    /// those that it did write, for which every other class stands, a request has eight opened.
    pub fn new(class: &'static str, reason: impl Into<Box<str>>) -> Self {
        Self { class, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for UnsealError {
    fn from(Refusal { class, reason }: Refusal) -> Self {
        Self::Fallback { class, reason }
    }
}

/// Another library's cookie, checked, with its reader.
pub(crate) struct Fallback<T> {
    cookie: CheckedCookie,
    parts: Vec<CheckedCookie>,
    end_of_parts: &'static str,
    rolled_back: Option<(u64, u64)>,
    until: OffsetDateTime,
    reader: Arc<dyn Reader<T>>,
}

/// A fallback as it was configured.
pub(super) struct Configured<T> {
    pub(super) cookie: Result<OtherCookie, ConfigError>,
    pub(super) until: OffsetDateTime,
    pub(super) reader: Arc<dyn Reader<T>>,
}

impl<T> Configured<T> {
    /// Beside a cookie of ours with this name, with or without Secure.
    pub(super) fn check(self, our_name: &str, secure: bool) -> Result<Fallback<T>, ConfigError> {
        let OtherCookie { name, scope, same_site, rolled_back, end_of_parts } = self.cookie?;
        let named = |name: String| {
            CookieConfig {
                name: name.into(),
                scope: scope.clone(),
                same_site,
                secure,
                former_scopes: Vec::new(),
            }
            .check()
        };
        let parts = (0..MAX_PARTS).filter(|_| end_of_parts.is_some());
        let parts =
            parts.map(|part| named(format!("{name}.{part}"))).collect::<Result<Vec<_>, _>>()?;
        let cookie = named(name)?;
        if std::iter::once(&cookie).chain(&parts).any(|cookie| cookie.name() == our_name) {
            return Err(ConfigError::FallbackName);
        }
        Ok(Fallback {
            cookie,
            parts,
            end_of_parts: end_of_parts.unwrap_or_default(),
            rolled_back: rolled_back.map(|(from, to)| (unix_seconds(from), unix_seconds(to))),
            until: self.until,
            reader: self.reader,
        })
    }
}

impl<T> Fallback<T> {
    pub(super) fn cookie(&self) -> &CheckedCookie {
        &self.cookie
    }

    /// The cookies of the parts, in their order; none where it is never split.
    pub(super) fn parts(&self) -> &[CheckedCookie] {
        &self.parts
    }

    /// What the last of several parts ends with.
    pub(super) fn end_of_parts(&self) -> &'static str {
        self.end_of_parts
    }

    pub(super) fn read(&self, value: &str, now: OffsetDateTime) -> Result<Found<T>, Refusal> {
        match now < self.until {
            true => self.reader.open(value, now),
            false => Err(Refusal::new(
                "migration_over",
                "the date up to which it is accepted has passed; take it out of the configuration",
            )),
        }
    }

    /// Whether a value that was saved then is known to be a sign-in of this visitor's, and not
    /// one that somebody else planted beside ours.
    pub(super) fn is_own_sign_in(&self, saved_at: u64) -> bool {
        self.cookie.is_host_prefixed() || self.served_at(saved_at)
    }

    pub(super) fn was_rolled_back(&self) -> bool {
        self.rolled_back.is_some()
    }

    /// Whether the other library served again at this time, as the application says.
    pub(super) fn served_at(&self, time: u64) -> bool {
        self.rolled_back.is_some_and(|(from, to)| (from..=to).contains(&time))
    }

    /// The session that begins with a value that was found at `now`.
    pub(super) fn claims(&self, found: &Found<T>, now: u64, timeouts: &Timeouts) -> Claims {
        let absolute = u64::from(timeouts.absolute);
        let until = unix_seconds(self.until);
        let end = found.expires_at.map_or(until, |expiry| expiry.min(until));
        let created_at = found
            .saved_at
            .filter(|&saved_at| saved_at <= now.saturating_add(CLOCK_TOLERANCE))
            // Their clock may be ahead of ours.
            .map(|saved_at| saved_at.min(now));
        let creation_known = created_at.is_some();
        let created_at = created_at.unwrap_or(now);
        let lifetime = end.saturating_sub(created_at).min(absolute);
        let (id, lineage) = found.fingerprint.split_first_chunk().expect("16 is less than 20");
        let lineage = *lineage.first_chunk().expect("4 are left");
        Claims {
            persistent: timeouts.persistent,
            creation_known,
            bound: false,
            own_idle: false,
            created_at,
            issued_at: now,
            lifetime: u32::try_from(lifetime).unwrap_or(timeouts.absolute),
            idle: timeouts.idle,
            authenticated_at: created_at,
            descent: Descent { lineage: Lineage(u32::from_be_bytes(lineage)), generation: 0 },
            id: SessionId::from_bytes(*id),
            seen: 0,
        }
    }
}

impl<T> Found<T> {
    /// Unix seconds.
    pub(super) fn saved(&self) -> Option<u64> {
        self.saved_at
    }

    /// Unix seconds.
    pub(super) fn expires(&self) -> Option<u64> {
        self.expires_at
    }
}

/// Over how many cookies a value may be split.
const MAX_PARTS: u8 = 4;
