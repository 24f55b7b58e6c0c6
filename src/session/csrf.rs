//! Tokens against cross-site request forgery.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::{data::SessionData, handle::Session};
use crate::{
    error::{CsrfError, SealError},
    platform::{clock::unix_seconds, random::RandomSource},
};

impl<T: SessionData> Session<T> {
    /// A token that proves that a later request was made by a page of this
    /// session, against cross-site request forgery. Starts a session for an
    /// anonymous visitor, as [`write`](Self::write) does, so that the sign-in form can have one.
    ///
    /// Put it into a hidden field of each form with `method="post"`, or into the
    /// page for scripts to send in a header such as `X-CSRF-Token`; never into
    /// a URL, which ends up in logs and in `Referer`. Give what comes back to
    /// [`verify_csrf`](Self::verify_csrf). Let no cache keep the response: a commit says so.
    ///
    /// The token has 82 characters of base64url, sealed under the same keys as the
    /// session but for another purpose, with the session's id inside. Each call
    /// gives another one, so that compressed responses tell nothing of it. All
    /// of them are good as long as the session is and the key they are under is in the ring;
    /// all of them die with [`renew`](Self::renew), [`reauthenticate`](Self::reauthenticate),
    /// [`regenerate_id`](Self::regenerate_id), [`destroy`](Self::destroy) and the session's end.
    /// So make it after those, and verify before them.
    ///
    /// Where the visitor's cookie cannot be read by this machine yet (a key that it does not have so
    /// far), the cookie is left alone: the page gets a token that will be refused, and
    /// the visitor, who has another machine's session, needs to load the form again.
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
    /// [`SealError::NoSession`] after [`destroy`](Self::destroy) and once the response is
    /// committed; [`SealError::RandomSource`] and [`SealError::NoSealingKey`] as for sealing.
    pub fn csrf_token(&mut self) -> Result<String, SealError> {
        self.look();
        self.0.active.store(true, Relaxed);
        let now = self.time();
        let mut state = self.state();
        if state.is_committed || self.0.is_closed.load(SeqCst) {
            // Nothing can keep caches from storing the page any more.
            return Err(SealError::NoSession);
        }
        if self.claims_in(&state).is_none() && !state.is_destroyed {
            state.claims = Some(self.begin(unix_seconds(now)));
            state.is_begun = true;
        }
        let claims = self.claims_in(&state).ok_or(SealError::NoSession)?;
        // With the state locked, so that a commit sees it.
        self.0.gave_token.store(true, Relaxed);
        drop(state);
        let claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
        self.0.origin.seal_csrf_token(claims.id, now)
    }

    /// Checks a token of [`csrf_token`](Self::csrf_token): the value of a form's
    /// field or of a header, empty where there is none. Never take it from the
    /// URL or from a cookie: a browser adds those to forged requests by itself.
    ///
    /// Call it on every request that changes something, signing in and signing out included,
    /// before anything else is done.
    ///
    /// # Errors
    ///
    /// [`CsrfError`], the reason for logs. Answer with 403 and nothing more.
    pub fn verify_csrf(&self, token: &str) -> Result<(), CsrfError> {
        self.0.active.store(true, Relaxed);
        self.0.origin.verify_csrf_token(token, self.id(), self.time())
    }
}
