//! Names and values in the lines, tables and exports that operators paste.

use sealed_session::Hint;
use serde_json::Value;

#[derive(PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether it is of a Set-Cookie line.
    pub(super) is_set: bool,
    /// Whether its name is only supposed.
    is_bare: bool,
}

impl Pair {
    fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.trim().to_owned(),
            value: value.to_owned(),
            is_set: false,
            is_bare: false,
        }
    }
}

/// Names and values of lines of pairs; a value alone is of the cookie `wanted`.
pub(super) fn pairs(text: &str, wanted: &str) -> Vec<Pair> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        // Anything else goes on with a value that was broken.
        let begins = Hint::read(line.trim()).is_ok()
            || line
                .trim()
                .split_once(['=', ':'])
                .is_some_and(|(name, value)| !is_padding(value) || name.len() < MIN_VALUE);
        match lines.last_mut().filter(|_| !begins) {
            Some(last) => {
                last.push('\n');
                last.push_str(line);
            }
            None => lines.push(line.to_owned()),
        }
    }
    if lines.is_empty() {
        return vec![Pair::new(wanted, text)];
    }
    // What stands between lines of pairs is no value.
    let is_alone = lines.len() == 1;
    let is_value = |pair: &Pair| is_alone || !pair.is_bare || Hint::read(&pair.value).is_ok();
    lines.iter().flat_map(|line| pairs_of_line(line.trim(), wanted)).filter(is_value).collect()
}

fn pairs_of_line(text: &str, wanted: &str) -> Vec<Pair> {
    let (line, header) = without_header(text);
    if let (Header::None, Some(pair)) = (header, pair_of_firefox(line)) {
        return vec![pair];
    }
    let mut pairs = line.split(';').map(str::trim).filter_map(|pair| pair.split_once('='));
    // A name is there if it is one: padding may follow a bare value.
    let has_name = |(name, value): (&str, &str)| {
        !is_padding(value) || is_name(name.trim()) && name.len() < MIN_VALUE
    };
    let is_line = line.contains(';') || pairs.clone().any(has_name);
    let pair = |(name, value): (&str, &str)| Pair::new(name.trim_matches(QUOTES), value);
    match header {
        Header::None if !is_line => vec![Pair { is_bare: true, ..Pair::new(wanted, text) }],
        // What follows the first pair are attributes.
        Header::SetCookie => {
            let first = pairs.next().map(pair).into_iter();
            first.map(|pair| Pair { is_set: true, ..pair }).collect()
        }
        _ => pairs.map(pair).filter(|pair| is_name(&pair.name)).collect(),
    }
}

fn is_padding(rest: &str) -> bool {
    rest.trim_matches(['=', '"', '\'', ' ']).is_empty()
}

/// Whether a cookie may have this name.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&*+-.^_|~".contains(&byte))
}

/// `NAME:"VALUE"`, as Firefox copies a row; the quotes are Firefox's.
fn pair_of_firefox(line: &str) -> Option<Pair> {
    let (name, rest) = line.split_once(':')?;
    let name = name.trim().trim_matches(QUOTES);
    let value = rest.trim().strip_prefix('"')?.trim_end_matches(['"', ',']);
    (is_name(name) && !value.contains('=')).then(|| Pair::new(name, value))
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
    let rest = rest.trim_end_matches(['\\', ' ']).trim();
    (rest.trim_matches(['"', '\'', ',', ' ']), header)
}

/// The line without quotes around the whole of it, if it is one of pairs.
fn line_of_pairs<'a>(text: &'a str, line: &'a str) -> &'a str {
    let has_pair = line.split_once('=').is_some_and(|(_, value)| !is_padding(value));
    match line.contains(';') || has_pair {
        // A line of a shell may go on behind a backslash.
        true if line.len() < text.len() => line.trim_end_matches(['"', '\'', '\\', ' ']),
        true => line.trim_end_matches(['\'', '\\', ' ']),
        false => text,
    }
}

/// Rows of a browser's table, of a cookie file, and of a browser's export in JSON.
pub(super) fn rows(text: &str) -> Vec<Pair> {
    let part = format!("{{{}}}", text.trim_end_matches([',', ' ']));
    let json = serde_json::from_str::<Value>(text).or_else(|_| serde_json::from_str(&part));
    let mut found = Vec::new();
    if let Ok(json) = json {
        collect(&json, &mut found);
        return found;
    }
    for row in text.lines().filter(|line| line.contains('\t')) {
        let cells: Vec<_> = row.split('\t').map(str::trim).collect();
        // In each of these tables the value stands behind the name.
        let mut named = cells.windows(2).filter_map(|pair| match pair {
            [name, value] => Some((*name, *value)),
            _ => None,
        });
        let is_value = |value: &str| value.len() >= MIN_VALUE && !value.contains(['.', ' ']);
        if let Some((name, value)) = named.find(|(_, value)| is_value(value)) {
            found.push(Pair::new(name.trim_start_matches("#HttpOnly_"), value));
        }
    }
    found
}

/// Every `{ "name": …, "value": … }`, headers among them.
fn collect(json: &Value, found: &mut Vec<Pair>) {
    match json {
        Value::Array(all) => all.iter().for_each(|one| collect(one, found)),
        Value::Object(fields) => match (fields.get("name"), fields.get("value")) {
            (Some(Value::String(name)), Some(Value::String(value))) => {
                match name.to_ascii_lowercase().as_str() {
                    "cookie" | "set-cookie" => {
                        found.extend(pairs_of_line(&format!("{name}: {value}"), name));
                    }
                    _ => found.push(Pair::new(name, value)),
                }
            }
            _ => fields.iter().for_each(|(name, field)| match field {
                Value::String(value) if value.len() >= MIN_VALUE => {
                    found.push(Pair::new(name, value));
                }
                field => collect(field, found),
            }),
        },
        _ => {}
    }
}

/// Pairs anywhere in a text, as in a line of a log or a command of curl.
pub(super) fn scan(text: &str) -> Vec<Pair> {
    let pair = |at: usize| {
        let (head, rest) = (text.get(..at)?, text.get(at.checked_add(1)?..)?);
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = head.rsplit(|c| !is_of_name(c)).next().filter(|name| !name.is_empty())?;
        let ends = |c: char| c.is_whitespace() || ";\"'\\,&)]}>".contains(c);
        let value = match rest.strip_prefix('"') {
            // The quotes are the value's own.
            Some(quoted) => {
                let value = quoted.split(ends).next()?;
                rest.get(..value.len().checked_add(2)?).filter(|value| value.ends_with('"'))?
            }
            None => rest.split(ends).next()?,
        };
        Some(Pair::new(name, value))
    };
    text.match_indices('=').filter_map(|(at, _)| pair(at)).collect()
}

/// Shorter than any sealed value, and longer than a name or what else a table has.
const MIN_VALUE: usize = 60;
pub(super) const QUOTES: [char; 7] =
    ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];
