//! The guards as hoops of salvo's.

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use salvo_core::{Depot, FlowCtrl, Handler, Request, Response, async_trait, http::ParseError};

use super::token::{Ask, CsrfGuard, CsrfRejection};
use crate::{
    http::OriginGuard,
    session::{Session, SessionData},
};

/// A refused request gets a 403, with the [`ForeignRequest`](crate::ForeignRequest) in the
/// response's extensions, for a catcher to look at.
#[cfg_attr(docsrs, doc(cfg(feature = "salvo")))]
#[async_trait]
impl Handler for OriginGuard {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        flow: &mut FlowCtrl,
    ) {
        let verdict = self.check_headers(request.method(), request.uri(), request.headers());
        if let Err(reason) = verdict {
            response.status_code(StatusCode::FORBIDDEN);
            response.extensions.insert(reason);
            flow.skip_rest();
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "salvo")))]
#[async_trait]
impl<T: SessionData> Handler for CsrfGuard<T> {
    async fn handle(
        &self,
        request: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        flow: &mut FlowCtrl,
    ) {
        if let Err(rejection) = admit(self, request).await {
            let status = StatusCode::from_u16(rejection.status());
            response.status_code(status.expect("a status of this crate's"));
            response.extensions.insert(rejection);
            flow.skip_rest();
        }
    }
}

async fn admit<T: SessionData>(
    guard: &CsrfGuard<T>,
    request: &mut Request,
) -> Result<(), CsrfRejection> {
    let text = |name: &str| request.headers().get(name).map(HeaderValue::to_str);
    let text = |name: &str| text(name).map(Result::unwrap_or_default);
    let session = Session::from_extensions(request.extensions());
    let content_type = text(CONTENT_TYPE.as_str());
    match Ask::of(request.method().as_str(), text(guard.header_name()), content_type) {
        Ask::Pass => Ok(()),
        Ask::Header(token) => guard.verify(session.as_ref(), &token),
        Ask::Form => {
            let body = request.payload_with_max_size(guard.limit()).await;
            let body = body.map_err(|error| match error {
                ParseError::PayloadTooLarge => guard.too_large(),
                _ => CsrfRejection::Body,
            })?;
            guard.verify(session.as_ref(), guard.token_in(body))
        }
    }
}
