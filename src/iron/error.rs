//! Why a value was refused.

use crate::error::Misfit;

/// Why a value of iron-session was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IronError {
    /// Longer than what any browser keeps, over four cookies.
    #[error("the value has {length} bytes, more than {limit}")]
    TooLong {
        /// Bytes of the value.
        length: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Not spelled as iron-session 8 and 9 spell their values.
    #[error("the value is not of the form Fe26.2*…~2")]
    Malformed,
    /// No password has this id. A plain string is the password with id 1.
    #[error("no password has the id {0}; list it in Passwords::with_ids")]
    UnknownPassword(u128),
    /// The MAC does not verify: tampered with, or sealed with another password of this id.
    #[error("not authentic under password {0}: tampered with, or sealed with another password")]
    NotAuthentic(u128),
    /// Its expiry passed 60 s ago, or earlier.
    #[error("expired")]
    Expired,
    /// Authentic, but its padding is not that of PKCS#7: not written by iron-session.
    #[error("authentic, but its padding is invalid")]
    Padding,
    /// Authentic and live, but its JSON is not a `T`.
    #[error("the payload is not a {type_name} (JSON column {column}): {misfit}")]
    Payload {
        /// The Rust type that was asked for.
        type_name: &'static str,
        /// Where in the JSON reading stopped, in bytes; 0 where it is empty.
        column: usize,
        /// What does not fit, and what helps.
        misfit: Misfit,
    },
}

impl IronError {
    /// The class of the refusal, a stable word for metrics. Where a value of ours is refused
    /// for the same reason, it is the same word.
    pub fn class(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Malformed => "malformed",
            Self::UnknownPassword(_) => "unknown_key",
            Self::NotAuthentic(_) => "not_authentic",
            Self::Expired => "expired",
            Self::Padding => "padding",
            Self::Payload { .. } => "payload",
        }
    }
}
