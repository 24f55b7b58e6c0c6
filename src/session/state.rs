//! What became of a session in its request.

use std::sync::Arc;

use crate::{
    format::claims::Claims,
    platform::{
        random::RandomSource,
        sync::{AtomicBool, ThreadId},
    },
};

/// What was noted without a lock.
#[derive(Default)]
pub(super) struct Marks {
    /// Somebody asked whether there is a session, so the response depends on the cookie.
    pub(super) looked_at: AtomicBool,
    /// The data was read or written, which counts as activity.
    pub(super) active: AtomicBool,
    /// The response contains a CSRF token, so it is for this visitor alone.
    pub(super) gave_token: AtomicBool,
    /// Somebody asked for the token in a header: the response depends on that.
    pub(super) asked_for_token: AtomicBool,
    /// The response's head has been sent, whether or not a handler asked for the session.
    pub(super) is_closed: AtomicBool,
    /// The data was written or the session destroyed. Set with the state locked, read without.
    /// `SeqCst` orders writes to several sessions as a lock would.
    pub(super) is_overwritten: AtomicBool,
}

#[expect(clippy::struct_excessive_bools, reason = "each may be so without the others")]
pub(super) struct State<T> {
    /// A commit has begun, and has not failed.
    pub(super) is_committed: bool,
    pub(super) is_destroyed: bool,
    /// The data after the last write.
    pub(super) written: Option<Arc<T>>,
    /// The claims after a new id or a first write.
    pub(super) claims: Option<Result<Claims, RandomSource>>,
    /// The session began, or was renewed, in this request.
    pub(super) is_begun: bool,
    /// The application replaced the session that came, by a renew or a sign-in.
    pub(super) is_renewed: bool,
    /// The application said that the user has just proved who they are.
    pub(super) is_proved: bool,
    /// The thread that runs a writer's closure.
    pub(super) writing: Option<ThreadId>,
}

impl<T> Default for State<T> {
    #[inline]
    fn default() -> Self {
        Self {
            is_committed: false,
            is_destroyed: false,
            written: None,
            claims: None,
            is_begun: false,
            is_renewed: false,
            is_proved: false,
            writing: None,
        }
    }
}

/// What took the place of the data that came.
pub(super) enum Replaced<T> {
    No,
    Written(Arc<T>),
    Destroyed,
}

impl<T> State<T> {
    pub(super) fn replaced(&self) -> Replaced<T> {
        match (self.is_destroyed, &self.written) {
            (true, _) => Replaced::Destroyed,
            (false, Some(data)) => Replaced::Written(Arc::clone(data)),
            (false, None) => Replaced::No,
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.written.is_some() || self.claims.is_some()
    }
}
