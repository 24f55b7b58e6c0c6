//! A revocation in progress, to be awaited or waited for.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::position::Position;
use crate::error::RevokeError;

/// A revocation in progress. In async code `.await` it; elsewhere call [`wait`](Self::wait).
///
/// It was started by the call that returned this, and continues if this is dropped. But then nobody
/// learns whether it succeeded.
///
/// ```
/// use std::time::Duration;
///
/// use sealed_session::Revocations;
///
/// let revocations = Revocations::in_memory(Duration::from_secs(14 * 24 * 3600));
/// let position = revocations.revoke_all("ada").wait()?;
/// assert!(revocations.position() >= position);
/// # Ok::<(), sealed_session::RevokeError>(())
/// ```
#[must_use = "a revocation that is not confirmed is an error: `.await` this, or call `wait`"]
pub struct Revoking(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    outcome: Option<Result<Position, RevokeError>>,
    waker: Option<Waker>,
}

/// The end that says what the revocation came to. Dropped without a word, it says that it failed.
pub(super) struct Outcome(Option<Arc<Shared>>);

impl Revoking {
    pub(super) fn new() -> (Self, Outcome) {
        let shared = Arc::new(Shared::default());
        (Self(Arc::clone(&shared)), Outcome(Some(shared)))
    }

    pub(super) fn done(outcome: Result<Position, RevokeError>) -> Self {
        let (revoking, end) = Self::new();
        end.say(outcome);
        revoking
    }

    /// Blocks this thread until the revocation is confirmed or has failed.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]: it is not confirmed.
    pub fn wait(self) -> Result<Position, RevokeError> {
        let mut state = self.0.lock();
        loop {
            if let Some(outcome) = state.outcome.take() {
                return outcome;
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Revoking {
    type Output = Result<Position, RevokeError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        match state.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Outcome {
    pub(super) fn say(mut self, outcome: Result<Position, RevokeError>) {
        if let Some(shared) = self.0.take() {
            shared.say(outcome);
        }
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.say(Err(RevokeError::Unconfirmed(Arc::from(Box::from(DROPPED)))));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, outcome: Result<Position, RevokeError>) {
        let mut state = self.lock();
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        if let Some(waker) = waker {
            // One that panics must not end the thread that spreads the revocations of all.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }
}

impl fmt::Debug for Revoking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revoking").finish_non_exhaustive()
    }
}

const DROPPED: &str = "whoever spreads the revocations has ended";

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[test]
    fn what_is_dropped_without_a_word_has_failed() {
        let (revoking, outcome) = Revoking::new();
        let mut revoking = pin!(revoking);
        let mut context = Context::from_waker(Waker::noop());
        assert!(revoking.as_mut().poll(&mut context).is_pending());
        drop(outcome);
        let Poll::Ready(Err(error)) = revoking.poll(&mut context) else {
            panic!("nobody would ever learn of it")
        };
        assert!(
            matches!(&error, RevokeError::Unconfirmed(reason) if reason.to_string() == DROPPED)
        );
    }
}
