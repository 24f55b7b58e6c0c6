//! Tokens against cross-site request forgery.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::{data::SessionData, handle::Session};
use crate::{
    error::{CsrfError, SealError},
    format::session_id::SessionId,
    platform::random::RandomSource,
};

impl<T: SessionData> Session<T> {
    /// Returns a token that protects a form from cross-site request forgery: it proves that the
    /// request that sends it back was made by a page of this session. If the visitor has no
    /// session, one is started, as [`write`](Self::write) does, so that a sign-in form can be
    /// protected too.
    ///
    /// Put the token into a hidden field of each form with `method="post"`, or into the page, for
    /// scripts to send in a header such as `X-CSRF-Token`. Never put it into a URL, which ends up
    /// in logs and in `Referer`. Pass the token that comes back to
    /// [`verify_csrf`](Self::verify_csrf). No cache may store the response; the commit sets the
    /// headers for that.
    ///
    /// The token has 82 characters of base64url. It contains the session's id, sealed under the
    /// keys of the session but for another purpose. Each call returns a different token, so that
    /// the size of a compressed response reveals nothing about it.
    ///
    /// Every token is valid for as long as the session lives and the token's key is in the ring.
    /// [`renew`](Self::renew), [`sign_in`](Self::sign_in),
    /// [`reauthenticate`](Self::reauthenticate), [`regenerate_id`](Self::regenerate_id) and
    /// [`destroy`](Self::destroy) invalidate all tokens, and so does the session's end. So verify a
    /// token before you call these, and make new tokens after.
    ///
    /// If this machine cannot read the visitor's cookie yet, because it does not have the key so
    /// far, the cookie is left alone. The page then gets a token that will be refused. The visitor,
    /// who has a session from another machine, has to load the form again.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<()>::new(KeyRing::ephemeral()?);
    ///
    /// // GET /login
    /// let mut session = sessions.load([""]);
    /// let token = session.csrf_token()?;
    /// let form = format!(r#"<input type="hidden" name="csrf" value="{token}">"#);
    /// let response = sessions.commit(&session)?;
    ///
    /// // POST /login
    /// let cookie = &response.cookies()[0];
    /// let mut session = sessions.load([format!("{}={}", cookie.name(), cookie.value())]);
    /// session.verify_csrf(&token)?; // the form's field; otherwise 403
    /// session.renew();
    /// # assert!(form.len() > 82);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SealError::NoSession`] after [`destroy`](Self::destroy) and after the response was
    /// committed. [`SealError::RandomSource`] and [`SealError::NoSealingKey`] as for sealing.
    pub fn csrf_token(&mut self) -> Result<String, SealError> {
        self.look();
        self.0.marks.active.store(true, Relaxed);
        let now = self.time();
        let mut state = self.state();
        if state.is_committed || self.0.marks.is_closed.load(SeqCst) {
            // It is too late to tell caches not to store the page.
            return Err(SealError::NoSession);
        }
        let claims = self.claims_in(&state);
        if claims.is_none() && !state.is_destroyed {
            if let Some(id) = self.elsewhere() {
                self.0.marks.gave_token.store(true, Relaxed);
                drop(state);
                return self.0.origin.seal_csrf_token(id, now);
            }
            state.claims = Some(self.begin(now.seconds()));
            state.is_begun = true;
        }
        let claims = self.claims_in(&state).ok_or(SealError::NoSession)?;
        // With the state locked, so that a commit sees it.
        self.0.marks.gave_token.store(true, Relaxed);
        drop(state);
        let claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
        self.0.origin.seal_csrf_token(claims.id, now)
    }

    /// Verifies a token made by [`csrf_token`](Self::csrf_token). Pass the value of the form's
    /// field or of the header, or an empty string if there is none. Never take the token from the
    /// URL or from a cookie: a browser adds those to a forged request by itself.
    ///
    /// Call it on every request that changes something, including sign-in and sign-out, before you
    /// do anything else.
    ///
    /// # Errors
    ///
    /// [`CsrfError`] with the reason, for logs. Answer with 403, and tell the client no details.
    pub fn verify_csrf(&self, token: &str) -> Result<(), CsrfError> {
        self.0.marks.active.store(true, Relaxed);
        let (id, time) = (self.id(), self.time());
        let elsewhere = self.elsewhere().filter(|_| id.is_none() && !self.state().is_destroyed);
        if let Some(id) = elsewhere
            && self.0.origin.verify_csrf_token(token, Some(id), time).is_ok()
        {
            return Ok(());
        }
        self.0.origin.verify_csrf_token(token, id, time)
    }

    /// The id for tokens while the session that came is refused only for want of its device's
    /// proof. The visitor needs them for the sign-in form, and nothing may replace that session.
    fn elsewhere(&self) -> Option<SessionId> {
        self.0.source.opened()?.elsewhere()
    }
}
