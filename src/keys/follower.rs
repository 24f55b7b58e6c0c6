//! Reloads a ring from its source without a restart.
//!
//! ```text
//! source → ring, or an error → compared with the ring in use → Keys::replace
//! ```
//!
//! Whatever is wrong with the source, the ring in use stays, so that the process can go on reading
//! sessions. A ring that is older than one that was in use is wrong too: it may bring back a key
//! that leaked.

use std::{
    collections::HashMap,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use time::OffsetDateTime;

use super::{
    fingerprint::Fingerprint,
    live::Keys,
    ring::{KeyEntry, KeyRing},
    source::{ReloadError, RingSource},
};
use crate::{events, key_id::KeyId};

/// Keeps [`Keys`] up to date with their source.
///
/// ```no_run
/// use std::time::Duration;
///
/// use sealed_session::{Follower, RingFile, Sessions};
///
/// // Without a ring there is nothing to start with, so this is an error.
/// let follower = Follower::new(RingFile::new("/etc/shop/session-keys.toml"))?;
/// let keys = follower.keys();
/// let sessions = Sessions::<Vec<u32>>::new(keys.clone());
/// // From here on an error leaves the ring as it is.
/// follower.spawn(Duration::from_secs(5), |error| eprintln!("session keys: {error}"))?;
///
/// // What a health endpoint shows.
/// println!("{} {}", keys.generation(), keys.current().fingerprint());
/// let age = keys.last_checked().map(|at| time::OffsetDateTime::now_utc() - at);
/// println!("the file was last found right {age:?} ago");
/// if let Some(error) = keys.last_error() {
///     println!("the ring in use is the last good one: {error}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If the application has its own schedule, call [`check`](Self::check) instead of `spawn`, for
/// example on a SIGHUP. If the application replaces the ring with [`Keys::replace`], that ring
/// lasts until the next check.
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
pub struct Follower<S> {
    keys: Keys,
    watch: Watch<S>,
}

/// The result of a check.
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reload {
    /// The source has the ring that is already in use.
    Unchanged,
    /// The source had another ring, which is now in use.
    Replaced,
}

impl<S: RingSource> Follower<S> {
    /// Reads the first ring.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if there is no good ring. A process without keys should not start.
    pub fn new(source: S) -> Result<Self, Arc<ReloadError>> {
        Self::new_at(source, OffsetDateTime::now_utc())
    }

    /// Like [`new`](Self::new), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn new_at(mut source: S, now: OffsetDateTime) -> Result<Self, Arc<ReloadError>> {
        let ring = source.read(now)?;
        let mut watch = Watch { source, seen: HashMap::new(), last_id: None, refusals: 0 };
        watch.remember(&ring);
        let keys = Keys::from(ring);
        keys.set_last_checked(now);
        Ok(Self { keys, watch })
    }

    /// Returns a handle to the ring in use.
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// Reads the source once, and uses its ring if it is another one. Blocks for as long as the
    /// source does.
    ///
    /// # Errors
    ///
    /// [`ReloadError`], at every call until the source has a good ring. [`Keys::last_error`] shows
    /// it too.
    pub fn check(&mut self) -> Result<Reload, Arc<ReloadError>> {
        self.check_at(OffsetDateTime::now_utc())
    }

    /// Like [`check`](Self::check), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    pub fn check_at(&mut self, now: OffsetDateTime) -> Result<Reload, Arc<ReloadError>> {
        self.watch.check(&self.keys, now)
    }

    /// Checks the source at this interval, in a thread of its own. The thread ends when the last
    /// handle to the [`Keys`] is dropped. `report` is called for each failed check. If `report`
    /// panics, as `eprintln!` does if standard error is closed, the checks go on.
    ///
    /// # Errors
    ///
    /// The operating system's error if no thread can be started. WebAssembly has no threads. There,
    /// call [`check`](Self::check) yourself, for example when a request comes in and the last check
    /// is old.
    pub fn spawn(
        self,
        interval: Duration,
        mut report: impl FnMut(&ReloadError) + Send + 'static,
    ) -> io::Result<()>
    where
        S: Send + 'static,
    {
        let Self { keys, mut watch } = self;
        let keys = keys.downgrade();
        thread::Builder::new().name("session-keys".to_owned()).spawn(move || {
            loop {
                thread::sleep(interval);
                let Some(keys) = Keys::upgrade(&keys) else { return };
                // No panic may end the thread. Otherwise the ring would never change again, even if
                // it has a key that leaked.
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    if let Err(error) = watch.check(&keys, OffsetDateTime::now_utc()) {
                        report(&error);
                    }
                }));
            }
        })?;
        Ok(())
    }
}

impl<S> fmt::Debug for Follower<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("keys", &self.keys).finish_non_exhaustive()
    }
}

struct Watch<S> {
    source: S,
    /// The keys of every ring so far. An id keeps its key for as long as the process lives.
    seen: HashMap<KeyId, Fingerprint>,
    /// The greatest `last_id` that a ring had.
    last_id: Option<KeyId>,
    /// How often in a row a ring was refused for the same reason.
    refusals: u32,
}

impl<S: RingSource> Watch<S> {
    fn check(&mut self, keys: &Keys, now: OffsetDateTime) -> Result<Reload, Arc<ReloadError>> {
        let outcome = self.read(&keys.current(), now).map_err(Arc::new);
        match outcome {
            Ok(ring) => {
                if keys.take_last_error().is_some() {
                    events::ring_recovered();
                }
                keys.set_last_checked(now);
                if ring == *keys.current() {
                    return Ok(Reload::Unchanged);
                }
                self.remember(&ring);
                let fingerprint = ring.fingerprint();
                keys.replace(ring);
                events::ring_replaced(keys.generation(), &fingerprint);
                Ok(Reload::Replaced)
            }
            Err(error) => {
                let last = keys.set_last_error(Arc::clone(&error));
                let is_same = last.is_some_and(|last| last.to_string() == error.to_string());
                self.refusals = if is_same { self.refusals.saturating_add(1) } else { 1 };
                events::ring_refused(&error, self.refusals);
                Err(error)
            }
        }
    }

    fn read(&mut self, current: &KeyRing, now: OffsetDateTime) -> Result<KeyRing, ReloadError> {
        // A panic in the source must not end the checks silently.
        let ring = catch_unwind(AssertUnwindSafe(|| self.source.read(now)))
            .map_err(|_| ReloadError::Panicked)??;
        for entry in ring.entries() {
            let seen = self.seen.get(&entry.id());
            if seen.is_some_and(|seen| *seen != Fingerprint::of_key(entry)) {
                return Err(ReloadError::KeyChanged(entry.id()));
            }
        }
        self.refuse_older(&ring, current)?;
        Ok(ring)
    }

    /// Rings without a `last_id` are always accepted, because nothing tells which one is newer.
    fn refuse_older(&self, ring: &KeyRing, current: &KeyRing) -> Result<(), ReloadError> {
        let Some(seen) = self.last_id else { return Ok(()) };
        let ids = ring.entries().iter().map(KeyEntry::id);
        let last_id = ids.clone().chain(ring.last_id()).max_by_key(|id| id.get()).unwrap_or(seen);
        if last_id.get() < seen.get() {
            return Err(ReloadError::Older { last_id, seen });
        }
        // `retire` drops keys without adding a newer one, so it does not change `last_id`.
        let is_back = |id: &KeyId| self.seen.contains_key(id) && current.find(*id).is_none();
        match ids.clone().find(is_back).filter(|_| last_id == seen) {
            Some(id) => Err(ReloadError::Returned { id, last_id }),
            None => Ok(()),
        }
    }

    fn remember(&mut self, ring: &KeyRing) {
        for entry in ring.entries() {
            self.seen.insert(entry.id(), Fingerprint::of_key(entry));
        }
        self.last_id = self.last_id.into_iter().chain(ring.last_id()).max_by_key(|id| id.get());
    }
}
