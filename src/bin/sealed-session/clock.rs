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
    // The parser's own message quotes the text.
    humantime::parse_duration(text).map_err(|_| "write it as in 15m, 2h or 90d".to_owned())
}
