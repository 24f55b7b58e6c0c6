//! The session of one request, as a handler sees it. Knows neither keys nor HTTP.

use std::{
    any::type_name,
    fmt,
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, ThreadId},
};

use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use crate::{
    claims::{Claims, Lifetime, SessionId, Timeouts, date_time, unix_seconds, whole_seconds},
    error::{ConfigError, UnsealError},
    events,
    key::KeyId,
    secret::RandomSource,
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

/// What a session needs of the layer above: the keys and the clock's verdict.
pub(crate) trait Origin<T>: Send + Sync {
    /// Chooses among the values that the request brought.
    fn open(&self, values: &[Box<str>], now: OffsetDateTime) -> Opened<T>;

    fn timeouts(&self) -> &Timeouts;
}

/// What the cookies of a request came to.
pub(crate) struct Opened<T> {
    /// The live session's data, `T::default()` where there is none.
    pub(crate) data: T,
    pub(crate) live: Option<Live>,
    /// Why the last candidate was refused, where there is no live session.
    pub(crate) refusal: Option<UnsealError>,
}

impl<T> Opened<T> {
    /// When the live session was sealed last, in Unix seconds; less than any time where there is none.
    pub(crate) fn issued_at(&self) -> Option<u64> {
        self.live.map(|live| live.claims.issued_at)
    }

    /// The session as one that came in this place among the request's values.
    pub(crate) fn at_value(self, value: usize) -> Self {
        Self { live: self.live.map(|live| Live { value, ..live }), ..self }
    }
}

/// What is known of a live session besides its data.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) claims: Claims,
    pub(crate) key_id: KeyId,
    pub(crate) reseal_due: bool,
    /// The place among the request's values, where it came from one.
    pub(crate) value: usize,
}

struct Inner<T> {
    origin: Arc<dyn Origin<T>>,
    /// Empty until somebody asks for the session of an exchange.
    request: Known<Request>,
    opened: Known<Opened<T>>,
    /// Somebody saw that there is, or is not, a session: the response depends on the cookie.
    looked_at: AtomicBool,
    /// The data was read or written: the visitor was active.
    active: AtomicBool,
    state: Mutex<State<T>>,
    /// Held while a writer's closure runs; never by a reader.
    writer: Mutex<()>,
}

/// What is known from the start, or once somebody has asked for it.
enum Known<V> {
    Already(V),
    Once(OnceLock<V>),
}

impl<V> Known<V> {
    fn get(&self) -> Option<&V> {
        match self {
            Self::Already(value) => Some(value),
            Self::Once(slot) => slot.get(),
        }
    }

    fn get_or_init(&self, find_out: impl FnOnce() -> V) -> &V {
        match self {
            Self::Already(value) => value,
            Self::Once(slot) => slot.get_or_init(find_out),
        }
    }
}

/// What a request brought.
pub(crate) struct Request {
    /// The values of the cookie's name, in order.
    pub(crate) values: Vec<Box<str>>,
    pub(crate) loaded_at: OffsetDateTime,
}

struct State<T> {
    phase: Phase,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Committing,
    /// Committed: the response's head is on its way.
    Closed,
}

/// What a commit has to do.
pub(crate) enum Outcome<T> {
    Nothing,
    Remove,
    Seal { claims: Result<Claims, RandomSource>, data: Snapshot<T> },
    Reseal { value: usize },
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
            state.claims = None;
            let written = state.written.take();
            drop(state);
            drop(written);
        }
    }

    /// The session's id, `None` where there is no session.
    pub fn id(&self) -> Option<SessionId> {
        self.claims().map(|claims| claims.id)
    }

    /// When the session began, or was last renewed.
    pub fn created_at(&self) -> Option<OffsetDateTime> {
        self.claims().map(|claims| date_time(claims.created_at))
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

    /// The key under which the session came, `None` where none came.
    pub fn key_id(&self) -> Option<KeyId> {
        self.look().live.map(|live| live.key_id)
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
        self.look().refusal.as_ref()
    }

    /// A session whose cookies are decrypted at the first look.
    pub(crate) fn unopened(origin: Arc<dyn Origin<T>>) -> Self {
        Self::with(origin, Known::Once(OnceLock::new()), Known::Once(OnceLock::new()))
    }

    /// A session that is known already.
    pub(crate) fn opened(
        origin: Arc<dyn Origin<T>>,
        opened: Opened<T>,
        now: OffsetDateTime,
    ) -> Self {
        let request = Request { values: Vec::new(), loaded_at: now };
        Self::with(origin, Known::Already(request), Known::Already(opened))
    }

    fn with(
        origin: Arc<dyn Origin<T>>,
        request: Known<Request>,
        opened: Known<Opened<T>>,
    ) -> Self {
        Self(Arc::new(Inner {
            origin,
            request,
            opened,
            looked_at: AtomicBool::new(false),
            active: AtomicBool::new(false),
            state: Mutex::new(State {
                phase: Phase::Open,
                is_destroyed: false,
                written: None,
                claims: None,
                is_begun: false,
                writing: None,
            }),
            writer: Mutex::new(()),
        }))
    }

    /// Gives the session its request, unless it has one. Before this, nobody can look at it.
    pub(crate) fn attach(&self, request: impl FnOnce() -> Request) {
        self.0.request.get_or_init(request);
    }

    /// Whether anybody asked for the session.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn is_attached(&self) -> bool {
        self.0.request.get().is_some()
    }

    /// Begins a commit at `now`, and says what it has to do; `None` where there
    /// was one already. From here on changes are too late.
    pub(crate) fn begin_commit(&self, now: OffsetDateTime) -> Option<Outcome<T>> {
        let (is_changed, claims) = {
            let mut state = self.state();
            if state.phase != Phase::Open {
                return None;
            }
            state.phase = Phase::Committing;
            if state.is_destroyed {
                return Some(Outcome::Remove);
            }
            (state.is_changed(), self.claims_to_seal(&state, now))
        };
        let is_prompt = now <= self.request().loaded_at.saturating_add(RESEAL_WITHIN);
        let is_active = self.0.active.load(Relaxed);
        Some(match (claims, self.0.opened.get().and_then(|opened| opened.live)) {
            (Some(claims), _) if is_changed => Outcome::Seal { claims, data: self.snapshot() },
            (_, Some(live)) if live.reseal_due && is_prompt && is_active => {
                Outcome::Reseal { value: live.value }
            }
            _ => Outcome::Nothing,
        })
    }

    /// Ends a commit: for good, or, where it failed, so that there can be another.
    pub(crate) fn end_commit(&self, succeeded: bool) {
        self.state().phase = if succeeded { Phase::Closed } else { Phase::Open };
    }

    /// Whether the session came from this origin.
    pub(crate) fn is_of(&self, origin: &Arc<dyn Origin<T>>) -> bool {
        Arc::ptr_eq(&self.0.origin, origin)
    }

    /// The data and the claims to seal, for a caller who has no response to commit to.
    pub(crate) fn to_seal(
        &self,
        now: OffsetDateTime,
    ) -> (Option<Result<Claims, RandomSource>>, Snapshot<T>) {
        self.look();
        let claims = self.claims_to_seal(&self.state(), now);
        (claims, self.snapshot())
    }

    /// The values that came with the request.
    pub(crate) fn values(&self) -> &[Box<str>] {
        &self.request().values
    }

    /// Whether the response depends on the cookie.
    pub(crate) fn was_looked_at(&self) -> bool {
        self.0.looked_at.load(Relaxed)
    }

    fn look(&self) -> &Opened<T> {
        let inner = &*self.0;
        if !inner.looked_at.swap(true, Relaxed) && self.state().phase == Phase::Closed {
            events::late_look(type_name::<T>());
        }
        inner.opened.get_or_init(|| {
            let request = self.request();
            inner.origin.open(&request.values, request.loaded_at)
        })
    }

    fn request(&self) -> &Request {
        self.0.request.get().expect("a session is attached before it is handed out")
    }

    fn claims(&self) -> Option<Claims> {
        self.look();
        self.claims_in(&self.state()).and_then(Result::ok)
    }

    fn claims_in(&self, state: &State<T>) -> Option<Result<Claims, RandomSource>> {
        if state.is_destroyed {
            return None;
        }
        state.claims.or_else(|| Some(Ok(self.0.opened.get()?.live?.claims)))
    }

    /// The claims for a value sealed at `now`. A session that was never sealed
    /// has not been idle, however long its handler took.
    fn claims_to_seal(
        &self,
        state: &State<T>,
        now: OffsetDateTime,
    ) -> Option<Result<Claims, RandomSource>> {
        let earliest = if state.is_begun { unix_seconds(now) } else { 0 };
        let claims = self.claims_in(state)?;
        Some(claims.map(|c| Claims { issued_at: c.issued_at.max(earliest), ..c }))
    }

    fn snapshot(&self) -> Snapshot<T> {
        let (written, is_destroyed) = {
            let state = self.state();
            (state.written.clone(), state.is_destroyed)
        };
        Snapshot(match written {
            Some(written) => Version::Written(written),
            None if is_destroyed => Version::Written(Arc::default()),
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
        unix_seconds(self.request().loaded_at)
    }

    fn accepts_changes(state: &State<T>, what: &'static str) -> bool {
        let reason = match (state.phase, state.is_destroyed) {
            (Phase::Open, false) => return true,
            (Phase::Open, true) => "the session was destroyed",
            (Phase::Committing | Phase::Closed, _) => "the response was committed",
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
        // Held for a few moves only, in which nothing of the user's runs, not even a drop.
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
                &inner.opened.get().expect("a snapshot is made after the first look").data
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
