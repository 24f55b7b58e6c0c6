//! `Sessions` as actix-web middleware, and its extractors.

use std::{
    any::type_name,
    fmt,
    future::{Ready, ready},
    pin::Pin,
};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError,
    body::EitherBody,
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, VARY},
    },
};
use time::OffsetDateTime;

use crate::{
    adapters::shared::{Mounting, Mounts},
    events,
    http::{
        Commit,
        response::{Name, ResponseHeaders, write_failure},
    },
    session::{Existing, Session, SessionData},
    sessions::Sessions,
};

#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl<S, B, T> Transform<S, ServiceRequest> for Sessions<T>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: 'static,
    T: SessionData,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = SessionMiddleware<S, T>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(SessionMiddleware { inner, sessions: self.clone() }))
    }
}

/// The middleware that [`Sessions`] makes with `App::wrap`: hands each request
/// its session, and commits it when the response's head is ready, also where a
/// handler or an inner middleware returned an error.
///
/// A session that cannot be sealed turns the response into an empty 500 and
/// leaves the visitor's cookie as it is.
pub struct SessionMiddleware<S, T> {
    inner: S,
    sessions: Sessions<T>,
}

impl<S: fmt::Debug, T> fmt::Debug for SessionMiddleware<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, sessions } = self;
        f.debug_struct("SessionMiddleware")
            .field("inner", inner)
            .field("sessions", sessions)
            .finish()
    }
}

impl<S, B, T> Service<ServiceRequest> for SessionMiddleware<S, T>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: 'static,
    T: SessionData,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let session = self.sessions.exchange();
        let mounting = {
            let mut extensions = request.extensions_mut();
            if !extensions.contains::<Mounts>() {
                extensions.insert(Mounts::default());
            }
            extensions.get_mut::<Mounts>().expect("it was inserted").add(&session)
        };
        match mounting {
            Mounting::First => {
                request.extensions_mut().insert(Exchange(session.clone()));
                let response = self.inner.call(request);
                Box::pin(async move { commit(&session, response.await) })
            }
            Mounting::Again => {
                let response = self.inner.call(request);
                Box::pin(async move { response.await.map(ServiceResponse::map_into_left_body) })
            }
            Mounting::Clash => {
                let failure = failure(&HeaderMap::new()).map_into_right_body();
                Box::pin(ready(Ok(request.into_response(failure))))
            }
        }
    }
}

/// What the middleware puts beside a request: a session that nobody has asked for yet.
struct Exchange<T>(Session<T>);

impl<T: SessionData> Exchange<T> {
    fn session(&self, request: &HttpRequest) -> Session<T> {
        let cookies = request.headers().get_all(COOKIE).map(HeaderValue::as_bytes);
        self.0.attach(cookies, OffsetDateTime::now_utc);
        self.0.clone()
    }
}

fn commit<B, T: SessionData>(
    session: &Session<T>,
    response: Result<ServiceResponse<B>, Error>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match (response, session.finish()) {
        (Ok(mut response), Ok(commit)) => {
            commit.write_to(response.headers_mut());
            Ok(response.map_into_left_body())
        }
        (Ok(response), Err(_)) => {
            let failure = failure(response.headers()).map_into_right_body();
            Ok(response.into_response(failure))
        }
        // Outer middleware may look for the error's own type.
        (Err(error), Ok(commit)) if commit.is_empty() => Err(error),
        // There is no response yet: actix makes it later, outside this middleware.
        (Err(error), commit) => Err(CommittedError { error, commit: commit.ok() }.into()),
    }
}

/// An empty 500 in the place of a response with these headers.
fn failure(headers: &HeaderMap) -> HttpResponse {
    let mut failure = HttpResponse::InternalServerError().finish();
    write_failure(headers, failure.headers_mut());
    failure
}

/// The error of an inner middleware, with what its response has to say of the session.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct CommittedError {
    error: Error,
    /// `None` where the session could not be sealed.
    commit: Option<Commit>,
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

/// `Option<Session<T>>` is `None` only if no middleware is mounted, never for an anonymous visitor.
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl<T: SessionData> FromRequest for Session<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(session_of(request))
    }
}

/// Answers 401 to an anonymous visitor, `Option<Existing<T>>` is `None` for one.
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl<T: SessionData> FromRequest for Existing<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let unauthorized = || Refusal(StatusCode::UNAUTHORIZED).into();
        ready(session_of(request).and_then(|session| session.existing().ok_or_else(unauthorized)))
    }
}

fn session_of<T: SessionData>(request: &HttpRequest) -> Result<Session<T>, Error> {
    let extensions = request.extensions();
    match extensions.get::<Exchange<T>>() {
        Some(exchange) => Ok(exchange.session(request)),
        None => {
            events::missing(type_name::<T>());
            Err(Refusal(StatusCode::INTERNAL_SERVER_ERROR).into())
        }
    }
}

/// An answer without a body: the reason is in an event, not for the visitor.
#[derive(Debug, thiserror::Error)]
#[error("no session: {0}")]
struct Refusal(StatusCode);

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.0
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.0)
    }
}

impl ResponseHeaders for HeaderMap {
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.get_all(header_name(name)).map(HeaderValue::as_bytes)
    }

    fn append(&mut self, name: Name, value: Vec<u8>) {
        let value = HeaderValue::try_from(value)
            .expect("name and attributes were checked when built, the value is base64url");
        HeaderMap::append(self, header_name(name), value);
    }

    fn append_static(&mut self, name: Name, value: &'static str) {
        HeaderMap::append(self, header_name(name), HeaderValue::from_static(value));
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        let name = header_name(name);
        let kept: Vec<_> = self.remove(&name).filter(|value| keep(value.as_bytes())).collect();
        for value in kept {
            HeaderMap::append(self, name.clone(), value);
        }
    }
}

fn header_name(name: Name) -> HeaderName {
    match name {
        Name::SetCookie => SET_COOKIE,
        Name::CacheControl => CACHE_CONTROL,
        Name::Vary => VARY,
    }
}
