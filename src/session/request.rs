//! What a request brought, for its session to look at.

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
use std::sync::OnceLock;

use super::opened::Candidates;
#[cfg(feature = "tower")]
use crate::http::header_map::CookieHeaders;
use crate::platform::clock::Moment;
#[cfg(feature = "tower")]
use crate::platform::clock::Reading;

/// What a request brought.
pub(super) enum Request {
    Collected {
        candidates: Candidates,
        arrived_at: Moment,
    },
    /// The headers as they came. Most requests ask for no session, and must not pay for a search.
    /// What is found is boxed, because a session is copied when it is built.
    #[cfg(feature = "tower")]
    Kept {
        headers: CookieHeaders,
        collected: OnceLock<Box<Candidates>>,
        arrived_at: Reading,
    },
}

impl Request {
    #[cfg(feature = "tower")]
    #[inline]
    pub(super) fn kept(headers: CookieHeaders, arrived_at: Reading) -> Self {
        Self::Kept { headers, collected: OnceLock::new(), arrived_at }
    }

    /// The values that may be sessions. `collect` gets the headers in which nobody has looked so
    /// far, and the time when they came (Unix seconds).
    #[cfg_attr(not(feature = "tower"), expect(unused_variables, reason = "they are collected"))]
    pub(super) fn candidates(&self, collect: impl Fn(&[u8], u64, &mut Candidates)) -> &Candidates {
        match self {
            Self::Collected { candidates, .. } => candidates,
            #[cfg(feature = "tower")]
            Self::Kept { headers, collected, .. } => collected.get_or_init(|| {
                let mut candidates = Box::<Candidates>::default();
                let loaded_at = self.loaded_at().seconds();
                headers.iter().for_each(|header| collect(header, loaded_at, &mut candidates));
                candidates
            }),
        }
    }

    pub(super) fn loaded_at(&self) -> Moment {
        match self {
            Self::Collected { arrived_at, .. } => *arrived_at,
            #[cfg(feature = "tower")]
            Self::Kept { arrived_at, .. } => arrived_at.moment(),
        }
    }

    /// The time that the caller gave.
    pub(super) fn given_time(&self) -> Option<Moment> {
        match self {
            Self::Collected { arrived_at, .. } => arrived_at.given(),
            #[cfg(feature = "tower")]
            Self::Kept { .. } => None,
        }
    }
}

/// Where a session finds its request.
pub(super) enum Attachment {
    /// It is attached when a handler asks for the session.
    #[cfg(any(feature = "actix-web", feature = "rocket"))]
    Later(OnceLock<Request>),
    /// The application loaded the session.
    Loaded(Request),
    /// A layer made the session for the request that it was given.
    #[cfg(feature = "tower")]
    Layer(Request),
}

impl Attachment {
    #[cfg_attr(
        not(any(feature = "actix-web", feature = "rocket")),
        expect(clippy::unnecessary_wraps, reason = "one that is attached later may be missing")
    )]
    #[inline]
    pub(super) fn get(&self) -> Option<&Request> {
        match self {
            #[cfg(any(feature = "actix-web", feature = "rocket"))]
            Self::Later(request) => request.get(),
            Self::Loaded(request) => Some(request),
            #[cfg(feature = "tower")]
            Self::Layer(request) => Some(request),
        }
    }
}
