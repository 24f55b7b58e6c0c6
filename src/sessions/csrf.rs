//! CSRF tokens, sealed for the session they belong to.

use super::core::Core;
use crate::{
    error::{CsrfError, SealError, UnsealError},
    events,
    format::{session_id::SessionId, token::CsrfToken},
    platform::clock::Moment,
    session::SessionData,
};

impl<T: SessionData> Core<T> {
    pub(super) fn seal_token_for(&self, id: SessionId, now: Moment) -> Result<String, SealError> {
        self.with_binding(self.accepted.csrf_binding(), |seal, _| {
            seal.seal_token(&CsrfToken(id), now.seconds())
        })
    }

    pub(super) fn verify_token_for(
        &self,
        token: &str,
        id: Option<SessionId>,
        now: Moment,
    ) -> Result<(), CsrfError> {
        let verdict = id.ok_or(CsrfError::NoSession).and_then(|id| match token {
            "" => Err(CsrfError::Missing),
            _ if self.open_token(token, now)?.0.ct_eq(&id) => Ok(()),
            _ => Err(CsrfError::OtherSession),
        });
        verdict.inspect_err(|error| events::csrf_refused(self.cookie().name(), error))
    }

    /// The form may have been loaded under a former name or audience.
    fn open_token(&self, token: &str, now: Moment) -> Result<CsrfToken, UnsealError> {
        let now = now.seconds();
        self.by_readers(now, |_, reader| {
            self.with_binding(&reader.csrf, |seal, _| {
                seal.unseal_token::<16, CsrfToken>(token.as_bytes(), now)
            })
        })
    }
}
