//! A device's later proofs, some minutes apart.

use serde_json::json;

use super::{
    desk::{Desk, empty, json, with_cookie},
    header,
    jwt::Jwt,
};
use crate::{
    error::UnsealError,
    format::{
        device::{Identifier, Kind},
        frame::key_id,
        session_id::Family,
    },
    http::{answer::Answer, request::RequestHead},
    session::{Candidates, Live, Session, SessionData},
};

/// The state of the session of a device's family, when a refresh is requested.
enum Standing {
    Live,
    /// The browser is to forget the device's session.
    Over(&'static str),
    /// It may be live on another machine, or in a moment.
    Unknown(Box<UnsealError>),
}

impl<T: SessionData> Desk<'_, T> {
    /// Sets the bound cookie for a device that proves to hold the key of its identifier.
    pub(super) fn refresh(&self, head: &impl RequestHead, session: &Session<T>) -> Answer {
        let Some(name) = header::text(head, header::IDENTIFIER) else {
            return self.refuse(400, WHAT, "no identifier");
        };
        let (identifier, place) = match self.core.open_identifier(name, self.now) {
            Ok(opened) => opened,
            // A 404 ends the browser's session.
            Err(error) => return self.unreadable(404, WHAT, &error),
        };
        let standing = match self.core.judge_identifier(&identifier, self.now) {
            Ok(()) => self.standing(session.candidates(), identifier.family),
            Err(UnsealError::Expired) => Standing::Over("the identifier has expired"),
            Err(error) => Standing::Unknown(Box::new(error)),
        };
        match standing {
            Standing::Live => {}
            Standing::Over(reason) => return self.end(name, reason),
            Standing::Unknown(error) => {
                return self.unreadable(503, WHAT, &error);
            }
        }
        if !header::is_there(head, header::PROOF) {
            return self.challenge(name, identifier.family);
        }
        let challenged_at = match self.check_proof(head, &identifier) {
            Ok(issued_at) => issued_at,
            // Usually an answer to a challenge that is minutes old, which browsers send again.
            Err(reason) => {
                let _ = self.refuse(403, WHAT, &reason);
                return self.challenge(name, identifier.family);
            }
        };
        match self.core.set_bound((identifier.family, place), challenged_at, self.now) {
            // Must have no body, or Chromium would ask for a challenge each time.
            Ok(Some(cookie)) => with_cookie(empty(200), &cookie),
            Ok(None) => self.refuse(500, WHAT, "there are no rules"),
            Err(error) => self.refuse(500, WHAT, &error.to_string()),
        }
    }

    /// Judges the request's session as if its device had been proved: by its times, the tombstones
    /// and the application, as for any request.
    fn standing(&self, candidates: Option<&Candidates>, family: Family) -> Standing {
        let came = candidates.filter(|candidates| !candidates.sessions.is_empty());
        let Some(candidates) = came else { return Standing::Over("no session came with it") };
        let opened = self.core.open_on_device(candidates, family, self.now);
        let is_of_device = |live: Live| live.claims.id.family() == family;
        if opened.live.is_some_and(is_of_device) {
            return Standing::Live;
        }
        // The device's own may be a value that this machine cannot read yet.
        if let Some(error) = self.unread(candidates) {
            return Standing::Unknown(Box::new(error));
        }
        match (opened.live, opened.refusal) {
            (Some(_), _) => Standing::Over("the session is of another sign-in"),
            (None, Some(error)) => match *error {
                // It is bound to another device, by another sign-in.
                UnsealError::Bound => Standing::Over("the session is of another sign-in"),
                // A machine whose type is newer may read it.
                UnsealError::Payload { .. } => Standing::Unknown(error),
                _ if error.is_passing(self.newest) => Standing::Unknown(error),
                _ => Standing::Over("the session has ended"),
            },
            (None, None) => Standing::Over("no session came with it"),
        }
    }

    /// Why a value of the request cannot be read here, though another machine may.
    fn unread(&self, candidates: &Candidates) -> Option<UnsealError> {
        let mut refusals = candidates.sessions.iter().map(|candidate| {
            // As if no key were known, of which the lesser ones do not count.
            key_id(&candidate.value).map_or_else(|error| error, UnsealError::UnknownKey)
        });
        refusals.find(|error| error.is_passing(self.newest))
    }

    /// When the challenge that the device answers was issued.
    fn check_proof(&self, head: &impl RequestHead, identifier: &Identifier) -> Result<u64, String> {
        let text = header::text(head, header::PROOF).ok_or("no JWT")?;
        let jwt = Jwt::read(text)?;
        let challenge = self.core.open_challenge(jwt.challenge(), self.now);
        let challenge = challenge.map_err(|error| format!("the challenge: {error}"))?;
        if challenge.kind != Kind::Refresh || challenge.family != identifier.family {
            return Err("the challenge is for something else".to_owned());
        }
        jwt.verify_by(&identifier.key)?;
        // The cookie ends so long after the challenge, and one that ends at once is refreshed at once.
        let age = self.now.seconds().saturating_sub(challenge.issued_at);
        match age.saturating_mul(2) < self.rules.lifetime {
            true => Ok(challenge.issued_at),
            false => Err("the challenge is too old for so short a lifetime".to_owned()),
        }
    }

    /// Asks for a proof. Each 403 must have a challenge: browsers give up after four without one.
    fn challenge(&self, name: &[u8], family: Family) -> Answer {
        match self.core.seal_challenge(family, Kind::Refresh, self.now) {
            Ok(challenge) => {
                let name = String::from_utf8_lossy(name);
                let mut answer = empty(403);
                answer.headers.push((header::CHALLENGE, format!("\"{challenge}\";id=\"{name}\"")));
                answer
            }
            Err(error) => self.refuse(500, WHAT, &error.to_string()),
        }
    }

    fn end(&self, name: &[u8], reason: &str) -> Answer {
        let _ = self.refuse(200, WHAT, reason);
        let name = String::from_utf8_lossy(name);
        json(&json!({ "session_identifier": name, "continue": false }))
    }
}

const WHAT: &str = "refresh";
