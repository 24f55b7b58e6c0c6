//! Times and spans as an operator writes them.

use std::time::Duration;

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::{error::ConfigError, platform::clock::MAX_TIME};

/// A time by RFC 3339, section 5.6, and nothing else: `2026-12-01T00:00:00Z`, in UTC or with an
/// offset such as `+01:00` instead of `Z`. A fraction of a second is allowed and dropped.
pub(crate) fn parse_time(text: &str) -> Result<OffsetDateTime, ConfigError> {
    let time = read_rfc3339(text.as_bytes()).ok_or(ConfigError::Time)?;
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

/// Not with the parser of `time`: that accepts any character for the `T`, a sign before the year, and
/// leap seconds, which no clock of ours can represent.
fn read_rfc3339(text: &[u8]) -> Option<OffsetDateTime> {
    let (date_time, rest) = text.split_at_checked(SHAPE.len())?;
    let has_shape = date_time.iter().zip(SHAPE).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        mark => byte == mark,
    });
    if !has_shape {
        return None;
    }
    let offset = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            fraction.split_at_checked(digits).filter(|_| digits > 0)?.1
        }
        None => rest,
    };
    let two = |at: usize| number(date_time.get(at..)?.get(..2)?);
    let year = i32::from(two(0)?).saturating_mul(100).saturating_add(two(2)?.into());
    let date = Date::from_calendar_date(year, Month::try_from(two(5)?).ok()?, two(8)?).ok()?;
    let time = Time::from_hms(two(11)?, two(14)?, two(17)?).ok()?;
    Some(OffsetDateTime::new_in_offset(date, time, read_offset(offset)?))
}

fn read_offset(text: &[u8]) -> Option<UtcOffset> {
    let (sign, hours, minutes) = match text {
        b"Z" => return Some(UtcOffset::UTC),
        // The zone is unknown.
        b"-00:00" => return None,
        [sign, h1, h2, b':', m1, m2] => (sign, number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        _ => return None,
    };
    let (hours, minutes) = (i8::try_from(hours).ok()?, i8::try_from(minutes).ok()?);
    match (sign, hours, minutes) {
        (b'+', 0..24, 0..60) => UtcOffset::from_hms(hours, minutes, 0).ok(),
        (b'-', 0..24, 0..60) => {
            { UtcOffset::from_hms(hours.saturating_neg(), minutes.saturating_neg(), 0) }.ok()
        }
        _ => None,
    }
}

/// The number that two digits are.
fn number(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(digit)
    })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;
    use crate::platform::clock::rfc3339;

    proptest! {
        #[test]
        fn a_time_is_read_and_written_as_the_time_crate_does(
            text in "(0|1|2|9)[0-9]{3}-(0[0-9]|1[0-3])-([0-2][0-9]|3[0-2])T([01][0-9]|2[0-5]):[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,3})?(Z|[+-][0-3][0-9]:[0-6][0-9])",
        ) {
            let expected = OffsetDateTime::parse(&text, &Rfc3339).ok();
            let expected = expected.filter(|_| !text.ends_with("-00:00"));
            let expected = expected.map(|time| time.replace_nanosecond(0).unwrap());
            let read = read_rfc3339(text.as_bytes());
            prop_assert_eq!(read, expected);
            if let Some(time) = read {
                prop_assert_eq!(rfc3339(time), time.format(&Rfc3339).unwrap());
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,40}") {
            let _ = read_rfc3339(text.as_bytes());
        }
    }
}
