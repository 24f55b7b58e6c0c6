//! Why a value is none of ours.

use sealed_session::Hint;

/// Where a malformed value went wrong, as far as one can tell.
pub(super) fn malformation(value: &str) -> String {
    let odd = value.char_indices().find(|(_, c)| !(c.is_ascii_alphanumeric() || "-_".contains(*c)));
    match odd {
        _ if value.is_empty() => "it is empty".to_owned(),
        _ if value.starts_with("Fe26.2*") || value.starts_with("Fe26.2**") => {
            "it is a seal of iron-session, not one of ours".to_owned()
        }
        Some((at, '%')) => format!("`%` at byte {at}: it was percent-encoded on its way"),
        Some((at, '=')) => {
            format!("`=` at byte {at}: padding was added on its way, or two cookies ran together")
        }
        Some((at, '+' | '/')) => {
            format!("`+` or `/` at byte {at}: that is base64, ours is base64url")
        }
        Some((at, '"')) => format!("a quotation mark at byte {at}: it was quoted on its way"),
        Some((at, c)) if c.is_whitespace() => {
            format!("white space at byte {at}: it was wrapped or cut off on its way")
        }
        Some((at, c)) => format!(
            "U+{:04X} at byte {at}: a sealed value has letters, digits, - and _ alone",
            u32::from(c)
        ),
        // Its end does not matter: it is too short.
        None if value.get(..value.len() & !3).is_none_or(|whole| Hint::read(whole).is_err()) => {
            format!("{} bytes are too few for a sealed value: it was cut", value.len())
        }
        None if value.len() % 4 == 1 => {
            "a byte is missing or too many: it was cut off on its way".to_owned()
        }
        None => "its last character has bits that no sealed value has: its end was cut or changed"
            .to_owned(),
    }
}
