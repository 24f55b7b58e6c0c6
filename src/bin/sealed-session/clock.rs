//! The present, read once.

use time::OffsetDateTime;

/// A debug build, which is what tests run, can be told the time. No installed tool can: an edit at
/// another time than the machines' would take out keys that are needed.
pub(crate) fn now() -> OffsetDateTime {
    #[cfg(debug_assertions)]
    if let Ok(time) = std::env::var("SEALED_SESSION_TEST_CLOCK") {
        return parse(&time).expect("the test gives a time");
    }
    OffsetDateTime::now_utc()
}

pub(crate) fn parse(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .map_err(|_| "write it as in 2026-12-01T00:00:00Z (RFC 3339)".to_owned())
}

pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    if text.is_empty() {
        return Err("it is empty; leave it out, or write it as in 14d".to_owned());
    }
    // The parser's own message quotes the text.
    humantime::parse_duration(text).map_err(|_| "write it as in 15m, 2h or 90d".to_owned())
}

/// How long a new key waits before it seals.
pub(crate) fn parse_delay(text: &str) -> Result<std::time::Duration, String> {
    let delay = parse_duration(text)?;
    match delay.as_secs() {
        0 => Err("that is at once: give --now, for a single machine, or where lost sessions do not matter".to_owned()),
        1..=MAX_DELAY => Ok(delay),
        _ => Err("that is more than a year; write a shorter time, as in 15m or 2h".to_owned()),
    }
}

/// A year, in seconds.
const MAX_DELAY: u64 = 366 * 24 * 60 * 60;
