//! Requests as the `http` crate has them.

use http::{
    HeaderMap, Method, Uri,
    header::{ACCEPT, HeaderName, HeaderValue},
    uri::PathAndQuery,
};

use crate::http::local_path::Navigation;

/// What the guards ask of a request as the `http` crate has it.
pub(super) fn navigation<'a>(
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
) -> Navigation<'a> {
    let text = |name| headers.get(name).and_then(|value| HeaderValue::to_str(value).ok());
    Navigation {
        method: method.as_str(),
        mode: text(HeaderName::from_static("sec-fetch-mode")),
        accept: text(ACCEPT),
        target: uri.path_and_query().map_or("/", PathAndQuery::as_str),
    }
}
