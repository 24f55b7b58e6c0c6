//! What the adapters share: how several middlewares around one request relate, and the end of a
//! request.

use time::OffsetDateTime;

use crate::{
    error::SealError,
    events,
    http::Commit,
    platform::few::Few,
    session::{Identity, Session, SessionData},
};

/// The middlewares around a request, outermost first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mounts(Few<Identity>);

/// How a middleware relates to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mounting {
    /// There is no other one to care about.
    First,
    /// A clone of it is mounted already, and that one commits.
    Again,
    /// Another one is mounted that it could be confused with.
    Clash,
}

impl Mounts {
    /// Adds a middleware, by any session of it. A clash emits an error event.
    pub(crate) fn add<T: SessionData>(&mut self, session: &Session<T>) -> Mounting {
        let new = session.identity();
        if self.0.iter().any(|mounted| mounted.is(&new)) {
            return Mounting::Again;
        }
        if let Some(outer) = self.0.iter().find(|mounted| mounted.is_confused_with(&new)) {
            events::clash(
                (new.cookie_name(), new.data_name()),
                (outer.cookie_name(), outer.data_name()),
                outer.shares_a_name_with(&new),
            );
            return Mounting::Clash;
        }
        self.0.push(new);
        Mounting::First
    }
}

impl<T: SessionData> Session<T> {
    /// Commits the session now, if a handler asked for it. Emits an event if that fails.
    pub(crate) fn finish(&self) -> Result<Commit, SealError> {
        if self.close_unless_attached() {
            return Ok(Commit::default());
        }
        self.commit(&OffsetDateTime::now_utc)
            .inspect_err(|error| events::commit_failed(self.cookie_name(), error))
    }
}
