//! Extractors for axum. Mount `Sessions` with `Router::layer`.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::{
    adapters::rejection::{ExistingRejection, Guard as _, MissingLayer, for_each_guard},
    http::head::Head,
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
};

#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl<S: Sync, T: SessionData> FromRequestParts<S> for Session<T> {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        Self::from_extensions(&parts.extensions).ok_or_else(|| MissingLayer::of::<T>(REMEDY))
    }
}

/// `None` means that no layer is mounted, never that the visitor is anonymous.
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl<S: Sync, T: SessionData> OptionalFromRequestParts<S> for Session<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::from_extensions(&parts.extensions))
    }
}

macro_rules! extractor {
    ($guard:ident: $data:ident) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
        impl<S: Sync, T: $data> FromRequestParts<S> for $guard<T> {
            type Rejection = ExistingRejection;

            async fn from_request_parts(
                parts: &mut Parts,
                _: &S,
            ) -> Result<Self, ExistingRejection> {
                let session = Session::from_extensions(&parts.extensions);
                let missing = || ExistingRejection::MissingLayer(MissingLayer::of::<T>(REMEDY));
                let session = session.ok_or_else(missing)?;
                Self::admit(session, &head(parts))
            }
        }

        /// `None` means that the visitor has no such session. If no layer is mounted, it is a
        /// rejection.
        #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
        impl<S: Sync, T: $data> OptionalFromRequestParts<S> for $guard<T> {
            type Rejection = MissingLayer;

            async fn from_request_parts(
                parts: &mut Parts,
                _: &S,
            ) -> Result<Option<Self>, MissingLayer> {
                let session = Session::from_extensions(&parts.extensions);
                let head = head(parts);
                let guard = session.map(|session| Self::of(session, &head));
                guard.ok_or_else(|| MissingLayer::of::<T>(REMEDY))
            }
        }
    };
}

for_each_guard!(extractor);

/// With the address as the visitor knows it: `Router::nest` cuts the one in the request.
fn head(parts: &Parts) -> Head<'_> {
    let uri = parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri);
    Head(&parts.method, uri, &parts.headers)
}

#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        ExistingRejection::MissingLayer(self).into_response()
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl IntoResponse for ExistingRejection {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).expect("a status of this crate's");
        match self.header() {
            Some(header) => (status, [header]).into_response(),
            None if self.body().is_empty() => status.into_response(),
            None => (status, self.body()).into_response(),
        }
    }
}

const REMEDY: &str = "Router::layer(sessions)";
