//! Keys and key ids as text: what is accepted, what is refused and what never shows.

use std::collections::HashSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;
use sealed_session::{ConfigError, Key, KeyId};

use crate::support::{key, key_bytes};

const REMEDY: &str = "openssl rand -base64 32";

/// Bytes whose base64 has both characters in which the two alphabets differ.
fn telling_bytes() -> [u8; Key::LENGTH] {
    let mut bytes = key_bytes(1);
    bytes[..6].copy_from_slice(&[0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff]);
    assert!(STANDARD.encode(bytes).starts_with("++++////"));
    bytes
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

fn parse(text: &str) -> Result<Key, ConfigError> {
    text.parse()
}

#[track_caller]
fn assert_not_a_key(text: &str) {
    let error = parse(text).expect_err(text);
    assert!(matches!(error, ConfigError::KeyText(_)), "{text:?}: {error:?}");
    assert!(error.to_string().contains(REMEDY), "{error}");
}

#[test]
fn every_text_form_is_the_same_key() {
    let bytes = telling_bytes();
    let key = Key::from_bytes(&bytes).unwrap();
    let forms = [
        STANDARD.encode(bytes),
        STANDARD_NO_PAD.encode(bytes),
        URL_SAFE.encode(bytes),
        URL_SAFE_NO_PAD.encode(bytes),
        hex(&bytes),
        hex(&bytes).to_uppercase(),
        // As somebody may have put it together from two sources.
        format!("{}{}", hex(&bytes[..16]), hex(&bytes[16..]).to_uppercase()),
    ];
    assert_eq!(forms.iter().collect::<HashSet<_>>().len(), 7);
    for form in forms {
        assert_eq!(parse(&form).unwrap(), key, "{form}");
        for around in ["\n", "\r\n", " ", "\t", " \n\t "] {
            assert_eq!(parse(&format!("{around}{form}{around}")).unwrap(), key, "{form}");
            assert_eq!(parse(&format!("{form}{around}")).unwrap(), key, "{form}");
        }
    }
}

#[test]
fn to_base64_is_padded_base64_of_the_bytes() {
    let bytes = telling_bytes();
    let key = Key::from_bytes(&bytes).unwrap();
    assert_eq!(*key.to_base64(), STANDARD.encode(bytes));
    assert_eq!(key.to_base64().len(), 44);
}

#[test]
fn refuses_every_other_length() {
    for length in (0..=96).filter(|&length| length != Key::LENGTH) {
        let bytes: Vec<u8> = key_bytes(1).into_iter().cycle().take(length).collect();
        assert_not_a_key(&STANDARD.encode(&bytes));
        assert_not_a_key(&STANDARD_NO_PAD.encode(&bytes));
        assert_not_a_key(&URL_SAFE_NO_PAD.encode(&bytes));
        // 64 characters are hex and nothing else, so 48 bytes of base64 end up here too.
        assert_not_a_key(&hex(&bytes));
    }
}

#[test]
fn refuses_every_truncation_and_every_extension_of_a_key() {
    let bytes = telling_bytes();
    for form in [URL_SAFE_NO_PAD.encode(bytes), hex(&bytes)] {
        // 43 hex digits may happen to be base64url of another key; nothing can tell.
        for end in (0..form.len()).filter(|&end| end != 43) {
            assert_not_a_key(&form[..end]);
        }
        for extra in ["A", "0", "==", "\0", ".", "ü"] {
            assert_not_a_key(&format!("{form}{extra}"));
        }
    }
}

#[test]
fn refuses_a_mixture_of_the_two_alphabets() {
    let text = STANDARD.encode(telling_bytes());
    for (from, to) in [("+", "-"), ("/", "_")] {
        let mixed = text.replace(from, to);
        assert_not_a_key(&mixed);
        assert_not_a_key(mixed.trim_end_matches('='));
    }
}

#[test]
fn refuses_trailing_bits_that_are_not_zero() {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = URL_SAFE_NO_PAD.encode(key_bytes(1));
    let (head, _) = text.split_at(42);
    for (value, &last) in alphabet.iter().enumerate() {
        let spelling = format!("{head}{}", char::from(last));
        // The last character carries four bits of the key and two that stand for nothing.
        match value % 4 {
            0 => assert!(parse(&spelling).is_ok(), "{spelling}"),
            _ => assert_not_a_key(&spelling),
        }
    }
}

#[test]
fn refuses_wrong_padding() {
    let text = STANDARD_NO_PAD.encode(key_bytes(1));
    for padding in ["==", "===", "====", "= =", "=A"] {
        assert_not_a_key(&format!("{text}{padding}"));
    }
    assert_not_a_key(&format!("={text}"));
    assert_not_a_key(&format!("{}=", &text[..42]));
    assert_not_a_key(&format!("{}==", &text[..42]));
    let (head, tail) = text.split_at(20);
    assert_not_a_key(&format!("{head}={tail}"));
}

#[test]
fn refuses_white_space_inside_a_key() {
    for text in [STANDARD.encode(key_bytes(1)), hex(&key_bytes(1))] {
        for place in [1, 20, text.len() - 2] {
            for space in [" ", "\n", "\t"] {
                let (head, tail) = text.split_at(place);
                assert_not_a_key(&format!("{head}{space}{tail}"));
                // Of the right length, too.
                assert_not_a_key(&format!("{head}{space}{}", &tail[1..]));
            }
        }
    }
}

#[test]
fn refuses_what_only_looks_like_hex() {
    let hex = hex(&key_bytes(1));
    // `u8::from_str_radix` takes `+f` for 15.
    for digits in
        ["+f", "-f", "0x", "0X", "fg", "g0", " f", "f_", "\0f", "é", "//", "::", "@@", "``"]
    {
        for place in (0..64).step_by(2) {
            let text = format!("{}{digits}{}", &hex[..place], &hex[place + 2..]);
            assert_eq!(text.len(), 64);
            // White space at the ends is trimmed, which makes another length.
            assert_not_a_key(&text);
        }
    }
}

#[test]
fn refuses_other_scripts_of_the_right_byte_length() {
    let texts = [
        "é".repeat(32),
        "０".repeat(21) + "a",
        "🔑".repeat(16),
        "ü".repeat(22),
        "ü".repeat(21) + "A",
        "🔑".repeat(11),
        // Arabic digits, which `char::is_numeric` accepts.
        "٣".repeat(32),
    ];
    for text in texts {
        assert!([43, 44, 64].contains(&text.len()), "{}", text.len());
        assert_not_a_key(&text);
    }
}

#[test]
fn refuses_all_equal_bytes_in_every_form() {
    for byte in 0..=u8::MAX {
        let bytes = [byte; Key::LENGTH];
        assert_eq!(Key::from_bytes(&bytes).unwrap_err(), ConfigError::WeakKey);
        let forms = [
            STANDARD.encode(bytes),
            URL_SAFE.encode(bytes),
            URL_SAFE_NO_PAD.encode(bytes),
            hex(&bytes),
        ];
        for form in forms {
            let error = parse(&form).unwrap_err();
            assert_eq!(error, ConfigError::WeakKey, "{form}");
            assert!(error.to_string().contains(REMEDY));
        }
    }
}

/// The keys of docs/FORMAT.md.
fn published(first: u8) -> [u8; Key::LENGTH] {
    std::array::from_fn(|index| first + u8::try_from(index).unwrap())
}

#[test]
fn refuses_published_keys_as_text_and_as_bytes() {
    for first in [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0] {
        let bytes = published(first);
        for form in [STANDARD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes), hex(&bytes)] {
            let error = parse(&form).unwrap_err();
            assert_eq!(error, ConfigError::PublishedKey, "{form}");
            assert!(error.to_string().contains(REMEDY));
        }
        assert_eq!(Key::from_bytes(&bytes).unwrap_err(), ConfigError::PublishedKey);
    }
}

#[test]
fn generated_keys_are_distinct_and_parse() {
    let keys: Vec<_> = (0..64).map(|_| Key::generate().unwrap()).collect();
    let texts: HashSet<_> = keys.iter().map(|key| key.to_base64().to_string()).collect();
    assert_eq!(texts.len(), keys.len());
    for key in &keys {
        assert_eq!(parse(&key.to_base64()).unwrap(), *key);
    }
    // A generator that leaves a part of the buffer as it was would show as a constant column.
    for column in 0..Key::LENGTH {
        let byte = |key: &Key| STANDARD.decode(key.to_base64().as_bytes()).unwrap()[column];
        assert!(keys.iter().map(byte).collect::<HashSet<_>>().len() > 1, "byte {column}");
    }
}

#[test]
fn keys_are_equal_exactly_if_their_bytes_are() {
    let bytes = key_bytes(1);
    assert_eq!(key(1), key(1));
    assert_eq!(key(1), key(1).clone());
    for place in 0..Key::LENGTH {
        for bit in 0..8 {
            let mut other = bytes;
            other[place] ^= 1 << bit;
            assert_ne!(Key::from_bytes(&other).unwrap(), key(1), "byte {place}, bit {bit}");
        }
    }
}

#[test]
fn debug_shows_nothing_of_a_key() {
    for key in [key(1), key(2), Key::generate().unwrap()] {
        assert_eq!(format!("{key:?}"), "Key(..)");
        assert_eq!(format!("{key:#?}"), "Key(..)");
    }
}

#[test]
fn no_error_quotes_the_text_that_was_refused() {
    let text = STANDARD.encode(telling_bytes());
    let hex = hex(&telling_bytes());
    for refused in
        [format!("{text}x"), text[1..].to_owned(), format!("{hex}0"), hex.replace('f', "g")]
    {
        let error = parse(&refused).unwrap_err();
        let shown = format!("{error} {error:?}");
        for part in refused.as_bytes().windows(6) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

#[test]
fn key_ids_are_the_decimal_digits_of_a_u32() {
    for (text, id) in [("0", 0), ("1", 1), ("42", 42), ("4294967295", u32::MAX), ("007", 7)] {
        let parsed: KeyId = text.parse().unwrap();
        assert_eq!(parsed, KeyId::new(id));
        assert_eq!(parsed.get(), id);
        assert_eq!(parsed, KeyId::from(id));
    }
    assert_eq!(KeyId::new(u32::MAX).to_string(), "4294967295");
    for text in [
        "",
        " ",
        "4294967296",
        "99999999999999999999",
        "-1",
        "+1",
        "-0",
        "1.0",
        "0x1",
        "1e3",
        " 1",
        "1 ",
        "1_000",
        "a",
        "١",
        "１",
    ] {
        let error = text.parse::<KeyId>().unwrap_err();
        assert_eq!(error, ConfigError::KeyId, "{text:?}");
        assert!(error.to_string().contains("from 0 to 4294967295"));
    }
}

proptest! {
    #[test]
    fn to_base64_round_trips(bytes: [u8; Key::LENGTH]) {
        // The weak and the published have tests of their own; chance does not meet them.
        let key = Key::from_bytes(&bytes).unwrap();
        prop_assert_eq!(parse(&key.to_base64()).unwrap(), key.clone());
        prop_assert_eq!(parse(&hex(&bytes)).unwrap(), key.clone());
        prop_assert_eq!(parse(&URL_SAFE_NO_PAD.encode(bytes)).unwrap(), key);
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,80}", short in "[0-9A-Fa-f+/=_-]{40,66}") {
        for text in [&text, &short] {
            let _ = parse(text);
            let _ = text.parse::<KeyId>();
        }
    }

    #[test]
    fn what_parses_is_one_of_the_spellings_of_its_key(text in "([0-9A-Za-z+/]{43}|[0-9A-Za-z_-]{43})=?") {
        if let Ok(key) = parse(&text) {
            let standard = key.to_base64();
            let url_safe = standard.replace('+', "-").replace('/', "_");
            let bare = text.trim_end_matches('=');
            prop_assert!(standard.starts_with(bare) || url_safe.starts_with(bare), "{}", text);
        }
    }
}
