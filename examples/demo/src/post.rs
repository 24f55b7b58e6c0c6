//! Forms that change something: what a handler takes in, and the checks that all of them pass.

use axum::{
    extract::{FromRef, FromRequest, RawForm, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sealed_session::{OriginGuard, Session};
use serde::{Deserialize, de::DeserializeOwned};

use crate::state::Account;

/// The fields of a form that this site's own page sent.
pub(crate) struct Post<F>(pub(crate) F);

/// Of a form that is a button and no more.
#[derive(Deserialize)]
pub(crate) struct NoFields {}

/// The name of [`Token`]'s field.
pub(crate) const CSRF_FIELD: &str = "csrf";

#[derive(Deserialize)]
struct Token {
    csrf: Option<String>,
}

impl<S: Send + Sync, F: DeserializeOwned> FromRequest<S> for Post<F>
where
    OriginGuard: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        // The first line: what the browser says of where the request comes from.
        OriginGuard::from_ref(state)
            .check_headers(request.method(), request.uri(), request.headers())
            .map_err(|_| refused("This form belongs to another site."))?;
        let session = Session::<Account>::from_extensions(request.extensions())
            .ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        let RawForm(body) =
            RawForm::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        // The second: a token that only a page of this session holds.
        if !session.is_new() {
            let token = parse::<Token>(&body)
                .map_err(IntoResponse::into_response)?
                .csrf
                .unwrap_or_default();
            session
                .verify_csrf(&token)
                .map_err(|_| refused("This page is out of date: go back and load it again."))?;
        }
        parse(&body).map(Self).map_err(IntoResponse::into_response)
    }
}

fn parse<F: DeserializeOwned>(body: &[u8]) -> Result<F, StatusCode> {
    serde_urlencoded::from_bytes(body).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)
}

fn refused(text: &'static str) -> Response {
    (StatusCode::FORBIDDEN, text).into_response()
}
