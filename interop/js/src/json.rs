//! Whether a text is JSON that every reader of the format takes: that of `serde_json` in Rust reads
//! numbers as doubles, whole characters, and 127 levels. JavaScript reads and writes more.

use wasm_bindgen::prelude::*;

/// Checks a text of which `serde_json` has read, or reads, that it is JSON. The error says what is
/// wrong, and contains nothing of it.
pub(crate) fn check(json: &str) -> Result<(), &'static str> {
    let mut rest = Rest::of(json);
    // For each level that is open, whether it is an object.
    let mut open = [false; MAX_DEPTH];
    let mut depth = 0_usize;
    loop {
        // A value begins here.
        rest.skip_space();
        let opened = match rest.peek() {
            Some(b'{') => Some((true, b'}')),
            Some(b'[') => Some((false, b']')),
            _ => None,
        };
        if let Some((is_object, end)) = opened {
            rest.next();
            *open.get_mut(depth).ok_or("it is nested more than 127 levels deep")? = is_object;
            depth += 1;
            rest.skip_space();
            if rest.peek() != Some(end) {
                if is_object {
                    rest.name()?;
                }
                continue;
            }
        } else {
            rest.scalar()?;
        }
        // A value ended, or nothing is in what opened.
        loop {
            rest.skip_space();
            let Some(&is_object) = depth.checked_sub(1).and_then(|top| open.get(top)) else {
                return if rest.peek().is_none() { Ok(()) } else { Err(NOT_JSON) };
            };
            match (rest.next(), is_object) {
                (Some(b','), false) => break,
                (Some(b','), true) => {
                    rest.name()?;
                    break;
                }
                (Some(b']'), false) | (Some(b'}'), true) => depth -= 1,
                _ => return Err(NOT_JSON),
            }
        }
    }
}

/// What is still to be read.
pub(crate) struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    pub(crate) fn of(json: &'a str) -> Self {
        Self(json.as_bytes())
    }

    /// The text that `read` takes.
    pub(crate) fn take(
        &mut self,
        read: impl Fn(&mut Self) -> Result<(), &'static str>,
    ) -> Result<&'a str, &'static str> {
        let whole = self.0;
        read(self)?;
        let length = whole.len().saturating_sub(self.0.len());
        let text = whole.get(..length).unwrap_or_default();
        str::from_utf8(text).map_err(|_| NOT_JSON)
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip(&mut self, is_such: impl Fn(u8) -> bool) -> usize {
        let length = self.0.iter().take_while(|byte| is_such(**byte)).count();
        self.0 = self.0.get(length..).unwrap_or_default();
        length
    }

    pub(crate) fn skip_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r'));
    }

    /// A member's name and the colon.
    fn name(&mut self) -> Result<(), &'static str> {
        self.skip_space();
        self.string()?;
        self.skip_space();
        self.expect(b":")
    }

    fn expect(&mut self, text: &[u8]) -> Result<(), &'static str> {
        self.0 = self.0.strip_prefix(text).ok_or(NOT_JSON)?;
        Ok(())
    }

    pub(crate) fn scalar(&mut self) -> Result<(), &'static str> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b't') => self.expect(b"true"),
            Some(b'f') => self.expect(b"false"),
            Some(b'n') => self.expect(b"null"),
            _ => self.number(),
        }
    }

    pub(crate) fn string(&mut self) -> Result<(), &'static str> {
        self.expect(b"\"")?;
        loop {
            // Most of a text, so it is searched by words. That it has no control characters is for
            // whoever reads it.
            let plain = memchr::memchr2(b'"', b'\\', self.0).ok_or(NOT_JSON)?;
            self.0 = self.0.get(plain..).unwrap_or_default();
            match self.next() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => {}
                _ => return Err(NOT_JSON),
            }
            match self.next() {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                Some(b'u') => match self.hex()? {
                    0xD800..=0xDBFF => {
                        self.expect(b"\\u").map_err(|_| HALF)?;
                        if !(0xDC00..=0xDFFF).contains(&self.hex()?) {
                            return Err(HALF);
                        }
                    }
                    0xDC00..=0xDFFF => return Err(HALF),
                    _ => {}
                },
                _ => return Err(NOT_JSON),
            }
        }
    }

    fn hex(&mut self) -> Result<u32, &'static str> {
        (0..4).try_fold(0, |sum, _| {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
            Ok(sum * 16 + digit.ok_or(NOT_JSON)?)
        })
    }

    fn number(&mut self) -> Result<(), &'static str> {
        let text = self.take(Self::decimal)?;
        // Only such a one may be beyond a double.
        let is_suspect = text.len() > MAX_DIGITS || text.contains(['e', 'E']);
        match is_suspect && !number(text).is_finite() {
            true => Err("it has a number beyond what a double holds"),
            false => Ok(()),
        }
    }

    fn decimal(&mut self) -> Result<(), &'static str> {
        if self.peek() == Some(b'-') {
            self.next();
        }
        match self.peek() {
            Some(b'0') => drop(self.next()),
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.next();
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.next();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.next();
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), &'static str> {
        match self.skip(|byte| byte.is_ascii_digit()) {
            0 => Err(NOT_JSON),
            _ => Ok(()),
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// JavaScript's own, which is exact. To read decimals takes tables of 10 kB.
    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;
}

const NOT_JSON: &str = "it is not JSON";
const HALF: &str = "a text of it has half a character (a lone surrogate)";
/// Without an exponent a number of so many characters is finite.
const MAX_DIGITS: usize = 300;
/// The reader of `serde_json` gives up at the next level.
const MAX_DEPTH: usize = 127;
