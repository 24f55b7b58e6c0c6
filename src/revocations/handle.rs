//! The handle to a list of revocations.

use std::{fmt, io, sync::Arc, thread, time::Duration};

use time::OffsetDateTime;

use super::{
    follower::{Publisher, follow},
    freshness::{Freshness, Policy},
    list::List,
    position::Position,
    revoking::Revoking,
    source::RevocationSource,
    subject::{Revocation, Subject},
};
use crate::{
    error::UnsealError,
    format::session_id::Family,
    platform::{clock, stopwatch::Stopwatch},
};

/// A list of revocations: of all sessions that a user has so far, or of one sign-in. This is a
/// handle; clones share the list.
///
/// With [`Builder::revocations`](crate::Builder::revocations), each session is checked against the
/// list, in memory and without a lock. An entry takes about 60 bytes. It is dropped once no session
/// that it concerns can still be live.
///
/// ```
/// use std::time::Duration;
///
/// use sealed_session::{KeyRing, Revocations, Sessions, Subject};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize)]
/// struct Account {
///     user: Option<String>,
/// }
///
/// let revocations = Revocations::in_memory(Duration::from_secs(14 * 24 * 3600));
/// let sessions = Sessions::<Account>::builder(KeyRing::ephemeral()?)
///     .revocations(&revocations, |account| account.user.as_deref().map(Subject::from))
///     .build()?;
///
/// let ada = Account { user: Some("ada".to_owned()) };
/// let before = sessions.seal(&sessions.create(ada.clone())?)?;
/// assert!(sessions.unseal(&before).is_ok());
///
/// // "Sign me out everywhere"
/// revocations.revoke_all("ada").wait()?; // in async code: `.await?`
/// assert_eq!(sessions.unseal(&before).unwrap_err().class(), "revoked");
///
/// // Whoever signs in afterwards is let in, in the same second too.
/// let after = sessions.seal(&sessions.create(ada)?)?;
/// assert!(sessions.unseal(&after).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Revocations(Arc<Shared>);

struct Shared {
    list: Arc<List>,
    spread: Spread,
}

/// Where revocations go, and how their positions stay above those of earlier processes.
enum Spread {
    /// Nowhere, as this list is the only one.
    Alone,
    /// Nowhere, in a process that may have begun before its clock was set.
    AloneWithClock,
    To(Publisher),
}

impl Revocations {
    /// Creates a list for this process alone, which is lost when the process ends. Use it in tests,
    /// or on a single server that revokes again at startup what its database says.
    ///
    /// `retention` is the longest absolute timeout of the sessions that are checked against it, or,
    /// if that is longer, the lifetime of another library's cookies that you take over.
    pub fn in_memory(retention: Duration) -> Self {
        Self::alone(retention, clock::now(), Spread::AloneWithClock)
    }

    /// Like [`in_memory`](Self::in_memory), at a given time. Its positions begin above those of
    /// lists that were begun earlier.
    pub fn in_memory_at(retention: Duration, now: OffsetDateTime) -> Self {
        Self::alone(retention, now, Spread::Alone)
    }

    fn alone(retention: Duration, now: OffsetDateTime, spread: Spread) -> Self {
        let policy = Policy { is_alone: true, serve_unread: true, refuse_after: None };
        let list = List::new(retention, Position::floor_at(now), Freshness::new(policy));
        Self(Arc::new(Shared { list: Arc::new(list), spread }))
    }

    /// Creates a list that follows a source, which spreads revocations to all machines. Call
    /// [`start`](FollowingRevocations::start) on the result.
    ///
    /// `retention` is the longest absolute timeout of all applications that share the source, or, if
    /// that is longer, the lifetime of another library's cookies that you take over. If one was
    /// lowered less than that long ago, the earlier one counts. Give all machines the same.
    pub fn following<S: RevocationSource>(
        source: S,
        retention: Duration,
    ) -> FollowingRevocations<S> {
        let policy = Policy { is_alone: false, serve_unread: false, refuse_after: None };
        FollowingRevocations { source, retention, policy }
    }

    /// Refuses every session of the subject that began before now, on every machine. Use it for
    /// "sign me out everywhere", after a change of password, and for a user who was deleted or
    /// disabled.
    ///
    /// First change what lets the user sign in, then call this. A sign-in that is being handled
    /// meanwhile is refused too, and must fail when it is tried again. Once the revocation is
    /// confirmed, this machine refuses the sessions. The others follow as soon as the source tells
    /// them.
    ///
    /// The returned future or `wait` gives a [`RevokeError`](crate::RevokeError) if the revocation
    /// is not confirmed.
    pub fn revoke_all<'a>(&self, subject: impl Into<Subject<'a>>) -> Revoking {
        match Revocation::of_subject(&subject.into()) {
            Ok(revocation) => self.revoke(revocation),
            Err(error) => Revoking::done(Err(error)),
        }
    }

    /// Refuses every session of one sign-in on one device, on every machine. The errors are those
    /// of [`revoke_all`](Self::revoke_all).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Revocations, Sessions};
    ///
    /// let day = Duration::from_secs(24 * 3600);
    /// let revocations = Revocations::in_memory(14 * day);
    /// let sessions = Sessions::<u32>::builder(KeyRing::ephemeral()?)
    ///     .revocations(&revocations, |_| None)
    ///     .build()?;
    /// let value = sessions.seal(&sessions.create(7)?)?;
    /// // Kept at the sign-in, for a page "your devices".
    /// let family = sessions.unseal(&value)?.family().expect("it is live");
    ///
    /// revocations.revoke_family(family).wait()?;
    /// assert!(sessions.unseal(&value).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn revoke_family(&self, family: Family) -> Revoking {
        self.revoke(Revocation::Family(family))
    }

    fn revoke(&self, revocation: Revocation) -> Revoking {
        let floor = match &self.0.spread {
            Spread::To(publisher) => return publisher.publish(revocation),
            Spread::Alone => Position::default(),
            Spread::AloneWithClock => Position::floor_at(clock::now()),
        };
        Revoking::done(self.0.list.add(revocation.as_target(), floor))
    }

    /// The greatest position that this machine knows.
    pub fn position(&self) -> Position {
        self.0.list.position()
    }

    /// How many entries the list has.
    pub fn len(&self) -> usize {
        self.0.list.count()
    }

    /// Whether the list has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of memory that the entries take, without what the allocator adds.
    pub fn memory(&self) -> usize {
        self.0.list.bytes()
    }

    /// How long entries are kept at least.
    pub fn retention(&self) -> Duration {
        self.0.list.retention()
    }

    /// How long ago the source last confirmed that the list is up to date. `None` if it never did.
    /// Normally this is a few seconds at most. Show it on your health page.
    pub fn age(&self) -> Option<Duration> {
        self.0.list.freshness.age(&self.0.list.stopwatch)
    }

    /// Why the last attempt to read or write the source failed. `None` if it succeeded.
    pub fn trouble(&self) -> Option<String> {
        self.0.list.freshness.trouble()
    }

    /// Blocks this thread until the list was read for the first time, or until the timeout. Returns
    /// whether it was read. Until then sessions are refused, so do not take requests before.
    pub fn wait_until_read(&self, timeout: Duration) -> bool {
        let waited = Stopwatch::start();
        while self.age().is_none() && waited.elapsed() < timeout {
            thread::sleep(Duration::from_millis(5));
        }
        self.age().is_some()
    }

    /// The position as sessions store it.
    #[inline]
    pub(crate) fn seen(&self) -> u64 {
        self.position().get()
    }

    /// Whether a session that has seen this position may live. Without a family, it is one that
    /// begins.
    #[inline]
    pub(crate) fn judge<'a>(
        &self,
        family: Option<Family>,
        seen: u64,
        subject: impl FnOnce() -> Option<Subject<'a>>,
    ) -> Result<(), UnsealError> {
        let list = &*self.0.list;
        list.hear_of_session(seen);
        if list.refuses(family, seen, subject) {
            return Err(UnsealError::Revoked);
        }
        match family {
            Some(_) => list.freshness.check(&list.stopwatch),
            None => Ok(()),
        }
    }
}

/// A list that is about to follow its source. Configures what it does while the source is
/// unavailable.
///
/// ```no_run
/// use std::time::Duration;
///
/// use sealed_session::{Revocations, RevocationSource};
///
/// fn follow(source: impl RevocationSource) -> std::io::Result<Revocations> {
///     let revocations = Revocations::following(source, Duration::from_secs(14 * 24 * 3600))
///         .refuse_after(Duration::from_secs(60))
///         .start()?;
///     if !revocations.wait_until_read(Duration::from_secs(10)) {
///         eprintln!("revocations: {:?}", revocations.trouble());
///     }
///     Ok(revocations)
/// }
/// ```
#[must_use = "call `start`"]
pub struct FollowingRevocations<S> {
    source: S,
    retention: Duration,
    policy: Policy,
}

impl<S: RevocationSource> FollowingRevocations<S> {
    /// Refuses all sessions once the source has been silent for this long. Use at least a few
    /// seconds. Without this, the last known state stays in use; [`Revocations::age`] and a
    /// `tracing` event tell how old it is.
    ///
    /// Visitors are then anonymous, but their cookies are left alone: when the source is back, they
    /// are signed in again.
    pub fn refuse_after(mut self, bound: Duration) -> Self {
        self.policy.refuse_after = Some(bound);
        self
    }

    /// Accepts sessions before the list was read for the first time. Without this they are refused,
    /// and their cookies are left alone. With this, a machine that starts while the source is
    /// unavailable accepts revoked sessions, until the bound of [`refuse_after`](Self::refuse_after)
    /// if there is one.
    pub fn serve_unread(mut self) -> Self {
        self.policy.serve_unread = true;
        self
    }

    /// Starts to follow the source, in two threads that end when the last handle to the list is
    /// dropped. Does not wait for the source: see [`Revocations::wait_until_read`].
    ///
    /// # Errors
    ///
    /// The operating system's error if no thread can be started.
    pub fn start(self) -> io::Result<Revocations> {
        let Self { source, retention, policy } = self;
        let list = Arc::new(List::new(retention, Position::default(), Freshness::new(policy)));
        let spread = Spread::To(follow(&list, source)?);
        Ok(Revocations(Arc::new(Shared { list, spread })))
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("position", &self.position())
            .field("len", &self.len())
            .field("age", &self.age())
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for FollowingRevocations<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowingRevocations")
            .field("retention", &self.retention)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
