//! What handlers can take instead of a session, and the errors if there is none.

use std::{any::type_name, fmt};

use crate::{
    events,
    http::request::{RequestHead, sign_in_at},
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
};

/// A handler asks for a session, but no [`Sessions`](crate::Sessions) of its data type is mounted.
/// Answers 500. The remedy is in an event, and in debug builds also in the body.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no `Sessions<{data}>` is mounted: add one with `{remedy}`")]
pub struct MissingLayer {
    data: &'static str,
    remedy: &'static str,
}

impl MissingLayer {
    /// Emits an event.
    pub(crate) fn of<T>(remedy: &'static str) -> Self {
        let data = type_name::<T>();
        events::missing(data, remedy);
        Self { data, remedy }
    }
}

impl fmt::Debug for MissingLayer {
    /// Names nothing in release builds: where nothing is mounted, warp shows it to visitors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match cfg!(debug_assertions) {
            true => fmt::Display::fmt(self, f),
            false => f.write_str("MissingLayer"),
        }
    }
}

/// Why there is no [`Existing`] session, no [`SignedIn`] one, or no [`Bearer`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExistingRejection {
    /// The visitor is anonymous, or not signed in. Answers 401.
    #[error("no live session, or nobody is signed in")]
    Anonymous,
    /// Like [`Anonymous`](Self::Anonymous), for a browser that opens a page. It is sent to [the
    /// sign-in page](SignedInData::SIGN_IN_PAGE). Answers 303.
    #[error("nobody is signed in: sign in at {location}")]
    SignInAt {
        /// The sign-in page, with `next`.
        location: String,
    },
    /// The request has no live token in its header. Answers 401, with `WWW-Authenticate: Bearer`.
    #[error("no live session in the request's header")]
    NoToken,
    /// No layer is mounted. Answers 500.
    #[error(transparent)]
    MissingLayer(MissingLayer),
}

impl ExistingRejection {
    #[cfg(any(
        feature = "actix-web",
        feature = "axum",
        feature = "poem",
        feature = "salvo",
        feature = "warp"
    ))]
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Anonymous | Self::NoToken => 401,
            Self::SignInAt { .. } => 303,
            Self::MissingLayer(_) => 500,
        }
    }

    /// The header of the response, name and value.
    pub(crate) fn header(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::SignInAt { location } => Some(("location", location)),
            // RFC 6750 section 3.
            Self::NoToken => Some(("www-authenticate", "Bearer")),
            _ => None,
        }
    }

    /// A message for the developer. Empty in release builds.
    #[cfg(any(
        feature = "actix-web",
        feature = "axum",
        feature = "poem",
        feature = "salvo",
        feature = "warp"
    ))]
    pub(crate) fn body(&self) -> String {
        match self {
            Self::MissingLayer(missing) if cfg!(debug_assertions) => missing.to_string(),
            _ => String::new(),
        }
    }
}

/// What a handler can take instead of a session.
pub(crate) trait Guard: Sized {
    type Data: SessionData;

    const SIGN_IN_PAGE: Option<&'static str> = None;

    fn of(session: Session<Self::Data>, head: &impl RequestHead) -> Option<Self>;

    /// For who is turned away, if not sent to the sign-in page.
    fn rejection() -> ExistingRejection {
        ExistingRejection::Anonymous
    }

    /// The guard, or why there is none.
    fn admit(
        session: Session<Self::Data>,
        head: &impl RequestHead,
    ) -> Result<Self, ExistingRejection> {
        Self::of(session, head).ok_or_else(|| {
            match Self::SIGN_IN_PAGE.and_then(|page| sign_in_at(head, page)) {
                Some(location) => ExistingRejection::SignInAt { location },
                None => Self::rejection(),
            }
        })
    }
}

impl<T: SessionData> Guard for Existing<T> {
    type Data = T;

    fn of(session: Session<T>, _: &impl RequestHead) -> Option<Self> {
        session.existing()
    }
}

impl<T: SignedInData> Guard for SignedIn<T> {
    type Data = T;

    const SIGN_IN_PAGE: Option<&'static str> = T::SIGN_IN_PAGE;

    fn of(session: Session<T>, _: &impl RequestHead) -> Option<Self> {
        session.signed_in()
    }
}

/// A request that a page makes by itself is not redirected.
impl<T: SignedInData> Guard for SignedInPeek<T> {
    type Data = T;

    fn of(session: Session<T>, _: &impl RequestHead) -> Option<Self> {
        session.peek_signed_in()
    }
}

impl<T: SessionData> Guard for Bearer<T> {
    type Data = T;

    fn of(session: Session<T>, head: &impl RequestHead) -> Option<Self> {
        session.bearer(head.values(session.token_header()))
    }

    fn rejection() -> ExistingRejection {
        ExistingRejection::NoToken
    }
}

/// Implements an extractor for each guard, with a macro of the framework's adapter.
macro_rules! for_each_guard {
    ($implement:ident) => {
        $implement!(Bearer: SessionData);
        $implement!(Existing: SessionData);
        $implement!(SignedIn: SignedInData);
        $implement!(SignedInPeek: SignedInData);
    };
}
pub(crate) use for_each_guard;
