//! CSRF tokens, sealed for the session they belong to.

use time::OffsetDateTime;

use super::core::Core;
use crate::{
    error::{CsrfError, SealError, UnsealError},
    events,
    format::{session_id::SessionId, token::CsrfToken},
    platform::clock::unix_seconds,
    session::SessionData,
};

impl<T: SessionData> Core<T> {
    pub(super) fn seal_token_for(
        &self,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<String, SealError> {
        self.with_binding(self.accepted.csrf_binding(), |seal, _| {
            seal.seal_token(&CsrfToken(id), unix_seconds(now))
        })
    }

    pub(super) fn verify_token_for(
        &self,
        token: &str,
        id: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<(), CsrfError> {
        let verdict = id.ok_or(CsrfError::NoSession).and_then(|id| match token {
            "" => Err(CsrfError::Missing),
            _ if self.open_token(token, now)?.0.ct_eq(&id) => Ok(()),
            _ => Err(CsrfError::OtherSession),
        });
        verdict.inspect_err(|error| events::csrf_refused(self.cookie().name(), error))
    }

    /// The form may have been loaded under a former name or audience.
    fn open_token(&self, token: &str, at: OffsetDateTime) -> Result<CsrfToken, UnsealError> {
        let now = unix_seconds(at);
        self.by_readers(now, |_, reader| {
            self.with_binding(&reader.csrf, |seal, _| {
                seal.unseal_token::<16, CsrfToken>(token.as_bytes(), now)
            })
        })
    }
}
