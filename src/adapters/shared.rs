//! What the adapters share that keep the session for their handlers: where they
//! stand to each other, and the end of a request.

use std::any::type_name;

use time::OffsetDateTime;

use crate::{
    error::SealError,
    events,
    http::Commit,
    session::{Session, SessionData},
    sessions::Sessions,
};

/// How a middleware stands to one of the same data type that is mounted already.
pub(crate) enum Mounting {
    /// There is none.
    First,
    /// Of the same cookie: the one that is mounted already commits.
    Again,
    /// Of another cookie: handlers, who name the data type, could not tell them apart.
    Clash,
}

impl<T: SessionData> Sessions<T> {
    /// How this stands to what is mounted, by the name of its cookie. A clash is an error event too.
    pub(crate) fn mounting(&self, mounted: Option<&str>) -> Mounting {
        let name = self.cookie_name();
        match mounted {
            None => Mounting::First,
            Some(outer) if outer == name => Mounting::Again,
            Some(outer) => {
                events::clash(name, outer, type_name::<T>());
                Mounting::Clash
            }
        }
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
