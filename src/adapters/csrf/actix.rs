//! The guards as actix-web middleware.

use std::{
    future::{Ready, ready},
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    Error, HttpMessage as _, HttpResponse, ResponseError,
    body::{BodyStream, EitherBody, to_bytes_limited},
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN, UPGRADE},
    },
};

use super::token::{Ask, CsrfGuard, CsrfRejection};
use crate::{
    adapters::actix::session_of,
    error::ForeignRequest,
    http::{OriginGuard, RequestSource},
    session::SessionData,
};

/// A service behind a guard.
#[derive(Debug)]
pub struct Guarded<S, G> {
    inner: Rc<S>,
    guard: Rc<G>,
}

/// A refused request gets an empty 403. The error of the response is the [`ForeignRequest`].
///
/// It is a response and not an `Err`, so that actix-web's `ErrorHandlers` see it.
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl<S, B> Transform<S, ServiceRequest> for OriginGuard
where
    B: 'static,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = Guarded<S, Self>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Guarded { inner: Rc::new(inner), guard: Rc::new(self.clone()) }))
    }
}

impl<S, B> Service<ServiceRequest> for Guarded<S, OriginGuard>
where
    B: 'static,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let host = request.uri().authority().map(actix_web::http::uri::Authority::as_str);
        let verdict = self.guard.check(&RequestSource {
            method: request.method().as_str(),
            sec_fetch_site: only(&request, "sec-fetch-site"),
            origin: only(&request, ORIGIN.as_str()),
            host: host.or_else(|| only(&request, HOST.as_str())),
            upgrade: only(&request, UPGRADE.as_str()),
        });
        match verdict {
            Ok(()) => {
                let response = self.inner.call(request);
                Box::pin(async move { response.await.map(ServiceResponse::map_into_left_body) })
            }
            Err(reason) => Box::pin(ready(Ok(refused(request, reason)))),
        }
    }
}

/// The error of a refused request's response is the [`CsrfRejection`].
///
/// It is a response and not an `Err`, so that actix-web's `ErrorHandlers` see it.
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl<S, B, T> Transform<S, ServiceRequest> for CsrfGuard<T>
where
    B: 'static,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    T: SessionData,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = Guarded<S, Self>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Guarded { inner: Rc::new(inner), guard: Rc::new(self.clone()) }))
    }
}

impl<S, B, T> Service<ServiceRequest> for Guarded<S, CsrfGuard<T>>
where
    B: 'static,
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    T: SessionData,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (inner, guard) = (Rc::clone(&self.inner), Rc::clone(&self.guard));
        Box::pin(async move {
            match admit(&guard, &mut request).await {
                Ok(()) => inner.call(request).await.map(ServiceResponse::map_into_left_body),
                Err(reason) => Ok(refused(request, reason)),
            }
        })
    }
}

async fn admit<T: SessionData>(
    guard: &CsrfGuard<T>,
    request: &mut ServiceRequest,
) -> Result<(), CsrfRejection> {
    let content_type = only(request, CONTENT_TYPE.as_str());
    let token = only(request, guard.header_name());
    match Ask::of(request.method().as_str(), token, content_type) {
        Ask::Pass => {}
        Ask::Header(token) => guard.verify(session_of(request.request()).as_ref(), &token)?,
        Ask::Form => {
            let body = BodyStream::new(request.take_payload());
            let body = to_bytes_limited(body, guard.limit()).await;
            let body = body.map_err(|_| guard.too_large())?.map_err(|_| CsrfRejection::Body)?;
            let session = session_of(request.request());
            guard.verify(session.as_ref(), guard.token_in(&body))?;
            request.set_payload(Payload::from(body));
        }
    }
    Ok(())
}

fn refused<B>(request: ServiceRequest, reason: impl Into<Error>) -> ServiceResponse<EitherBody<B>> {
    request.error_response(reason).map_into_right_body()
}

/// The value of a header that may come once; nothing that is ever right where it came otherwise.
fn only<'a>(request: &'a ServiceRequest, name: &str) -> Option<&'a str> {
    let mut values = request.headers().get_all(name);
    let value = values.next().map(HeaderValue::to_str)?.unwrap_or_default();
    Some(if values.next().is_none() { value } else { "" })
}

#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl ResponseError for ForeignRequest {
    fn status_code(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
impl ResponseError for CsrfRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).expect("a status of this crate's")
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
