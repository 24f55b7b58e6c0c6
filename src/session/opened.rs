//! The cookies of a request, and the result of opening them.

use super::data::SessionData;
#[cfg(feature = "bound")]
use crate::format::device::Tag;
use crate::{
    error::UnsealError,
    format::{
        claims::Claims,
        lineage::{Descent, Limit},
        session_id::SessionId,
    },
    key_id::KeyId,
    platform::few::Few,
};

/// The values of a request's cookies, as they came.
#[derive(Default)]
pub(crate) struct Candidates {
    pub(crate) sessions: Few<Candidate>,
    pub(crate) tombstones: Few<Stone>,
    /// Values that may prove that the request comes from the device of a session.
    #[cfg(feature = "bound")]
    pub(crate) bound: Few<BoundValue>,
    /// The values of another library's cookie.
    pub(crate) fallback: Few<OtherValue>,
    /// The request had more values than are kept.
    pub(crate) is_cut: bool,
    /// The request had more tombstones than are kept, so it is unknown what was ended.
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
    /// The index of the cookie's name among the accepted names.
    pub(crate) name: usize,
}

/// A value that may be a tombstone, with the limit from its cookie's name.
pub(crate) struct Stone {
    pub(crate) limit: Limit,
    pub(crate) value: Box<[u8]>,
    /// The index of the session cookie's name among the accepted names.
    pub(crate) name: usize,
}

/// A value that may be a bound cookie, with the tag from its cookie's name.
#[cfg(feature = "bound")]
pub(crate) struct BoundValue {
    pub(crate) tag: Tag,
    pub(crate) value: Box<[u8]>,
    /// The place of the session cookie's name among those that are accepted.
    pub(crate) name: usize,
}

impl Candidates {
    /// Whether another library's cookie is read instead of ours. If one of ours came, live or not,
    /// ours decides.
    pub(crate) fn use_fallback(&self) -> bool {
        self.sessions.is_empty() && !self.fallback.is_empty()
    }
}

/// The result of opening a request's cookies.
pub(crate) struct Opened<T> {
    /// The live session's data, or `T::default()` if there is none.
    pub(crate) data: T,
    pub(crate) live: Option<Live>,
    /// The live session's extension block.
    pub(crate) extension: Option<Box<[u8]>>,
    /// Why the last candidate was refused, if there is no live session. Boxed, because it is mostly
    /// absent, and a session is copied when it is built.
    pub(crate) refusal: Option<Box<UnsealError>>,
    /// There is no live session, but a value may be one soon, or on another machine.
    pub(crate) is_passing: bool,
    /// Every value that proved authentic.
    pub(crate) authentic: Few<Authentic>,
    /// The descent of every value in the request is known.
    pub(crate) is_complete: bool,
}

/// A value that proved authentic, live or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authentic {
    pub(crate) descent: Descent,
    /// When the session ends by the lifetime that is sealed in it, whatever is configured here.
    pub(crate) ends_at: u64,
    pub(crate) verdict: Verdict,
    pub(crate) id: SessionId,
}

impl Authentic {
    pub(crate) fn new(claims: &Claims, ends_at: u64, verdict: Verdict) -> Self {
        Self { descent: claims.descent, ends_at, verdict, id: claims.id }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Live,
    /// It would be live if the request proved that it comes from its device.
    Elsewhere,
    /// It may be live in a moment, or on another machine.
    Later,
    Refused,
    /// A tombstone came with it.
    Ended,
}

impl Verdict {
    /// Whether a value may be live in this browser, now or later.
    pub(crate) fn may_be_live(self) -> bool {
        matches!(self, Self::Live | Self::Elsewhere | Self::Later)
    }
}

impl<T: SessionData> Opened<T> {
    /// No value came.
    pub(crate) fn empty() -> Self {
        Self::with(T::default())
    }
}

impl<T> Opened<T> {
    /// These data, and nothing else.
    #[inline]
    pub(crate) fn with(data: T) -> Self {
        Self {
            data,
            live: None,
            extension: None,
            refusal: None,
            is_passing: false,
            authentic: Few::None,
            is_complete: true,
        }
    }

    /// The id for tokens while the session that came is bound to a device that the request does not
    /// prove. It is never the session's own id: whoever has only its cookie must not get a token of
    /// it.
    pub(crate) fn elsewhere(&self) -> Option<SessionId> {
        let value = self.authentic.iter().find(|value| value.verdict == Verdict::Elsewhere)?;
        self.live.is_none().then(|| value.id.complement())
    }

    /// The live session's descent, with the highest generation among its twins that may be live.
    /// What replaces the session is then not ended together with one of them.
    pub(crate) fn descent(&self) -> Option<Descent> {
        let own = self.live?.claims.descent;
        let twins = self
            .authentic
            .iter()
            .filter(|value| value.verdict.may_be_live() && value.descent.lineage == own.lineage);
        let latest = twins.map(|twin| twin.descent.generation).fold(own.generation, u16::max);
        Some(Descent { generation: latest, ..own })
    }
}

/// What is known about a live session besides its data.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) claims: Claims,
    /// `None` if it came in another library's cookie.
    pub(crate) key_id: Option<KeyId>,
    pub(crate) reseal_due: bool,
    /// If a request has several live sessions, the one with the greatest value wins.
    pub(crate) newness: u64,
    /// The index among the request's values, if it came from one.
    pub(crate) value: usize,
    /// The index of the accepted reader that opened it. 0 is the present one.
    pub(crate) reader: usize,
    /// The number of the ring that opened it.
    pub(crate) ring: u64,
}
