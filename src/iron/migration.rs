//! Take-over of visitors who come with a cookie of iron-session.

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

/// Moves visitors from iron-session to this crate without signing them out. For
/// [`Builder::accept_iron`].
///
/// If a request has iron-session's cookie and none of ours, it loads as the session that this
/// cookie holds. If a handler reads or writes the session, the response sets our cookie and removes
/// the other.
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
/// - After `accept_until`, no such cookie is read.
/// - A value that never expires is refused, unless
///   [`allow_without_expiry`](Self::allow_without_expiry) says otherwise.
/// - The session ends at the value's own expiry (without iron-session's minute of grace), at
///   `accept_until`, or at the absolute timeout, whichever comes first.
/// - The session's id is derived from the value. So parallel requests get the same id, and the
///   session can be revoked. Whatever refuses a session of ours refuses this one too.
/// - With a ring [without take-over](crate::KeyRing::without_takeover), none is read. Use that
///   after an incident: iron-session's password may have leaked with the keys.
/// - If several values of different sessions come and all can be opened, none is accepted: a
///   sibling subdomain can plant one unless the name has the prefix `__Host-`. (A single value, in
///   a browser without a session of ours, is accepted.)
/// - [`Session::destroy`](crate::Session::destroy) removes both cookies.
///
/// A value that version 9 split over `NAME.0` to `NAME.3` is read as one value. Each part that came
/// is removed with it.
///
/// One limit remains, as for every cookie without a store: a copy of the iron-session value that
/// somebody kept is accepted until it expires, even after a sign-out. Each use of the copy starts a
/// session with a new idle timeout, and with a new absolute timeout if its creation time is
/// unknown. So choose an early `accept_until`.
///
/// # When the session was created
///
/// `created_at` is the value's expiry minus the [`ttl`](Self::ttl). It is unknown if no ttl is
/// given, if the value has no expiry, or if its expiry is further away than the ttl. Then
/// `created_at` is `None`, in our cookie too, until [`renew`](crate::Session::renew), and
/// [`created_within`](crate::Session::created_within) is false for any age. The absolute timeout
/// counts from the first value of ours.
#[derive(Debug, Clone)]
pub struct Migration {
    cookie: OtherCookie,
    passwords: Passwords,
    accept_until: OffsetDateTime,
    ttl: Option<Duration>,
    allow_without_expiry: bool,
}

impl Migration {
    /// Takes iron-session's `cookieName` and `password`. After `accept_until`, none of its cookies
    /// is accepted. Choose at most one `ttl` after the day on which iron-session writes its last
    /// cookie.
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

    /// Sets iron-session's `ttl`, in whole seconds (its default is 14 days). It tells when a value
    /// was saved. If it was ever changed, pass the longest. If the ttl is too long, sessions look
    /// older than they are. If it is too short, old sign-ins look recent.
    ///
    /// iron-session restarts the ttl at each `save()`. So set it only if nothing but the sign-in
    /// saves, or if a later save may count as a sign-in. Otherwise leave it out; the time of the
    /// sign-in is then unknown.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Accepts values that never expire: those with `ttl: 0`, and those with
    /// `cookieOptions: { maxAge: undefined }`, which iron-session also seals without an expiry.
    /// Every copy of such a value is good until `accept_until`, whenever it was made.
    #[must_use]
    pub fn allow_without_expiry(mut self) -> Self {
        self.allow_without_expiry = true;
        self
    }

    /// Sets where browsers store the cookie, unless that is `Path=/` without Domain: `path`,
    /// `domain` and `partitioned` of iron-session's `cookieOptions`. A removal has to match them.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.cookie = self.cookie.scope(scope);
        self
    }

    /// Sets `sameSite` of iron-session's `cookieOptions`. The default is `Lax`.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.cookie = self.cookie.same_site(same_site);
        self
    }

    /// Says that you rolled back to iron-session between these two times, after visitors had
    /// already been taken over. A sign-in there that is newer than our session then wins. Needs the
    /// [`ttl`](Self::ttl), which tells when a value was saved. See [`OtherCookie::rolled_back`] for
    /// what happens without it.
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
    /// Takes over visitors who come with a cookie of iron-session. See
    /// [`iron::Migration`](Migration).
    ///
    /// The data is read as a `T`. A field of the old session that `T` does not have is dropped when
    /// the session is sealed as ours.
    pub fn accept_iron(self, migration: Migration) -> Self {
        let ttl = migration.ttl.map(|ttl| whole_seconds(ttl, "the ttl of iron-session", u32::MAX));
        let cookie = ttl.transpose().map(|_| migration.cookie.clone());
        self.accept_checked(cookie, migration.accept_until, Arc::new(migration))
    }
}

fn seconds(duration: Duration) -> time::Duration {
    time::Duration::seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
