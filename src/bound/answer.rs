//! The entry point, for adapters and for callers without one.

use std::borrow::Cow;

use time::OffsetDateTime;

use super::{arrival, desk::Desk};
use crate::{
    http::{answer::Answer, request::RequestHead},
    platform::clock::Moment,
    session::{Session, SessionData},
    sessions::{Sessions, Step},
};

/// The parts of a request that device binding needs.
#[derive(Debug, Clone, Copy)]
pub struct DeviceRequest<'a> {
    /// The method, as in `POST`.
    pub method: &'a str,
    /// Path and query, as in `/orders?page=2`.
    pub target: &'a str,
    /// Names and values of the headers. The case of names does not matter.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl RequestHead for DeviceRequest<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn target(&self) -> Cow<'_, str> {
        self.target.into()
    }

    fn values(&self, header: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
        named.map(|(_, value)| *value)
    }
}

/// An answer to send instead of the application's.
#[derive(Debug, Clone)]
#[must_use = "send it, and nothing of the application's"]
pub struct DeviceAnswer(Answer);

impl DeviceAnswer {
    /// The status, such as 200.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The headers: names in lower case, and values. Set-Cookie is among them.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The body, which is text.
    pub fn body(&self) -> &str {
        &self.0.body
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "bound")))]
impl<T: SessionData> Sessions<T> {
    /// Answers a browser's request to bind a session to its device, or to prove the device. `None`
    /// for every other request: let the application handle it. Pass the session that was loaded
    /// from the same request. The middleware of a framework calls this by itself.
    ///
    /// ```
    /// use sealed_session::{Bound, DeviceRequest, KeyRing, Sessions};
    ///
    /// let sessions =
    ///     Sessions::<u32>::builder(KeyRing::ephemeral()?).bound(Bound::new()).build()?;
    /// let mut request =
    ///     DeviceRequest { method: "POST", target: "/session-binding/session/refresh", headers: &[] };
    /// let session = sessions.load([""]); // the request's Cookie headers
    /// let answer = sessions.answer_device(&session, &request).unwrap();
    /// assert_eq!(answer.status(), 400); // no browser sends it without an identifier
    ///
    /// request.target = "/";
    /// assert!(sessions.answer_device(&session, &request).is_none());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn answer_device(
        &self,
        session: &Session<T>,
        request: &DeviceRequest<'_>,
    ) -> Option<DeviceAnswer> {
        self.answer(request, || session, Moment::now).map(DeviceAnswer)
    }

    /// Like [`answer_device`](Self::answer_device), at a given time.
    pub fn answer_device_at(
        &self,
        session: &Session<T>,
        request: &DeviceRequest<'_>,
        now: OffsetDateTime,
    ) -> Option<DeviceAnswer> {
        self.answer(request, || session, || now.into()).map(DeviceAnswer)
    }

    /// [`answer_device`](Self::answer_device) for adapters. Asks for the session only if it is
    /// needed.
    pub(crate) fn answer<'s>(
        &self,
        head: &impl RequestHead,
        session: impl FnOnce() -> &'s Session<T>,
        clock: impl FnOnce() -> Moment,
    ) -> Option<Answer> {
        let rules = self.core().device_rules()?;
        let target = head.target();
        let path = target.split('?').next().unwrap_or_default();
        let desk =
            |now| Desk { core: self.core(), rules, now, newest: self.core().newest_key_id() };
        match head.method() {
            "POST" => rules.step(path).map(|step| match step {
                Step::Registration => desk(clock()).register(head, session()),
                Step::Refresh => desk(clock()).refresh(head, session()),
            }),
            "GET" if arrival::is_from_elsewhere(head) => arrival::answer(session(), &target),
            _ => None,
        }
    }
}
