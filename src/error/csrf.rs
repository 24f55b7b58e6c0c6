//! Why a request was refused.

use super::unseal::UnsealError;

/// Why a CSRF token was refused. Answer every reason with the same 403. The reason is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfError {
    /// No live session came with the request, so no token can belong to it.
    #[error("the request has no live session; show the form again")]
    NoSession,
    /// The request has no token where it was looked for.
    #[error(
        "no token came with the request: put `Session::csrf_token` into the form's field or the header"
    )]
    Missing,
    /// The token itself is not valid for any session.
    #[error("the token was refused: {0}")]
    Refused(#[from] UnsealError),
    /// The token belongs to another session. It may be this visitor's session before it was renewed
    /// or given a new id.
    #[error("the token belongs to another session, or to this one before its id changed")]
    OtherSession,
}

impl CsrfError {
    /// The class of the refusal, a word for metrics. It stays the same in later versions.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::Missing => "missing",
            Self::Refused(error) => error.class(),
            Self::OtherSession => "other_session",
        }
    }
}

/// Why [`OriginGuard`](crate::OriginGuard) refused a request. Answer every reason with the same
/// 403. The reason is for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignRequest {
    /// `Sec-Fetch-Site` is `cross-site` or an unknown value.
    #[error("Sec-Fetch-Site says that another site sent the request")]
    CrossSite,
    /// `Sec-Fetch-Site` is `same-site`: the request comes from a sibling host, another port or
    /// another scheme.
    #[error(
        "Sec-Fetch-Site says that another origin of the same site sent the request; if it may do so, add it with `OriginGuard::trust`"
    )]
    SameSite,
    /// There is no `Sec-Fetch-Site`, and `Origin` is neither the request's own nor trusted.
    #[error("Origin is neither the request's own nor trusted")]
    Origin,
    /// There is neither `Sec-Fetch-Site` nor `Origin`. No current browser sends such a request.
    #[error("neither Sec-Fetch-Site nor Origin came with the request")]
    NoHeaders,
}
