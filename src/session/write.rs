//! Reading and writing the data.

use std::{
    any::type_name,
    sync::{
        Arc, PoisonError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};

use super::{
    data::SessionData,
    handle::{Session, State},
    snapshot::Snapshot,
};
use crate::{
    error::SealError,
    platform::sync::{MutexGuard, thread},
};

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
    #[track_caller]
    pub fn write<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        self.write_where("write", change, |_, _, _| true, |_| {}).0
    }

    /// [`write`](Self::write), unless the data is equal afterwards: then the session stays as it
    /// was, and the response carries no cookie for it. Tells what the closure returned, and
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

    /// Takes something out of the data, such as a message that is shown once. Where nothing is
    /// there the session stays as it was: a visitor without one gets none.
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
    /// Of requests that run at once each may see it, as each brought it in its cookie.
    ///
    /// # Panics
    ///
    /// As for [`write`](Self::write).
    #[track_caller]
    pub fn take<R>(&mut self, take: impl FnOnce(&mut T) -> Option<R>) -> Option<R> {
        self.write_where("take", take, |taken, _, _| taken.is_some(), |_| {}).0
    }

    /// [`write`](Self::write), unless the data could not be sealed afterwards: then the session
    /// stays as it was. How much fits beside what is there says [`room_left`](Self::room_left).
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
    /// [`SealError::TooLarge`], which says the size and the limit, and [`SealError::Payload`].
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

    /// Runs `change` on a copy. Where `is_kept` says so of what it returned, the data before and
    /// after, the copy becomes the data, and `also` changes the rest at the same moment.
    #[track_caller]
    pub(super) fn write_where<R>(
        &self,
        what: &'static str,
        change: impl FnOnce(&mut T) -> R,
        is_kept: impl FnOnce(&R, &T, &T) -> bool,
        also: impl FnOnce(&mut State<T>),
    ) -> (R, bool) {
        self.look();
        self.0.active.store(true, Relaxed);
        let writing = self.begin_writing();
        let before = self.snapshot();
        let mut draft = T::clone(&before);
        let result = change(&mut draft);
        let is_kept = is_kept(&result, &before, &draft) && self.keep(what, draft, also);
        drop(writing);
        (result, is_kept)
    }

    fn keep(&self, what: &'static str, draft: T, also: impl FnOnce(&mut State<T>)) -> bool {
        let mut outdated = Some(Arc::new(draft));
        let mut state = self.state();
        let is_kept = self.accepts_changes(&state, what);
        if is_kept {
            std::mem::swap(&mut state.written, &mut outdated);
            self.0.is_overwritten.store(true, SeqCst);
            also(&mut state);
            if self.claims_in(&state).is_none() {
                state.claims = Some(self.begin(self.now()));
                state.is_begun = true;
            }
        }
        is_kept
    }

    #[track_caller]
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
