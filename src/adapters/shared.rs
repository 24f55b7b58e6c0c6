//! What the adapters share that keep the session for their handlers: where they
//! stand to each other, and the end of a request.

use time::OffsetDateTime;

use crate::{
    error::SealError,
    events,
    http::Commit,
    platform::few::Few,
    session::{Identity, Session, SessionData},
};

/// The middlewares around a request, from the outermost on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mounts(Few<Identity>);

/// How a middleware stands to those that are around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mounting {
    /// It has the request to itself.
    First,
    /// A clone of it is there already, and commits.
    Again,
    /// Another one is there that it would be confused with.
    Clash,
}

impl Mounts {
    /// Adds a middleware, by any session of it. A clash is an error event too.
    pub(crate) fn add<T: SessionData>(&mut self, session: &Session<T>) -> Mounting {
        let new = session.identity();
        if self.0.iter().any(|mounted| mounted.is(&new)) {
            return Mounting::Again;
        }
        if let Some(outer) = self.0.iter().find(|mounted| mounted.is_confused_with(&new)) {
            events::clash(
                (new.cookie_name(), new.data_name()),
                (outer.cookie_name(), outer.data_name()),
            );
            return Mounting::Clash;
        }
        self.0.push(new);
        Mounting::First
    }
}

impl<T: SessionData> Session<T> {
    /// Commits the session now, if anybody asked for it, and tells of a failure.
    pub(crate) fn finish(&self) -> Result<Commit, SealError> {
        if self.close_unless_attached() {
            return Ok(Commit::default());
        }
        self.commit(&OffsetDateTime::now_utc)
            .inspect_err(|error| events::commit_failed(self.cookie_name(), error))
    }
}
