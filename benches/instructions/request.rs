//! One request through the tower service, to a handler that does not touch its session, beside the
//! least that a middleware which hands something to its handlers can do.

use http::HeaderValue;
use tower_layer::Layer as _;

use crate::{
    payload::Account,
    service::{Handler, call, hello, with_extension},
};

pub(crate) fn cases() -> impl Iterator<Item = (String, usize, fn(usize))> {
    [("extension", extension as fn(usize)), ("untouched", untouched)]
        .into_iter()
        .map(|(name, run)| (format!("request-{name}"), 4, run))
}

fn extension(items: usize) {
    let cookie = cookie(items);
    crate::count(&|| call(Handler(with_extension), &cookie));
}

fn untouched(items: usize) {
    let cookie = cookie(items);
    let service = crate::sessions().layer(Handler(hello));
    crate::count(&|| call(service.clone(), &cookie));
}

/// A session of 300 bytes and a neighbour.
fn cookie(items: usize) -> HeaderValue {
    let cookie = crate::sessions().test_cookie(Account::with_items(items));
    HeaderValue::try_from(format!("theme=dark; {cookie}")).expect("a cookie is ASCII")
}
