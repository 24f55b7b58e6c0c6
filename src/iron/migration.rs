//! Visitors who come with a cookie of iron-session, taken over.

use std::{sync::Arc, time::Duration};

use cookie::SameSite;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use super::{passwords::Passwords, value};
use crate::{
    format::lifetime::whole_seconds,
    http::Scope,
    session::SessionData,
    sessions::{
        Builder,
        fallback::{Found, OtherCookie, Reader, Refusal},
    },
};

/// How visitors who come with a cookie of iron-session become ours, without
/// signing in again. For [`Builder::accept_iron`].
///
/// A request that has this cookie, and none of ours, loads as the session that
/// the cookie holds. If a handler reads or writes it, the response sets our cookie and removes the other.
///
/// ```
/// use std::time::Duration;
///
/// use sealed_session::{Key, KeyRing, Sessions, iron};
/// use serde::{Deserialize, Serialize};
/// use time::macros::datetime;
///
/// // As the Node application wrote it.
/// #[derive(Clone, Default, Serialize, Deserialize)]
/// #[serde(default, rename_all = "camelCase")]
/// struct Account {
///     user_id: Option<String>,
/// }
///
/// // In production from the environment.
/// let passwords = iron::Passwords::new(&Key::generate()?.to_base64())?;
/// # let theirs = passwords.clone();
/// let migration = iron::Migration::new("app-session", passwords, datetime!(2099-01-15 0:00 UTC))
///     .ttl(Duration::from_secs(14 * 24 * 60 * 60));
/// let sessions =
///     Sessions::<Account>::builder(KeyRing::ephemeral()?).accept_iron(migration).build()?;
///
/// # let ada = Account { user_id: Some("ada".to_owned()) };
/// # let iron_value = iron::seal("app-session", &ada, &theirs, Some(Duration::from_secs(14 * 24 * 60 * 60)))?;
/// let session = sessions.load([format!("app-session={iron_value}")]);
/// assert_eq!(session.read().user_id.as_deref(), Some("ada"));
/// let response = sessions.commit(&session)?;
/// let [ours, removal] = response.cookies() else { panic!() };
/// assert_eq!((ours.name(), removal.name()), ("__Host-session", "app-session"));
/// assert_eq!(removal.value(), "");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What keeps it from being a back door
///
/// - After `accept_until` no such cookie is read at all.
/// - A value that never expires is refused, unless
///   [`allow_without_expiry`](Self::allow_without_expiry) says otherwise.
/// - The session ends at the earliest of the value's own expiry (without the
///   minute of grace that iron-session gives), `accept_until`, and the absolute timeout.
/// - The session's id follows from the value, so that parallel requests agree on it and
///   it can be revoked; whatever refuses a session of ours refuses this one.
/// - A ring [without take-over](crate::KeyRing::without_takeover) reads none of them, as after an
///   incident: iron-session's password may have leaked with the keys.
/// - Several values that all open are no session: a sibling subdomain can plant one under a name
///   without the prefix `__Host-`. (One alone in a browser without a session of ours is taken.)
/// - [`Session::destroy`](crate::Session::destroy) removes both cookies.
///
/// What version 9 split over `NAME.0` to `NAME.3` is read as one value, and each part that came
/// is removed with it.
///
/// What remains is what a cookie without a store always has: a copy of the
/// iron-session value that somebody kept is accepted until it expires, also after
/// signing out, and starts the idle timeout anew whenever it is used; where its creation is
/// unknown, the absolute timeout too. Keep `accept_until` near.
///
/// # When the session was created
///
/// `created_at` is the value's expiry less the [`ttl`](Self::ttl). Where that is
/// unknown (no ttl is given, the value has no expiry, or its expiry is further away than the ttl) it is
/// `None`, and says so in our cookie too, until [`renew`](crate::Session::renew):
/// [`created_within`](crate::Session::created_within) is false for any age.
/// The absolute timeout counts from the first value of ours.
#[derive(Debug, Clone)]
pub struct Migration {
    cookie: OtherCookie,
    passwords: Passwords,
    accept_until: OffsetDateTime,
    ttl: Option<Duration>,
    allow_without_expiry: bool,
}

impl Migration {
    /// From iron-session's `cookieName` and `password`, until a time after
    /// which none of its cookies is accepted: at most its `ttl` from the day on which its last one is written.
    pub fn new(
        cookie_name: impl Into<String>,
        passwords: Passwords,
        accept_until: OffsetDateTime,
    ) -> Self {
        Self {
            cookie: OtherCookie::new(cookie_name).in_parts(value::SUFFIX),
            passwords,
            accept_until,
            ttl: None,
            allow_without_expiry: false,
        }
    }

    /// iron-session's `ttl`, whole seconds (its default is 14 days), which tells when a value was
    /// saved. If it was ever changed, the longest: one that is too long makes sessions
    /// look older than they are, one that is too short makes old sign-ins look fresh.
    ///
    /// iron-session starts the ttl anew at each `save()`. Give it only where
    /// nothing but the sign-in saves, or where a late save may pass for a
    /// sign-in; otherwise leave it out, and the time of the sign-in counts as unknown.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Accepts values that never expire: those of `ttl: 0`, and those of
    /// `cookieOptions: { maxAge: undefined }`, which iron-session seals without
    /// an expiry, too. Such a copy is good until `accept_until`, whenever it was made.
    #[must_use]
    pub fn allow_without_expiry(mut self) -> Self {
        self.allow_without_expiry = true;
        self
    }

    /// Where browsers keep the cookie, if not under `Path=/` without Domain:
    /// `path`, `domain` and `partitioned` of iron-session's `cookieOptions`. A removal has to match them.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.cookie = self.cookie.scope(scope);
        self
    }

    /// `sameSite` of iron-session's `cookieOptions`, `Lax` by default.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.cookie = self.cookie.same_site(same_site);
        self
    }

    /// iron-session served again between these times, after visitors had been taken over: a
    /// sign-in there that is newer than the session of ours wins. Needs the [`ttl`](Self::ttl),
    /// which tells when a value was saved. See [`OtherCookie::rolled_back`] for what happens without.
    #[must_use]
    pub fn rolled_back(mut self, from: OffsetDateTime, to: OffsetDateTime) -> Self {
        self.cookie = self.cookie.rolled_back(from, to);
        self
    }
}

impl<T: DeserializeOwned> Reader<T> for Migration {
    fn cookie(&self) -> OtherCookie {
        self.cookie.clone()
    }

    fn open(&self, value: &str, now: OffsetDateTime) -> Result<Found<T>, Refusal> {
        let (unsealed, tag) = value::decode(value, &self.passwords, now)
            .map_err(|error| Refusal::new(error.class(), error.to_string()))?;
        let found = Found::new(unsealed.data, &tag);
        let Some(expires_at) = unsealed.expires_at else {
            return match self.allow_without_expiry {
                true => Ok(found),
                false => Err(Refusal::new(
                    "no_expiry",
                    "the value never expires; allow_without_expiry accepts such values",
                )),
            };
        };
        let found = found.expires_at(expires_at);
        Ok(match self.ttl {
            Some(ttl) => found.saved_at(expires_at.saturating_sub(seconds(ttl))),
            None => found,
        })
    }
}

impl<T: SessionData> Builder<T> {
    /// Takes over visitors who come with a cookie of iron-session. See [`iron::Migration`](Migration).
    ///
    /// The data passes through `T`: a field of the old session that `T` does not
    /// have is dropped when the session is sealed as ours.
    pub fn accept_iron(self, migration: Migration) -> Self {
        let ttl = migration.ttl.map(|ttl| whole_seconds(ttl, "the ttl of iron-session", u32::MAX));
        let cookie = ttl.transpose().map(|_| migration.cookie.clone());
        self.accept_checked(cookie, migration.accept_until, Arc::new(migration))
    }
}

fn seconds(duration: Duration) -> time::Duration {
    time::Duration::seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
