//! The body of a response, which a layer may have to replace by an empty one.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a [`SessionService`](crate::SessionService)'s response. It is the body of the
    /// inner service, or empty if the session could not be sealed.
    #[derive(Debug, Clone)]
    pub struct SessionBody<B> {
        #[pin]
        inner: Option<B>,
    }
}

impl<B> SessionBody<B> {
    pub(super) fn of(inner: B) -> Self {
        Self { inner: Some(inner) }
    }

    /// The body of the inner service.
    pub fn get_ref(&self) -> Option<&B> {
        self.inner.as_ref()
    }

    /// The body of the inner service.
    pub fn into_inner(self) -> Option<B> {
        self.inner
    }
}

impl<B> Default for SessionBody<B> {
    fn default() -> Self {
        Self { inner: None }
    }
}

impl<B: Body> Body for SessionBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().inner.as_pin_mut() {
            Some(inner) => inner.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
