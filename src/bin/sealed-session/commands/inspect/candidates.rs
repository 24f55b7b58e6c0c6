//! The sealed values in what an operator pastes, and what was done to them on the way.

use sealed_session::Hint;
use serde_json::Value;

/// A value with the name of its cookie.
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) value: String,
    /// What was undone, so that it can be read.
    pub(super) notes: Vec<String>,
}

/// The sealed values in a text; with a name, those of that cookie, whatever they look like.
pub(super) fn candidates(text: &str, name: Option<&str>) -> Vec<Candidate> {
    let text = text.trim();
    let pairs = match rows(text) {
        rows if rows.is_empty() => pairs(text, name),
        rows => rows,
    };
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| clean(name, value)).collect();
    let Some(name) = name else {
        let (sealed, others): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|pair| Hint::read(&pair.value).is_ok());
        return match sealed.is_empty() {
            true => others.into_iter().filter(|pair| pair.name == DEFAULT_NAME).collect(),
            false => sealed,
        };
    };
    pairs.into_iter().filter(|pair| pair.name == name).collect()
}

/// Names and values of a line of pairs, or of a value alone.
fn pairs(text: &str, name: Option<&str>) -> Vec<(String, String)> {
    let (line, header) = without_header(text);
    let mut pairs = line.split(';').map(str::trim).filter_map(|pair| pair.split_once('='));
    // A name is there if it is one: padding may follow a bare value.
    let is_line = line.contains(';') || pairs.clone().any(|(_, value)| !is_padding(value));
    let owned = |(name, value): (&str, &str)| (name.trim().to_owned(), value.to_owned());
    match header {
        Header::None if !is_line => {
            vec![(name.unwrap_or(DEFAULT_NAME).to_owned(), text.to_owned())]
        }
        // What follows the first pair are attributes.
        Header::SetCookie => pairs.next().map(owned).into_iter().collect(),
        _ => pairs.map(owned).collect(),
    }
}

fn is_padding(rest: &str) -> bool {
    rest.trim_matches(['=', '"', '\'', ' ']).is_empty()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    Cookie,
    SetCookie,
}

/// The line behind `Cookie:`, as headers, curl, logs and gateways spell it.
fn without_header(text: &str) -> (&str, Header) {
    let mut line = text;
    for mark in ["> ", "< ", "-H ", "-b ", "--header ", "--cookie ", "$'", "'", "\"", "\u{201c}"] {
        line = line.strip_prefix(mark).unwrap_or(line).trim_start();
    }
    let Some((head, rest)) = line.split_once([':', '=']) else { return (text, Header::None) };
    let head: String = head
        .trim_matches(['"', '\'', ' '])
        .chars()
        .map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() })
        .collect();
    let header = match head.as_str() {
        "cookie" | "http-cookie" => Header::Cookie,
        "set-cookie" => Header::SetCookie,
        _ => return (line_of_pairs(text, line), Header::None),
    };
    (rest.trim().trim_matches(['"', '\'', ',', ' ']), header)
}

/// The line without quotes around the whole of it, if it is one of pairs.
fn line_of_pairs<'a>(text: &'a str, line: &'a str) -> &'a str {
    let has_pair = line.split_once('=').is_some_and(|(_, value)| !is_padding(value));
    match line.contains(';') || has_pair {
        true => line.trim_end_matches(['"', '\'']),
        false => text,
    }
}

/// Rows of a browser's table, of a cookie file, and of a browser's export in JSON.
fn rows(text: &str) -> Vec<(String, String)> {
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let mut found = Vec::new();
        collect(&json, &mut found);
        return found;
    }
    let mut found = Vec::new();
    for row in text.lines().filter(|line| line.contains('\t')) {
        let cells: Vec<_> = row.split('\t').map(str::trim).collect();
        // In each of these tables the value stands behind the name.
        let mut named = cells.windows(2).filter_map(|pair| match pair {
            [name, value] => Some((*name, *value)),
            _ => None,
        });
        let is_value = |value: &str| value.len() >= MIN_CELL && !value.contains(['.', ' ']);
        if let Some((name, value)) = named.find(|(_, value)| is_value(value)) {
            found.push((name.trim_start_matches("#HttpOnly_").to_owned(), value.to_owned()));
        }
    }
    found
}

/// Every `{ "name": …, "value": … }`.
fn collect(json: &Value, found: &mut Vec<(String, String)>) {
    match json {
        Value::Array(all) => all.iter().for_each(|one| collect(one, found)),
        Value::Object(fields) => match (fields.get("name"), fields.get("value")) {
            (Some(Value::String(name)), Some(Value::String(value))) => {
                found.push((name.clone(), value.clone()));
            }
            _ => fields.values().for_each(|field| collect(field, found)),
        },
        _ => {}
    }
}

/// A value as it was sealed, as far as one can tell what was done to it.
fn clean(name: &str, value: &str) -> Candidate {
    let mut notes = Vec::new();
    let mut undo = |value: &mut String, undone: String, note: &str| {
        if undone != *value {
            *value = undone;
            notes.push(note.to_owned());
        }
    };
    let mut value = value.trim().to_owned();
    let unquoted = value.replace("\\\"", "\"");
    let unquoted = unquoted.trim_matches(QUOTES).to_owned();
    undo(
        &mut value,
        unquoted,
        "it stands in quotes, which a server does not take off: the value is refused with them",
    );
    let decoded = percent_decoded(&value).unwrap_or_else(|| value.clone());
    undo(&mut value, decoded, "it was percent-encoded on its way, and is refused so");
    let whole = value.trim_end_matches(['\u{2026}']).trim_end_matches("...").to_owned();
    undo(&mut value, whole, "its end was cut where it was shown");
    let unpadded = value.trim_end_matches('=').to_owned();
    undo(&mut value, unpadded, "padding was added on its way, and it is refused so");
    let joined: String = value.split_whitespace().collect();
    // White space in words of another kind is no line break.
    if Hint::read(&joined).is_ok() {
        undo(&mut value, joined, "it was broken by white space on its way, and is refused so");
    }
    Candidate { name: name.trim_matches(QUOTES).to_owned(), value, notes }
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

const DEFAULT_NAME: &str = "__Host-session";
const QUOTES: [char; 7] = ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];
/// Shorter than any sealed value, and longer than what else a table has.
const MIN_CELL: usize = 60;
