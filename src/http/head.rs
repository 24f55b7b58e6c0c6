//! Requests as the `http` crate has them.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, Method, Uri, uri::PathAndQuery};

use super::request::RequestHead;

/// What the guards ask of a request as the `http` crate has it.
pub(crate) struct Head<'a>(pub(crate) &'a Method, pub(crate) &'a Uri, pub(crate) &'a HeaderMap);

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.0.as_str()
    }

    fn target(&self) -> Cow<'_, str> {
        self.1.path_and_query().map_or("/", PathAndQuery::as_str).into()
    }

    fn values(&self, header: &str) -> impl Iterator<Item = &[u8]> {
        self.2.get_all(header).into_iter().map(HeaderValue::as_bytes)
    }
}
