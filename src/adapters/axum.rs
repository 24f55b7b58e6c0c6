//! Extractors for axum. Mount `Sessions` with `Router::layer`.

use std::{any::type_name, convert::Infallible};

use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::session::{Existing, Session, SessionData};

#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl<S: Sync, T: SessionData> FromRequestParts<S> for Session<T> {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        Self::from_extensions(&parts.extensions).ok_or(MissingLayer(type_name::<T>()))
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

#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl<S: Sync, T: SessionData> FromRequestParts<S> for Existing<T> {
    type Rejection = ExistingRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExistingRejection> {
        <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map_err(ExistingRejection::MissingLayer)?
            .ok_or(ExistingRejection::Anonymous)
    }
}

/// `None` means that the visitor is anonymous; without a layer it is a rejection.
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
impl<S: Sync, T: SessionData> OptionalFromRequestParts<S> for Existing<T> {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, MissingLayer> {
        let session = Session::from_extensions(&parts.extensions);
        session.map(Session::existing).ok_or(MissingLayer(type_name::<T>()))
    }
}

/// A handler asks for a session, and no [`Sessions`](crate::Sessions) of its
/// data type is mounted. Answers 500, with the remedy in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no session layer: add `.layer(sessions)` with a `Sessions<{0}>` to the router")]
pub struct MissingLayer(&'static str);

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

/// Why there is no [`Existing`] session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExistingRejection {
    /// The visitor is anonymous. Answers 401.
    #[error("no live session")]
    Anonymous,
    /// No layer is mounted. Answers 500.
    #[error(transparent)]
    MissingLayer(MissingLayer),
}

impl IntoResponse for ExistingRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Anonymous => StatusCode::UNAUTHORIZED.into_response(),
            Self::MissingLayer(missing) => missing.into_response(),
        }
    }
}
