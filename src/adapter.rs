//! The end of a request in an adapter that keeps the session for its handlers.

use crate::{
    error::SealError,
    events,
    session::{Session, SessionData},
    sessions::{Commit, Sessions},
};

impl<T: SessionData> Sessions<T> {
    /// Commits a session now, if anybody asked for it, and tells of a failure.
    pub(crate) fn finish(&self, session: &Session<T>) -> Result<Commit, SealError> {
        if !session.is_attached() {
            return Ok(Commit::default());
        }
        self.commit(session).inspect_err(|error| events::commit_failed(self.cookie_name(), error))
    }
}
