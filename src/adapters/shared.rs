//! What the adapters share: how several middlewares around one request relate, and the end of a
//! request.

#[cfg(any(feature = "tower", feature = "rocket"))]
use crate::http::response::ResponseHeaders;
#[cfg(any(feature = "actix-web", feature = "rocket"))]
use crate::platform::few::Few;
use crate::{
    error::SealError,
    events,
    http::Commit,
    platform::clock::Moment,
    session::{Identity, Session, SessionData},
};

/// The middlewares around a request, outermost first, where its framework has no `http::Extensions`.
#[cfg(any(feature = "actix-web", feature = "rocket"))]
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

#[cfg(any(feature = "actix-web", feature = "rocket"))]
impl Mounts {
    /// Adds a middleware. A clash emits an error event.
    pub(crate) fn add(&mut self, new: Identity) -> Mounting {
        let inside = |outer| new.inside(outer);
        let mounting = self.0.iter().map(inside).find(|mounting| *mounting != Mounting::First);
        if mounting.is_none() {
            self.0.push(new);
        }
        mounting.unwrap_or(Mounting::First)
    }
}

impl Identity {
    /// How a middleware relates to one around it. A clash emits an error event.
    pub(crate) fn inside(&self, outer: &Self) -> Mounting {
        match (outer.is(self), outer.is_confused_with(self)) {
            (true, _) => Mounting::Again,
            (false, false) => Mounting::First,
            (false, true) => {
                events::clash(
                    (self.cookie_name(), self.data_name()),
                    (outer.cookie_name(), outer.data_name()),
                    outer.shares_a_name_with(self),
                );
                Mounting::Clash
            }
        }
    }

    /// How a middleware relates to one around it of which only the data type is known: it may be any.
    #[cfg(feature = "tower")]
    pub(crate) fn inside_unknown(&self, outer: &str) -> Mounting {
        events::lost_layer((self.cookie_name(), self.data_name()), outer);
        Mounting::Clash
    }
}

impl<T: SessionData> Session<T> {
    /// Commits the session now, if a handler asked for it, into the headers of the response. Emits
    /// an event if that fails.
    #[cfg(any(feature = "tower", feature = "rocket"))]
    #[inline]
    pub(crate) fn finish_into(&self, headers: &mut impl ResponseHeaders) -> Result<(), SealError> {
        match self.close_unless_attached() || self.end_untouched() {
            true => Ok(()),
            false => self.finish_touched().map(|commit| commit.write_to(headers)),
        }
    }

    /// [`finish_into`](Self::finish_into), where there may be no response yet.
    #[cfg(any(feature = "actix-web", feature = "poem"))]
    pub(crate) fn finish(&self) -> Result<Commit, SealError> {
        match self.close_unless_attached() || self.end_untouched() {
            true => Ok(Commit::default()),
            false => self.finish_touched(),
        }
    }

    #[inline(never)]
    fn finish_touched(&self) -> Result<Commit, SealError> {
        self.commit_touched(&Moment::now)
            .inspect_err(|error| events::commit_failed(self.cookie_name(), error))
    }
}
