//! How the JSON of a session and the Rust type that reads it differ.

use std::fmt;

use serde_json::error::Category;

/// How JSON and a Rust type differ. `Display` says what helps, and nothing of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// It is no JSON that a Rust string can hold.
    NotJson,
    /// A field is not there.
    Missing,
    /// There is a `null`, and the type is no `Option`.
    Null,
    /// A value has another type, such as a number in the place of a string.
    WrongType,
    /// The type has no such variant or field.
    Unknown,
    /// The type's `Deserialize` refused it for a reason of its own.
    Other,
}

impl Misfit {
    /// The text of the error quotes the data, so none of it is handed on.
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        match error.classify() {
            Category::Data => {}
            Category::Io | Category::Syntax | Category::Eof => return Self::NotJson,
        }
        let text = error.to_string();
        // What serde's own constructors begin with; a `Deserialize` by hand may say anything.
        let begins = |start: &str| text.starts_with(start);
        if begins("missing field") {
            Self::Missing
        } else if begins("invalid type: null") {
            Self::Null
        } else if begins("invalid type") || begins("invalid value") || begins("invalid length") {
            Self::WrongType
        } else if begins("unknown variant") || begins("unknown field") {
            Self::Unknown
        } else {
            Self::Other
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => {
                "it is not JSON in UTF-8, has half an emoji, or is nested more than 127 levels deep"
            }
            Self::Missing => "a field is missing; give it `#[serde(default)]`",
            Self::Null => {
                "there is a null, which JavaScript also writes for NaN, and `#[serde(default)]` does not help; make the field an `Option`, or read it with `deserialize_with`"
            }
            Self::WrongType => {
                "a value has another type, which `#[serde(default)]` does not help; give the field the type that was written, or read it with `deserialize_with`"
            }
            Self::Unknown => {
                "the type lacks a variant or a field; add it, or a variant with `#[serde(other)]`, or take out `deny_unknown_fields`"
            }
            Self::Other => "its `Deserialize` refuses the value; read it in a test to see why",
        })
    }
}
