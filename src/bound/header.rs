//! Header values of the protocol. Its draft has structured strings (RFC 9651), but Chromium sends
//! the bare text. Both are read.

use crate::http::answer::Head;

/// The text of a header that must come once and contain only the characters of a sealed value or a
/// JWT. `None` otherwise.
pub(super) fn text<'a>(head: &'a impl Head, name: &'static str) -> Option<&'a [u8]> {
    let values = head.values(name);
    let [value] = *values.as_slice() else { return None };
    let value = value.trim_ascii();
    let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (!bare.is_empty() && bare.iter().all(is_plain)).then_some(bare)
}

/// Whether the header is there at all.
pub(super) fn is_there(head: &impl Head, name: &'static str) -> bool {
    !head.values(name).is_empty()
}

/// Whether the header has this value, once.
pub(super) fn is(head: &impl Head, name: &'static str, value: &str) -> bool {
    *head.values(name).as_slice() == [value.as_bytes()]
}

pub(super) const IDENTIFIER: &str = "sec-secure-session-id";
pub(super) const PROOF: &str = "secure-session-response";
pub(super) const CHALLENGE: &str = "secure-session-challenge";
