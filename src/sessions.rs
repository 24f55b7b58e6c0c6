//! Load and commit: from the Cookie headers of a request to the Set-Cookie
//! headers of its response, with the policy in between.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use cookie::Cookie;
use time::OffsetDateTime;

use crate::{
    claims::{Claims, Timeouts, unix_seconds},
    cookie::CheckedCookie,
    envelope::Binding,
    error::{SealError, UnsealError},
    events,
    keyring::KeyRing,
    keys::Keys,
    seal::{ResealError, Seal, Unsealed, key_id},
    secret::RandomSource,
    session::{Live, Opened, Origin, Outcome, Request, Session, SessionData},
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
pub struct Sessions<T>(Arc<Core<T>>);

struct Core<T> {
    keys: Keys,
    cookie: CheckedCookie,
    binding: Binding,
    timeouts: Timeouts,
    data: PhantomData<fn() -> T>,
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
        self.attach(&session, cookie_headers, || now);
        session
    }

    /// A session that nobody has asked for yet, for a middleware to keep
    /// beside its request: without [`attach`](Self::attach) it costs an allocation and no more.
    pub(crate) fn exchange(&self) -> Session<T> {
        Session::unopened(self.origin())
    }

    /// Hands an exchange's request to its session, the first time that somebody asks for it.
    pub(crate) fn attach<H: AsRef<[u8]>>(
        &self,
        exchange: &Session<T>,
        cookie_headers: impl IntoIterator<Item = H>,
        clock: impl FnOnce() -> OffsetDateTime,
    ) {
        exchange.attach(|| {
            let mut values = Vec::new();
            for header in cookie_headers {
                for value in self.0.cookie.values(header.as_ref()) {
                    if values.len() == MAX_CANDIDATES {
                        events::too_many(self.cookie_name(), MAX_CANDIDATES);
                        break;
                    }
                    values.push(value.into());
                }
            }
            Request { values, loaded_at: clock() }
        });
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
        self.commit_at(session, OffsetDateTime::now_utc())
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
        let cookies = match session.begin_commit(now) {
            None => Vec::new(),
            Some(outcome) => {
                let cookies = self.cookies_of(session, outcome, now);
                session.end_commit(cookies.is_ok());
                cookies?
            }
        };
        Ok(Commit { cookies, depends_on_cookie: session.was_looked_at() })
    }

    fn cookies_of(
        &self,
        session: &Session<T>,
        outcome: Outcome<T>,
        now: OffsetDateTime,
    ) -> Result<Vec<Cookie<'static>>, SealError> {
        Ok(match outcome {
            Outcome::Nothing => Vec::new(),
            Outcome::Remove => self.0.cookie.removals().collect(),
            Outcome::Seal { claims, data } => {
                let claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
                match self.0.seal(&claims, &*data, now) {
                    Ok(value) => vec![self.0.set_cookie(value, &claims, now)],
                    Err(SealError::Expired) => {
                        events::expired_before_commit(self.cookie_name());
                        Vec::new()
                    }
                    Err(error) => return Err(error),
                }
            }
            Outcome::Reseal { value } => self.0.reseal_cookie(session, value, now),
        })
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
        let opened = Opened { data, live: None, refusal: None };
        let mut session = Session::opened(self.origin(), opened, now);
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
        let (claims, data) = session.to_seal(now);
        let claims =
            claims.ok_or(SealError::Expired)?.map_err(|RandomSource| SealError::RandomSource)?;
        self.0.seal(&claims, &*data, now)
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
        self.0.unseal(value, now, |opened| Session::opened(self.origin(), opened, now))
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
        Ok(self.0.reseal(value, now)?.map(|(value, _)| value))
    }

    pub(crate) fn with(
        keys: Keys,
        cookie: CheckedCookie,
        binding: Binding,
        timeouts: Timeouts,
    ) -> Self {
        Self(Arc::new(Core { keys, cookie, binding, timeouts, data: PhantomData }))
    }

    fn origin(&self) -> Arc<dyn Origin<T>> {
        Arc::clone(&self.0) as _
    }

    /// A session of another audience must not be sealed for this one.
    fn check_origin(&self, session: &Session<T>) -> Result<(), SealError> {
        match session.is_of(&self.origin()) {
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
            .finish_non_exhaustive()
    }
}

impl<T: SessionData> Core<T> {
    fn seal(&self, claims: &Claims, data: &T, now: OffsetDateTime) -> Result<String, SealError> {
        self.with_ring(|seal| seal.seal(claims, data, unix_seconds(now)))
    }

    fn unseal<R>(
        &self,
        value: &str,
        now: OffsetDateTime,
        use_it: impl FnOnce(Opened<T>) -> R,
    ) -> Result<R, UnsealError> {
        self.with_ring(|seal| {
            seal.unseal(
                value,
                unix_seconds(now),
                |Unsealed { data, claims, key_id, reseal_due }| {
                    let live = Live { claims, key_id, reseal_due, value: 0 };
                    use_it(Opened { data, live: Some(live), refusal: None })
                },
            )
        })
    }

    fn reseal(
        &self,
        value: &str,
        now: OffsetDateTime,
    ) -> Result<Option<(String, Claims)>, UnsealError> {
        match self.with_ring(|seal| seal.reseal(value, unix_seconds(now))) {
            Ok(fresh) => Ok(fresh),
            Err(ResealError::Unseal(error)) => Err(error),
            Err(ResealError::Seal(error)) => {
                events::reseal_failed(self.cookie.name(), &error);
                Ok(None)
            }
        }
    }

    fn with_ring<R>(&self, f: impl FnOnce(Seal<'_>) -> R) -> R {
        let ring: &KeyRing = &self.keys.snapshot();
        f(Seal {
            ring,
            binding: &self.binding,
            timeouts: &self.timeouts,
            name_len: self.cookie.name().len(),
        })
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
        let Some(value) = session.values().get(value) else { return Vec::new() };
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
    /// Of several live values the one issued last wins, ties go to the last.
    fn open(&self, values: &[Box<str>], now: OffsetDateTime) -> Opened<T> {
        let mut best = Opened { data: T::default(), live: None, refusal: None };
        let mut decryptions = 0..MAX_DECRYPTIONS;
        let mut several_live = false;
        for (index, value) in values.iter().enumerate() {
            if decryptions.is_empty() {
                events::too_many(self.cookie.name(), MAX_DECRYPTIONS);
                break;
            }
            match self.unseal(value, now, |opened| opened) {
                Ok(opened) => {
                    decryptions.next();
                    several_live |= best.live.is_some();
                    if best.issued_at() <= opened.issued_at() {
                        best = opened.at_value(index);
                    }
                }
                Err(error) => {
                    events::refused(self.cookie.name(), &error, key_id(value).ok());
                    if error.is_after_decryption() {
                        decryptions.next();
                    }
                    if best.live.is_none() {
                        best.refusal = Some(error);
                    }
                }
            }
        }
        if several_live {
            events::several_live(self.cookie.name());
        }
        best
    }

    fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }
}

/// What a response has to say of a session.
///
/// Append each of [`cookies`](Self::cookies) as a Set-Cookie header. Where
/// [`sets_cookies`](Self::sets_cookies), set `Cache-Control: no-store`, or a
/// cache may hand the cookie to somebody else; where
/// [`depends_on_cookie`](Self::depends_on_cookie), add `Vary: Cookie`.
/// (`commit_headers` of the feature `http` does all of it.)
#[derive(Clone, Default)]
#[must_use = "the response has to carry the cookies"]
pub struct Commit {
    cookies: Vec<Cookie<'static>>,
    depends_on_cookie: bool,
}

impl Commit {
    /// None where there is nothing to change, one that sets the session, or,
    /// when it was destroyed, one removal for each scope it may have.
    ///
    /// The `Debug` of a [`Cookie`] shows its value: keep it out of logs.
    pub fn cookies(&self) -> &[Cookie<'static>] {
        &self.cookies
    }

    /// [`cookies`](Self::cookies), to be kept.
    pub fn into_cookies(self) -> Vec<Cookie<'static>> {
        self.cookies
    }

    /// Whether there is a cookie to set or to remove.
    pub fn sets_cookies(&self) -> bool {
        !self.cookies.is_empty()
    }

    /// Whether the response need not say anything.
    #[cfg(feature = "actix-web")]
    pub(crate) fn is_empty(&self) -> bool {
        !self.sets_cookies() && !self.depends_on_cookie()
    }

    /// Whether the handler looked at the session, found or not.
    pub fn depends_on_cookie(&self) -> bool {
        self.depends_on_cookie
    }
}

impl fmt::Debug for Commit {
    /// Without the cookies' values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("cookies", &self.cookies.len())
            .field("depends_on_cookie", &self.depends_on_cookie)
            .finish()
    }
}

/// The most that are kept of one request: each costs little, and there must be an end.
const MAX_CANDIDATES: usize = 64;
/// The most that one request can make us decrypt, for each kind of session.
const MAX_DECRYPTIONS: usize = 8;
