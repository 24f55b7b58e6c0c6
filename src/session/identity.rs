//! A new id, a new session, or none.

use std::sync::atomic::Ordering::SeqCst;

use super::{data::SessionData, handle::Session, state::State};
use crate::{
    error::ConfigError,
    format::{
        claims::Claims,
        lifetime::{Lifetime, Timeouts},
        lineage::{Descent, Lineage},
    },
    platform::random::RandomSource,
    revocations::Position,
};

impl<T: SessionData> Session<T> {
    /// Replaces the session by a new one with the same data: a new id, a new family and new times.
    /// The absolute timeout starts again. Call it at every sign-in, and when one user takes the
    /// place of another. It prevents session fixation. [`sign_in`](Self::sign_in) renews and writes
    /// in one call.
    ///
    /// From then on, the session that came with the request is refused in this browser, even if a
    /// late response sets its cookie again (see
    /// [`Builder::tombstones`](crate::Builder::tombstones)). If the user is signed in already and
    /// only proves their identity again, use [`reauthenticate`](Self::reauthenticate).
    pub fn renew(&mut self) {
        let timeouts = *self.0.origin.timeouts();
        self.renew_by(&timeouts, 0);
    }

    /// Like [`renew`](Self::renew), for a session that must survive a revocation of its own user.
    /// Use it in the request in which the user changed the password: they have proved their
    /// identity, and all their sessions up to this position were revoked.
    ///
    /// The session's end, its idle limit and whether it outlives the browser stay as they are. So
    /// a session "until the browser is closed" does not become a longer one.
    ///
    /// Read the session before you revoke. If it is first used afterwards, it is refused like the
    /// others. Revocations after this position end the renewed session as usual.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Revocations, Sessions, Subject};
    ///
    /// let revocations = Revocations::in_memory(Duration::from_secs(14 * 24 * 3600));
    /// let sessions = Sessions::<String>::builder(KeyRing::ephemeral()?)
    ///     .revocations(&revocations, |user| Some(Subject::from(user)))
    ///     .build()?;
    /// let here = sessions.seal(&sessions.create("ada".to_owned())?)?;
    /// let elsewhere = sessions.seal(&sessions.create("ada".to_owned())?)?;
    ///
    /// let mut session = sessions.load([format!("__Host-session={here}")]);
    /// let user = session.read().clone();
    /// // ... check the old password, save the new one, then:
    /// let position = revocations.revoke_all(user.as_str()).wait()?;
    /// session.renew_after(position);
    /// let response = sessions.commit(&session)?;
    ///
    /// assert!(sessions.unseal(response.cookies()[0].value()).is_ok());
    /// assert!(sessions.unseal(&here).is_err());
    /// assert!(sessions.unseal(&elsewhere).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn renew_after(&mut self, position: Position) {
        self.look();
        let configured = *self.0.origin.timeouts();
        let came = self.claims_in(&self.state()).and_then(Result::ok);
        let left = came.map(|claims| claims.ends_at(&configured).saturating_sub(self.now()));
        let timeouts = match (came, left.map(u32::try_from)) {
            (Some(claims), Some(Ok(left @ 1..))) => Timeouts {
                absolute: left,
                idle: claims.idle,
                persistent: claims.persistent,
                own_idle: claims.own_idle,
            },
            _ => configured,
        };
        self.renew_by(&timeouts, position.get());
    }

    /// [`renew_after`](Self::renew_after) with a lifetime, for a sign-in: there, the limits of the
    /// session that came are a guest's, or another user's.
    ///
    /// # Errors
    ///
    /// As for [`renew_with`](Self::renew_with).
    pub fn renew_after_with(
        &mut self,
        position: Position,
        lifetime: Lifetime,
    ) -> Result<(), ConfigError> {
        let timeouts = self.0.origin.timeouts().of(lifetime)?;
        self.renew_by(&timeouts, position.get());
        Ok(())
    }

    /// Like [`renew`](Self::renew), with a lifetime for this one sign-in.
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
    /// [`ConfigError::Timeout`] if the lifetime or the idle timeout is zero or not in whole
    /// seconds; [`ConfigError::Lifetime`] if the lifetime is longer than the configured absolute
    /// timeout; [`ConfigError::IdleTimeout`] if the idle timeout is longer than the lifetime.
    pub fn renew_with(&mut self, lifetime: Lifetime) -> Result<(), ConfigError> {
        let timeouts = self.0.origin.timeouts().of(lifetime)?;
        self.renew_by(&timeouts, 0);
        Ok(())
    }

    /// Records that the user has just proved their identity again, as for a step-up. The session
    /// gets a new id, and [`authenticated_within`](Self::authenticated_within) counts from now. Its
    /// data, family, end and persistence stay as they are. Does nothing if there is no session.
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
        let is_changed = self.change_id("reauthenticate", |claims| {
            // If the creation time is unknown, an authentication time equal to `created_at` means
            // unknown too. So a known one is at least a second later.
            let earliest = claims.created_at.saturating_add(u64::from(!claims.creation_known));
            let authenticated_at = now.max(earliest);
            let issued_at = claims.issued_at.max(authenticated_at);
            Claims { issued_at, authenticated_at, ..claims }
        });
        self.state().is_proved |= is_changed;
    }

    /// Gives the session a new id. Its family, data and times stay as they are. Call it when the
    /// user's privileges change within one sign-in. Does nothing if there is no session.
    pub fn regenerate_id(&mut self) {
        self.look();
        self.change_id("regenerate_id", |claims| claims);
    }

    /// Ends the session. The response removes the cookie, even if none came. Later writes in the
    /// same request are ignored.
    ///
    /// In this browser the session stays ended, even if a late response sets its cookie again (see
    /// [`Builder::tombstones`](crate::Builder::tombstones) for the limits). A copy of the cookie
    /// that somebody made earlier stays valid until it expires, or until it is
    /// [revoked](crate::Builder::revoke_if).
    pub fn destroy(&mut self) {
        let mut state = self.state();
        if self.accepts_changes(&state, "destroy") {
            state.is_destroyed = true;
            self.0.marks.is_overwritten.store(true, SeqCst);
            state.claims = None;
            let written = state.written.take();
            drop(state);
            drop(written);
        }
    }

    fn renew_by(&mut self, timeouts: &Timeouts, after: u64) {
        self.look();
        let now = self.now();
        let mut state = self.state();
        if self.accepts_changes(&state, "renew") {
            self.renew_in(&mut state, timeouts, now);
            if let Some(Ok(claims)) = &mut state.claims {
                claims.seen = claims.seen.max(after);
            }
        }
    }

    /// Replaces the session that came by a new one that begins at `now` (Unix seconds).
    pub(super) fn renew_in(&self, state: &mut State<T>, timeouts: &Timeouts, now: u64) {
        // A machine whose clock is ahead may have sealed the old value. The new one must still be
        // the latest. And what was revoked before the last sign-in was revoked before this one.
        let (issued_at, seen) = match self.claims_in(state) {
            Some(Ok(claims)) => (claims.issued_at, claims.seen),
            _ => (0, 0),
        };
        let seen = seen.max(self.0.seen);
        state.is_begun = true;
        state.is_renewed = true;
        state.is_proved = true;
        state.claims =
            Some(Claims::begin(now, timeouts, self.next_descent(state)).map(|claims| Claims {
                issued_at: claims.issued_at.max(issued_at),
                seen,
                ..claims
            }));
    }

    /// Whether there was a session to change.
    fn change_id(&mut self, what: &'static str, change: impl FnOnce(Claims) -> Claims) -> bool {
        let mut state = self.state();
        if !self.accepts_changes(&state, what) {
            return false;
        }
        let Some(Ok(claims)) = self.claims_in(&state) else { return false };
        let next = self.next_descent(&state);
        state.claims = Some(claims.id.sibling().and_then(|id| {
            let descent = next.map_or_else(|| Lineage::generate().map(Descent::first), Ok)?;
            Ok(Claims { descent, id, ..change(claims) })
        }));
        true
    }

    /// The descent of a session that replaces the one that came. Its generation is one higher,
    /// however many new ids the request gives. `None` where a lineage begins.
    fn next_descent(&self, state: &State<T>) -> Option<Descent> {
        let came = self.0.source.opened().and_then(super::opened::Opened::descent);
        match (came, state.claims) {
            (Some(came), _) => came.next(),
            (None, Some(Ok(begun))) => Some(begun.descent),
            (None, _) => None,
        }
    }

    /// The claims of a session that begins with this request.
    pub(super) fn begin(&self, now: u64) -> Result<Claims, RandomSource> {
        let claims = Claims::begin(now, self.0.origin.timeouts(), None)?;
        Ok(Claims { seen: self.0.seen, ..claims })
    }
}
