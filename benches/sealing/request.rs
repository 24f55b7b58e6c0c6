//! What a session costs a request, through the tower service.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use http::{HeaderValue, Request, Response, header::COOKIE};
use sealed_session::{Session, Sessions};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::{
    measure::{Case, Table},
    payload::Account,
};

pub(crate) fn compare(table: &Table, sessions: &Sessions<Account>, cookie: &str) {
    let cookie = HeaderValue::from_str(cookie).expect("a cookie is ASCII");
    let mounted = |handler: fn(Request<()>) -> Answer| sessions.layer(Handler(handler));
    // The lines that the session adds to the head: Vary and Cache-Control; Set-Cookie too.
    let lines = [hello, ask, read, write].map(|handler| call(mounted(handler), &cookie));
    assert_eq!(lines, [0, 0, 2, 3]);
    table.print(&[
        Case::new("Arc and extension, then the service", || call(Handler(with_extension), &cookie)),
        Case::new("the service alone", || call(Handler(hello), &cookie)),
        Case::new("session not looked at", || call(mounted(hello), &cookie)),
        Case::new("session asked for, not looked at", || call(mounted(ask), &cookie)),
        Case::new("session read", || call(mounted(read), &cookie)),
        Case::new("session written", || call(mounted(write), &cookie)),
    ]);
    crate::print_allocations("Arc and extension", || call(Handler(with_extension), &cookie));
    crate::print_allocations("session not looked at", || call(mounted(hello), &cookie));
}

type Answer = Ready<Result<Response<()>, Infallible>>;

/// The least service there is.
#[derive(Clone, Copy)]
struct Handler(fn(Request<()>) -> Answer);

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

fn hello(request: Request<()>) -> Answer {
    drop(black_box(request));
    ready(Ok(Response::new(())))
}

/// The least that a middleware which hands something to its handlers can do.
fn with_extension(mut request: Request<()>) -> Answer {
    let shared = Arc::new(0_u64);
    request.extensions_mut().insert(Arc::clone(&shared));
    let response = hello(request);
    drop(black_box(shared));
    response
}

fn ask(request: Request<()>) -> Answer {
    black_box(session_of(&request));
    hello(request)
}

fn read(request: Request<()>) -> Answer {
    black_box(session_of(&request).read().items.len());
    hello(request)
}

fn write(request: Request<()>) -> Answer {
    session_of(&request).write(|account| account.theme.push('!'));
    hello(request)
}

fn session_of(request: &Request<()>) -> Session<Account> {
    Session::from_extensions(request.extensions()).expect("the layer is mounted")
}

/// One request from its beginning to the head of its response, without a runtime.
fn call<S, R>(mut service: S, cookie: &HeaderValue) -> usize
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
