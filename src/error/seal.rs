//! Why a session could not be sealed.

use super::unseal::UnsealError;

/// Why a session could not be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The data cannot be stored: it does not serialize to JSON, or it would not come back equal.
    #[error("{type_name} cannot be kept in a session: {reason}")]
    Payload {
        /// The Rust type of the data.
        type_name: &'static str,
        /// What is wrong and what to do. Contains nothing of the data.
        reason: String,
    },
    /// The cookie's name and value together would be longer than the limit: what browsers keep
    /// (4096 bytes, RFC 6265bis section 5.6), or
    /// [`Builder::max_cookie_len`](crate::Builder::max_cookie_len).
    #[error(
        "the sealed cookie would have {size} bytes, but the limit is {limit}: keep less in the session, such as an id instead of the record"
    )]
    TooLarge {
        /// The length of name and value in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The session that came with the request was good when it was loaded, but is no longer: its
    /// key was dropped, or the application revoked it. The change is not stored, and the visitor's
    /// cookie stays as it is.
    #[error("the session was refused when its response was committed, so nothing was sealed: {0}")]
    Refused(Box<UnsealError>),
    /// This machine cannot read the visitor's cookie yet, for example because only other machines
    /// have its key so far. A write would replace a session that is good there.
    #[error(
        "this machine cannot read the visitor's session yet ({0}), so the write did not replace it: update this machine's keys and program. A sign-in (`renew`) replaces it"
    )]
    NotReadable(Box<UnsealError>),
    /// The session ended before it was sealed.
    #[error("the session has expired; start a new one with `renew`")]
    Expired,
    /// The session was loaded or created by another [`Sessions`](crate::Sessions).
    #[error("the session belongs to another `Sessions`; commit it with the one that loaded it")]
    OtherOrigin,
    /// There is no session to make a token for, and none can be started: it was destroyed in this
    /// request, or the response was committed already.
    #[error(
        "there is no session to make a token for; make tokens before `destroy` and before the response is committed"
    )]
    NoSession,
    /// No key of the ring is active at the time of sealing.
    #[error(
        "no key of the ring seals at this time; check the machine's clock and the ring's not_before"
    )]
    NoSealingKey,
    /// A time lies outside what the format can hold (the years 1970 to 9999).
    #[error("a time of the session cannot be represented; check the machine's clock")]
    TimeOutOfRange,
    /// The operating system's random source failed.
    #[error("the operating system's random source failed; nothing was sealed")]
    RandomSource,
}
