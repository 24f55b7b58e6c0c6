//! `Sessions` as poem middleware, and its extractors.

use std::fmt;

use http::{HeaderMap, StatusCode};
use poem::{
    Endpoint, Error, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result,
    error::ResponseError,
};

use crate::{
    adapters::{
        mounts::mount,
        rejection::{ExistingRejection, Guard as _, MissingLayer, for_each_guard},
        shared::Mounting,
    },
    http::{head::Head, response::write_failure},
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
    sessions::Sessions,
};

#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl<E: Endpoint, T: SessionData> Middleware<E> for Sessions<T> {
    type Output = SessionEndpoint<E, T>;

    fn transform(&self, inner: E) -> Self::Output {
        SessionEndpoint { inner, sessions: self.clone() }
    }
}

/// The endpoint that [`Sessions`] makes with `EndpointExt::with`. It gives each request its
/// session, and commits it when the response's head is ready, even if the inner endpoint returned
/// an error.
///
/// Such an error is replaced by an error with a response that carries the cookie. So catch errors
/// by their type inside this endpoint. If the session cannot be sealed, the response becomes an
/// empty 500, and the visitor's cookie stays as it is.
pub struct SessionEndpoint<E, T> {
    inner: E,
    sessions: Sessions<T>,
}

impl<E: fmt::Debug, T> fmt::Debug for SessionEndpoint<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, sessions } = self;
        f.debug_struct("SessionEndpoint").field("inner", inner).field("sessions", sessions).finish()
    }
}

impl<E: Endpoint, T: SessionData> Endpoint for SessionEndpoint<E, T> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        match mount(&self.sessions, request.extensions_mut()) {
            Mounting::First => {
                let session = self.sessions.arrived(request.headers());
                let head = Head(request.method(), request.original_uri(), request.headers());
                if let Some(answer) = self.sessions.answer_now(&head, || &session) {
                    let (head, body) = answer.into_response(|body| body).into_parts();
                    let mut response = Response::builder().status(head.status).body(body);
                    *response.headers_mut() = head.headers;
                    return Ok(response);
                }
                request.extensions_mut().insert(session.clone());
                let response = self.inner.call(request).await;
                commit(&session, response.map(IntoResponse::into_response))
            }
            Mounting::Again => self.inner.call(request).await.map(IntoResponse::into_response),
            Mounting::Clash => Ok(failure(&HeaderMap::new())),
        }
    }
}

fn commit<T: SessionData>(session: &Session<T>, response: Result<Response>) -> Result<Response> {
    match (response, session.finish()) {
        (Ok(mut response), Ok(commit)) => {
            commit.write_to(response.headers_mut());
            Ok(response)
        }
        // Outer middleware may look for the error's own type.
        (Err(error), Ok(commit)) if commit.is_empty() => Err(error),
        (Err(error), Ok(commit)) => {
            let mut response = error.into_response();
            commit.write_to(response.headers_mut());
            Err(Error::from_response(response))
        }
        (Ok(response), Err(_)) => Ok(failure(response.headers())),
        (Err(error), Err(_)) => Ok(failure(error.into_response().headers())),
    }
}

/// An empty 500 that replaces a response with these headers.
fn failure(headers: &HeaderMap) -> Response {
    let mut failure = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).finish();
    write_failure(headers, failure.headers_mut());
    failure
}

/// `Option<Session<T>>` is `None` only if no middleware is mounted, never for an anonymous visitor.
#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl<'a, T: SessionData> FromRequest<'a> for Session<T> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(session_of(request)?)
    }
}

macro_rules! extractor {
    ($guard:ident: $data:ident) => {
        /// Turns away visitors without such a session. As an `Option` it is `None` for them.
        #[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
        impl<'a, T: $data> FromRequest<'a> for $guard<T> {
            async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
                // Within a nested route the URI that came is another one.
                let uri = request.original_uri();
                let head = Head(request.method(), uri, request.headers());
                Ok(Self::admit(session_of(request)?, &head)?)
            }
        }
    };
}

for_each_guard!(extractor);

fn session_of<T: SessionData>(request: &Request) -> Result<Session<T>, ExistingRejection> {
    let missing = || MissingLayer::of::<T>("EndpointExt::with(sessions)");
    Session::from_extensions(request.extensions())
        .ok_or_else(|| ExistingRejection::MissingLayer(missing()))
}

#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl ResponseError for ExistingRejection {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).expect("a status of this crate's")
    }

    fn as_response(&self) -> Response {
        let response = Response::builder().status(ResponseError::status(self));
        match self.header() {
            Some((name, value)) => response.header(name, value),
            None => response,
        }
        .body(self.body())
    }
}
