//! Times and spans as an operator writes them.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{error::ConfigError, platform::clock::MAX_TIME};

/// A time by RFC 3339, section 5.6, and nothing else: `2026-12-01T00:00:00Z`, in UTC or with an
/// offset such as `+01:00` instead of `Z`. A fraction of a second is allowed and dropped.
pub(crate) fn parse_time(text: &str) -> Result<OffsetDateTime, ConfigError> {
    // The parser below accepts any character for the `T`, a sign before the year, and leap seconds.
    if !is_rfc3339(text.as_bytes()) {
        return Err(ConfigError::Time);
    }
    let time = OffsetDateTime::parse(text, &Rfc3339).ok();
    let time = time.and_then(|time| time.replace_nanosecond(0).ok()).ok_or(ConfigError::Time)?;
    match time.unix_timestamp() {
        ..0 => Ok(OffsetDateTime::UNIX_EPOCH),
        seconds if seconds.unsigned_abs() > MAX_TIME => Err(ConfigError::Time),
        _ => Ok(time),
    }
}

/// Trims spaces, tabs, LF and CR at both ends, and nothing else.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// Whether digits and marks are where the grammar has them. Whether the month has such a day, and a
/// fraction a digit, is not checked here.
fn is_rfc3339(text: &[u8]) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(SHAPE.len()) else { return false };
    let has_shape = date_time.iter().zip(SHAPE).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        mark => byte == mark,
    });
    let offset = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            fraction.get(digits..).unwrap_or_default()
        }
        None => rest,
    };
    has_shape
        // A leap second is no Unix time, and -00:00 means that the offset is unknown.
        && !date_time.ends_with(b":60")
        && match offset {
            b"Z" => true,
            b"-00:00" => false,
            [b'+' | b'-', h1, h2, b':', m1, m2] => {
                [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        }
}

/// A span of time: a whole number of `s`, `m`, `h` or `d`, as in `14d`.
pub(crate) fn parse_span(text: &str) -> Result<Duration, ConfigError> {
    let (number, unit) =
        text.split_at_checked(text.len().saturating_sub(1)).ok_or(ConfigError::Span)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(ConfigError::Span),
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ConfigError::Span);
    }
    let number: u32 = number.parse().map_err(|_| ConfigError::Span)?;
    span(u64::from(number).saturating_mul(seconds))
}

/// A span of this many seconds, if a timeout may be that long.
fn span(seconds: u64) -> Result<Duration, ConfigError> {
    match seconds {
        1..=MAX_SPAN => Ok(Duration::from_secs(seconds)),
        _ => Err(ConfigError::Span),
    }
}

/// The longest timeout.
const MAX_SPAN: u64 = 4_294_967_294;
const SHAPE: &[u8] = b"0000-00-00T00:00:00";
