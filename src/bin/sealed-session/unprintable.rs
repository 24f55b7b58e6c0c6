//! Keeps what a stranger wrote from steering the operator's terminal.

use std::fmt::Write as _;

/// Writes every character that a terminal would not simply show as `\uXXXX`,
/// as JSON does: control characters, those that turn the direction of the text
/// or have no width, and combining marks. In JSON such characters stand inside
/// of strings only, so JSON stays the same JSON.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // The standard library knows what is printable; quotes and backslashes are.
        if character.is_ascii_graphic() || character.escape_debug().len() == 1 {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_the_rest_is_not() {
        let plain = r#"{"a": "é ß 漢字 Ωμέγα \" \\ 'x' €"}"#;
        assert_eq!(escape(plain), plain);
        let bidi = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        let bidi = bidi.chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        let invisible = "\u{ad}\u{200b}\u{200d}\u{2028}\u{2029}\u{feff}\u{e0041}\u{301}";
        let control = ('\0'..=' ').filter(|c| *c != ' ').chain('\u{7f}'..='\u{9f}');
        for character in bidi.chain(invisible.chars()).chain(control) {
            let escaped = escape(&character.to_string());
            assert!(escaped.is_ascii() && escaped.starts_with("\\u"), "{escaped:?}");
            let read: String = serde_json::from_str(&format!("\"{escaped}\"")).expect("JSON");
            assert_eq!(read, character.to_string());
        }
    }
}
