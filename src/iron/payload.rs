//! The JSON of a value, as iron-session reads it.

use std::any::type_name;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::error::{IronError, Misfit};

/// The data of a plaintext.
///
/// An object without fields stands for `null`, unless only `null` is a `T`.
pub(super) fn read<T: DeserializeOwned>(plaintext: &[u8]) -> Result<T, IronError> {
    let refuse =
        |column, misfit| IronError::Payload { type_name: type_name::<T>(), column, misfit };
    let text = str::from_utf8(plaintext)
        .map_err(|error| refuse(error.valid_up_to().saturating_add(1), Misfit::NotJson))?;
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if json.trim_matches(is_json_space) == "null"
        && let Ok(data) = serde_json::from_str("{}")
    {
        return Ok(data);
    }
    serde_json::from_str(json).map_err(|error| refuse(error.column(), misfit(&error)))
}

/// What kind of change helps. The text of the error quotes the data, so none of it is handed on.
fn misfit(error: &serde_json::Error) -> Misfit {
    match error.classify() {
        Category::Data => {}
        Category::Io | Category::Syntax | Category::Eof => return Misfit::NotJson,
    }
    let text = error.to_string();
    // What serde's own constructors begin with; a `Deserialize` by hand may say anything.
    let begins = |start: &str| text.starts_with(start);
    if begins("missing field") {
        Misfit::Missing
    } else if begins("invalid type: null") {
        Misfit::Null
    } else if begins("invalid type") || begins("invalid value") || begins("invalid length") {
        Misfit::WrongType
    } else if begins("unknown variant") || begins("unknown field") {
        Misfit::Unknown
    } else {
        Misfit::Other
    }
}

fn is_json_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

const BYTE_ORDER_MARK: char = '\u{feff}';
