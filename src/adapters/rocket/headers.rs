//! The heads of Rocket's requests, and a commit in those of its responses.

use std::{borrow::Cow, io::Cursor};

use rocket::{
    Request, Response,
    http::{Header, HeaderMap, Status},
};

use crate::http::{
    answer::Answer,
    request::RequestHead,
    response::{Name, ResponseHeaders},
};

impl RequestHead for Request<'_> {
    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn target(&self) -> Cow<'_, str> {
        self.uri().to_string().into()
    }

    fn values(&self, header: &str) -> impl Iterator<Item = &[u8]> {
        self.headers().get(header).map(str::as_bytes)
    }
}

/// An answer of ours.
pub(super) fn reply<'r>(answer: &Answer) -> Response<'r> {
    let mut response = Response::build();
    response.status(Status::new(answer.status));
    for (name, value) in &answer.headers {
        response.raw_header_adjoin(*name, value.clone());
    }
    let body = answer.body.clone().into_bytes();
    response.sized_body(body.len(), Cursor::new(body)).finalize()
}

pub(super) struct Headers<'a, 'r>(pub(super) &'a mut Response<'r>);

impl Headers<'_, '_> {
    fn owned(&self, name: &str) -> Vec<String> {
        self.map().get(name).map(str::to_owned).collect()
    }

    fn map(&self) -> &HeaderMap<'_> {
        self.0.headers()
    }
}

impl ResponseHeaders for Headers<'_, '_> {
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.map().get(header_name(name)).map(str::as_bytes)
    }

    fn append(&mut self, name: Name, value: Vec<u8>) {
        let value = String::from_utf8_lossy(&value).into_owned();
        self.0.adjoin_header(Header::new(header_name(name), value));
    }

    fn append_static(&mut self, name: Name, value: &'static str) {
        self.0.adjoin_header(Header::new(header_name(name), value));
    }

    fn set_static(&mut self, name: Name, value: &'static str) {
        self.0.set_header(Header::new(header_name(name), value));
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        let kept = self.owned(header_name(name));
        self.0.remove_header(header_name(name));
        for value in kept.into_iter().filter(|value| keep(value.as_bytes())) {
            self.append(name, value.into());
        }
    }

    fn remove(&mut self, is_such: impl Fn(&str) -> bool) {
        let names = self.map().iter().map(|header| header.name().as_str().to_owned());
        let such: Vec<_> = names.filter(|name| is_such(name)).collect();
        for name in such {
            self.0.remove_header(&name);
        }
    }
}

const fn header_name(name: Name) -> &'static str {
    match name {
        Name::SetCookie => "set-cookie",
        Name::CacheControl => "cache-control",
        Name::Vary => "vary",
        Name::Registration => Name::REGISTRATION,
    }
}
