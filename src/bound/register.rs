//! A device's first proof.

use serde_json::json;

use super::{
    desk::{Desk, json, with_cookie},
    header,
    jwt::Jwt,
};
use crate::{
    format::device::Kind,
    http::{answer::Answer, request::RequestHead},
    session::{Session, SessionData},
};

impl<T: SessionData> Desk<'_, T> {
    /// Registers the device that answers the challenge of a sign-in. The session came with the
    /// request.
    ///
    /// It sets only the bound cookie. A later response seals the session's own cookie as bound;
    /// that one has what parallel requests wrote.
    pub(super) fn register(&self, head: &impl RequestHead, session: &Session<T>) -> Answer {
        const WHAT: &str = "registration";
        let Some(text) = header::text(head, header::PROOF) else {
            return self.refuse(400, WHAT, "no JWT");
        };
        let jwt = match Jwt::read(text) {
            Ok(jwt) => jwt,
            Err(reason) => return self.refuse(403, WHAT, reason),
        };
        // It is not replaced by another challenge: whoever comes too late has to sign in again.
        let challenge = match self.core.open_challenge(jwt.challenge(), self.now) {
            Ok(challenge) if challenge.kind == Kind::Registration => challenge,
            Ok(_) => return self.refuse(403, WHAT, "the challenge is one of a refresh"),
            Err(error) => return self.unreadable(403, WHAT, &error),
        };
        let opened = session.opened();
        let family = challenge.family;
        if opened.live.is_none_or(|live| live.claims.id.family() != family) {
            return match opened.refusal.as_deref() {
                Some(error) if opened.is_passing => self.unreadable(503, WHAT, error),
                _ => self.refuse(403, WHAT, "the challenge is of another session"),
            };
        }
        // Last, since it costs the most, and anybody can send a request.
        let key = match jwt.verify_by_its_own() {
            Ok(key) => key,
            Err(reason) => return self.refuse(403, WHAT, reason),
        };
        let sealed = self.core.seal_identifier(family, key, self.now).and_then(|identifier| {
            let cookie = self.core.set_bound((family, 0), challenge.issued_at, self.now)?;
            Ok((identifier, cookie))
        });
        let (identifier, cookie) = match sealed {
            Ok((identifier, Some(cookie))) => (identifier, cookie),
            Ok((_, None)) => return self.refuse(500, WHAT, "there are no rules"),
            Err(error) => return self.refuse(500, WHAT, &error.to_string()),
        };
        let (name, attributes) = self.core.describe_bound(family);
        let answer = json(&json!({
            "session_identifier": identifier,
            "refresh_url": self.rules.refresh_path(),
            "scope": { "include_site": false, "scope_specification": [] },
            "credentials": [{ "type": "cookie", "name": name, "attributes": attributes }],
        }));
        with_cookie(answer, &cookie)
    }
}
