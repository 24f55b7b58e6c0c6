//! Why keys and configuration cannot be used.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::key_id::KeyId;

/// A key, a key ring or a cookie configuration that cannot be used.
///
/// The fault is the operator's or the developer's. It is found when the value is built, and each
/// message says what to do. `Debug` shows the same message as `Display`.
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
        "not a key id: write a whole number from 0 to 4294967295 in front of the key, as in `2:…`, without spaces"
    )]
    KeyId,
    /// The text is not an RFC 3339 time.
    #[error("not a time: write it as in 2026-12-01T00:00:00Z (RFC 3339)")]
    Time,
    /// One entry of a key ring is wrong.
    #[error("entry {position} of the key ring: {reason}")]
    Entry {
        /// The position of the entry in the ring, from 1.
        position: usize,
        /// What is wrong with it.
        reason: Box<ConfigError>,
    },
    /// A ring in a file is wrong at this line.
    #[error("line {line}: {message}")]
    Line {
        /// The line of the file, from 1.
        line: usize,
        /// What is wrong there and what to do. It quotes nothing from the file but ids and field
        /// names.
        message: String,
    },
    /// An entry of a key ring in its text form has no `:` between id and key.
    #[error(
        "no `:` between id and key: write `ID:KEY`, with a comma between entries and none after the last"
    )]
    EntryForm,
    /// The ring has no key.
    #[error(
        "the key ring is empty: add a key, as in `1:` followed by what `openssl rand -base64 32` prints"
    )]
    EmptyRing,
    /// Two entries have the same id.
    #[error("key id {0} is in the ring twice: give each key its own id")]
    DuplicateId(KeyId),
    /// Two entries have the same key.
    #[error(
        "key ids {0} and {1} have the same key: for a rotation, print a new one with `openssl rand -base64 32`"
    )]
    DuplicateKey(KeyId, KeyId),
    /// `not_after` is not later than `not_before`.
    #[error("key id {0} is never active: its not_after must be later than its not_before")]
    EmptyWindow(KeyId),
    /// There is an instant at which no key of the ring seals.
    #[error(
        "no key seals at {}: keep one key that has no not_after, and whose not_before is not later than that",
        rfc3339(*at)
    )]
    NoSealingKey {
        /// The first such instant.
        at: OffsetDateTime,
    },
    /// The text is not a key ring.
    #[error("not a key ring: {0}")]
    RingText(&'static str),
    /// The text is not a span of time.
    #[error(
        "not a time span: write a whole number and a unit (s, m, h or d), at most 136 years, as in `14d`"
    )]
    Span,
    /// The ring does not have as many keys as its `key_count` says.
    #[error(
        "the ring says that it has {expected} keys, but it has {found}: if it was cut off, deploy the whole ring; if you edited it by hand, correct its key_count"
    )]
    KeyCount {
        /// The number that the ring says.
        expected: u32,
        /// The number of keys that it has.
        found: usize,
    },
    /// The ring in an environment variable is wrong.
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
    #[error("audience: it must have 1 to 255 bytes; do not set one if you need none")]
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
    /// A former name or a former audience of the cookie breaks a rule.
    #[error("former {what}: {reason}")]
    Former {
        /// `name` or `audience`.
        what: &'static str,
        /// The rule and the remedy.
        reason: &'static str,
    },
    /// The limit of the cookie's length is out of range.
    #[error("max_cookie_len must be from {least} to {most} bytes of name and value")]
    CookieLength {
        /// The least that is accepted.
        least: usize,
        /// What browsers keep.
        most: usize,
    },
    /// The lifetime of one sign-in is longer than the configured absolute timeout.
    #[error(
        "a lifetime of {asked} s is longer than absolute_timeout, {configured} s: shorten it, or raise absolute_timeout"
    )]
    Lifetime {
        /// The seconds asked for.
        asked: u64,
        /// The configured absolute timeout in seconds.
        configured: u32,
    },
    /// An idle timeout is longer than what ends the session anyway, so it would never do anything.
    #[error(
        "{what}, {idle} s, is longer than {end}, {limit} s, so it would never end a session: shorten the first, leave it out, or raise the second"
    )]
    IdleTimeout {
        /// Which idle timeout: `idle_timeout`, or that of a lifetime.
        what: &'static str,
        /// Its seconds.
        idle: u32,
        /// What ends the session anyway: `absolute_timeout`, or the lifetime.
        end: &'static str,
        /// Its seconds.
        limit: u32,
    },
    /// Revocations would be forgotten while sessions that they concern live.
    #[error(
        "the list of revocations keeps its entries for {kept} s, less than absolute_timeout, {configured} s: make it with the longest absolute timeout of all that use it"
    )]
    Revocations {
        /// The seconds for which entries are kept.
        kept: u64,
        /// The configured absolute timeout in seconds.
        configured: u32,
    },
    /// The text is not the URL of a Redis server.
    #[error(
        "not the URL of a Redis server: write it as in redis://localhost:6379, or, with TLS, name, password and data base, as in rediss://name:password@redis.internal:6380/0"
    )]
    RedisUrl,
    /// A certificate for TLS to the Redis server cannot be used.
    #[error(
        "the certificate for Redis is not usable: give PEM text (-----BEGIN CERTIFICATE-----), and a URL that begins with rediss:"
    )]
    RedisCertificate,
    /// A timeout or a lifetime is out of range.
    #[error("{what} must be whole seconds from 1 s to {limit} s")]
    Timeout {
        /// Which one.
        what: &'static str,
        /// The longest that is accepted, in seconds.
        limit: u32,
    },
    /// The header that is to have tokens cannot have any.
    #[error(
        "token header {0:?}: it must be a header's name, and not that of cookies, as in `Authorization` or `X-Session`"
    )]
    TokenHeader(String),
    /// The accepted cookie of another library has the same name as ours, or a former name of ours.
    #[error(
        "the accepted cookie of another library has our cookie's name, or a former one: give ours another with `cookie_name`, or leave that `former_name` out"
    )]
    FallbackName,
    /// The configuration of device-bound sessions is wrong.
    #[error("bound: {0}")]
    Bound(&'static str),
    /// The passwords of another library cannot be used.
    #[error("passwords: {0}")]
    Passwords(&'static str),
}

// An operator sees this if `main` returns the error, and in the panic of `expect`.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The time as operators write it.
fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
