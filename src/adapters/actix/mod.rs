//! `Sessions` as actix-web middleware, and its extractors.

mod committed;
mod headers;

use std::{
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
        header::{COOKIE, HeaderMap, HeaderValue},
    },
};

use self::{
    committed::CommittedError,
    headers::{failure, reply},
};
use crate::{
    adapters::{
        rejection::{ExistingRejection, Guard as _, MissingLayer, for_each_guard},
        shared::{Mounting, Mounts},
    },
    platform::clock::Reading,
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
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

/// The middleware that [`Sessions`] makes with `App::wrap`. It gives each request its session, and
/// commits it when the response's head is ready, even if a handler or an inner middleware returned
/// an error.
///
/// If the session cannot be sealed, the response becomes an empty 500, and the visitor's cookie
/// stays as it is.
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
        let mounting = {
            let mut extensions = request.extensions_mut();
            if !extensions.contains::<Mounts>() {
                extensions.insert(Mounts::default());
            }
            extensions.get_mut::<Mounts>().expect("it was inserted").add(self.sessions.identity())
        };
        match mounting {
            Mounting::First => {
                let session = self.sessions.exchange();
                let exchange = Exchange { session: session.clone(), arrived: Reading::now() };
                let attached = || {
                    exchange.session(request.request());
                    &session
                };
                if let Some(answer) = self.sessions.answer_now(request.request(), attached) {
                    let answer = reply(answer).map_into_right_body();
                    return Box::pin(ready(Ok(request.into_response(answer))));
                }
                request.extensions_mut().insert(exchange);
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

/// What the middleware puts beside a request: a session that no handler has asked for yet.
struct Exchange<T> {
    session: Session<T>,
    arrived: Reading,
}

impl<T: SessionData> Exchange<T> {
    fn session(&self, request: &HttpRequest) -> Session<T> {
        let cookies = request.headers().get_all(COOKIE).map(HeaderValue::as_bytes);
        self.session.attach(cookies, || self.arrived);
        self.session.clone()
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

/// `Option<Session<T>>` is `None` only if no middleware is mounted, never for an anonymous visitor.
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl<T: SessionData> FromRequest for Session<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(session_or_error(request))
    }
}

macro_rules! extractor {
    ($guard:ident: $data:ident) => {
        /// Turns away visitors without such a session. As an `Option` it is `None` for them.
        #[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
        impl<T: $data> FromRequest for $guard<T> {
            type Error = Error;
            type Future = Ready<Result<Self, Error>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let admit = |session| Ok(Self::admit(session, request)?);
                ready(session_or_error(request).and_then(admit))
            }
        }
    };
}

for_each_guard!(extractor);

pub(super) fn session_of<T: SessionData>(request: &HttpRequest) -> Option<Session<T>> {
    request.extensions().get::<Exchange<T>>().map(|exchange| exchange.session(request))
}

fn session_or_error<T: SessionData>(request: &HttpRequest) -> Result<Session<T>, Error> {
    session_of(request).ok_or_else(|| {
        let missing = MissingLayer::of::<T>("App::wrap(sessions)");
        ExistingRejection::MissingLayer(missing).into()
    })
}

#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl ResponseError for ExistingRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).expect("a status of this crate's")
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(header) = self.header() {
            response.insert_header(header);
        }
        match self.body() {
            body if body.is_empty() => response.finish(),
            body => response.body(body),
        }
    }
}
