//! The end of a request: what a commit means for the response's headers,
//! whichever crate's type these have. What all adapters share.

use std::io::Write as _;

use cookie::Cookie;

use crate::http::Commit;

/// The headers that a commit writes. Each crate has names of its own for them: to look
/// one up by its text costs more than to look into the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    SetCookie,
    CacheControl,
    Vary,
}

/// The headers of a response.
pub(crate) trait ResponseHeaders {
    /// The values of a header, in order.
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]>;

    /// Adds a value behind those that are there.
    fn append(&mut self, name: Name, value: Vec<u8>);

    /// [`append`](Self::append), of a text that need not be copied.
    fn append_static(&mut self, name: Name, value: &'static str);

    /// Removes the values that are not to be kept; the order of the others stays.
    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool);
}

impl Commit {
    pub(crate) fn write_to(&self, headers: &mut impl ResponseHeaders) {
        for cookie in self.cookies() {
            // A browser would keep only the later of the two, so they are not sent both.
            if headers.values(Name::SetCookie).any(|value| is_twin(cookie, value)) {
                headers.retain(Name::SetCookie, |value| !is_twin(cookie, value));
            }
            headers.append(Name::SetCookie, text(cookie));
        }
        if self.forbids_storing() {
            headers.retain(Name::CacheControl, |_| false);
            headers.append_static(Name::CacheControl, "no-store");
        }
        if self.depends_on_cookie() && !headers.values(Name::Vary).any(names_cookie) {
            headers.append_static(Name::Vary, "cookie");
        }
    }
}

/// With room for all of it from the start: growing step by step costs more than formatting.
fn text(cookie: &Cookie<'_>) -> Vec<u8> {
    let mut text = Vec::with_capacity(cookie.value().len().saturating_add(ATTRIBUTES_LEN));
    write!(text, "{cookie}").expect("a vector takes everything");
    text
}

/// The headers of an error that takes the place of a response whose session
/// could not be sealed: the cookies of others are kept, and nobody stores it.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) fn write_failure(response: &impl ResponseHeaders, failure: &mut impl ResponseHeaders) {
    for cookie in response.values(Name::SetCookie) {
        failure.append(Name::SetCookie, cookie.to_vec());
    }
    failure.append_static(Name::CacheControl, "no-store");
}

/// Whether a Set-Cookie is kept by browsers in the same place as `cookie`.
fn is_twin(cookie: &Cookie<'_>, value: &[u8]) -> bool {
    let twin = str::from_utf8(value).ok().and_then(|text| Cookie::parse(text).ok());
    twin.is_some_and(|twin| {
        twin.name() == cookie.name()
            && twin.path() == cookie.path()
            && twin.domain() == cookie.domain()
            && twin.partitioned() == cookie.partitioned()
    })
}

/// Whether a value of Vary covers the Cookie header.
fn names_cookie(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(b"cookie"))
}

/// What name and attributes mostly take beside the value.
const ATTRIBUTES_LEN: usize = 128;
