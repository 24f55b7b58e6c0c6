//! What a request brought, and what that came to.

use crate::{
    error::UnsealError,
    format::{
        claims::Claims,
        lineage::{Descent, Limit},
    },
    key_id::KeyId,
    platform::few::Few,
};

/// The values of the cookies that a request brought, as they came.
#[derive(Default)]
pub(crate) struct Candidates {
    pub(crate) sessions: Few<Candidate>,
    pub(crate) tombstones: Few<Stone>,
    /// Those of another library's cookie.
    pub(crate) fallback: Few<OtherValue>,
    /// There were more values than are kept.
    pub(crate) is_cut: bool,
    /// There were more tombstones than are kept, so nobody knows what is ended.
    pub(crate) has_unread_tombstones: bool,
}

/// A value that may be a session of another library, or a part of one.
pub(crate) struct OtherValue {
    /// `None` for a whole value.
    pub(crate) part: Option<u8>,
    pub(crate) value: Box<[u8]>,
}

/// A value that may be a session.
pub(crate) struct Candidate {
    pub(crate) value: Box<[u8]>,
    /// The place of the cookie's name among those that are accepted.
    pub(crate) name: usize,
}

/// A value that may be a tombstone, with what its cookie's name says.
pub(crate) struct Stone {
    pub(crate) limit: Limit,
    pub(crate) value: Box<[u8]>,
    /// The place of the session cookie's name among those that are accepted.
    pub(crate) name: usize,
}

impl Candidates {
    /// Whether another library's cookie is read in place of ours. Ours, live or not, has the last word.
    pub(crate) fn use_fallback(&self) -> bool {
        self.sessions.is_empty() && !self.fallback.is_empty()
    }
}

/// What the cookies of a request came to.
pub(crate) struct Opened<T> {
    /// The live session's data, `T::default()` where there is none.
    pub(crate) data: T,
    pub(crate) live: Option<Live>,
    /// The live session's extension block.
    pub(crate) extension: Option<Box<[u8]>>,
    /// Why the last candidate was refused, where there is no live session. Boxed, for most
    /// have none, and a session is copied to where it stays.
    pub(crate) refusal: Option<Box<UnsealError>>,
    /// There is no live session, but a value that may be one in a moment, or elsewhere.
    pub(crate) is_passing: bool,
    /// Every value that proved authentic.
    pub(crate) authentic: Few<Authentic>,
    /// Of every value of the request it is known where it descends from.
    pub(crate) is_complete: bool,
}

/// A value that proved authentic, live or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authentic {
    pub(crate) descent: Descent,
    /// When the session ends by what is sealed in it, whatever is configured here.
    pub(crate) ends_at: u64,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Live,
    Refused,
    /// A tombstone came with it.
    Ended,
}

impl<T> Opened<T> {
    /// Less than any where there is no live session.
    pub(crate) fn newness(&self) -> Option<u64> {
        self.live.map(|live| live.newness)
    }

    /// Where the live session stands, or a twin of it with a later id.
    pub(crate) fn descent(&self) -> Option<Descent> {
        let own = self.live?.claims.descent;
        let twins = self
            .authentic
            .iter()
            .filter(|value| value.verdict == Verdict::Live && value.descent.lineage == own.lineage);
        let latest = twins.map(|twin| twin.descent.generation).fold(own.generation, u16::max);
        Some(Descent { generation: latest, ..own })
    }
}

/// What is known of a live session besides its data.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) claims: Claims,
    /// `None` for what came in another library's cookie.
    pub(crate) key_id: Option<KeyId>,
    pub(crate) reseal_due: bool,
    /// Of several in a request the greatest wins.
    pub(crate) newness: u64,
    /// The place among the request's values, where it came from one.
    pub(crate) value: usize,
    /// The place of what it is bound to among what is accepted. The first is the present one.
    pub(crate) reader: usize,
    /// The number of the ring that opened it.
    pub(crate) ring: u64,
}
