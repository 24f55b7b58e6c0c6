//! What a session costs a request, through the tower service.

use std::hint::black_box;

use http::{HeaderValue, Request};
use sealed_session::{Session, Sessions};
use tower_layer::Layer as _;

use crate::{
    measure::{Case, Table},
    payload::Account,
    service::{Answer, Handler, call, hello, with_extension},
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
