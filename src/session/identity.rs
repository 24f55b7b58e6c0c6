//! Another id, another session, or none.

use std::sync::atomic::Ordering::SeqCst;

use super::{
    data::SessionData,
    handle::{Session, State},
};
use crate::{
    error::ConfigError,
    format::{
        claims::Claims,
        lifetime::{Lifetime, Timeouts},
        lineage::Descent,
    },
    platform::random::RandomSource,
};

impl<T: SessionData> Session<T> {
    /// Makes another session of this one, keeping the data: a new id, a new family, new times.
    /// Call it whenever somebody signs in, and to put one user in another's place: it
    /// is what defeats session fixation. It starts the absolute timeout anew.
    ///
    /// What came with the request is dead in this browser from then on, also where a late
    /// response sets it again (see [`Builder::tombstones`](crate::Builder::tombstones)).
    /// For a user who is signed in already and proves it once more, there is
    /// [`reauthenticate`](Self::reauthenticate).
    pub fn renew(&mut self) {
        let timeouts = *self.0.origin.timeouts();
        self.renew_by(&timeouts);
    }

    /// [`renew`](Self::renew), with a lifetime for this one sign-in.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Lifetime, Sessions};
    ///
    /// let sessions = Sessions::<()>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// let remember_me = false; // from the login form
    /// match remember_me {
    ///     true => session.renew(),
    ///     false => session.renew_with(Lifetime::browser_session(Duration::from_secs(3600)))?,
    /// }
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Timeout`] for a lifetime or an idle timeout that is not whole seconds or is
    /// zero, [`ConfigError::Lifetime`] for one that is longer than the configured absolute timeout.
    pub fn renew_with(&mut self, lifetime: Lifetime) -> Result<(), ConfigError> {
        let timeouts = self.0.origin.timeouts().of(lifetime)?;
        self.renew_by(&timeouts);
        Ok(())
    }

    /// Notes that the user has just proved who they are once more, as for a step-up: a new id,
    /// and [`authenticated_within`](Self::authenticated_within) counts from now. Family, end
    /// and persistence of the session stay, and so does the data. Does nothing where there is no session.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.create(7)?;
    /// let end = session.expires_at();
    /// session.reauthenticate(); // the password was right
    /// assert!(session.authenticated_within(Duration::from_secs(300)));
    /// assert_eq!(session.expires_at(), end);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reauthenticate(&mut self) {
        self.look();
        let now = self.now();
        self.change_id("reauthenticate", |claims| {
            // Where nobody knows when the session began, the first second says that nobody knows this either.
            let earliest = claims.created_at.saturating_add(u64::from(!claims.creation_known));
            let authenticated_at = now.max(earliest);
            let issued_at = claims.issued_at.max(authenticated_at);
            Claims { issued_at, authenticated_at, ..claims }
        });
    }

    /// Gives the session a new id, keeping family, data and times. Call it at a change
    /// of privilege within one sign-in. Does nothing where there is no session.
    pub fn regenerate_id(&mut self) {
        self.look();
        self.change_id("regenerate_id", |claims| claims);
    }

    /// Ends the session: the response removes the cookie, even if there was
    /// none, and whatever is written after this within the request is ignored.
    ///
    /// In this browser it stays ended, also where a late response sets it again (see
    /// [`Builder::tombstones`](crate::Builder::tombstones) for the bounds). A copy of the cookie
    /// that somebody made earlier stays valid until it expires, or until it is
    /// [revoked](crate::Builder::revoke_if).
    pub fn destroy(&mut self) {
        let mut state = self.state();
        if self.accepts_changes(&state, "destroy") {
            state.is_destroyed = true;
            self.0.is_overwritten.store(true, SeqCst);
            state.claims = None;
            let written = state.written.take();
            drop(state);
            drop(written);
        }
    }

    fn renew_by(&mut self, timeouts: &Timeouts) {
        self.look();
        let now = self.now();
        let mut state = self.state();
        if self.accepts_changes(&state, "renew") {
            self.renew_in(&mut state, timeouts, now);
        }
    }

    /// Puts another session in the place of what came, from `now` on (Unix seconds).
    pub(super) fn renew_in(&self, state: &mut State<T>, timeouts: &Timeouts, now: u64) {
        // The value must be the latest in the eyes of a machine whose clock is ahead of ours.
        let issued_at = match self.claims_in(state) {
            Some(Ok(claims)) => claims.issued_at,
            _ => 0,
        };
        state.is_begun = true;
        state.is_renewed = true;
        state.claims = Some(
            self.next_descent(state)
                .and_then(|descent| Claims::begin(now, timeouts, descent))
                .map(|claims| Claims { issued_at: claims.issued_at.max(issued_at), ..claims }),
        );
    }

    fn change_id(&mut self, what: &'static str, change: impl FnOnce(Claims) -> Claims) {
        let mut state = self.state();
        if !self.accepts_changes(&state, what) {
            return;
        }
        if let Some(Ok(claims)) = self.claims_in(&state) {
            state.claims = Some(self.next_descent(&state).and_then(|descent| {
                Ok(Claims { id: claims.id.sibling()?, descent, ..change(claims) })
            }));
        }
    }

    /// Of a session in the place of what came. However many ids a request gives, its generation is one more.
    fn next_descent(&self, state: &State<T>) -> Result<Descent, RandomSource> {
        let came = self.0.source.opened().and_then(super::opened::Opened::descent);
        match (came, state.claims) {
            (Some(came), _) => came.next(),
            (None, Some(Ok(begun))) => Ok(begun.descent),
            (None, _) => Descent::born(),
        }
    }

    /// The claims of a session that begins with this request.
    pub(super) fn begin(&self, now: u64) -> Result<Claims, RandomSource> {
        Claims::begin(now, self.0.origin.timeouts(), Descent::born()?)
    }
}
