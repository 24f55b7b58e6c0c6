//! The guards as `tower` layers.

use std::{
    fmt,
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::token::{Ask, CsrfGuard, CsrfRejection};
use crate::{
    adapters::body::SessionBody,
    error::ForeignRequest,
    http::OriginGuard,
    session::{Session, SessionData},
};

/// A refused request gets an empty 403, with the [`ForeignRequest`] in its extensions.
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
impl<S> Layer<S> for OriginGuard {
    type Service = OriginGuardService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OriginGuardService { inner, guard: self.clone() }
    }
}

/// The service that an [`OriginGuard`] makes as a [`Layer`].
#[derive(Debug, Clone)]
pub struct OriginGuardService<S> {
    inner: S,
    guard: OriginGuard,
}

impl<S, B, R> Service<Request<B>> for OriginGuardService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<SessionBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.guard.check_headers(request.method(), request.uri(), request.headers()) {
            Ok(()) => GuardFuture::Pass { inner: self.inner.call(request) },
            Err(reason) => GuardFuture::Refuse { reason },
        }
    }
}

pin_project! {
    /// The response of an [`OriginGuardService`].
    #[project = GuardProjection]
    #[derive(Debug)]
    #[doc(hidden)]
    pub enum GuardFuture<F> {
        Pass { #[pin] inner: F },
        Refuse { reason: ForeignRequest },
    }
}

impl<F, R, E> Future for GuardFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<SessionBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project() {
            GuardProjection::Pass { inner } => Ok(ready!(inner.poll(cx))?.map(SessionBody::of)),
            GuardProjection::Refuse { reason } => Ok(refusal(StatusCode::FORBIDDEN, *reason)),
        })
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
impl<S, T: SessionData> Layer<S> for CsrfGuard<T> {
    type Service = CsrfService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        CsrfService { inner, guard: self.clone() }
    }
}

/// The service that a [`CsrfGuard`] makes as a [`Layer`].
pub struct CsrfService<S, T> {
    inner: S,
    guard: CsrfGuard<T>,
}

impl<S: Clone, T> Clone for CsrfService<S, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), guard: self.guard.clone() }
    }
}

impl<S: fmt::Debug, T> fmt::Debug for CsrfService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, guard } = self;
        f.debug_struct("CsrfService").field("inner", inner).field("guard", guard).finish()
    }
}

impl<S, T, B, R> Service<Request<B>> for CsrfService<S, T>
where
    S: Service<Request<B>, Response = Response<R>, Future: Send> + Clone + Send + 'static,
    T: SessionData,
    B: Body<Data: Send> + From<Bytes> + Send + 'static,
{
    type Response = Response<SessionBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // Calls the service that was made ready.
        let fresh = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, fresh);
        let guard = self.guard.clone();
        Box::pin(async move {
            match admit(&guard, request).await {
                Ok(request) => Ok(inner.call(request).await?.map(SessionBody::of)),
                Err(rejection) => {
                    let status = StatusCode::from_u16(rejection.status());
                    Ok(refusal(status.expect("a status of this crate's"), rejection))
                }
            }
        })
    }
}

async fn admit<T: SessionData, B: Body + From<Bytes>>(
    guard: &CsrfGuard<T>,
    request: Request<B>,
) -> Result<Request<B>, CsrfRejection> {
    let session = Session::from_extensions(request.extensions());
    let ask = {
        let text = |name: &str| request.headers().get(name).map(HeaderValue::to_str);
        let text = |name: &str| text(name).map(Result::unwrap_or_default);
        let content_type = text(CONTENT_TYPE.as_str());
        Ask::of(request.method().as_str(), text(guard.header_name()), content_type)
    };
    match ask {
        Ask::Pass => Ok(request),
        Ask::Header(token) => guard.verify(session.as_ref(), &token).map(|()| request),
        Ask::Form => {
            let (parts, body) = request.into_parts();
            let body = collect(guard, body).await?;
            guard.verify(session.as_ref(), guard.token_in(&body))?;
            Ok(Request::from_parts(parts, body.into()))
        }
    }
}

async fn collect<T: SessionData, B: Body>(
    guard: &CsrfGuard<T>,
    body: B,
) -> Result<Bytes, CsrfRejection> {
    let mut body = pin!(body);
    let mut collected = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| CsrfRejection::Body)?;
        let Ok(mut data) = frame.into_data() else { continue };
        if guard.limit().saturating_sub(collected.len()) < data.remaining() {
            return Err(guard.too_large());
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            collected.extend_from_slice(chunk);
            let len = chunk.len();
            data.advance(len);
        }
    }
    Ok(collected.freeze())
}

/// An empty response that tells the application why.
fn refusal<R, E>(status: StatusCode, reason: E) -> Response<SessionBody<R>>
where
    E: Clone + Send + Sync + 'static,
{
    let mut response = Response::new(SessionBody::default());
    *response.status_mut() = status;
    response.extensions_mut().insert(reason);
    response
}
