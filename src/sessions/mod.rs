//! Load and commit: from the Cookie headers of a request to the Set-Cookie
//! headers of its response, with the policy in between.

mod builder;
pub(crate) mod fallback;
#[cfg(feature = "http")]
mod headers;
mod revocation;

use std::{cell::LazyCell, fmt, ops::Deref, sync::Arc, time::Duration};

use cookie::Cookie;
use time::OffsetDateTime;

pub use self::{builder::Builder, revocation::SessionInfo};

#[cfg(feature = "inspect")]
use crate::keys::KeyEntry;
use crate::{
    error::{CsrfError, SealError, UnsealError},
    events,
    format::{
        claims::{Claims, SessionId, Timeouts},
        envelope::Binding,
        seal::{ResealError, Seal, Unsealed, key_id},
    },
    http::{Commit, cookie::CheckedCookie},
    key_id::KeyId,
    keys::{KeyRing, Keys},
    platform::{clock::unix_seconds, few::Few, random::RandomSource},
    session::{Candidates, Handle, Handles, Live, Opened, Origin, Outcome, Session, SessionData},
    sessions::{
        fallback::{FallbackCookie, Found},
        revocation::RevokeIf,
    },
};

/// A kind of session: its keys, its cookie and its timeouts. Made once, cheap
/// to clone, shared by all requests.
///
/// ```
/// use sealed_session::{KeyRing, Sessions};
///
/// let sessions = Sessions::<Vec<u32>>::new(KeyRing::ephemeral()?);
///
/// // A visitor without a cookie puts something into the cart.
/// let mut cart = sessions.load([""]);
/// cart.write(|items| items.push(7));
/// let response = sessions.commit(&cart)?;
/// let cookie = &response.cookies()[0];
/// assert_eq!(cookie.name(), "__Host-session");
///
/// // The next request brings the cookie.
/// let cart = sessions.load([format!("theme=dark; {}={}", cookie.name(), cookie.value())]);
/// assert_eq!(*cart.read(), [7]);
/// assert!(sessions.commit(&cart)?.cookies().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sessions<T>(Arc<Shared<T>>);

/// What the clones share.
// Not on the cache line of its own count, or whoever clones would have the others wait.
#[repr(align(128))]
struct Shared<T> {
    core: Arc<Core<T>>,
    handles: Handles<T>,
}

impl<T> Deref for Shared<T> {
    type Target = Core<T>;

    fn deref(&self) -> &Core<T> {
        &self.core
    }
}

/// A configuration that was checked as a whole.
pub(crate) struct Core<T> {
    pub(crate) keys: Keys,
    pub(crate) cookie: CheckedCookie,
    pub(crate) binding: Binding,
    pub(crate) csrf_binding: Binding,
    pub(crate) timeouts: Timeouts,
    pub(crate) pad_to: Option<usize>,
    pub(crate) tombstone: Option<Tombstone>,
    pub(crate) revoke_if: RevokeIf<T>,
    pub(crate) fallback: Option<FallbackCookie<T>>,
}

/// How the end of a session is remembered in the browser.
pub(crate) struct Tombstone {
    pub(crate) cookie: CheckedCookie,
    pub(crate) binding: Binding,
    /// In seconds.
    pub(crate) lifetime: u32,
}

impl<T: SessionData> Sessions<T> {
    /// The keys in use.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The cookie's name.
    pub fn cookie_name(&self) -> &str {
        self.0.cookie.name()
    }

    /// The session of a request, from the values of its Cookie headers.
    ///
    /// Nothing is decrypted before the first look at the session. Never fails:
    /// a cookie that is refused is no session, and [`Session::refusal`] and a
    /// `tracing` event tell why.
    pub fn load<H: AsRef<[u8]>>(&self, cookie_headers: impl IntoIterator<Item = H>) -> Session<T> {
        self.load_at(cookie_headers, OffsetDateTime::now_utc())
    }

    /// [`load`](Self::load), with the present given.
    pub fn load_at<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        now: OffsetDateTime,
    ) -> Session<T> {
        let session = self.exchange();
        session.attach(cookie_headers, || now);
        session
    }

    /// A session that nobody has asked for yet, for a middleware to keep beside its request:
    /// until that is [attached](Session::attach) it costs an allocation and no more.
    pub(crate) fn exchange(&self) -> Session<T> {
        Session::unopened(self.origin())
    }

    /// What the response to the request has to say of the session.
    ///
    /// A Set-Cookie if the session was written, renewed or given a new id, or
    /// is due to be sealed again; the removal if it was destroyed; otherwise
    /// none. A session can be committed once: changes that follow are ignored.
    ///
    /// # Errors
    ///
    /// [`SealError`] if the session cannot be sealed. It stays open, so that
    /// the caller can make it smaller and commit again, and the visitor keeps
    /// the cookie that came with the request.
    pub fn commit(&self, session: &Session<T>) -> Result<Commit, SealError> {
        self.check_origin(session)?;
        session.commit(&OffsetDateTime::now_utc)
    }

    /// [`commit`](Self::commit), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`commit`](Self::commit).
    pub fn commit_at(
        &self,
        session: &Session<T>,
        now: OffsetDateTime,
    ) -> Result<Commit, SealError> {
        self.check_origin(session)?;
        session.commit(&|| now)
    }

    /// A new session that came with no request, to be sealed with [`seal`](Self::seal).
    ///
    /// # Errors
    ///
    /// [`SealError::RandomSource`] if the operating system's random source fails.
    pub fn create(&self, data: T) -> Result<Session<T>, SealError> {
        self.create_at(data, OffsetDateTime::now_utc())
    }

    /// [`create`](Self::create), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create).
    pub fn create_at(&self, data: T, now: OffsetDateTime) -> Result<Session<T>, SealError> {
        let mut session = Session::given(self.origin(), now, None, || Ok(data))?;
        session.renew();
        Ok(session)
    }

    /// Seals a session into a string, as it is now, whether it was changed or not.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
    /// let value = sessions.seal(&sessions.create("hello".to_owned())?)?;
    /// assert_eq!(*sessions.unseal(&value)?.read(), "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SealError`], among others [`SealError::Expired`] for a session that has
    /// ended or that never began.
    pub fn seal(&self, session: &Session<T>) -> Result<String, SealError> {
        self.seal_at(session, OffsetDateTime::now_utc())
    }

    /// [`seal`](Self::seal), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`seal`](Self::seal).
    pub fn seal_at(&self, session: &Session<T>, now: OffsetDateTime) -> Result<String, SealError> {
        self.check_origin(session)?;
        let now = unix_seconds(now);
        session.seal_with(now, |claims, data| self.0.seal(claims, data, now))
    }

    /// Opens a value that [`seal`](Self::seal) returned, or that a cookie carried.
    ///
    /// The session tells under which key it came ([`Session::key_id`]) and
    /// whether the value should be replaced ([`Session::is_reseal_due`], with
    /// [`reseal`](Self::reseal)).
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the value was refused.
    pub fn unseal(&self, value: &str) -> Result<Session<T>, UnsealError> {
        self.unseal_at(value, OffsetDateTime::now_utc())
    }

    /// [`unseal`](Self::unseal), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`unseal`](Self::unseal).
    pub fn unseal_at(&self, value: &str, now: OffsetDateTime) -> Result<Session<T>, UnsealError> {
        let hold = |live, unsealed: &Unsealed<'_>| {
            Session::given(self.origin(), now, Some(live), || unsealed.data())
        };
        self.0.unseal(value.as_bytes(), now, hold, Session::given_data)
    }

    /// A fresh value with the payload of this one byte for byte, or `None` if
    /// the value may stay as it is. What [`commit`](Self::commit) does for a session that was read.
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the value was refused. A value that is live but
    /// cannot be sealed anew may stay as it is.
    pub fn reseal(&self, value: &str) -> Result<Option<String>, UnsealError> {
        self.reseal_at(value, OffsetDateTime::now_utc())
    }

    /// [`reseal`](Self::reseal), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`reseal`](Self::reseal).
    pub fn reseal_at(
        &self,
        value: &str,
        now: OffsetDateTime,
    ) -> Result<Option<String>, UnsealError> {
        Ok(self.0.reseal(value.as_bytes(), now)?.map(|(value, _)| value))
    }

    /// Hands over an authentic value, with the reason where it is refused.
    #[cfg(feature = "inspect")]
    pub(crate) fn inspect_with<R>(
        &self,
        value: &str,
        now: OffsetDateTime,
        read: impl FnOnce(&KeyEntry, &Timeouts, &Claims, &[u8], Option<UnsealError>) -> R,
    ) -> Result<R, UnsealError> {
        self.0.with_ring(|seal| {
            seal.inspect(value.as_bytes(), unix_seconds(now), |entry, claims, payload, refusal| {
                read(entry, &self.0.timeouts, claims, payload, refusal)
            })
        })
    }

    pub(crate) fn with(core: Core<T>) -> Self {
        let core = Arc::new(core);
        Self(Arc::new(Shared { handles: Handles::new(&core), core }))
    }

    fn origin(&self) -> Arc<Handle<T>> {
        Arc::clone(self.0.handles.get())
    }

    /// A session of another audience must not be sealed for this one.
    fn check_origin(&self, session: &Session<T>) -> Result<(), SealError> {
        match session.is_of(&self.0.core) {
            true => Ok(()),
            false => Err(SealError::OtherOrigin),
        }
    }
}

impl<T> Clone for Sessions<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Sessions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("keys", &self.0.keys)
            .field("cookie", self.0.cookie.config())
            .field("timeouts", &self.0.timeouts)
            .field("tombstone_seconds", &self.0.tombstone.as_ref().map(|t| t.lifetime))
            .field("revoke_if", &self.0.revoke_if)
            .finish_non_exhaustive()
    }
}

impl<T: SessionData> Core<T> {
    /// Seals at `now` (Unix seconds).
    fn seal(&self, claims: &Claims, data: &T, now: u64) -> Result<String, SealError> {
        self.with_ring(|seal| seal.seal(claims, data, now))
    }

    fn unseal<R>(
        &self,
        value: &[u8],
        now: OffsetDateTime,
        hold: impl FnOnce(Live, &Unsealed<'_>) -> Result<R, UnsealError>,
        data: impl FnOnce(&R) -> &T,
    ) -> Result<R, UnsealError> {
        self.with_ring(|seal| {
            seal.unseal(value, unix_seconds(now), |unsealed| {
                let (claims, key_id) = (*unsealed.claims, Some(unsealed.key_id()));
                let (reseal_due, newness) = (unsealed.reseal_due, claims.issued_at);
                let live = Live { claims, key_id, reseal_due, newness, value: 0 };
                let holder = hold(live, &unsealed)?;
                self.ask_hook(data(&holder), unsealed.claims, key_id, now)?;
                Ok(holder)
            })
        })
    }

    /// The session in another library's value, held to the same rules as one of ours.
    fn unseal_fallback(
        &self,
        other: &FallbackCookie<T>,
        value: &[u8],
        now: OffsetDateTime,
    ) -> Result<Opened<T>, UnsealError> {
        if !self.with_ring(|seal| seal.ring.accepts_takeover()) {
            return Err(UnsealError::Fallback { class: "no_takeover", reason: NO_TAKEOVER.into() });
        }
        // No such library is known to write anything but ASCII: the rest is refused as an empty value is.
        let value = str::from_utf8(value).unwrap_or_default();
        let Found { data, claims, newness } = other.reader.open(value, now, &self.timeouts)?;
        self.with_ring(|seal| seal.judge(&claims, unix_seconds(now)))?;
        self.ask_hook(&data, &claims, None, now)?;
        let live = Live { claims, key_id: None, reseal_due: true, newness, value: 0 };
        Ok(Opened { data, live: Some(live), refusal: None })
    }

    fn reseal(
        &self,
        value: &[u8],
        now: OffsetDateTime,
    ) -> Result<Option<(String, Claims)>, UnsealError> {
        // The payload is copied as it is; it is read for the hook alone.
        let inspect = |unsealed: &Unsealed<'_>| match self.revoke_if.is_set() {
            true => self.ask_hook(&unsealed.data()?, unsealed.claims, Some(unsealed.key_id()), now),
            false => Ok(()),
        };
        match self.with_ring(|seal| seal.reseal(value, unix_seconds(now), inspect)) {
            Ok(fresh) => Ok(fresh),
            Err(ResealError::Unseal(error)) => Err(error),
            Err(ResealError::Seal(error)) => {
                events::reseal_failed(self.cookie.name(), &error);
                Ok(None)
            }
        }
    }

    #[inline]
    fn ask_hook(
        &self,
        data: &T,
        claims: &Claims,
        key_id: Option<KeyId>,
        now: OffsetDateTime,
    ) -> Result<(), UnsealError> {
        match self.revoke_if.refuses(data, claims, &self.timeouts, key_id, now) {
            true => Err(UnsealError::Revoked),
            false => Ok(()),
        }
    }

    fn with_ring<R>(&self, f: impl FnOnce(Seal<'_>) -> R) -> R {
        self.with_binding(&self.binding, &self.timeouts, f)
    }

    fn with_binding<R>(
        &self,
        binding: &Binding,
        timeouts: &Timeouts,
        f: impl FnOnce(Seal<'_>) -> R,
    ) -> R {
        let ring: &KeyRing = &self.keys.snapshot();
        let name_len = self.cookie.name().len();
        f(Seal { ring, binding, timeouts, name_len, pad_to: self.pad_to })
    }

    /// The ids of the sessions that were ended in this browser.
    fn ended(&self, tombstones: &[Box<[u8]>], now: OffsetDateTime) -> Vec<SessionId> {
        let Some(tombstone) = &self.tombstone else { return Vec::new() };
        if tombstones.len() > MAX_DECRYPTIONS {
            events::too_many(tombstone.cookie.name(), MAX_DECRYPTIONS);
        }
        let timeouts = tombstone.timeouts();
        let unseal = |value: &[u8]| {
            self.with_binding(&tombstone.binding, &timeouts, |seal| {
                seal.unseal_token(value, unix_seconds(now))
            })
        };
        let values = tombstones.iter().take(MAX_DECRYPTIONS);
        values.filter_map(|value| unseal(value).ok()).map(|claims| claims.id).collect()
    }

    /// The Set-Cookie that remembers the end of the session that came with the
    /// request, if one did.
    fn tombstone_cookie(
        &self,
        session: &Session<T>,
        now: OffsetDateTime,
    ) -> Option<Cookie<'static>> {
        let tombstone = self.tombstone.as_ref()?;
        let now = unix_seconds(now);
        let claims = session.came_with()?.of_tombstone(now, tombstone.lifetime, &self.timeouts);
        let sealed = self.with_binding(&tombstone.binding, &tombstone.timeouts(), |seal| {
            seal.seal_token(&claims, now)
        });
        match sealed {
            Ok(value) => {
                let max_age = Duration::from_secs(claims.lifetime.into());
                Some(tombstone.cookie.set(value, Some(max_age)))
            }
            // The session is over without it, or the removal has to do.
            Err(SealError::Expired) => None,
            Err(error) => {
                events::tombstone_failed(tombstone.cookie.name(), &error);
                None
            }
        }
    }

    fn cookies_of(
        &self,
        session: &Session<T>,
        outcome: Outcome<T>,
        now: OffsetDateTime,
    ) -> Result<Vec<Cookie<'static>>, SealError> {
        let is_removal = matches!(outcome, Outcome::Remove);
        let mut cookies = match outcome {
            Outcome::Remove => {
                let tombstone = self.tombstone_cookie(session, now);
                self.cookie.removals().chain(tombstone).collect()
            }
            Outcome::Seal { claims, data } => {
                let claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
                match self.seal(&claims, &*data, unix_seconds(now)) {
                    Ok(value) => vec![self.set_cookie(value, &claims, now)],
                    Err(SealError::Expired) => {
                        events::expired_before_commit(self.cookie.name());
                        Vec::new()
                    }
                    Err(error) => return Err(error),
                }
            }
            Outcome::Reseal { value } => self.reseal_cookie(session, value, now),
            Outcome::Replace { claims, data } => {
                match self.seal(&claims, &*data, unix_seconds(now)) {
                    Ok(value) => vec![self.set_cookie(value, &claims, now)],
                    // The visitor can do without, and keeps the other library's cookie.
                    Err(error) => {
                        events::reseal_failed(self.cookie.name(), &error);
                        Vec::new()
                    }
                }
            }
        };
        if let Some(other) = &self.fallback
            && (is_removal || !cookies.is_empty() && session.came_by_fallback())
        {
            cookies.extend(other.cookie.removals());
        }
        Ok(cookies)
    }

    fn set_cookie(&self, value: String, claims: &Claims, now: OffsetDateTime) -> Cookie<'static> {
        // Sealing moved `issued_at` to `now` or later, which the idle timeout counts from.
        let now = unix_seconds(now);
        let issued = Claims { issued_at: now, ..*claims };
        let left = issued.expires_at(&self.timeouts).saturating_sub(now);
        self.cookie.set(value, claims.persistent.then(|| Duration::from_secs(left)))
    }

    /// The Set-Cookie of a session that was read but not written, if it can be
    /// sealed anew: the visitor can do without.
    fn reseal_cookie(
        &self,
        session: &Session<T>,
        value: usize,
        now: OffsetDateTime,
    ) -> Vec<Cookie<'static>> {
        let Some(value) = session.candidate(value) else { return Vec::new() };
        match self.reseal(value, now) {
            Ok(Some((value, claims))) => vec![self.set_cookie(value, &claims, now)],
            Ok(None) => Vec::new(),
            Err(error) => {
                events::reseal_failed(self.cookie.name(), &error);
                Vec::new()
            }
        }
    }
}

impl<T: SessionData> Origin<T> for Core<T> {
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    fn cookie_name(&self) -> &str {
        self.cookie.name()
    }

    fn collect(&self, header: &[u8], candidates: &mut Candidates) {
        collect(&self.cookie, header, &mut candidates.sessions);
        if let Some(tombstone) = &self.tombstone {
            collect(&tombstone.cookie, header, &mut candidates.tombstones);
        }
        if let Some(other) = &self.fallback {
            collect(&other.cookie, header, &mut candidates.fallback);
        }
    }

    /// Of several live values the one issued last wins, of another library's the one
    /// that is newest there; ties go to the last.
    fn open(&self, candidates: &Candidates, now: OffsetDateTime) -> Opened<T> {
        let other = self.fallback.as_ref().filter(|_| candidates.use_fallback());
        let (name, values) = match other {
            Some(other) => (other.cookie.name(), &candidates.fallback),
            None => (self.cookie.name(), &candidates.sessions),
        };
        let ended = match values.is_empty() {
            true => Vec::new(),
            false => self.ended(&candidates.tombstones, now),
        };
        let mut best: Option<Opened<T>> = None;
        let mut last_refusal = None;
        let mut decryptions = 0..MAX_DECRYPTIONS;
        let mut several_live = false;
        for (index, value) in values.iter().enumerate() {
            if decryptions.is_empty() {
                events::too_many(name, MAX_DECRYPTIONS);
                break;
            }
            let opened = match other {
                Some(other) => self.unseal_fallback(other, value, now),
                None => self.unseal(
                    value,
                    now,
                    |live, unsealed| {
                        let live = Some(Live { value: index, ..live });
                        Ok(Opened { data: unsealed.data()?, live, refusal: None })
                    },
                    |opened| &opened.data,
                ),
            };
            let error = match opened {
                Ok(opened) if opened.is_ended(&ended) => UnsealError::Ended,
                Ok(opened) => {
                    decryptions.next();
                    several_live |= best.is_some();
                    if best.as_ref().and_then(Opened::newness) <= opened.newness() {
                        best = Some(opened);
                    }
                    continue;
                }
                Err(error) => error,
            };
            events::refused(name, &error, key_id(value).ok());
            if error.is_after_decryption() {
                decryptions.next();
            }
            last_refusal = Some(Box::new(error));
        }
        if several_live {
            events::several_live(name);
        }
        best.unwrap_or_else(|| Opened { data: T::default(), live: None, refusal: last_refusal })
    }

    fn commit(
        &self,
        session: &Session<T>,
        clock: &dyn Fn() -> OffsetDateTime,
    ) -> Result<Commit, SealError> {
        // Most commits have nothing to do, for which nobody need ask the system for the time.
        let now = LazyCell::new(clock);
        let cookies = match session.begin_commit(|| *now) {
            None => Vec::new(),
            Some(outcome) => {
                let cookies = self.cookies_of(session, outcome, *now);
                session.end_commit(cookies.is_ok());
                cookies?
            }
        };
        Ok(Commit {
            cookies,
            depends_on_cookie: session.was_looked_at(),
            gave_token: session.gave_token(),
        })
    }

    fn seal_csrf_token(&self, claims: &Claims, now: OffsetDateTime) -> Result<String, SealError> {
        self.with_binding(&self.csrf_binding, &self.timeouts.without_idle(), |seal| {
            seal.seal_token(&claims.of_csrf_token(), unix_seconds(now))
        })
    }

    fn verify_csrf_token(
        &self,
        token: &str,
        id: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<(), CsrfError> {
        let verdict = id.ok_or(CsrfError::NoSession).and_then(|id| {
            let timeouts = self.timeouts.without_idle();
            let claims = self.with_binding(&self.csrf_binding, &timeouts, |seal| {
                seal.unseal_token(token.as_bytes(), unix_seconds(now))
            })?;
            match claims.id.ct_eq(&id) {
                true => Ok(()),
                false => Err(CsrfError::OtherSession),
            }
        });
        verdict.inspect_err(|error| events::csrf_refused(self.cookie.name(), error))
    }

    fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }
}

impl Tombstone {
    fn timeouts(&self) -> Timeouts {
        Timeouts { absolute: self.lifetime, idle: None, persistent: true }
    }
}

/// Adds the values of a cookie in one Cookie header, as far as there is room.
fn collect(cookie: &CheckedCookie, header: &[u8], values: &mut Few<Box<[u8]>>) {
    for value in cookie.values(header) {
        if values.len() == MAX_CANDIDATES {
            events::too_many(cookie.name(), MAX_CANDIDATES);
            break;
        }
        values.push(value.into());
    }
}

/// The most that are kept of one request: each costs little, and there must be an end.
const MAX_CANDIDATES: usize = 64;
/// The most that one request can make us decrypt, for each kind of session.
const MAX_DECRYPTIONS: usize = 8;
/// Why no cookie of another library is looked at.
const NO_TAKEOVER: &str = "the key ring says no_takeover, as after an incident; take that out once the other library's secret has been changed";
