//! Reading and writing the data.

use std::{
    any::type_name,
    sync::{
        Arc, PoisonError, TryLockError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};

use super::{
    data::SessionData,
    handle::Session,
    snapshot::Snapshot,
    state::{Replaced, State},
};
use crate::{
    error::SealError,
    platform::sync::{MutexGuard, current_thread},
};

impl<T: SessionData> Session<T> {
    /// Returns the present data. Counts as activity.
    pub fn read(&self) -> Snapshot<T> {
        self.0.marks.active.store(true, Relaxed);
        self.peek()
    }

    /// Returns the present data without counting as activity: the idle timeout does not slide. Use
    /// it for requests that the visitor did not make on purpose, such as polling.
    pub fn peek(&self) -> Snapshot<T> {
        self.look();
        self.snapshot()
    }

    /// Changes the data and marks the session as changed, so that the response carries the cookie.
    /// Readers see the change once the closure has returned.
    ///
    /// After [`destroy`](Self::destroy) or after the commit it is too late to keep a change. The
    /// closure then runs on a copy that is dropped, and a warning event is emitted.
    ///
    /// Writers to the same session wait for each other. So do not write to a second session inside
    /// the closure: two threads that do this in opposite order wait for each other forever.
    ///
    /// # Panics
    ///
    /// If the closure writes to the same session through another handle.
    #[track_caller]
    pub fn write<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        self.write_where("write", change, |_, _, _| true, |_| {}).0
    }

    /// Like [`write`](Self::write), but if the data is equal afterwards, the session stays
    /// unchanged, and the response carries no cookie for it. Returns what the closure returned, and
    /// whether the session was changed.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([sessions.test_cookie(7).to_string()]);
    /// let (_, is_changed) = session.write_if_changed(|theme| *theme = 7);
    /// assert!(!is_changed);
    /// assert!(sessions.commit(&session)?.cookies().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As for [`write`](Self::write).
    #[track_caller]
    pub fn write_if_changed<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> (R, bool)
    where
        T: PartialEq,
    {
        self.write_where("write", change, |_, before, after| before != after, |_| {})
    }

    /// Takes something out of the data, such as a message that is shown once. If the closure
    /// returns `None`, the session stays unchanged: a visitor without a session does not get one.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Clone, Default, Serialize, Deserialize)]
    /// #[serde(default)]
    /// struct Account {
    ///     flash: Option<String>,
    /// }
    ///
    /// let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
    /// let saved = Account { flash: Some("Saved.".to_owned()) };
    /// let mut session = sessions.load([sessions.test_cookie(saved).to_string()]);
    /// assert_eq!(session.take(|account| account.flash.take()).as_deref(), Some("Saved."));
    /// assert_eq!(session.take(|account| account.flash.take()), None);
    ///
    /// let mut guest = sessions.load([""]);
    /// assert_eq!(guest.take(|account| account.flash.take()), None);
    /// assert!(sessions.commit(&guest)?.cookies().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Requests that run at the same time may each see the message, because each brought it in its
    /// cookie.
    ///
    /// # Panics
    ///
    /// As for [`write`](Self::write).
    #[track_caller]
    pub fn take<R>(&mut self, take: impl FnOnce(&mut T) -> Option<R>) -> Option<R> {
        self.write_where("take", take, |taken, _, _| taken.is_some(), |_| {}).0
    }

    /// Like [`write`](Self::write), but if the data could not be sealed afterwards, the session
    /// stays unchanged. [`room_left`](Self::room_left) tells how much more fits.
    ///
    /// ```
    /// use sealed_session::{KeyRing, SealError, Sessions};
    ///
    /// let sessions = Sessions::<Vec<String>>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// session.try_write(|lines| lines.push("short".to_owned())).unwrap();
    /// let result = session.try_write(|lines| lines.push("long".repeat(1000)));
    /// assert!(matches!(result, Err(SealError::TooLarge { .. })));
    /// assert_eq!(*session.read(), ["short"]);
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SealError::TooLarge`], with the size and the limit, and [`SealError::Payload`]. Data is read
    /// back where a commit does that ([`check_data`](crate::Builder::check_data)).
    ///
    /// # Panics
    ///
    /// As for [`write`](Self::write).
    #[track_caller]
    pub fn try_write<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> Result<R, SealError> {
        let extension = self.look().extension.as_ref().map_or(0, |block| block.len());
        let mut verdict = Ok(());
        let is_kept = |_: &R, _: &T, after: &T| {
            verdict = self.0.origin.left(after, extension).map(drop);
            verdict.is_ok()
        };
        let (result, _) = self.write_where("write", change, is_kept, |_| {});
        verdict.map(|()| result)
    }

    /// Runs `change` on a copy of the data. `is_kept` gets what it returned, and the data before
    /// and after. If it returns true, the copy becomes the data, and `also` changes the rest of the
    /// state in the same step.
    #[track_caller]
    pub(super) fn write_where<R>(
        &self,
        what: &'static str,
        change: impl FnOnce(&mut T) -> R,
        is_kept: impl FnOnce(&R, &T, &T) -> bool,
        also: impl FnOnce(&mut State<T>),
    ) -> (R, bool) {
        let opened = self.look();
        self.0.marks.active.store(true, Relaxed);
        let (writing, replaced) = self.begin_writing();
        let before = match &replaced {
            Replaced::No => &opened.data,
            Replaced::Written(data) => data,
            Replaced::Destroyed => &T::default(),
        };
        let mut draft = before.clone();
        let result = change(&mut draft);
        let is_kept = is_kept(&result, before, &draft) && self.keep(what, draft, also);
        drop(writing);
        (result, is_kept)
    }

    fn keep(&self, what: &'static str, draft: T, also: impl FnOnce(&mut State<T>)) -> bool {
        let mut outdated = Some(Arc::new(draft));
        let mut state = self.state();
        let is_kept = self.accepts_changes(&state, what);
        if is_kept {
            std::mem::swap(&mut state.written, &mut outdated);
            self.0.marks.is_overwritten.store(true, SeqCst);
            also(&mut state);
            if self.claims_in(&state).is_none() {
                state.claims = Some(self.begin(self.now()));
                state.is_begun = true;
            }
        }
        is_kept
    }

    #[track_caller]
    fn begin_writing(&self) -> (Writing<'_, T>, Replaced<T>) {
        let me = current_thread();
        let lock = match self.0.writer.try_lock() {
            Ok(lock) => lock,
            Err(TryLockError::Poisoned(lock)) => lock.into_inner(),
            // Only then somebody is writing, and it may be this thread.
            Err(TryLockError::WouldBlock) => {
                let is_nested = self.state().writing == Some(me);
                assert!(
                    !is_nested,
                    "Session<{}>::write inside the closure of another write to the same session: \
                     make both changes in one closure",
                    type_name::<T>()
                );
                self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        let mut state = self.state();
        state.writing = Some(me);
        let replaced = state.replaced();
        drop(state);
        (Writing { session: self, _lock: lock }, replaced)
    }
}

/// Marks the thread as writing while it lives. The mark is removed even if the closure panics.
struct Writing<'a, T: SessionData> {
    session: &'a Session<T>,
    _lock: MutexGuard<'a, ()>,
}

impl<T: SessionData> Drop for Writing<'_, T> {
    fn drop(&mut self) {
        self.session.state().writing = None;
    }
}
