//! Take-over of another library's sessions.
//!
//! After you change to this crate, visitors still come with the cookie of the old library for a
//! while. You write a [`Reader`] that opens that cookie.
//! [`Builder::accept`](crate::Builder::accept) applies the rules of our own sessions to what it
//! finds, and the response replaces the cookie.
//!
//! ```text
//! request without a cookie of ours ──> Reader::open ──> judged, revoked? ──> Session
//! response ──> our cookie is set, the other one removed
//! ```
//!
//! - Nothing is read after the given date, nor while the key ring says `no_takeover`.
//! - The session ends when the old value expires, at the given date, or at the absolute timeout,
//!   whichever comes first.
//! - The session's id is derived from the value. So parallel requests get the same id, and the
//!   session can be revoked and ended by a tombstone.
//! - If several cookies of that name hold different sessions, none is taken, because a sibling
//!   subdomain can plant one.
//! - Destroying the session removes both cookies.

use std::{fmt, sync::Arc};

use cookie::SameSite;
use time::OffsetDateTime;

use super::accepted::Accepted;
use crate::{
    error::{ConfigError, UnsealError},
    format::{
        claims::{Bond, CLOCK_TOLERANCE, Claims},
        lifetime::Timeouts,
        lineage::{Descent, Lineage},
        session_id::SessionId,
    },
    http::rules::{CheckedCookie, CookieConfig, Scope},
    platform::clock::{Moment, unix_seconds},
};

/// Opens another library's cookie. For [`Builder::accept`](crate::Builder::accept).
pub trait Reader<T>: Send + Sync {
    /// Returns the cookie's name and attributes. Called once, when the reader is given to the
    /// builder.
    fn cookie(&self) -> OtherCookie;

    /// Opens one value of that cookie, exactly as it came, at `now`.
    ///
    /// First verify that the library wrote the value; trust nothing in it before that. Then check
    /// that it has not expired by that library's own rules.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with the reason why the value is not accepted.
    fn open(&self, value: &str, now: OffsetDateTime) -> Result<Found<T>, Refusal>;
}

/// The name and attributes of another library's cookie. They are needed to read it and to remove
/// it.
#[derive(Debug, Clone)]
pub struct OtherCookie {
    name: String,
    scope: Scope,
    same_site: SameSite,
    rolled_back: Option<(OffsetDateTime, OffsetDateTime)>,
    /// For a cookie that may be split over `NAME.0`, `NAME.1` and so on: what the last part ends
    /// with.
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

    /// Sets the cookie's Path, Domain and Partitioned. A removal has to match them.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the cookie's `SameSite`.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Says that you rolled back to the other library between these two times, after visitors had
    /// already been taken over.
    ///
    /// After a rollback, a browser may hold a session of ours and a newer one of that library,
    /// perhaps of another user. Their times decide:
    ///
    /// - If the other session was saved within this span and after ours was sealed, it replaces
    ///   ours. If ours has ended, it is enough that the other was saved within the span.
    /// - If it was saved after ours was sealed but outside this span, neither is accepted, and an
    ///   event is emitted. A sibling subdomain may have planted the other session, and ours may be
    ///   another user's. The visitor is anonymous. (A cookie with the prefix `__Host-` cannot be
    ///   planted. It needs no span.)
    /// - If its [saved time](Found::saved_at) is unknown, ours decides.
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

/// The content of another library's value.
pub struct Found<T> {
    pub(super) data: T,
    /// The session's id and lineage are derived from this.
    fingerprint: [u8; 20],
    saved_at: Option<u64>,
    expires_at: Option<u64>,
}

impl<T> Found<T> {
    /// Takes the data and an identity: bytes that distinguish this value from every other value of
    /// that library, such as its authentication tag or its nonce. Two spellings of the same value
    /// must have the same identity. The session's id is a hash of it, and does not reveal it.
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

    /// Sets when the value was written. This becomes the session's
    /// [`created_at`](crate::Session::created_at). If you do not set it, or if it is ahead of
    /// `now`, the creation time is unknown.
    #[must_use]
    pub fn saved_at(mut self, saved_at: OffsetDateTime) -> Self {
        self.saved_at = Some(unix_seconds(saved_at));
        self
    }

    /// Sets when the value expires. If you do not set it, the session ends with the take-over or at
    /// the absolute timeout. A copy of the cookie that somebody kept is then accepted for as long.
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

/// Why another library's value is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    class: &'static str,
    reason: Box<str>,
}

impl Refusal {
    /// Takes a class, which is a fixed word for metrics, and a reason for logs. Put no session data
    /// into the reason.
    ///
    /// Use a class of [`UnsealError::class`] if one fits. `malformed`, `too_long`, `unknown_key`
    /// and `not_authentic` mean that the library did not write the value. Every other class means
    /// that it did; at most eight such values are opened in one request.
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

/// Another library's checked cookie, with its reader.
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
    /// Checks it against the names of our cookie, with or without Secure.
    pub(super) fn check(self, ours: &Accepted, secure: bool) -> Result<Fallback<T>, ConfigError> {
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
        let is_ours = |theirs: &CheckedCookie| ours.cookies().any(|o| o.name() == theirs.name());
        if std::iter::once(&cookie).chain(&parts).any(is_ours) {
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

    /// The whole cookie and those of the parts.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(super) fn cookies(&self) -> impl Iterator<Item = &CheckedCookie> {
        std::iter::once(&self.cookie).chain(&self.parts)
    }

    /// The cookies of the parts, in order. Empty if the value is never split.
    pub(super) fn parts(&self) -> &[CheckedCookie] {
        &self.parts
    }

    /// What the last of several parts ends with.
    pub(super) fn end_of_parts(&self) -> &'static str {
        self.end_of_parts
    }

    pub(super) fn read(&self, value: &str, now: Moment) -> Result<Found<T>, Refusal> {
        let now = now.time();
        match now < self.until {
            true => self.reader.open(value, now),
            false => Err(Refusal::new(
                "migration_over",
                "the date until which it is accepted has passed; remove it from the configuration",
            )),
        }
    }

    /// Whether a value that was saved at this time is known to be this visitor's own sign-in, and
    /// not one that somebody planted beside ours.
    pub(super) fn is_own_sign_in(&self, saved_at: u64) -> bool {
        self.cookie.is_host_prefixed() || self.served_at(saved_at)
    }

    pub(super) fn was_rolled_back(&self) -> bool {
        self.rolled_back.is_some()
    }

    /// Whether this time is within the span of the rollback.
    pub(super) fn served_at(&self, time: u64) -> bool {
        self.rolled_back.is_some_and(|(from, to)| (from..=to).contains(&time))
    }

    /// The claims of the session that begins with a value found at `now`.
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
            bond: Bond::None,
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

/// The most cookies over which a value may be split.
const MAX_PARTS: u8 = 4;
