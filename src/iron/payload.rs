//! The JSON of a value, as iron-session reads it.

use std::any::type_name;

use serde::de::DeserializeOwned;

use super::error::IronError;
use crate::error::Misfit;

/// The data of a plaintext.
///
/// `null` is read as an object without fields, unless `T` accepts only `null`.
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
    serde_json::from_str(json).map_err(|error| refuse(error.column(), Misfit::of(&error)))
}

fn is_json_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

const BYTE_ORDER_MARK: char = '\u{feff}';
