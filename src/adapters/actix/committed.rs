//! Errors of inner middlewares. actix makes their responses after our middleware is done.

use actix_web::{Error, HttpResponse, ResponseError, http::StatusCode};

use super::headers::failure;
use crate::http::Commit;

/// The error of an inner middleware, with what its response has to carry for the session.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct CommittedError {
    pub(super) error: Error,
    /// `None` if the session could not be sealed.
    pub(super) commit: Option<Commit>,
}

impl ResponseError for CommittedError {
    fn status_code(&self) -> StatusCode {
        match self.commit {
            Some(_) => self.error.as_response_error().status_code(),
            None => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.error_response();
        match &self.commit {
            Some(commit) => {
                commit.write_to(response.headers_mut());
                response
            }
            None => failure(response.headers()),
        }
    }
}
