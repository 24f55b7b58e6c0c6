//! The heads of actix-web's requests, and a commit in the header maps of its responses.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, VARY},
    },
};

use crate::http::{
    answer::Answer,
    request::RequestHead,
    response::{Name, ResponseHeaders, write_failure},
};

impl RequestHead for HttpRequest {
    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn target(&self) -> Cow<'_, str> {
        self.uri().path_and_query().map_or("/", |target| target.as_str()).into()
    }

    fn values(&self, header: &str) -> impl Iterator<Item = &[u8]> {
        self.headers().get_all(header).map(HeaderValue::as_bytes)
    }
}

impl ResponseHeaders for HeaderMap {
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.get_all(header_name(name)).map(HeaderValue::as_bytes)
    }

    fn append(&mut self, name: Name, value: Vec<u8>) {
        let value = HeaderValue::try_from(value)
            .expect("name and attributes were checked when built, the value is base64url");
        HeaderMap::append(self, header_name(name), value);
    }

    fn append_static(&mut self, name: Name, value: &'static str) {
        HeaderMap::append(self, header_name(name), HeaderValue::from_static(value));
    }

    fn set_static(&mut self, name: Name, value: &'static str) {
        self.insert(header_name(name), HeaderValue::from_static(value));
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        let name = header_name(name);
        let kept: Vec<_> =
            HeaderMap::remove(self, &name).filter(|value| keep(value.as_bytes())).collect();
        for value in kept {
            HeaderMap::append(self, name.clone(), value);
        }
    }

    fn remove(&mut self, is_such: impl Fn(&str) -> bool) {
        let such: Vec<_> = self.keys().filter(|name| is_such(name.as_str())).cloned().collect();
        for name in such {
            HeaderMap::remove(self, name);
        }
    }
}

fn header_name(name: Name) -> HeaderName {
    match name {
        Name::SetCookie => SET_COOKIE,
        Name::CacheControl => CACHE_CONTROL,
        Name::Vary => VARY,
        Name::Registration => HeaderName::from_static(Name::REGISTRATION),
    }
}

/// An answer of ours.
pub(super) fn reply(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).expect("a status of this crate's");
    let mut response = HttpResponse::build(status);
    for header in answer.headers {
        response.append_header(header);
    }
    response.body(answer.body)
}

/// An empty 500 that replaces a response with these headers.
pub(super) fn failure(headers: &HeaderMap) -> HttpResponse {
    let mut failure = HttpResponse::InternalServerError().finish();
    write_failure(headers, failure.headers_mut());
    failure
}
