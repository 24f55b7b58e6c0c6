//! What handlers ask for in place of a session, and what they get where there is none.

use std::any::type_name;

use crate::{
    events,
    http::local_path::Navigation,
    session::{Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
};

/// A handler asks for a session, and no [`Sessions`](crate::Sessions) of its data type is
/// mounted. Answers 500. The remedy is in an event, and in debug builds in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no `Sessions<{data}>` is mounted: add one with `{remedy}`")]
pub struct MissingLayer {
    data: &'static str,
    remedy: &'static str,
}

impl MissingLayer {
    /// Tells of it in an event.
    pub(crate) fn of<T>(remedy: &'static str) -> Self {
        let data = type_name::<T>();
        events::missing(data, remedy);
        Self { data, remedy }
    }
}

/// Why there is no [`Existing`] session, or no [`SignedIn`] one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExistingRejection {
    /// The visitor is anonymous, or not signed in. Answers 401.
    #[error("no live session, or nobody is signed in")]
    Anonymous,
    /// As [`Anonymous`](Self::Anonymous), for a browser, which is sent to
    /// [the sign-in page](SignedInData::SIGN_IN_PAGE). Answers 303.
    #[error("nobody is signed in: sign in at {location}")]
    SignInAt {
        /// The sign-in page, with `next`.
        location: String,
    },
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
            Self::Anonymous => 401,
            Self::SignInAt { .. } => 303,
            Self::MissingLayer(_) => 500,
        }
    }

    /// Where the visitor is sent.
    pub(crate) fn location(&self) -> Option<&str> {
        match self {
            Self::SignInAt { location } => Some(location),
            _ => None,
        }
    }

    /// For the developer; for visitors it is empty.
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

/// What a handler may ask for in place of a session.
pub(crate) trait Guard: Sized {
    type Data: SessionData;

    const SIGN_IN_PAGE: Option<&'static str>;

    fn of(session: Session<Self::Data>) -> Option<Self>;

    /// The guard, or why there is none.
    fn admit(
        session: Session<Self::Data>,
        navigation: &Navigation<'_>,
    ) -> Result<Self, ExistingRejection> {
        Self::of(session).ok_or_else(|| {
            match Self::SIGN_IN_PAGE.and_then(|page| navigation.sign_in_at(page)) {
                Some(location) => ExistingRejection::SignInAt { location },
                None => ExistingRejection::Anonymous,
            }
        })
    }
}

impl<T: SessionData> Guard for Existing<T> {
    type Data = T;

    const SIGN_IN_PAGE: Option<&'static str> = None;

    fn of(session: Session<T>) -> Option<Self> {
        session.existing()
    }
}

impl<T: SignedInData> Guard for SignedIn<T> {
    type Data = T;

    const SIGN_IN_PAGE: Option<&'static str> = T::SIGN_IN_PAGE;

    fn of(session: Session<T>) -> Option<Self> {
        session.signed_in()
    }
}

/// A page that asks by itself is not sent elsewhere.
impl<T: SignedInData> Guard for SignedInPeek<T> {
    type Data = T;

    const SIGN_IN_PAGE: Option<&'static str> = None;

    fn of(session: Session<T>) -> Option<Self> {
        session.peek_signed_in()
    }
}

/// Implements an extractor for each guard, by a macro of the framework's.
macro_rules! for_each_guard {
    ($implement:ident) => {
        $implement!(Existing: SessionData);
        $implement!(SignedIn: SignedInData);
        $implement!(SignedInPeek: SignedInData);
    };
}
pub(crate) use for_each_guard;
