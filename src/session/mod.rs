//! The session of one request, as a handler sees it. Knows neither keys nor what is in a header.

mod existing;
mod handles;
#[cfg(all(test, shuttle))]
mod interleavings;

use std::{
    any::type_name,
    fmt,
    ops::Deref,
    sync::{
        Arc, OnceLock, PoisonError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};

use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

pub use self::existing::Existing;
pub(crate) use self::handles::{Handle, Handles};
use crate::{
    error::{ConfigError, CsrfError, SealError, UnsealError},
    events,
    format::claims::{Claims, Lifetime, SessionId, Timeouts, whole_seconds},
    http::Commit,
    key_id::KeyId,
    platform::{
        clock::{date_time, unix_seconds},
        few::Few,
        random::RandomSource,
        sync::{
            AtomicBool, Mutex, MutexGuard,
            thread::{self, ThreadId},
        },
    },
};

/// What a session can hold: any type with these traits, without further ado.
///
/// `Default` is what an anonymous visitor has. `Clone` lets a write work on a
/// copy, so that readers never wait and a panic leaves nothing half-written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a session",
    note = "derive `Serialize`, `Deserialize`, `Default` and `Clone`, and hold no borrowed data"
)]
pub trait SessionData:
    Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static
{
}

impl<T> SessionData for T where
    T: Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static
{
}

/// The session of one request.
///
/// A handle: clones are cheap and stand for the same session. Reading gives a
/// snapshot that dereferences to `&T`; writing is a closure over `&mut T`, and
/// writing is what marks the session as changed. A reader never waits for a
/// writer's closure, nothing is async, and a snapshot may cross an `.await`.
///
/// The cookie is decrypted at the first look. A request that never looks pays
/// for no decryption, and does not count as activity. Look before the response
/// is committed, even if it is a streamed body that needs the data: later no
/// `Vary` can tell caches of it, and a warning event is all there is.
///
/// ```
/// use sealed_session::{KeyRing, Sessions};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize)]
/// struct Account {
///     user: Option<String>,
/// }
///
/// let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
/// let mut session = sessions.load([""]); // the request's Cookie headers
/// assert!(session.is_new());
/// assert_eq!(session.read().user, None);
///
/// session.renew(); // whenever somebody signs in
/// session.write(|account| account.user = Some("ada".to_owned()));
/// assert_eq!(session.read().user.as_deref(), Some("ada"));
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
pub struct Session<T>(Arc<Inner<T>>);

/// What a session needs of the layer above, which has the keys and the rules.
pub(crate) trait Origin<T>: Send + Sync {
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    fn cookie_name(&self) -> &str;

    /// Takes from a Cookie header what may be a session.
    fn collect(&self, header: &[u8], candidates: &mut Candidates);

    /// Chooses among the values that the request brought.
    fn open(&self, candidates: &Candidates, now: OffsetDateTime) -> Opened<T>;

    /// What the response to the session's request has to say of it.
    fn commit(
        &self,
        session: &Session<T>,
        clock: &dyn Fn() -> OffsetDateTime,
    ) -> Result<Commit, SealError>;

    /// A CSRF token for the session with these claims.
    fn seal_csrf_token(&self, claims: &Claims, now: OffsetDateTime) -> Result<String, SealError>;

    /// Whether the token was made for the session with this id, `None` for no session.
    fn verify_csrf_token(
        &self,
        token: &str,
        id: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<(), CsrfError>;

    fn timeouts(&self) -> &Timeouts;
}

/// The values of the cookies that a request brought, as they came.
#[derive(Default)]
pub(crate) struct Candidates {
    pub(crate) sessions: Few<Box<[u8]>>,
    pub(crate) tombstones: Few<Box<[u8]>>,
    /// Those of another library's cookie.
    pub(crate) fallback: Few<Box<[u8]>>,
}

impl Candidates {
    /// Whether another library's cookie is read in place of ours. Ours, live or not, has the last word.
    pub(crate) fn use_fallback(&self) -> bool {
        self.sessions.is_empty() && !self.fallback.is_empty()
    }
}

/// What the cookies of a request came to.
pub(crate) struct Opened<T> {
    /// The live session's data, `T::default()` where there is none.
    pub(crate) data: T,
    pub(crate) live: Option<Live>,
    /// Why the last candidate was refused, where there is no live session. Boxed, for most
    /// have none, and a session is copied to where it stays.
    pub(crate) refusal: Option<Box<UnsealError>>,
}

impl<T> Opened<T> {
    /// Less than any where there is no live session.
    pub(crate) fn newness(&self) -> Option<u64> {
        self.live.map(|live| live.newness)
    }

    /// Whether it was ended in this browser.
    pub(crate) fn is_ended(&self, ended: &[SessionId]) -> bool {
        self.live.is_some_and(|live| ended.iter().any(|id| id.ct_eq(&live.claims.id)))
    }
}

/// What is known of a live session besides its data.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) claims: Claims,
    /// `None` for what came in another library's cookie.
    pub(crate) key_id: Option<KeyId>,
    pub(crate) reseal_due: bool,
    /// Of several in a request the greatest wins.
    pub(crate) newness: u64,
    /// The place among the request's values, where it came from one.
    pub(crate) value: usize,
}

struct Inner<T> {
    origin: Arc<Handle<T>>,
    source: Source<T>,
    /// Somebody saw that there is, or is not, a session: the response depends on the cookie.
    looked_at: AtomicBool,
    /// The data was read or written: the visitor was active.
    active: AtomicBool,
    /// The response holds a token, which is for this visitor alone.
    gave_token: AtomicBool,
    /// Committed: the response's head is on its way.
    is_closed: AtomicBool,
    /// The data is no longer what came: written or destroyed. Set with the state locked, and
    /// read without, for most sessions are only read. `SeqCst`, so that it orders writes
    /// to several sessions as the lock would.
    is_overwritten: AtomicBool,
    state: Mutex<State<T>>,
    /// Held while a writer's closure runs; never by a reader.
    writer: Mutex<()>,
}

/// Where a session comes from.
enum Source<T> {
    /// It was unsealed or created before there was a handle to it.
    Given { opened: Opened<T>, at: OffsetDateTime },
    /// It is a request's, which is empty until somebody asks for it, and opened at the first look.
    Exchange { request: OnceLock<Request>, opened: OnceLock<Opened<T>> },
}

impl<T> Source<T> {
    fn opened(&self) -> Option<&Opened<T>> {
        match self {
            Self::Given { opened, .. } => Some(opened),
            Self::Exchange { opened, .. } => opened.get(),
        }
    }

    /// The request, for whom there is one.
    fn request(&self) -> Option<&Request> {
        match self {
            Self::Given { .. } => None,
            Self::Exchange { request, .. } => request.get(),
        }
    }

    fn loaded_at(&self) -> OffsetDateTime {
        match self {
            Self::Given { at, .. } => *at,
            Self::Exchange { request, .. } => attached(request).loaded_at,
        }
    }
}

fn attached(request: &OnceLock<Request>) -> &Request {
    request.get().expect("a session is attached before it is handed out")
}

/// What a request brought.
struct Request {
    candidates: Candidates,
    loaded_at: OffsetDateTime,
}

struct State<T> {
    /// A commit has begun, and has not failed.
    is_committed: bool,
    is_destroyed: bool,
    /// The data after the last write.
    written: Option<Arc<T>>,
    /// The claims after `renew`, `regenerate_id` or a first write.
    claims: Option<Result<Claims, RandomSource>>,
    /// The session began, or was renewed, in this request.
    is_begun: bool,
    /// Who runs a writer's closure.
    writing: Option<ThreadId>,
}

impl<T> State<T> {
    fn is_changed(&self) -> bool {
        self.written.is_some() || self.claims.is_some()
    }
}

/// What a commit has to do.
pub(crate) enum Outcome<T> {
    Remove,
    Seal {
        claims: Result<Claims, RandomSource>,
        data: Snapshot<T>,
    },
    Reseal {
        value: usize,
    },
    /// Seal for the first time what came in another library's cookie.
    Replace {
        claims: Claims,
        data: Snapshot<T>,
    },
}

impl<T: SessionData> Session<T> {
    /// The data, as it is now. Counts as activity.
    pub fn read(&self) -> Snapshot<T> {
        self.0.active.store(true, Relaxed);
        self.peek()
    }

    /// The data, without counting as activity: the idle timeout does not
    /// slide. For whatever the visitor did not ask for, such as polling.
    pub fn peek(&self) -> Snapshot<T> {
        self.look();
        self.snapshot()
    }

    /// Changes the data, and marks the session as changed: the response will
    /// carry the cookie. Readers see the change when the closure has returned.
    ///
    /// After [`destroy`](Self::destroy) or the commit, the closure runs on a
    /// copy that is dropped, with a warning event: it is too late to keep it.
    ///
    /// Writers to one session wait for each other, so write to another session after the
    /// closure, not in it: two that nest the same two the other way round wait for ever.
    ///
    /// # Panics
    ///
    /// If the closure writes to the same session through another handle.
    pub fn write<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        self.look();
        self.0.active.store(true, Relaxed);
        let writing = self.begin_writing();
        let current = self.snapshot();
        let mut draft = T::clone(&current);
        let result = change(&mut draft);

        let mut outdated = Some(Arc::new(draft));
        let mut state = self.state();
        if Self::accepts_changes(&state, "write") {
            std::mem::swap(&mut state.written, &mut outdated);
            self.0.is_overwritten.store(true, SeqCst);
            if self.claims_in(&state).is_none() {
                state.claims = Some(self.begin());
                state.is_begun = true;
            }
        }
        drop(state);
        drop(writing);
        result
    }

    /// Gives the session a new id and new times, keeping the data. Call it
    /// whenever somebody signs in, and to put one user in another's place: it
    /// is what defeats session fixation, and it starts the absolute timeout anew.
    pub fn renew(&mut self) {
        let timeouts = *self.0.origin.timeouts();
        self.renew_by(&timeouts);
    }

    /// [`renew`](Self::renew), with a lifetime for this one session.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Lifetime, Sessions};
    ///
    /// let sessions = Sessions::<()>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// let remember_me = false; // from the login form
    /// match remember_me {
    ///     true => session.renew(),
    ///     false => session.renew_with(Lifetime::browser_session(Duration::from_secs(3600)))?,
    /// }
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Timeout`] for a lifetime that is not whole seconds, is
    /// zero, or is longer than the configured absolute timeout.
    pub fn renew_with(&mut self, lifetime: Lifetime) -> Result<(), ConfigError> {
        let configured = *self.0.origin.timeouts();
        let absolute = whole_seconds(lifetime.duration, "a lifetime", configured.absolute)?;
        self.renew_by(&Timeouts { absolute, persistent: lifetime.persistent, ..configured });
        Ok(())
    }

    /// Gives the session a new id, keeping data and times. Call it at a change
    /// of privilege within one sign-in. Does nothing where there is no session.
    pub fn regenerate_id(&mut self) {
        self.look();
        let mut state = self.state();
        if !Self::accepts_changes(&state, "regenerate_id") {
            return;
        }
        if let Some(Ok(claims)) = self.claims_in(&state) {
            state.claims = Some(SessionId::generate().map(|id| Claims { id, ..claims }));
        }
    }

    /// Ends the session: the response removes the cookie, even if there was
    /// none, and whatever is written after this within the request is ignored.
    ///
    /// A copy of the cookie that somebody made earlier stays valid until it expires.
    pub fn destroy(&mut self) {
        let mut state = self.state();
        if Self::accepts_changes(&state, "destroy") {
            state.is_destroyed = true;
            self.0.is_overwritten.store(true, SeqCst);
            state.claims = None;
            let written = state.written.take();
            drop(state);
            drop(written);
        }
    }

    /// A token that proves that a later request was made by a page of this
    /// session, against cross-site request forgery. Starts a session for an
    /// anonymous visitor, as [`write`](Self::write) does, so that the sign-in form can have one.
    ///
    /// Put it into a hidden field of each form with `method="post"`, or into the
    /// page for scripts to send in a header such as `X-CSRF-Token`; never into
    /// a URL, which ends up in logs and in `Referer`. Give what comes back to
    /// [`verify_csrf`](Self::verify_csrf). Let no cache keep the response: a commit says so.
    ///
    /// The token has 110 characters of base64url, sealed under the same keys as the
    /// session but for another purpose, with the session's id inside. Each call
    /// gives another one, so that compressed responses tell nothing of it. All
    /// of them are good as long as the session is, over rotations and idle times;
    /// all of them die with [`renew`](Self::renew), [`regenerate_id`](Self::regenerate_id),
    /// [`destroy`](Self::destroy) and the session's end. So make it after those, and verify before them.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<()>::new(KeyRing::ephemeral()?);
    ///
    /// // GET /login
    /// let mut session = sessions.load([""]);
    /// let token = session.csrf_token()?;
    /// let form = format!(r#"<input type="hidden" name="csrf" value="{token}">"#);
    /// let response = sessions.commit(&session)?;
    ///
    /// // POST /login
    /// let cookie = &response.cookies()[0];
    /// let mut session = sessions.load([format!("{}={}", cookie.name(), cookie.value())]);
    /// session.verify_csrf(&token)?; // the form's field; otherwise 403
    /// session.renew();
    /// # assert!(form.len() > 110);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SealError::NoSession`] after [`destroy`](Self::destroy), or where none
    /// has begun when the response is committed; [`SealError::RandomSource`],
    /// [`SealError::NoSealingKey`] and [`SealError::TimeOutOfRange`] as for sealing.
    pub fn csrf_token(&mut self) -> Result<String, SealError> {
        self.look();
        self.0.active.store(true, Relaxed);
        let mut state = self.state();
        if self.claims_in(&state).is_none() && !state.is_destroyed && !state.is_committed {
            state.claims = Some(self.begin());
            state.is_begun = true;
        }
        let claims = self.claims_in(&state).ok_or(SealError::NoSession)?;
        drop(state);
        let claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
        self.0.gave_token.store(true, Relaxed);
        self.0.origin.seal_csrf_token(&claims, self.0.source.loaded_at())
    }

    /// Checks a token of [`csrf_token`](Self::csrf_token): the value of a form's
    /// field or of a header, empty where there is none. Never take it from the
    /// URL or from a cookie: a browser adds those to forged requests by itself.
    ///
    /// Call it on every request that changes something, signing in and signing out included,
    /// before anything else is done.
    ///
    /// # Errors
    ///
    /// [`CsrfError`], the reason for logs. Answer with 403 and nothing more.
    pub fn verify_csrf(&self, token: &str) -> Result<(), CsrfError> {
        self.0.active.store(true, Relaxed);
        self.0.origin.verify_csrf_token(token, self.id(), self.0.source.loaded_at())
    }

    /// Whether the session was begun or [renewed](Self::renew) less than `age`
    /// ago: for actions that need a fresh sign-in, such as a change of password
    /// or a payment. Where it is false, ask for the password, then `renew`.
    ///
    /// Only `renew` starts this time anew: neither use, nor a re-seal, nor a write,
    /// nor [`regenerate_id`](Self::regenerate_id) does. It does not tell whether somebody is signed in; the data does.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<Option<String>>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// assert!(!session.created_within(Duration::from_secs(300)));
    /// session.renew();
    /// session.write(|user| *user = Some("ada".to_owned()));
    /// assert!(session.read().is_some() && session.created_within(Duration::from_secs(300)));
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn created_within(&self, age: std::time::Duration) -> bool {
        self.claims()
            .and_then(|claims| claims.known_creation())
            .is_some_and(|created_at| self.now().saturating_sub(created_at) < age.as_secs())
    }

    /// The session's id, `None` where there is no session.
    pub fn id(&self) -> Option<SessionId> {
        self.claims().map(|claims| claims.id)
    }

    /// When the session began, or was last renewed. `None` also where nobody
    /// knows: for what was taken over from another library, until it is renewed.
    pub fn created_at(&self) -> Option<OffsetDateTime> {
        self.claims().and_then(|claims| claims.known_creation()).map(date_time)
    }

    /// When the value that the visitor holds was sealed.
    pub fn issued_at(&self) -> Option<OffsetDateTime> {
        self.claims().map(|claims| date_time(claims.issued_at))
    }

    /// When the session ends unless it is used: by its lifetime, or by being idle.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.claims().map(|claims| date_time(claims.expires_at(self.0.origin.timeouts())))
    }

    /// Whether the session's cookie outlives the browser.
    pub fn is_persistent(&self) -> Option<bool> {
        self.claims().map(|claims| claims.persistent)
    }

    /// The key under which the session came, `None` where none came, or where
    /// it came in another library's cookie.
    pub fn key_id(&self) -> Option<KeyId> {
        self.look().live.and_then(|live| live.key_id)
    }

    /// Whether the visitor is anonymous: no live session came with the
    /// request, or it has been destroyed.
    pub fn is_new(&self) -> bool {
        let opened = self.look();
        opened.live.is_none() || self.state().is_destroyed
    }

    /// Whether the session was written, renewed, given a new id or destroyed.
    pub fn is_changed(&self) -> bool {
        let state = self.state();
        state.is_changed() || state.is_destroyed
    }

    /// Whether the value that came should be replaced though nothing was
    /// written: the idle timeout slides, or the key has been superseded.
    pub fn is_reseal_due(&self) -> bool {
        self.look().live.is_some_and(|live| live.reseal_due)
    }

    /// Why the cookie was refused, where one came and none was live. For logs;
    /// tell the visitor nothing of it.
    pub fn refusal(&self) -> Option<&UnsealError> {
        self.look().refusal.as_deref()
    }

    /// A session whose cookies are decrypted at the first look.
    pub(crate) fn unopened(origin: Arc<Handle<T>>) -> Self {
        Self::with(origin, Source::Exchange { request: OnceLock::new(), opened: OnceLock::new() })
    }

    /// A session that is known already.
    ///
    /// The data is read where it is going to stay, for to move it is to copy it.
    #[inline]
    pub(crate) fn given<E>(
        origin: Arc<Handle<T>>,
        at: OffsetDateTime,
        live: Option<Live>,
        data: impl FnOnce() -> Result<T, E>,
    ) -> Result<Self, E> {
        Ok(Self::with(
            origin,
            Source::Given { opened: Opened { data: data()?, live, refusal: None }, at },
        ))
    }

    /// The data as it came.
    pub(crate) fn given_data(&self) -> &T {
        &self.look().data
    }

    #[inline]
    fn with(origin: Arc<Handle<T>>, source: Source<T>) -> Self {
        Self(Arc::new(Inner {
            origin,
            source,
            looked_at: AtomicBool::new(false),
            active: AtomicBool::new(false),
            gave_token: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            is_overwritten: AtomicBool::new(false),
            state: Mutex::new(State {
                is_committed: false,
                is_destroyed: false,
                written: None,
                claims: None,
                is_begun: false,
                writing: None,
            }),
            writer: Mutex::new(()),
        }))
    }

    /// Gives a session that came [`unopened`](Self::unopened) its request, unless it has one
    /// already. Before this, nobody can look at it.
    pub(crate) fn attach<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        clock: impl FnOnce() -> OffsetDateTime,
    ) {
        let Source::Exchange { request, .. } = &self.0.source else { return };
        request.get_or_init(|| {
            let mut candidates = Candidates::default();
            for header in cookie_headers {
                self.0.origin.collect(header.as_ref(), &mut candidates);
            }
            Request { candidates, loaded_at: clock() }
        });
    }

    /// Whether anybody asked for the session.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn is_attached(&self) -> bool {
        self.0.source.request().is_some()
    }

    /// Has its origin commit the session.
    pub(crate) fn commit(&self, clock: &dyn Fn() -> OffsetDateTime) -> Result<Commit, SealError> {
        self.0.origin.commit(self, clock)
    }

    /// Begins a commit, and says what it has to do. `None` where there is nothing to do, and
    /// the commit is over, or where there was one already. From here on changes are too late.
    pub(crate) fn begin_commit(&self, now: impl Fn() -> OffsetDateTime) -> Option<Outcome<T>> {
        let changed = {
            let mut state = self.state();
            if std::mem::replace(&mut state.is_committed, true) {
                return None;
            }
            if state.is_destroyed {
                return Some(Outcome::Remove);
            }
            match state.is_changed() {
                true => self
                    .claims_to_seal(&state, unix_seconds(now()))
                    .map(|claims| (claims, state.written.clone())),
                false => None,
            }
        };
        let outcome = match changed {
            Some((claims, written)) => {
                Some(Outcome::Seal { claims, data: self.snapshot_of(written) })
            }
            None => self.live_to_reseal(now).map(|live| match self.came_by_fallback() {
                true => Outcome::Replace { claims: live.claims, data: self.snapshot() },
                false => Outcome::Reseal { value: live.value },
            }),
        };
        if outcome.is_none() {
            self.end_commit(true);
        }
        outcome
    }

    /// What came, where it is to be sealed again though nothing was written.
    fn live_to_reseal(&self, now: impl FnOnce() -> OffsetDateTime) -> Option<Live> {
        let live = self.0.source.opened().and_then(|opened| opened.live)?;
        let is_due = live.reseal_due && self.0.active.load(Relaxed);
        let is_prompt = || now() <= self.0.source.loaded_at().saturating_add(RESEAL_WITHIN);
        (is_due && is_prompt()).then_some(live)
    }

    /// Ends a commit: for good, or, where it failed, so that there can be another.
    pub(crate) fn end_commit(&self, succeeded: bool) {
        match succeeded {
            true => self.0.is_closed.store(true, SeqCst),
            false => self.state().is_committed = false,
        }
    }

    /// Whether the session came from this origin.
    pub(crate) fn is_of(&self, origin: &Arc<impl Origin<T>>) -> bool {
        self.0.origin.is_of(origin)
    }

    /// Seals the session at `now` (Unix seconds), for a caller who has no response to commit to.
    pub(crate) fn seal_with<R>(
        &self,
        now: u64,
        seal: impl FnOnce(&Claims, &T) -> Result<R, SealError>,
    ) -> Result<R, SealError> {
        let opened = self.look();
        let (claims, written) = {
            let state = self.state();
            let claims = self.claims_to_seal(&state, now).ok_or(SealError::Expired)?;
            (claims.map_err(|RandomSource| SealError::RandomSource)?, state.written.clone())
        };
        seal(&claims, written.as_deref().unwrap_or(&opened.data))
    }

    /// The name of the session's cookie.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn cookie_name(&self) -> &str {
        self.0.origin.cookie_name()
    }

    /// One of the values of our cookie that came with the request.
    pub(crate) fn candidate(&self, place: usize) -> Option<&[u8]> {
        self.0.source.request()?.candidates.sessions.get(place).map(|value| &**value)
    }

    /// What the visitor's browser holds: the claims of the session that came with the request.
    pub(crate) fn came_with(&self) -> Option<Claims> {
        self.look().live.map(|live| live.claims)
    }

    /// Whether the request brought another library's cookie in place of ours.
    pub(crate) fn came_by_fallback(&self) -> bool {
        self.0.source.request().is_some_and(|request| request.candidates.use_fallback())
    }

    /// Whether the response holds a token.
    pub(crate) fn gave_token(&self) -> bool {
        self.0.gave_token.load(Relaxed)
    }

    /// Whether the response depends on the cookie.
    pub(crate) fn was_looked_at(&self) -> bool {
        match &self.0.source {
            // Who unseals a value has looked at it, and may have created a session because it was refused.
            Source::Given { .. } => true,
            Source::Exchange { .. } => self.0.looked_at.load(SeqCst),
        }
    }

    fn look(&self) -> &Opened<T> {
        let inner = &*self.0;
        let (request, slot) = match &inner.source {
            Source::Given { opened, .. } => return opened,
            Source::Exchange { request, opened } => (request, opened),
        };
        if !inner.looked_at.load(Relaxed) {
            // SeqCst here and where a commit ends, or both could miss each other: no `Vary`, and no event.
            inner.looked_at.store(true, SeqCst);
            if inner.is_closed.load(SeqCst) {
                events::late_look(type_name::<T>());
            }
        }
        slot.get_or_init(|| {
            let request = attached(request);
            inner.origin.open(&request.candidates, request.loaded_at)
        })
    }

    fn claims(&self) -> Option<Claims> {
        self.look();
        self.claims_in(&self.state()).and_then(Result::ok)
    }

    fn claims_in(&self, state: &State<T>) -> Option<Result<Claims, RandomSource>> {
        if state.is_destroyed {
            return None;
        }
        state.claims.or_else(|| Some(Ok(self.0.source.opened()?.live?.claims)))
    }

    /// The claims for a value sealed at `now` (Unix seconds). A session that was never sealed
    /// has not been idle, however long its handler took.
    fn claims_to_seal(&self, state: &State<T>, now: u64) -> Option<Result<Claims, RandomSource>> {
        let earliest = if state.is_begun { now } else { 0 };
        let claims = self.claims_in(state)?;
        Some(claims.map(|c| Claims { issued_at: c.issued_at.max(earliest), ..c }))
    }

    fn snapshot(&self) -> Snapshot<T> {
        if !self.0.is_overwritten.load(SeqCst) {
            return self.snapshot_of(None);
        }
        let (written, is_destroyed) = {
            let state = self.state();
            (state.written.clone(), state.is_destroyed)
        };
        match is_destroyed {
            true => Snapshot(Version::Written(Arc::default())),
            false => self.snapshot_of(written),
        }
    }

    fn snapshot_of(&self, written: Option<Arc<T>>) -> Snapshot<T> {
        Snapshot(match written {
            Some(written) => Version::Written(written),
            None => Version::Opened(Arc::clone(&self.0)),
        })
    }

    fn renew_by(&mut self, timeouts: &Timeouts) {
        self.look();
        let mut state = self.state();
        if !Self::accepts_changes(&state, "renew") {
            return;
        }
        // The value must be the latest in the eyes of a machine whose clock is ahead of ours.
        let issued_at = match self.claims_in(&state) {
            Some(Ok(claims)) => claims.issued_at,
            _ => 0,
        };
        state.is_begun = true;
        state.claims = Some(
            Claims::begin(self.now(), timeouts)
                .map(|claims| Claims { issued_at: claims.issued_at.max(issued_at), ..claims }),
        );
    }

    fn begin(&self) -> Result<Claims, RandomSource> {
        Claims::begin(self.now(), self.0.origin.timeouts())
    }

    fn now(&self) -> u64 {
        unix_seconds(self.0.source.loaded_at())
    }

    fn accepts_changes(state: &State<T>, what: &'static str) -> bool {
        let reason = match (state.is_committed, state.is_destroyed) {
            (false, false) => return true,
            (false, true) => "the session was destroyed",
            (true, _) => "the response was committed",
        };
        events::change_ignored(type_name::<T>(), what, reason);
        false
    }

    fn begin_writing(&self) -> Writing<'_, T> {
        let me = thread::current().id();
        let is_nested = self.state().writing == Some(me);
        assert!(
            !is_nested,
            "Session<{}>::write inside the closure of another write to the same session: \
             make both changes in one closure",
            type_name::<T>()
        );
        let lock = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.state().writing = Some(me);
        Writing { session: self, _lock: lock }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Held for a few moves and a look at the clock, in which nothing of the user's runs, not even a drop.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks the thread as writing for as long as it lives, also when the closure panics.
struct Writing<'a, T: SessionData> {
    session: &'a Session<T>,
    _lock: MutexGuard<'a, ()>,
}

impl<T: SessionData> Drop for Writing<'_, T> {
    fn drop(&mut self) {
        self.session.state().writing = None;
    }
}

impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Session<T> {
    /// Shows neither data nor cookie, and does not look.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session<{}>(..)", type_name::<T>())
    }
}

/// A session's data at one moment: dereferences to `&T`, is `Send`, holds no
/// lock, and does not change when the session is written.
pub struct Snapshot<T>(Version<T>);

enum Version<T> {
    Opened(Arc<Inner<T>>),
    Written(Arc<T>),
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Version::Opened(inner) => {
                &inner.source.opened().expect("a snapshot is made after the first look").data
            }
            Version::Written(data) => data,
        }
    }
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Version::Opened(inner) => Version::Opened(Arc::clone(inner)),
            Version::Written(data) => Version::Written(Arc::clone(data)),
        })
    }
}

impl<T> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot<{}>(..)", type_name::<T>())
    }
}

/// A re-seal without a write could undo what a parallel request wrote, so it is
/// given up when the handler took longer than this.
const RESEAL_WITHIN: time::Duration = time::Duration::seconds(2);
