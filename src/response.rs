//! The end of a request: what a commit means for the response's headers,
//! whichever crate's type these have. What all adapters share.

use cookie::Cookie;
use time::OffsetDateTime;

use crate::{
    error::SealError,
    session::{Session, SessionData},
    sessions::{Commit, Sessions},
};

/// The headers of a response. Names are in lower case.
pub(crate) trait ResponseHeaders {
    /// The values of a header, in order.
    fn values(&self, name: &'static str) -> impl Iterator<Item = &[u8]>;

    /// Adds a value behind those that are there.
    fn append(&mut self, name: &'static str, value: String);

    /// Removes the values that are not to be kept; the order of the others stays.
    fn retain(&mut self, name: &'static str, keep: impl Fn(&[u8]) -> bool);
}

/// The headers that a response keeps when it becomes an error because its
/// session could not be sealed: the cookies of other sessions, and what goes with them.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) const KEPT_ON_FAILURE: [&str; 3] = [SET_COOKIE, CACHE_CONTROL, VARY];

const SET_COOKIE: &str = "set-cookie";
const CACHE_CONTROL: &str = "cache-control";
const VARY: &str = "vary";

impl<T: SessionData> Sessions<T> {
    /// Commits a session now, if anybody asked for it, and tells of a failure;
    /// the headers are left as they were then.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn finish(
        &self,
        session: &Session<T>,
        headers: &mut impl ResponseHeaders,
    ) -> Result<(), SealError> {
        if !session.is_attached() {
            return Ok(());
        }
        self.commit_into(session, headers, OffsetDateTime::now_utc())
            .inspect_err(|error| crate::events::commit_failed(self.cookie_name(), error))
    }

    pub(crate) fn commit_into(
        &self,
        session: &Session<T>,
        headers: &mut impl ResponseHeaders,
        now: OffsetDateTime,
    ) -> Result<(), SealError> {
        self.commit_at(session, now)?.write_to(headers);
        Ok(())
    }
}

impl Commit {
    pub(crate) fn write_to(&self, headers: &mut impl ResponseHeaders) {
        for cookie in self.cookies() {
            // A browser would keep only the later of the two, so they are not sent both.
            if headers.values(SET_COOKIE).any(|value| is_twin(cookie, value)) {
                headers.retain(SET_COOKIE, |value| !is_twin(cookie, value));
            }
            headers.append(SET_COOKIE, cookie.to_string());
        }
        if self.sets_cookies() {
            headers.retain(CACHE_CONTROL, |_| false);
            headers.append(CACHE_CONTROL, "no-store".to_owned());
        }
        if self.depends_on_cookie() && !headers.values(VARY).any(names_cookie) {
            headers.append(VARY, "cookie".to_owned());
        }
    }
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
