//! What is known of a session, as one line: each call into WebAssembly costs more than to split it.

use std::fmt::Write as _;

use sealed_session::{Session, SessionInfo};
use time::OffsetDateTime;

use crate::data::Data;

/// Empty for no session. There is room for so many bytes more.
pub(crate) fn of_session(session: &Session<Data>, room: usize) -> String {
    let (Some(id), Some(family)) = (session.id(), session.family()) else { return String::new() };
    let mut line = String::with_capacity(LENGTH + room);
    let _ = write!(line, "{id} {family}");
    let times = [
        session.created_at(),
        session.issued_at(),
        session.authenticated_at(),
        session.expires_at(),
    ];
    times.into_iter().for_each(|time| push(&mut line, time));
    let key_id = session.key_id().map(|id| i64::from(id.get()));
    let _ = write!(
        line,
        " {} {} {}",
        key_id.unwrap_or(-1),
        u8::from(session.is_persistent() == Some(true)),
        u8::from(session.is_reseal_due())
    );
    line
}

pub(crate) fn of_info(info: &SessionInfo) -> String {
    let mut line = format!("{} {}", info.id(), info.family());
    let times = [info.created_at(), Some(info.issued_at()), None, Some(info.expires_at())];
    times.into_iter().for_each(|time| push(&mut line, time));
    line
}

/// Seconds since 1970, or `-`.
fn push(line: &mut String, time: Option<OffsetDateTime>) {
    let _ = match time {
        Some(time) => write!(line, " {}", time.unix_timestamp()),
        None => write!(line, " -"),
    };
}

/// The longest line: two ids, four times, a key's id, and two digits.
const LENGTH: usize = 128;
