//! What a commit does for the binding: it offers it at a sign-in, and removes bound cookies from a
//! browser whose session ended or was replaced.

use cookie::Cookie;

use crate::{
    error::SealError,
    format::{
        claims::{Bond, Claims},
        device::Kind,
    },
    platform::clock::Moment,
    session::{Session, SessionData},
    sessions::core::Core,
};

impl<T: SessionData> Core<T> {
    /// The bond with which a sign-in begins.
    pub(in crate::sessions) fn first_bond(&self) -> Bond {
        match self.device.get().is_some_and(|rules| rules.is_strict && rules.offers) {
            true => Bond::Awaited,
            false => Bond::None,
        }
    }

    /// The value of `Secure-Session-Registration` beside a session in which the user has just
    /// proved who they are. Nobody else may get one: who stole the cookie would register a device
    /// of his own.
    pub(in crate::sessions) fn offer(
        &self,
        claims: &Claims,
        now: Moment,
    ) -> Result<Option<String>, SealError> {
        let Some(rules) = self.device.get().filter(|rules| rules.offers) else { return Ok(None) };
        if claims.bond == Bond::Bound {
            return Ok(None);
        }
        let challenge = self.seal_challenge(claims.id.family(), Kind::Registration, now)?;
        let path = rules.registration_path();
        Ok(Some(format!("(ES256);path=\"{path}\";challenge=\"{challenge}\"")))
    }

    /// Removes the bound cookies that came with the request.
    pub(in crate::sessions) fn remove_bound(
        &self,
        session: &Session<T>,
        cookies: &mut Vec<Cookie<'static>>,
    ) {
        for value in session.candidates().iter().flat_map(|came| came.bound.iter()) {
            if let Some(name) = self.accepted.name(value.name) {
                cookies.push(name.cookie.remove_bound(value.tag));
            }
        }
    }
}
