//! `Sessions` as a `tower` layer, for axum, hyper, tonic and other users of tower.
//!
//! Put a layer that catches panics inside this one, so that its response is committed too. A
//! response that an outer layer makes without calling this one carries no cookie, and neither does
//! an inner `Err`.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Extensions, HeaderMap, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    adapters::{body::SessionBody, mounts::mount, shared::Mounting},
    http::{answer::Answer, head::Head, response::write_failure},
    session::{Session, SessionData},
    sessions::Sessions,
};

#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
impl<S, T: SessionData> Layer<S> for Sessions<T> {
    type Service = SessionService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { inner, sessions: self.clone() }
    }
}

/// The service that [`Sessions`] makes as a [`Layer`]. It gives each request its session, and
/// commits it when the response's head is ready.
///
/// If the session cannot be sealed, the response becomes an empty 500, and the visitor's cookie
/// stays as it is.
pub struct SessionService<S, T> {
    inner: S,
    sessions: Sessions<T>,
}

impl<S: Clone, T> Clone for SessionService<S, T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), sessions: self.sessions.clone() }
    }
}

impl<S: fmt::Debug, T> fmt::Debug for SessionService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, sessions } = self;
        f.debug_struct("SessionService").field("inner", inner).field("sessions", sessions).finish()
    }
}

impl<S, T, B, R> Service<Request<B>> for SessionService<S, T>
where
    S: Service<Request<B>, Response = Response<R>>,
    T: SessionData,
{
    type Response = Response<SessionBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, T>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let state = match mount(&self.sessions, request.extensions_mut()) {
            Mounting::First => {
                let session = self.sessions.arrived(request.headers());
                let head = Head(request.method(), request.uri(), request.headers());
                match self.sessions.answer_now(&head, || &session) {
                    Some(answer) => State::Answer { answer: Some(answer) },
                    None => {
                        request.extensions_mut().insert(session.clone());
                        State::Commit { inner: self.inner.call(request), session }
                    }
                }
            }
            Mounting::Again => State::Pass { inner: self.inner.call(request) },
            Mounting::Clash => State::Clash,
        };
        ResponseFuture { state }
    }
}

pin_project! {
    /// The response of a [`SessionService`].
    pub struct ResponseFuture<F, T> {
        #[pin]
        state: State<F, T>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, T> {
        Commit { #[pin] inner: F, session: Session<T> },
        Pass { #[pin] inner: F },
        Answer { answer: Option<Answer> },
        Clash,
    }
}

impl<F, T> fmt::Debug for ResponseFuture<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<F, T, R, E> Future for ResponseFuture<F, T>
where
    F: Future<Output = Result<Response<R>, E>>,
    T: SessionData,
{
    type Output = Result<Response<SessionBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project().state.project() {
            StateProjection::Pass { inner } => Ok(ready!(inner.poll(cx))?.map(SessionBody::of)),
            StateProjection::Answer { answer } => {
                let answer = answer.take().expect("a future is not polled after its end");
                Ok(answer.into_response(SessionBody::of_text))
            }
            StateProjection::Clash => Ok(failure(&HeaderMap::new())),
            StateProjection::Commit { inner, session } => {
                let mut response = ready!(inner.poll(cx))?;
                Ok(match session.finish_into(response.headers_mut()) {
                    Ok(()) => response.map(SessionBody::of),
                    Err(_) => failure(response.headers()),
                })
            }
        })
    }
}

/// An empty 500 that replaces a response with these headers.
fn failure<B>(headers: &HeaderMap) -> Response<SessionBody<B>> {
    let mut failure = Response::new(SessionBody::default());
    *failure.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    write_failure(headers, failure.headers_mut());
    failure
}

impl<T: SessionData> Session<T> {
    /// Returns the session that a layer put into a request's extensions. `None` if no
    /// [`Sessions<T>`](Sessions) is mounted as a layer.
    ///
    /// Use it in services that are not axum handlers:
    /// `Session::from_extensions(request.extensions())`. Other readers of extensions find the
    /// session too, such as `Extension<Session<T>>` and warp's `ext`.
    #[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
    pub fn from_extensions(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }
}
