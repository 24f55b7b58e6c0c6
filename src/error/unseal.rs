//! Why a value was refused.

use super::misfit::Misfit;
use crate::key_id::KeyId;

/// Why a value was refused. The visitor then simply has no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsealError {
    /// The value is longer than any value that a browser keeps.
    #[error("the value has more than {limit} bytes")]
    TooLong {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The value is not canonical base64url without padding, or it is too short.
    #[error("the value is not canonical base64url, or is too short")]
    Malformed,
    /// The value has another version of the format.
    #[error("the value has format version {0}, but this reader knows only version 1")]
    UnsupportedVersion(u8),
    /// No key of the ring has this id. Another machine may have it.
    #[error("key id {0} is not in the key ring")]
    UnknownKey(KeyId),
    /// The key's `not_after` has passed.
    #[error("key id {0} is no longer accepted, its not_after has passed")]
    RetiredKey(KeyId),
    /// The tag does not verify: the value was tampered with, was sealed under another key with the
    /// same id, or was sealed for another cookie name, audience or purpose.
    #[error(
        "not authentic under key id {0}: tampered with, or sealed for another name, audience or key"
    )]
    NotAuthentic(KeyId),
    /// The value is authentic, but its flags or times are not valid in this version, or it is a
    /// token with a payload.
    #[error("authentic, but its flags, times or length are invalid")]
    InvalidClaims,
    /// The value is authentic, but it has an extension that a reader must understand and this one
    /// does not.
    #[error(
        "authentic, but it has an extension of type {0} that this reader does not know; update the program"
    )]
    UnsupportedExtension(u8),
    /// The value was issued more than 60 s ahead of this machine's clock.
    #[error("issued more than 60 s in the future; check the machines' clocks")]
    IssuedInFuture,
    /// The absolute timeout, or the session's own lifetime, has passed.
    #[error("expired")]
    Expired,
    /// The idle timeout has passed.
    #[error("idle for too long")]
    Idle,
    /// The session is bound to a device, and the request does not prove that it comes from there.
    #[error("bound to a device, which the request does not prove")]
    Bound,
    /// The hook of [`Builder::revoke_if`](crate::Builder::revoke_if) refused it.
    #[error("revoked by the application")]
    Revoked,
    /// Nobody here knows what was revoked: the list of
    /// [`Builder::revocations`](crate::Builder::revocations) was never read, or not lately.
    #[error(
        "the list of revocations is not known here, {}; bring back what spreads it",
        if *read_before { "as its source has been away for too long" } else { "as it was never read" }
    )]
    RevocationsUnknown {
        /// Whether it was read since the process started.
        read_before: bool,
    },
    /// The session was ended or replaced in this browser: the request carries its
    /// [tombstone](crate::Builder::tombstones).
    #[error("ended or replaced in this browser; a late response set its cookie again")]
    Ended,
    /// The value is authentic and live, but its JSON is not a `T`: the type has changed.
    #[error("the payload is not a {type_name} (JSON column {column}): {misfit}")]
    Payload {
        /// The Rust type that was asked for.
        type_name: &'static str,
        /// The position in the JSON where reading stopped, in bytes. 0 if the JSON is empty.
        column: usize,
        /// What does not fit, and what helps.
        misfit: Misfit,
    },
    /// The cookie of another library, which is accepted in place of ours, was refused.
    #[error("the other library's cookie was refused: {reason}")]
    Fallback {
        /// The class of the refusal, a fixed word. If one of our classes fits, it is that one.
        class: &'static str,
        /// What was wrong with it.
        reason: Box<str>,
    },
}

impl UnsealError {
    /// The class of the refusal, a word for metrics and for the test vectors of docs/FORMAT.md. It
    /// stays the same in later versions.
    pub fn class(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Malformed => "malformed",
            Self::UnsupportedVersion(_) => "unsupported_version",
            Self::UnknownKey(_) => "unknown_key",
            Self::RetiredKey(_) => "retired_key",
            Self::NotAuthentic(_) => "not_authentic",
            Self::InvalidClaims => "invalid_claims",
            Self::UnsupportedExtension(_) => "unsupported_extension",
            Self::IssuedInFuture => "issued_in_future",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Bound => "bound",
            Self::Payload { .. } => "payload",
            Self::Revoked => "revoked",
            Self::RevocationsUnknown { .. } => "revocations_unknown",
            Self::Ended => "ended",
            Self::Fallback { class, .. } => class,
        }
    }

    /// Whether the value may be good on another machine, or in a moment. Then nothing may overwrite
    /// it that the visitor did not ask for. `newest` is the greatest key id known here.
    pub(crate) fn is_passing(&self, newest: KeyId) -> bool {
        match self {
            Self::UnknownKey(id) => id.get() > newest.get(),
            Self::UnsupportedVersion(version) => *version > 1,
            Self::UnsupportedExtension(_)
            | Self::IssuedInFuture
            | Self::Bound
            | Self::RevocationsUnknown { .. } => true,
            _ => false,
        }
    }

    /// Whether this machine cannot tell what the value contains, although another machine may.
    pub(crate) fn is_for_want_of_key(&self) -> bool {
        matches!(self, Self::UnsupportedVersion(_) | Self::UnknownKey(_) | Self::RetiredKey(_))
    }

    /// Whether the cipher ran before the value was refused.
    pub(crate) fn is_after_decryption(&self) -> bool {
        match self {
            Self::TooLong { .. }
            | Self::Malformed
            | Self::UnsupportedVersion(_)
            | Self::UnknownKey(_)
            | Self::RetiredKey(_) => false,
            Self::Fallback { class, .. } => {
                !["too_long", "malformed", "unknown_key", "not_authentic"].contains(class)
            }
            _ => true,
        }
    }
}
