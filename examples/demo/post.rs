//! Forms that change something: what a handler takes in, and the one check that all of them pass.

use axum::{
    extract::{FromRequest, RawForm, Request},
    http::{
        HeaderMap, StatusCode,
        header::{HOST, ORIGIN},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};

/// The fields of a form that this site's own page sent.
pub(crate) struct Post<F>(pub(crate) F);

/// Of a form that is a button and no more.
#[derive(Deserialize)]
pub(crate) struct NoFields {}

impl<S: Send + Sync, F: DeserializeOwned> FromRequest<S> for Post<F> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        check(request.headers()).map_err(IntoResponse::into_response)?;
        let RawForm(body) =
            RawForm::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        serde_urlencoded::from_bytes(&body)
            .map(Self)
            .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY.into_response())
    }
}

/// Refuses what another site makes a visitor's browser send. `SameSite=Lax`
/// keeps the cookie out of such requests too; this holds where a browser does
/// not, and for the sign-in form, which needs no cookie.
fn check(headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            origin.split_once("://").map(|(_, host)| host) == text(HOST.as_str())
        }
        // No browser: nobody's cookies are in danger.
        (None, None) => true,
    };
    match is_own {
        true => Ok(()),
        false => Err((StatusCode::FORBIDDEN, "this form belongs to another site")),
    }
}
