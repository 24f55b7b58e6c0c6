//! A ring as JSON, for serde. `serde_json` would do the same with half a dozen times the code, for it
//! reads and writes numbers with a point, of which a ring has none.

use std::fmt::{self, Display};

use sealed_session::KeyRing;
use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use zeroize::Zeroizing;

use crate::json::{Rest, check};

pub(crate) fn read(json: &str) -> Result<KeyRing, String> {
    // From here on there is one value, and it is whole.
    check(json)?;
    let mut reader = Reader(Rest::of(json));
    KeyRing::deserialize(&mut reader).map_err(|Refusal(why)| why)
}

struct Reader<'de>(Rest<'de>);

/// What begins a value, or all of it.
enum Token<'de> {
    Object,
    List,
    Text(&'de str),
    Copied(Zeroizing<String>),
    Bool(bool),
    Null,
    Unsigned(u64),
    Signed(i64),
    /// Nothing takes such a number, so what it is does not matter.
    Other,
}

impl<'de> Reader<'de> {
    /// Apart from what is compiled for each type.
    #[inline(never)]
    fn token(&mut self) -> Result<Token<'de>, Refusal> {
        self.0.skip_space();
        let first = self.0.peek();
        if let Some(b'{' | b'[') = first {
            return Ok(if first == Some(b'{') { Token::Object } else { Token::List });
        }
        let text = self.0.take(Rest::scalar)?;
        if text.bytes().any(|byte| byte < b' ') {
            return Err(Refusal::from(
                "it has a line break or another control character in a text",
            ));
        }
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Ok(match (quoted, text) {
            (Some(text), _) if text.contains('\\') => Token::Copied(unescaped(text)),
            (Some(text), _) => Token::Text(text),
            (None, "null") => Token::Null,
            (None, "true") => Token::Bool(true),
            (None, "false") => Token::Bool(false),
            // For `serde_json` not a whole number.
            (None, "-0") => Token::Other,
            (None, number) => match (number.parse(), number.parse()) {
                (Ok(number), _) => Token::Unsigned(number),
                (_, Ok(number)) => Token::Signed(number),
                _ => Token::Other,
            },
        })
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.token()? {
            Token::Object => visitor.visit_map(Members(self)),
            Token::List => visitor.visit_seq(Members(self)),
            Token::Text(text) => visitor.visit_str(text),
            Token::Copied(text) => visitor.visit_str(&text),
            Token::Bool(is_on) => visitor.visit_bool(is_on),
            Token::Null => visitor.visit_unit(),
            Token::Unsigned(number) => visitor.visit_u64(number),
            Token::Signed(number) => visitor.visit_i64(number),
            Token::Other => visitor.visit_f64(f64::NAN),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.0.skip_space();
        match self.0.peek() {
            Some(b'n') => {
                self.token()?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Members of an object or a list, or their names, in turn.
struct Members<'a, 'de>(&'a mut Reader<'de>);

impl Members<'_, '_> {
    /// Whether there is another: takes what stands before it.
    #[inline(never)]
    fn go_on(&mut self) -> bool {
        let rest = &mut self.0.0;
        rest.skip_space();
        match rest.next() {
            Some(b'{' | b'[') => {
                rest.skip_space();
                let is_empty = matches!(rest.peek(), Some(b'}' | b']'));
                if is_empty {
                    rest.next();
                }
                !is_empty
            }
            other => other == Some(b','),
        }
    }
}

impl<'de> SeqAccess<'de> for Members<'_, 'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        match self.go_on() {
            true => seed.deserialize(&mut *self.0).map(Some),
            false => Ok(None),
        }
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        self.0.0.skip_space();
        // The colon.
        self.0.0.next();
        seed.deserialize(&mut *self.0)
    }
}

/// The text of a string with escapes. It may be a key.
fn unescaped(text: &str) -> Zeroizing<String> {
    // As long as it gets: a growing string leaves copies behind.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let (length, char) = match escape.as_bytes() {
            [b'u', ..] => unescaped_unit(escape),
            [b'b', ..] => (1, '\u{8}'),
            [b'f', ..] => (1, '\u{c}'),
            [b'n', ..] => (1, '\n'),
            [b'r', ..] => (1, '\r'),
            [b't', ..] => (1, '\t'),
            [other, ..] => (1, char::from(*other)),
            [] => (0, '\\'),
        };
        plain.push(char);
        rest = escape.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// The length and the character of `uXXXX` or of two such units.
fn unescaped_unit(escape: &str) -> (usize, char) {
    let unit = |at: usize| escape.get(at..at + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let units = [unit(1), unit(7)].into_iter().flatten();
    let char = char::decode_utf16(units).next().and_then(Result::ok);
    match char {
        Some(char) => (if char.len_utf16() == 2 { 11 } else { 5 }, char),
        None => (5, char::REPLACEMENT_CHARACTER),
    }
}

/// What is wrong with a ring. Nothing of it is quoted.
#[derive(Debug)]
struct Refusal(String);

impl From<&'static str> for Refusal {
    fn from(why: &'static str) -> Self {
        Self(why.to_owned())
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: Display>(why: T) -> Self {
        Self(why.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}
