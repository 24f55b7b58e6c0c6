//! The three ways to fail: building keys and configuration, sealing, unsealing.
//!
//! No message holds a key, a cookie value or session data: errors end up in
//! logs and error trackers. For the same reason no variant carries the error
//! of `serde_json`, which quotes the text that it could not read.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::key_id::KeyId;

/// A key, a key ring or a cookie configuration that cannot be used.
///
/// The operator's or the developer's fault, found when the value is built;
/// each message says what to do. `Debug` shows the same message as `Display`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not 32 bytes in base64, base64url or hex.
    #[error("not a key: {0}; print a new one with `openssl rand -base64 32`")]
    KeyText(&'static str),
    /// The key's bytes repeat, count, or spell something.
    #[error(
        "weak key: it can be guessed, since its bytes repeat, count, or spell something; print a new one with `openssl rand -base64 32`"
    )]
    WeakKey,
    /// The key is printed in this crate's documentation, so everybody knows it.
    #[error(
        "this key is printed in public documentation; print one of your own with `openssl rand -base64 32`"
    )]
    PublishedKey,
    /// The text is not a key id.
    #[error(
        "not a key id: write a whole number from 0 to 4294967295 in front of the key, as in `2:…`"
    )]
    KeyId,
    /// The text is not an RFC 3339 time.
    #[error("not a time: write it as in 2026-12-01T00:00:00Z (RFC 3339)")]
    Time,
    /// What is wrong with one entry of a key ring, counted from 1.
    #[error("entry {position} of the key ring: {reason}")]
    Entry {
        /// The place of the entry in the ring, from 1.
        position: usize,
        /// What is wrong with it.
        reason: Box<ConfigError>,
    },
    /// What is wrong with a ring in a TOML file, and where.
    #[error("line {line}: {message}")]
    Line {
        /// The line of the file, from 1.
        line: usize,
        /// What is wrong there and what to do. Quotes nothing of the file but ids and field names.
        message: String,
    },
    /// An entry of a key ring in its text form has no `:` between id and key.
    #[error("no `:` between id and key: write `ID:KEY`, with a comma between entries")]
    EntryForm,
    /// The ring has no key.
    #[error(
        "the key ring is empty: add a key, as in `1:` followed by what `openssl rand -base64 32` prints"
    )]
    EmptyRing,
    /// Two entries have the same id.
    #[error("key id {0} stands twice in the ring: give each key an id of its own")]
    DuplicateId(KeyId),
    /// Two entries have the same key.
    #[error(
        "key ids {0} and {1} have the same key: a rotation needs a new one, from `openssl rand -base64 32`"
    )]
    DuplicateKey(KeyId, KeyId),
    /// `not_after` is not later than `not_before`.
    #[error("key id {0} is never active: its not_after must be later than its not_before")]
    EmptyWindow(KeyId),
    /// There is an instant for which no key of the ring seals.
    #[error(
        "no key seals at {}: let one key have no not_after, and a not_before that is not later",
        rfc3339(*at)
    )]
    NoSealingKey {
        /// The first such instant.
        at: OffsetDateTime,
    },
    /// A ring's string is none as a whole.
    #[error("not a key ring: {0}")]
    RingText(&'static str),
    /// The text is not a span of time.
    #[error(
        "not a span of time: write a whole number of s, m, h or d, up to 136 years, as in `14d`"
    )]
    Span,
    /// A ring has fewer keys, or more, than it says itself.
    #[error(
        "the ring says that it has {expected} keys, and has {found}: it was cut on its way, bring the whole one; or, if it was changed by hand, mend its key_count"
    )]
    KeyCount {
        /// How many it says.
        expected: u32,
        /// How many there are.
        found: usize,
    },
    /// What is wrong with the ring in an environment variable.
    #[error("environment variable {name}: {reason}")]
    InVariable {
        /// The variable's name.
        name: String,
        /// What is wrong with its value.
        reason: Box<ConfigError>,
    },
    /// The environment variable is not set, is empty, or is not Unicode.
    #[error(
        "environment variable {name} is not set to a key ring: set it to `1:` followed by what `openssl rand -base64 32` prints"
    )]
    Variable {
        /// The variable's name.
        name: String,
    },
    /// The operating system's random source failed.
    #[error("the operating system's random source failed; nothing was generated")]
    RandomSource,
    /// The cookie's name breaks a rule.
    #[error("cookie name {name:?}: {reason}")]
    CookieName {
        /// The name.
        name: String,
        /// The rule and the remedy.
        reason: &'static str,
    },
    /// An attribute of the cookie breaks a rule.
    #[error("cookie attribute {attribute}: {reason}")]
    CookieAttribute {
        /// `Path`, `Domain`, `SameSite` or `Partitioned`.
        attribute: &'static str,
        /// The rule and the remedy.
        reason: &'static str,
    },
    /// A former scope breaks a rule.
    #[error("former cookie scope: {0}")]
    FormerScope(&'static str),
    /// The audience is empty or too long.
    #[error("audience: it must have 1 to 255 bytes; leave it out where there is none")]
    Audience,
    /// The step of the length padding is out of range.
    #[error("pad_to must be from 1 (no padding) to {limit} bytes")]
    Padding {
        /// The greatest step.
        limit: usize,
    },
    /// The text is not an origin.
    #[error(
        "{0:?} is not an origin: write scheme, host and port alone, as in `https://example.org` or `http://localhost:3000`"
    )]
    Origin(String),
    /// A timeout or a lifetime is out of range.
    #[error("{what} must be whole seconds from 1 s to {limit} s")]
    Timeout {
        /// Which one.
        what: &'static str,
        /// The longest that is accepted, in seconds.
        limit: u32,
    },
    /// Another library's cookie that is to be accepted has the name of ours.
    #[error(
        "the accepted cookie of another library has our cookie's name: give ours another with `cookie_name`"
    )]
    FallbackName,
    /// The passwords of another library cannot be used.
    #[error("passwords: {0}")]
    Passwords(&'static str),
}

// What an operator sees where `main` returns the error, and in the panic of `expect`.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a session could not be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The data's `Serialize` failed, for example on a map whose keys are not strings.
    #[error("{type_name} does not serialize to JSON; try `serde_json::to_string` on it in a test")]
    Payload {
        /// The Rust type of the data.
        type_name: &'static str,
    },
    /// The cookie's name and value together would be longer than browsers keep
    /// (4096 bytes, RFC 6265bis section 5.6).
    #[error(
        "the sealed cookie would have {size} bytes, browsers keep {limit}: keep less in the session, such as an id in place of the record"
    )]
    TooLarge {
        /// Bytes of name and value.
        size: usize,
        /// The most that browsers keep.
        limit: usize,
    },
    /// The session ended before it was sealed.
    #[error("the session has expired; start a new one with `renew`")]
    Expired,
    /// The session was loaded or created by another [`Sessions`](crate::Sessions).
    #[error("the session belongs to another `Sessions`; commit it with the one that loaded it")]
    OtherOrigin,
    /// There is no session to make a token for, and none can be started: it was
    /// destroyed in this request, or the response is already committed.
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

/// Why a value was refused. To the visitor it is simply no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsealError {
    /// Longer than any value that a browser keeps.
    #[error("the value has more than {limit} bytes")]
    TooLong {
        /// The most bytes that are read.
        limit: usize,
    },
    /// Not canonical base64url without padding, or too short.
    #[error("the value is not canonical base64url, or is too short")]
    Malformed,
    /// Another version of the format.
    #[error("the value has version {0}, this reader knows 1")]
    UnsupportedVersion(u8),
    /// No key of the ring has this id. Another machine may know it.
    #[error("key id {0} is not in the key ring")]
    UnknownKey(KeyId),
    /// The key's `not_after` has passed.
    #[error("key id {0} is no longer accepted, its not_after has passed")]
    RetiredKey(KeyId),
    /// The tag does not verify: tampered with, sealed under another key with
    /// the same id, or for another cookie name, audience or purpose.
    #[error(
        "not authentic under key id {0}: tampered with, or sealed for another name, audience or key"
    )]
    NotAuthentic(KeyId),
    /// Authentic, but its flags or times are not of this version, or it is a
    /// token with a payload.
    #[error("authentic, but its flags, times or length are invalid")]
    InvalidClaims,
    /// Issued more than 60 s ahead of this machine's clock.
    #[error("issued more than 60 s in the future; check the machines' clocks")]
    IssuedInFuture,
    /// The absolute timeout, or the session's own lifetime, has passed.
    #[error("expired")]
    Expired,
    /// The idle timeout has passed.
    #[error("idle for too long")]
    Idle,
    /// Refused by the hook of [`Builder::revoke_if`](crate::Builder::revoke_if).
    #[error("revoked by the application")]
    Revoked,
    /// The session was destroyed in this browser: the request carries its
    /// [tombstone](crate::Builder::tombstone).
    #[error("ended in this browser; the cookie came from a response that was still under way")]
    Ended,
    /// Authentic and live, but its JSON is not a `T`: the type has changed.
    #[error(
        "the payload is not a {type_name} (JSON column {column}); give new fields `#[serde(default)]`"
    )]
    Payload {
        /// The Rust type that was asked for.
        type_name: &'static str,
        /// Where in the JSON reading stopped, in bytes; 0 where it is empty.
        column: usize,
    },
    /// A cookie of another library, which is accepted in place of ours, was refused.
    #[error("the other library's cookie was refused: {reason}")]
    Fallback {
        /// That library's class of the refusal, a stable word.
        class: &'static str,
        /// What was wrong with it.
        reason: Box<str>,
    },
}

impl UnsealError {
    /// The class of the refusal, a stable word for metrics and for the test
    /// vectors of docs/FORMAT.md.
    pub fn class(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Malformed => "malformed",
            Self::UnsupportedVersion(_) => "unsupported_version",
            Self::UnknownKey(_) => "unknown_key",
            Self::RetiredKey(_) => "retired_key",
            Self::NotAuthentic(_) => "not_authentic",
            Self::InvalidClaims => "invalid_claims",
            Self::IssuedInFuture => "issued_in_future",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Payload { .. } => "payload",
            Self::Revoked => "revoked",
            Self::Ended => "ended",
            Self::Fallback { .. } => "fallback",
        }
    }

    /// Whether the cipher ran before the value was refused.
    pub(crate) fn is_after_decryption(&self) -> bool {
        !matches!(
            self,
            Self::TooLong { .. }
                | Self::Malformed
                | Self::UnsupportedVersion(_)
                | Self::UnknownKey(_)
                | Self::RetiredKey(_)
        )
    }
}

/// Why a CSRF token was refused. Answer each with the same 403; the reason is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfError {
    /// No live session came with the request, so no token can belong to it.
    #[error("the request has no live session; show the form again")]
    NoSession,
    /// The token itself is not accepted, whatever the session.
    #[error("the token was refused: {0}")]
    Refused(#[from] UnsealError),
    /// The token belongs to another session, perhaps to this visitor's before
    /// it was renewed or given a new id.
    #[error("the token belongs to another session, or to this one before its id changed")]
    OtherSession,
}

impl CsrfError {
    /// The class of the refusal, a stable word for metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::Refused(error) => error.class(),
            Self::OtherSession => "other_session",
        }
    }
}

/// Why [`OriginGuard`](crate::OriginGuard) refused a request. Answer each with
/// the same 403; the reason is for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignRequest {
    /// `Sec-Fetch-Site` is `cross-site`, or nothing that is known.
    #[error("Sec-Fetch-Site says that another site sent the request")]
    CrossSite,
    /// `Sec-Fetch-Site` is `same-site`: a sibling host, another port or scheme.
    #[error(
        "Sec-Fetch-Site says that another origin of the same site sent the request; trust that origin by name if it is meant to"
    )]
    SameSite,
    /// There is no `Sec-Fetch-Site`, and `Origin` is neither ours nor trusted.
    #[error("Origin is neither the request's own nor trusted")]
    Origin,
    /// Neither `Sec-Fetch-Site` nor `Origin`: no browser of today sends such a request.
    #[error("neither Sec-Fetch-Site nor Origin came with the request")]
    NoHeaders,
}

/// As operators write it.
fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
