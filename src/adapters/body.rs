//! The body of a response, which a layer may have to replace by an empty one.

use std::{
    any::Any,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a [`SessionService`](crate::SessionService)'s response. It is the body of the
    /// inner service, or empty if the session could not be sealed.
    #[derive(Debug, Clone)]
    pub struct SessionBody<B> {
        #[pin]
        inner: Option<B>,
        own: Option<Bytes>,
    }
}

impl<B> SessionBody<B> {
    pub(super) fn of(inner: B) -> Self {
        Self { inner: Some(inner), own: None }
    }

    /// A text of ours. It needs a `Data` of `Bytes`, as all known frameworks have it.
    pub(super) fn of_text(text: String) -> Self {
        Self { inner: None, own: Some(text.into()) }
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
        Self { inner: None, own: None }
    }
}

impl<B: Body<Data: 'static>> Body for SessionBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let projection = self.project();
        match projection.inner.as_pin_mut() {
            Some(inner) => inner.poll_frame(cx),
            None => Poll::Ready(projection.own.take().and_then(data_of).map(Frame::data).map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.own.is_none() && self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let own = || {
            let own = self.own.clone().and_then(data_of::<B::Data>);
            SizeHint::with_exact(own.map_or(0, |data| data.remaining().try_into().unwrap_or(0)))
        };
        self.inner.as_ref().map_or_else(own, Body::size_hint)
    }
}

/// Bytes as another type of data, if that is the same type.
fn data_of<D: 'static>(bytes: Bytes) -> Option<D> {
    let mut data = Some(bytes);
    (&mut data as &mut dyn Any).downcast_mut::<Option<D>>()?.take()
}
