//! Why a value was refused.

use crate::error::Misfit;

/// Why a value of iron-session was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IronError {
    /// The value is longer than what any browser keeps in four cookies.
    #[error("the value has {length} bytes, more than {limit}")]
    TooLong {
        /// Bytes of the value.
        length: usize,
        /// The most that is read.
        limit: usize,
    },
    /// The value is not in the form that iron-session 8 and 9 write.
    #[error("the value is not of the form Fe26.2*…~2")]
    Malformed,
    /// No password has this id. A plain string is the password with id 1.
    #[error("no password has the id {0}; list it in Passwords::with_ids")]
    UnknownPassword(u128),
    /// The MAC does not verify: the value was tampered with, or sealed with another password of
    /// this id.
    #[error("not authentic under password {0}: tampered with, or sealed with another password")]
    NotAuthentic(u128),
    /// The value expired at least 60 s ago.
    #[error("expired")]
    Expired,
    /// The value is authentic, but its padding is not PKCS#7: it was not written by iron-session.
    #[error("authentic, but its padding is invalid")]
    Padding,
    /// The value is authentic and live, but its JSON is not a `T`.
    #[error("the payload is not a {type_name} (JSON column {column}): {misfit}")]
    Payload {
        /// The Rust type that was asked for.
        type_name: &'static str,
        /// The position in the JSON where reading stopped, in bytes. 0 if the JSON is empty.
        column: usize,
        /// What does not fit, and what helps.
        misfit: Misfit,
    },
}

impl IronError {
    /// The class of the refusal, a word for metrics that stays the same in later versions. It is
    /// the same word as for a value of ours that is refused for the same reason.
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
