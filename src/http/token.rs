//! How tokens are written in a header.

use std::borrow::Cow;

use super::rules::is_token_octet;
use crate::error::ConfigError;

/// The token in the values of a header. `None` unless the request has that header exactly once. In
/// `Authorization` the scheme must be `Bearer`.
pub(crate) fn token_in<'a>(
    header: &str,
    values: impl IntoIterator<Item = &'a [u8]>,
) -> Option<&'a [u8]> {
    let mut values = values.into_iter();
    let value = trim(values.next()?);
    if values.next().is_some() {
        return None;
    }
    if header != AUTHORIZATION {
        return Some(value);
    }
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    let is_ours = scheme.eq_ignore_ascii_case(SCHEME) && token.starts_with(b" ");
    is_ours.then(|| token.trim_ascii_start())
}

/// Without the spaces and tabs around it.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The name of the header that has tokens, in lower case.
pub(crate) fn check_header(name: &str) -> Result<Cow<'static, str>, ConfigError> {
    let lower = name.to_ascii_lowercase();
    let is_cookie = ["cookie", "set-cookie"].contains(&&*lower);
    match !name.is_empty() && name.bytes().all(is_token_octet) && !is_cookie {
        true if lower == AUTHORIZATION => Ok(AUTHORIZATION.into()),
        true => Ok(lower.into()),
        false => Err(ConfigError::TokenHeader(name.to_owned())),
    }
}

/// The header that has tokens behind a scheme.
pub(crate) const AUTHORIZATION: &str = "authorization";
const SCHEME: &[u8] = b"Bearer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_once_behind_its_scheme() {
        let in_authorization = |values: &[&'static str]| {
            let token = token_in("authorization", values.iter().map(|value| value.as_bytes()));
            token.map(|token| str::from_utf8(token).unwrap())
        };
        for value in ["Bearer abc", "bearer abc", "BEARER    abc", " \tBearer abc\t "] {
            assert_eq!(in_authorization(&[value]), Some("abc"), "{value:?}");
        }
        for value in ["", "abc", "Bearer", "Bearerabc", "Bearer\tabc", "Basic abc", "B abc"] {
            assert_eq!(in_authorization(&[value]), None, "{value:?}");
        }
        assert_eq!(in_authorization(&[]), None);
        assert_eq!(in_authorization(&["Bearer abc", "Bearer abc"]), None);
        assert_eq!(in_authorization(&["Basic abc", "Bearer abc"]), None);
    }

    #[test]
    fn in_another_header_it_is_all_there_is() {
        let token = |values: [&'static [u8]; 1]| token_in("x-session", values);
        assert_eq!(token([b"\t abc "]), Some(&b"abc"[..]));
        assert_eq!(token([b"Bearer abc"]), Some(&b"Bearer abc"[..]));
        assert_eq!(token_in("x-session", [&b"abc"[..], b"abc"]), None);
    }
}
