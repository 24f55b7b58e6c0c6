//! A handle to the session of one request, and what all handles share.

use std::{
    any::type_name,
    borrow::Cow,
    fmt,
    sync::{
        Arc, OnceLock, PoisonError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};

use super::{
    data::SessionData,
    handles::Handle,
    opened::{Candidates, Live, Opened},
    request::{Attachment, Request},
    state::{Marks, State},
};
#[cfg(feature = "tower")]
use crate::http::header_map::CookieHeaders;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
use crate::platform::clock::Reading;
use crate::{
    error::{CsrfError, SealError, UnsealError},
    events,
    format::{claims::Claims, lifetime::Timeouts, session_id::SessionId},
    http::Commit,
    platform::{
        clock::Moment,
        random::RandomSource,
        sync::{Mutex, MutexGuard},
    },
};

/// The session of one request.
///
/// This is a handle: clones are cheap and refer to the same session. Reading returns a snapshot
/// that dereferences to `&T`. Writing takes a closure over `&mut T`, and marks the session as
/// changed. A reader never waits for a writer's closure. Nothing is async, and a snapshot may be
/// held across an `.await`.
///
/// The cookie is decrypted when the session is first used. A request that never uses it pays for no
/// decryption, and does not count as activity. Use the session before the response is committed,
/// even if the data is needed only in a streamed body. Afterwards it is too late to add
/// `Vary: cookie`, so a shared cache might give the page to other visitors; the crate then emits a
/// warning event.
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
pub struct Session<T>(pub(super) Arc<Inner<T>>);

/// What a session needs from the layer above, which has the keys and the rules.
pub(crate) trait Origin<T>: Send + Sync {
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    fn cookie_name(&self) -> &str;

    /// The names of all cookies that are read as sessions: present, former, another library's.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    fn cookie_names(&self) -> Vec<&str>;

    /// The paths below which devices register and refresh.
    #[cfg(all(
        feature = "bound",
        any(feature = "tower", feature = "actix-web", feature = "rocket")
    ))]
    fn device_paths(&self) -> &[String];

    /// Collects from a Cookie header the values that may be sessions at `now` (Unix seconds).
    fn collect(&self, header: &[u8], now: u64, candidates: &mut Candidates);

    /// Opens the request's values and chooses one.
    fn open(&self, candidates: &Candidates, now: Moment) -> Opened<T>;

    /// What the response to the session's request has to carry.
    fn commit(&self, session: &Session<T>, clock: &dyn Fn() -> Moment)
    -> Result<Commit, SealError>;

    /// A CSRF token for the session with this id.
    fn seal_csrf_token(&self, id: SessionId, now: Moment) -> Result<String, SealError>;

    /// The name of the header that has tokens, in lower case.
    fn token_header(&self) -> &Cow<'static, str>;

    /// The session of a token that came in a header, if it is live.
    fn open_token(
        &self,
        origin: &Arc<Handle<dyn Origin<T>>>,
        token: &[u8],
        at: Option<Moment>,
    ) -> Option<Session<T>>;

    /// A fresh token with the same data, where one is due.
    fn reseal_token(
        &self,
        token: &[u8],
        reader: usize,
        now: Moment,
    ) -> Result<Option<String>, UnsealError>;

    /// Verifies that the token was made for the session with this id. `None` means no session.
    fn verify_csrf_token(
        &self,
        token: &str,
        id: Option<SessionId>,
        now: Moment,
    ) -> Result<(), CsrfError>;

    /// How many bytes of JSON fit beside an extension block of this length.
    fn room(&self, extension_len: usize) -> usize;

    /// How many bytes of JSON fit beside this data and an extension block of this length.
    fn left(&self, data: &T, extension_len: usize) -> Result<usize, SealError>;

    fn timeouts(&self) -> &Timeouts;
}

pub(super) struct Inner<T> {
    pub(super) origin: Arc<Handle<dyn Origin<T>>>,
    pub(super) source: Source<T>,
    /// How far the list of revocations had come when the request came. Whoever signs in may have
    /// been looked up at any time since, so a later position would hide what was revoked meanwhile.
    pub(super) seen: u64,
    pub(super) marks: Marks,
    pub(super) state: Mutex<State<T>>,
    /// Held while a writer's closure runs; never by a reader.
    pub(super) writer: Mutex<()>,
}

/// Where a session comes from.
pub(super) enum Source<T> {
    /// It was unsealed or created before there was a handle. Without a time, it uses the clock.
    Given { opened: Opened<T>, at: Option<Moment> },
    /// It belongs to a request, which is attached first and opened at the first look.
    Exchange { request: Attachment, opened: OnceLock<Opened<T>> },
}

impl<T> Source<T> {
    pub(super) fn opened(&self) -> Option<&Opened<T>> {
        match self {
            Self::Given { opened, .. } => Some(opened),
            Self::Exchange { opened, .. } => opened.get(),
        }
    }

    /// The request, if there is one.
    pub(super) fn request(&self) -> Option<&Request> {
        match self {
            Self::Given { .. } => None,
            Self::Exchange { request, .. } => request.get(),
        }
    }
}

impl<T: SessionData> Session<T> {
    /// A session whose request is attached later.
    #[cfg(any(feature = "actix-web", feature = "rocket"))]
    pub(crate) fn unopened(origin: Arc<Handle<dyn Origin<T>>>, seen: u64) -> Self {
        Self::exchange(origin, seen, Attachment::Later(OnceLock::new()))
    }

    /// The session of the request that came with these headers at this time. They are searched at
    /// the first look.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn arrived(
        origin: Arc<Handle<dyn Origin<T>>>,
        seen: u64,
        headers: CookieHeaders,
        at: Reading,
    ) -> Self {
        let request = Request::kept(headers, at);
        Self::exchange(origin, seen, Attachment::Layer(request))
    }

    /// The session of the request that came with these headers at this time. If the caller gave
    /// the time, it stays the session's present.
    pub(crate) fn loaded<H: AsRef<[u8]>>(
        origin: Arc<Handle<dyn Origin<T>>>,
        seen: u64,
        cookie_headers: impl IntoIterator<Item = H>,
        at: Moment,
    ) -> Self {
        let request = collect(&**origin, cookie_headers, at);
        Self::exchange(origin, seen, Attachment::Loaded(request))
    }

    #[inline]
    fn exchange(origin: Arc<Handle<dyn Origin<T>>>, seen: u64, request: Attachment) -> Self {
        Self(Arc::new(Inner {
            origin,
            source: Source::Exchange { request, opened: OnceLock::new() },
            seen,
            marks: Marks::default(),
            state: Mutex::default(),
            writer: Mutex::default(),
        }))
    }

    /// A session whose value is already open.
    // All is built in one expression, with the data from the closure: each step more would copy all
    // of it once more.
    #[inline]
    pub(crate) fn given<E>(
        origin: Arc<Handle<dyn Origin<T>>>,
        seen: u64,
        at: Option<Moment>,
        (live, extension): (Option<Live>, &[u8]),
        data: impl FnOnce() -> Result<T, E>,
    ) -> Result<Self, E> {
        let extension = (!extension.is_empty()).then(|| extension.into());
        Ok(Self(Arc::new(Inner {
            origin,
            source: Source::Given {
                opened: Opened { live, extension, ..Opened::with(data()?) },
                at,
            },
            seen,
            marks: Marks::default(),
            state: Mutex::default(),
            writer: Mutex::default(),
        })))
    }

    /// Attaches the request to an [`unopened`](Self::unopened) session, unless it has one. Nobody
    /// can look at the session before.
    #[cfg(any(feature = "actix-web", feature = "rocket"))]
    pub(crate) fn attach<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        arrive: impl FnOnce() -> Reading,
    ) {
        let Source::Exchange { request: Attachment::Later(request), .. } = &self.0.source else {
            return;
        };
        request.get_or_init(|| collect(&**self.0.origin, cookie_headers, arrive().moment()));
        // Either this sees that the response was sent, or `close_unless_attached` sees the request.
        std::sync::atomic::fence(SeqCst);
    }

    /// Notes that the response's head was sent, unless a request is attached. Returns whether it
    /// did.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn close_unless_attached(&self) -> bool {
        if self.0.source.request().is_some() {
            return false;
        }
        self.0.marks.is_closed.store(true, SeqCst);
        std::sync::atomic::fence(SeqCst);
        let is_closed = self.0.source.request().is_none();
        if !is_closed {
            self.0.marks.is_closed.store(false, SeqCst);
        }
        is_closed
    }

    #[inline]
    pub(super) fn look(&self) -> &Opened<T> {
        match &self.0.source {
            Source::Given { opened, .. } => opened,
            Source::Exchange { request, opened } => self.look_at(request, opened),
        }
    }

    fn look_at<'a>(&'a self, request: &Attachment, slot: &'a OnceLock<Opened<T>>) -> &'a Opened<T> {
        let inner = &*self.0;
        if !inner.marks.looked_at.load(Relaxed) {
            // SeqCst here and where a commit ends, or both could miss each other: no `Vary`, no
            // event.
            inner.marks.looked_at.store(true, SeqCst);
            if inner.marks.is_closed.load(SeqCst) {
                events::late_look(type_name::<T>());
            }
        }
        slot.get_or_init(|| {
            let request = request.get().expect("a session is attached before it is handed out");
            inner.origin.open(self.candidates_of(request), self.time())
        })
    }

    pub(super) fn candidates_of<'a>(&'a self, request: &'a Request) -> &'a Candidates {
        request.candidates(|header, now, to| self.0.origin.collect(header, now, to))
    }

    /// The present: the time that the caller gave, or what the clock says now.
    pub(super) fn time(&self) -> Moment {
        self.given_time().unwrap_or_else(Moment::now)
    }

    /// The present, where the caller gave one.
    pub(super) fn given_time(&self) -> Option<Moment> {
        match &self.0.source {
            Source::Given { at, .. } => *at,
            Source::Exchange { request, .. } => request.get().and_then(Request::given_time),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.time().seconds()
    }

    pub(super) fn claims_in(&self, state: &State<T>) -> Option<Result<Claims, RandomSource>> {
        if state.is_destroyed {
            return None;
        }
        match &state.claims {
            Some(claims) => Some(*claims),
            None => Some(Ok(self.0.source.opened()?.live.as_ref()?.claims)),
        }
    }

    /// Whether a change can still reach the visitor. If it cannot, emits an event that says why.
    pub(super) fn accepts_changes(&self, state: &State<T>, what: &'static str) -> bool {
        let is_late = state.is_committed || self.0.marks.is_closed.load(SeqCst);
        let reason = match (is_late, state.is_destroyed) {
            (false, false) => return true,
            (false, true) => "the session was destroyed",
            (true, _) => "the response was committed",
        };
        events::change_ignored(type_name::<T>(), what, reason);
        false
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<T>> {
        // No code of the user runs while it is held, not even a `drop`.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request with these headers.
fn collect<T, H: AsRef<[u8]>>(
    origin: &dyn Origin<T>,
    cookie_headers: impl IntoIterator<Item = H>,
    at: Moment,
) -> Request {
    let mut candidates = Candidates::default();
    for header in cookie_headers {
        origin.collect(header.as_ref(), at.seconds(), &mut candidates);
    }
    Request::Collected { candidates, arrived_at: at }
}

impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Session<T> {
    /// Shows neither the data nor the cookie, and does not decrypt anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session<{}>(..)", type_name::<T>())
    }
}
