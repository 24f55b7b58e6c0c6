//! Header values of the protocol. Its draft has structured strings (RFC 9651), but Chromium sends
//! the bare text. Both are read.

use crate::http::request::RequestHead;

/// The text of a header that must come once and contain only the characters of a sealed value or a
/// JWT. `None` otherwise.
pub(super) fn text<'a>(head: &'a impl RequestHead, name: &'static str) -> Option<&'a [u8]> {
    let value = only(head, name)?;
    let value = value.trim_ascii();
    let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (!bare.is_empty() && bare.iter().all(is_plain)).then_some(bare)
}

/// Whether the header is there at all.
pub(super) fn is_there(head: &impl RequestHead, name: &'static str) -> bool {
    head.values(name).next().is_some()
}

/// Whether the header has this value, once.
pub(super) fn is(head: &impl RequestHead, name: &'static str, value: &str) -> bool {
    only(head, name) == Some(value.as_bytes())
}

fn only<'a>(head: &'a impl RequestHead, name: &'static str) -> Option<&'a [u8]> {
    let mut values = head.values(name);
    values.next().filter(|_| values.next().is_none())
}

pub(super) const IDENTIFIER: &str = "sec-secure-session-id";
pub(super) const PROOF: &str = "secure-session-response";
pub(super) const CHALLENGE: &str = "secure-session-challenge";
