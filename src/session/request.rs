//! What a request brought, for its session to look at.

use std::sync::OnceLock;

use time::OffsetDateTime;

use super::opened::Candidates;
#[cfg(feature = "tower")]
use crate::http::header_map::CookieHeaders;
use crate::platform::clock::Reading;

/// What a request brought.
pub(super) struct Request {
    cookies: Cookies,
    arrival: Arrival,
}

/// When a request came.
#[derive(Clone, Copy)]
pub(super) enum Arrival {
    /// The caller gave the time, so the clock is never read.
    Given(OffsetDateTime),
    Read(Reading),
}

enum Cookies {
    Collected(Candidates),
    /// As they came. Most requests ask for no session, and must not pay for a search. Boxed, because
    /// a session is copied when it is built.
    #[cfg(feature = "tower")]
    Kept {
        headers: CookieHeaders,
        collected: OnceLock<Box<Candidates>>,
    },
}

impl Request {
    pub(super) fn collected(candidates: Candidates, arrival: Arrival) -> Self {
        Self { cookies: Cookies::Collected(candidates), arrival }
    }

    #[cfg(feature = "tower")]
    #[inline]
    pub(super) fn kept(headers: CookieHeaders, arrival: Arrival) -> Self {
        Self { cookies: Cookies::Kept { headers, collected: OnceLock::new() }, arrival }
    }

    /// The values that may be sessions. `collect` gets the headers in which nobody has looked so
    /// far, and the time when they came.
    #[cfg_attr(not(feature = "tower"), expect(unused_variables, reason = "they are collected"))]
    pub(super) fn candidates(
        &self,
        collect: impl Fn(&[u8], OffsetDateTime, &mut Candidates),
    ) -> &Candidates {
        match &self.cookies {
            Cookies::Collected(candidates) => candidates,
            #[cfg(feature = "tower")]
            Cookies::Kept { headers, collected } => collected.get_or_init(|| {
                let mut candidates = Box::<Candidates>::default();
                let loaded_at = self.loaded_at();
                headers.iter().for_each(|header| collect(header, loaded_at, &mut candidates));
                candidates
            }),
        }
    }

    pub(super) fn loaded_at(&self) -> OffsetDateTime {
        self.arrival.time()
    }

    /// The time that the caller gave.
    pub(super) fn given_time(&self) -> Option<OffsetDateTime> {
        match self.arrival {
            Arrival::Given(time) => Some(time),
            Arrival::Read(_) => None,
        }
    }
}

impl Arrival {
    pub(super) fn time(self) -> OffsetDateTime {
        match self {
            Self::Given(time) => time,
            Self::Read(reading) => reading.time(),
        }
    }
}

/// Where a session finds its request.
pub(super) enum Attachment {
    /// It is attached when a handler asks for the session.
    Later(OnceLock<Request>),
    #[cfg(feature = "tower")]
    There(Request),
}

impl Attachment {
    #[inline]
    pub(super) fn get(&self) -> Option<&Request> {
        match self {
            Self::Later(request) => request.get(),
            #[cfg(feature = "tower")]
            Self::There(request) => Some(request),
        }
    }
}
