//! `Sessions` as a hoop for salvo, and its extractors.

use http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION};
use salvo_core::{
    Depot, Extractible, FlowCtrl, Handler, Request, Response, Writer, async_trait,
    extract::Metadata, http::ResBody,
};

use crate::{
    adapters::{
        mounts::mount,
        rejection::{ExistingRejection, Guard as _, MissingLayer, for_each_guard},
        shared::Mounting,
    },
    http::{answer::Answer, head::Head, response::write_failure},
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
    sessions::Sessions,
};

/// Mounts as a hoop. It gives each request its session, and commits it when the later handlers are
/// done, even if one of them stopped the flow.
///
/// If the session cannot be sealed, the response becomes an empty 500, and the visitor's cookie
/// stays as it is.
#[cfg_attr(docsrs, doc(cfg(feature = "salvo")))]
#[async_trait]
impl<T: SessionData> Handler for Sessions<T> {
    async fn handle(
        &self,
        request: &mut Request,
        depot: &mut Depot,
        response: &mut Response,
        flow: &mut FlowCtrl,
    ) {
        match mount(self, request.extensions_mut()) {
            Mounting::First => {
                let session = self.arrived(request.headers());
                let head = Head(request.method(), request.uri(), request.headers());
                if let Some(answer) = self.answer_now(&head, || &session) {
                    reply(response, answer);
                    return flow.skip_rest();
                }
                request.extensions_mut().insert(session.clone());
                flow.call_next(request, depot, response).await;
                if let Some(SignInAt(location)) = response.extensions.remove() {
                    response.status_code(StatusCode::SEE_OTHER);
                    response.headers_mut().insert(LOCATION, location);
                }
                if session.finish_into(response.headers_mut()).is_err() {
                    fail(response);
                }
            }
            Mounting::Again => {}
            Mounting::Clash => {
                fail(response);
                flow.skip_rest();
            }
        }
    }
}

/// Puts an answer of ours in the place of a response.
fn reply(response: &mut Response, answer: Answer) {
    let (head, body) = answer.into_response(Vec::from).into_parts();
    response.set_headers(head.headers);
    response.status_code(head.status);
    response.replace_body(ResBody::Once(body.into()));
}

/// Replaces a response by an empty 500.
fn fail(response: &mut Response) {
    let mut headers = HeaderMap::new();
    write_failure(response.headers(), &mut headers);
    response.set_headers(headers);
    response.status_code(StatusCode::INTERNAL_SERVER_ERROR);
    // Not `None`: for that, a catcher would make a page.
    response.replace_body(ResBody::Once(Vec::new().into()));
}

#[cfg_attr(docsrs, doc(cfg(feature = "salvo")))]
impl<'ex, T: SessionData> Extractible<'ex> for Session<T> {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[expect(refining_impl_trait, reason = "callers may match on the rejection")]
    async fn extract(
        request: &'ex mut Request,
        _: &'ex mut Depot,
    ) -> Result<Self, ExistingRejection> {
        session_of(request)
    }
}

macro_rules! extractor {
    ($guard:ident: $data:ident) => {
        /// Turns away visitors without such a session.
        #[cfg_attr(docsrs, doc(cfg(feature = "salvo")))]
        impl<'ex, T: $data> Extractible<'ex> for $guard<T> {
            fn metadata() -> &'static Metadata {
                &METADATA
            }

            #[expect(refining_impl_trait, reason = "callers may match on the rejection")]
            async fn extract(
                request: &'ex mut Request,
                _: &'ex mut Depot,
            ) -> Result<Self, ExistingRejection> {
                let head = Head(request.method(), request.uri(), request.headers());
                Self::admit(session_of(request)?, &head)
            }
        }
    };
}

for_each_guard!(extractor);

fn session_of<T: SessionData>(request: &Request) -> Result<Session<T>, ExistingRejection> {
    let missing = || MissingLayer::of::<T>("Router::hoop(sessions)");
    Session::from_extensions(request.extensions())
        .ok_or_else(|| ExistingRejection::MissingLayer(missing()))
}

#[cfg_attr(docsrs, doc(cfg(feature = "salvo")))]
#[async_trait]
impl Writer for ExistingRejection {
    async fn write(self, _: &mut Request, _: &mut Depot, response: &mut Response) {
        // From an extractor, salvo keeps an error status, and turns everything else into a 400.
        let status = if self.status() == 303 { 401 } else { self.status() };
        response.status_code(StatusCode::from_u16(status).expect("a status of this crate's"));
        match self.header().map(|(name, value)| (name, value.parse())) {
            Some(("location", Ok(location))) => {
                response.extensions.insert(SignInAt(location));
            }
            Some((name, Ok(value))) => {
                response.headers_mut().insert(name, value);
            }
            _ => {}
        }
        // Without a body, a catcher makes a page.
        if !self.body().is_empty() {
            response.body(self.body());
        }
    }
}

/// Where the hoop redirects a visitor whom an extractor turned away.
#[derive(Clone)]
struct SignInAt(HeaderValue);

/// A session comes from no part of the request that salvo knows.
static METADATA: Metadata = Metadata::new("Session");
