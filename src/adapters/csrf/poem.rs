//! The guards as poem middleware.

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use poem::{
    Endpoint, Middleware, Request, Result,
    error::{ReadBodyError, ResponseError},
};

use super::token::{Ask, CsrfGuard, CsrfRejection};
use crate::{
    error::ForeignRequest,
    http::OriginGuard,
    session::{Session, SessionData},
};

/// A refused request is the error [`ForeignRequest`], which is an empty 403.
#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl<E: Endpoint> Middleware<E> for OriginGuard {
    type Output = Guarded<E, Self>;

    fn transform(&self, inner: E) -> Self::Output {
        Guarded { inner, guard: self.clone() }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl<E: Endpoint, T: SessionData> Middleware<E> for CsrfGuard<T> {
    type Output = Guarded<E, Self>;

    fn transform(&self, inner: E) -> Self::Output {
        Guarded { inner, guard: self.clone() }
    }
}

/// An endpoint behind a guard.
#[derive(Debug)]
pub struct Guarded<E, G> {
    inner: E,
    guard: G,
}

impl<E: Endpoint> Endpoint for Guarded<E, OriginGuard> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        let uri = request.original_uri();
        self.guard.check_headers(request.method(), uri, request.headers())?;
        self.inner.call(request).await
    }
}

impl<E: Endpoint, T: SessionData> Endpoint for Guarded<E, CsrfGuard<T>> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        let guard = &self.guard;
        let text = |name: &str| request.headers().get(name).map(HeaderValue::to_str);
        let text = |name: &str| text(name).map(std::result::Result::unwrap_or_default);
        let session = Session::from_extensions(request.extensions());
        let content_type = text(CONTENT_TYPE.as_str());
        match Ask::of(request.method().as_str(), text(guard.header_name()), content_type) {
            Ask::Pass => {}
            Ask::Header(token) => guard.verify(session.as_ref(), &token)?,
            Ask::Form => {
                let body = request.take_body().into_bytes_limit(guard.limit()).await;
                let body = body.map_err(|error| match error {
                    ReadBodyError::PayloadTooLarge => guard.too_large(),
                    _ => CsrfRejection::Body,
                })?;
                guard.verify(session.as_ref(), guard.token_in(&body))?;
                request.set_body(body);
            }
        }
        self.inner.call(request).await
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl ResponseError for ForeignRequest {
    fn status(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    fn as_response(&self) -> poem::Response {
        poem::Response::builder().status(StatusCode::FORBIDDEN).finish()
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl ResponseError for CsrfRejection {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16((*self).status()).expect("a status of this crate's")
    }

    fn as_response(&self) -> poem::Response {
        poem::Response::builder().status(ResponseError::status(self)).finish()
    }
}
