//! What a sealed value is made of, as docs/FORMAT.md has it.

use std::ops::Range;

use axum::http::{HeaderMap, header::COOKIE};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sealed_session::Cookie;

/// The bytes of a sealed value.
pub(crate) struct Anatomy {
    bytes: Vec<u8>,
}

/// A field of a sealed value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Version,
    KeyId,
    Nonce,
    Ciphertext,
    Tag,
}

impl Field {
    pub(crate) const ALL: [Self; 5] =
        [Self::Version, Self::KeyId, Self::Nonce, Self::Ciphertext, Self::Tag];
}

impl Anatomy {
    /// Of the last value of a cookie of that name that has the length of a sealed one.
    pub(crate) fn of(headers: &HeaderMap, name: &str) -> Option<Self> {
        let headers = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let cookies = headers.flat_map(Cookie::split_parse).filter_map(Result::ok);
        cookies
            .filter(|cookie| cookie.name() == name)
            .filter_map(|cookie| URL_SAFE_NO_PAD.decode(cookie.value()).ok())
            .filter(|bytes| bytes.len() > OVERHEAD)
            .map(|bytes| Self { bytes })
            .last()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Where a field is, in bytes.
    pub(crate) fn range(&self, field: Field) -> Range<usize> {
        let tag = self.len() - TAG;
        match field {
            Field::Version => 0..VERSION,
            Field::KeyId => VERSION..VERSION + KEY_ID,
            Field::Nonce => VERSION + KEY_ID..HEADER,
            Field::Ciphertext => HEADER..tag,
            Field::Tag => tag..self.len(),
        }
    }

    /// A field in hex. Of what opens a session together only the beginning: whoever reads the
    /// page, a script included, must not be able to put the cookie together again.
    pub(crate) fn hex(&self, field: Field) -> (String, usize) {
        let bytes = self.bytes.get(self.range(field)).unwrap_or_default();
        let shown = match field {
            Field::Version | Field::KeyId | Field::Nonce => bytes.len(),
            Field::Ciphertext | Field::Tag => bytes.len().min(SHOWN_OF_SECRETS),
        };
        let hex: Vec<_> = bytes.iter().take(shown).map(|byte| format!("{byte:02x}")).collect();
        (hex.join(" "), bytes.len() - shown)
    }
}

const VERSION: usize = 1;
const KEY_ID: usize = 4;
const HEADER: usize = VERSION + KEY_ID + 24;
const TAG: usize = 16;
const OVERHEAD: usize = HEADER + TAG;
const SHOWN_OF_SECRETS: usize = 6;
