//! What a middleware answers itself where sessions are bound to devices.

use crate::{
    http::{answer::Answer, request::RequestHead},
    session::{Session, SessionData},
    sessions::Sessions,
};

impl<T: SessionData> Sessions<T> {
    /// The answer to a request that is not the application's. Its session is asked for only if the request may be.
    #[cfg(feature = "bound")]
    pub(crate) fn answer_now<'s>(
        &self,
        head: &impl RequestHead,
        session: impl FnOnce() -> &'s Session<T>,
    ) -> Option<Answer> {
        self.answer(head, session, crate::platform::clock::Moment::now)
    }

    /// Every request is the application's.
    #[cfg(not(feature = "bound"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    #[inline]
    pub(crate) fn answer_now<'s>(
        &self,
        _: &impl RequestHead,
        _: impl FnOnce() -> &'s Session<T>,
    ) -> Option<Answer> {
        None
    }
}

impl Answer {
    /// As a response of the `http` crate's, with this body.
    #[cfg(feature = "tower")]
    pub(super) fn into_response<B>(self, body: impl FnOnce(String) -> B) -> http::Response<B> {
        let mut response = http::Response::new(body(self.body));
        *response.status_mut() =
            http::StatusCode::from_u16(self.status).expect("a status of this crate's");
        for (name, value) in self.headers {
            let value = http::HeaderValue::try_from(value).expect("visible ASCII");
            response.headers_mut().append(http::HeaderName::from_static(name), value);
        }
        response
    }
}
