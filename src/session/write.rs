//! Reading and writing the data.

use std::{
    any::type_name,
    sync::{
        Arc, PoisonError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};

use super::{data::SessionData, handle::Session, snapshot::Snapshot};
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
    pub fn write<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        self.look();
        self.0.active.store(true, Relaxed);
        let writing = self.begin_writing();
        let current = self.snapshot();
        let mut draft = T::clone(&current);
        let result = change(&mut draft);
        self.keep(draft);
        drop(writing);
        result
    }

    /// [`write`](Self::write), unless the data could not be sealed afterwards: then the session
    /// stays as it was.
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
    pub fn try_write<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> Result<R, SealError> {
        let extension = self.look().extension.as_ref().map_or(0, |block| block.len());
        self.0.active.store(true, Relaxed);
        let writing = self.begin_writing();
        let mut draft = T::clone(&self.snapshot());
        let result = change(&mut draft);
        self.0.origin.check(&draft, extension)?;
        self.keep(draft);
        drop(writing);
        Ok(result)
    }

    fn keep(&self, draft: T) {
        let mut outdated = Some(Arc::new(draft));
        let mut state = self.state();
        if self.accepts_changes(&state, "write") {
            std::mem::swap(&mut state.written, &mut outdated);
            self.0.is_overwritten.store(true, SeqCst);
            if self.claims_in(&state).is_none() {
                state.claims = Some(self.begin(self.now()));
                state.is_begun = true;
            }
        }
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
