//! What was done to a value on its way, undone.

use sealed_session::Hint;

use super::pasted::{Pair, QUOTES};

/// A value with the name of its cookie.
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) value: String,
    /// What was undone, so that it can be read.
    pub(super) notes: Vec<&'static str>,
    /// What has to be undone before a server reads it, as in "the quotes are off".
    pub(super) once: Vec<&'static str>,
    /// Whether the line takes the cookie out of the browser.
    pub(super) removes: bool,
}

/// A value as it was sealed, as far as one can tell what was done to it.
pub(super) fn clean(pair: &Pair) -> Candidate {
    let mut value = Value { text: pair.value.trim().to_owned(), notes: vec![], once: vec![] };
    let bare = value.text.trim_end_matches(',').to_owned();
    value.undo(bare, "a comma follows it, and it is refused with it", "the comma is off");
    let unquoted = value.text.replace("\\\"", "\"").trim_matches(QUOTES).to_owned();
    value.undo(
        unquoted,
        "it stands in quotes, which a server does not take off: the value is refused with them",
        "the quotes are off",
    );
    let decoded = percent_decoded(&value.text).unwrap_or_else(|| value.text.clone());
    value.undo(
        decoded,
        "it was percent-encoded on its way, and is refused so",
        "it is percent-decoded",
    );
    let whole = value.text.trim_end_matches(['\u{2026}']).trim_end_matches("...").to_owned();
    if whole != value.text {
        value.notes.push("its end was cut where it was shown");
        value.text = whole;
    }
    let unpadded = value.text.trim_end_matches('=').to_owned();
    value.undo(
        unpadded,
        "padding was added on its way, and it is refused so",
        "the padding is off",
    );
    let joined: String = value.text.split_whitespace().collect();
    // White space in words of another kind is no line break.
    if Hint::read(&joined).is_ok() {
        value.undo(
            joined,
            "it was broken by white space on its way, and is refused so",
            "the white space is out",
        );
    }
    let removes = pair.is_set && value.text.is_empty();
    Candidate {
        name: pair.name.trim_matches(QUOTES).to_owned(),
        value: value.text,
        notes: value.notes,
        once: value.once,
        removes,
    }
}

struct Value {
    text: String,
    notes: Vec<&'static str>,
    once: Vec<&'static str>,
}

impl Value {
    /// Without what a server would refuse it for.
    fn undo(&mut self, undone: String, note: &'static str, once: &'static str) {
        if undone != self.text {
            self.text = undone;
            self.notes.push(note);
            self.once.push(once);
        }
    }
}

/// The text without `%XX`, `None` where it has none that stands for ASCII.
fn percent_decoded(text: &str) -> Option<String> {
    let (head, mut rest) = text.split_once('%')?;
    let mut decoded = head.to_owned();
    loop {
        let (digits, after) = rest.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii)?;
        decoded.push(char::from(byte));
        match after.split_once('%') {
            Some((between, next)) => {
                decoded.push_str(between);
                rest = next;
            }
            None => {
                decoded.push_str(after);
                return Some(decoded);
            }
        }
    }
}
