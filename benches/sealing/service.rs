//! A tower service that does next to nothing, and one request to it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use http::{HeaderValue, Request, Response, header::COOKIE};
use tower_service::Service;

pub(crate) type Answer = Ready<Result<Response<()>, Infallible>>;

/// The least service there is.
#[derive(Clone, Copy)]
pub(crate) struct Handler(pub(crate) fn(Request<()>) -> Answer);

impl Service<Request<()>> for Handler {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Answer {
        (self.0)(request)
    }
}

pub(crate) fn hello(request: Request<()>) -> Answer {
    drop(black_box(request));
    ready(Ok(Response::new(())))
}

/// The least that a middleware which hands something to its handlers can do.
pub(crate) fn with_extension(mut request: Request<()>) -> Answer {
    let shared = Arc::new(0_u64);
    request.extensions_mut().insert(Arc::clone(&shared));
    let response = hello(request);
    drop(black_box(shared));
    response
}

/// One request from its beginning to the head of its response, without a runtime.
pub(crate) fn call<S, R>(mut service: S, cookie: &HeaderValue) -> usize
where
    S: Service<Request<()>, Response = Response<R>, Error = Infallible>,
{
    let mut request = Request::new(());
    request.headers_mut().insert(COOKIE, cookie.clone());
    let response = pin!(service.call(request));
    match response.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response.headers().len(),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("nothing waits"),
    }
}
