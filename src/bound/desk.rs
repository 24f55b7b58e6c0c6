//! What registration and refresh share.

use cookie::Cookie;

use crate::{
    error::UnsealError,
    events,
    http::answer::Answer,
    key_id::KeyId,
    platform::clock::Moment,
    session::SessionData,
    sessions::{Core, DeviceRules},
};

/// One request of the protocol, at one moment.
pub(super) struct Desk<'a, T> {
    pub(super) core: &'a Core<T>,
    pub(super) rules: &'a DeviceRules,
    pub(super) now: Moment,
    /// The greatest key id that was known when the request came. What was refused for want of a
    /// greater one may be good, also where its key has come meanwhile.
    pub(super) newest: KeyId,
}

impl<T: SessionData> Desk<'_, T> {
    /// Refuses the request. The reason is in an event; the sender is not told.
    pub(super) fn refuse(&self, status: u16, what: &str, reason: &str) -> Answer {
        events::device_refused(self.core.device_cookie_name(), what, &reason);
        empty(status)
    }

    /// The answer if a value cannot be read here. After a 503, a browser tries again.
    pub(super) fn unreadable(&self, status: u16, what: &str, error: &UnsealError) -> Answer {
        events::device_refused(self.core.device_cookie_name(), what, error);
        match error.is_passing(self.newest) {
            true => empty(503),
            false => empty(status),
        }
    }
}

/// An answer without a body, which no cache may store.
pub(super) fn empty(status: u16) -> Answer {
    Answer { status, headers: vec![("cache-control", "no-store".to_owned())], body: String::new() }
}

pub(super) fn json(value: &serde_json::Value) -> Answer {
    let mut answer = empty(200);
    answer.headers.push(("content-type", "application/json".to_owned()));
    answer.body = value.to_string();
    answer
}

pub(super) fn with_cookie(mut answer: Answer, cookie: &Cookie<'_>) -> Answer {
    answer.headers.push(("set-cookie", cookie.to_string()));
    answer
}
