//! What is known of a session: its ids as a text of 48 characters, and its numbers in a place that
//! JavaScript reads by itself. To write numbers as text and to read them there takes longer than to
//! open a short value.

use std::{cell::Cell, fmt::Write as _};

use sealed_session::{Family, Session, SessionId, SessionInfo};
use time::OffsetDateTime;
use wasm_bindgen::prelude::*;

use crate::data::Data;

thread_local! {
    /// When it was created, issued, authenticated and ends, in milliseconds since 1970; its key's id;
    /// whether its cookie is persistent, and whether it is due to be sealed again. NaN is none.
    static NUMBERS: [Cell<f64>; 7] = const { [const { Cell::new(f64::NAN) }; 7] };
}

/// Where the numbers are in [`linear_memory`]. They are of the facts that were told last.
#[wasm_bindgen]
pub fn numbers() -> *const f64 {
    NUMBERS.with(|numbers| numbers.as_ptr().cast())
}

/// The memory of this WebAssembly.
#[wasm_bindgen]
pub fn linear_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// The ids; empty for no session. There is room for so many bytes more.
pub(crate) fn of_session(session: &Session<Data>, room: usize) -> String {
    let (Some(id), Some(family)) = (session.id(), session.family()) else { return String::new() };
    tell([
        milliseconds(session.created_at()),
        milliseconds(session.issued_at()),
        milliseconds(session.authenticated_at()),
        milliseconds(session.expires_at()),
        session.key_id().map_or(f64::NAN, |id| id.get().into()),
        u8::from(session.is_persistent() == Some(true)).into(),
        u8::from(session.is_reseal_due()).into(),
    ]);
    ids(id, family, room)
}

/// The same; what is known before a session is loaded.
pub(crate) fn of_info(info: &SessionInfo) -> String {
    let (created, issued, ends) = (info.created_at(), info.issued_at(), info.expires_at());
    let [created, issued, ends] = [created, Some(issued), Some(ends)].map(milliseconds);
    tell([created, issued, f64::NAN, ends, f64::NAN, f64::NAN, f64::NAN]);
    ids(info.id(), info.family(), 0)
}

/// The session's id, of 32 characters, and its family's, of 16.
fn ids(id: SessionId, family: Family, room: usize) -> String {
    let mut text = String::with_capacity(48 + room);
    let _ = write!(text, "{id}{family}");
    text
}

fn tell(numbers: [f64; 7]) {
    NUMBERS.with(|cells| cells.iter().zip(numbers).for_each(|(cell, number)| cell.set(number)));
}

#[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 have 38 bits")]
fn milliseconds(time: Option<OffsetDateTime>) -> f64 {
    time.map_or(f64::NAN, |time| time.unix_timestamp() as f64 * 1000.0)
}
