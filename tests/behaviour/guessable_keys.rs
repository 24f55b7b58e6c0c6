//! Keys that somebody may guess: refused as text and as bytes, and random ones are not.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use sealed_session::{ConfigError, Key};

fn from_text(text: &str) -> Vec<[u8; Key::LENGTH]> {
    vec![text.as_bytes().try_into().expect(text)]
}

fn from_base64(text: &str) -> [u8; Key::LENGTH] {
    // The last of 43 characters has two bits that stand for nothing.
    let (head, last) = text.split_at(42);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = alphabet.find(last).unwrap() & !3;
    let text = format!("{head}{}", &alphabet[value..=value]);
    STANDARD_NO_PAD.decode(&text).expect(&text).try_into().unwrap()
}

fn from_hex(text: &str) -> [u8; Key::LENGTH] {
    assert_eq!(text.len(), 64, "{text}");
    std::array::from_fn(|index| u8::from_str_radix(&text[2 * index..][..2], 16).unwrap())
}

#[track_caller]
fn assert_refused(what: &str, bytes: &[u8; Key::LENGTH]) {
    let error = Key::from_bytes(bytes).expect_err(what);
    assert!(matches!(error, ConfigError::WeakKey | ConfigError::PublishedKey), "{what}: {error}");
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    for text in [hex, STANDARD_NO_PAD.encode(bytes)] {
        assert_eq!(text.parse::<Key>(), Err(error.clone()), "{what}");
    }
    assert!(error.to_string().contains("openssl rand -base64 32"), "{error}");
}

#[test]
fn what_repeats_is_refused() {
    for text in ["deadbeef", "0123456789abcdef", "ff00", "00112233445566778899aabbccddeeff"] {
        assert_refused(text, &from_hex(&text.repeat(64 / text.len())));
    }
    // A period that does not divide 32.
    for period in 1..=16 {
        let bytes = std::array::from_fn(|index| u8::try_from(index % period).unwrap() * 11 + 5);
        assert_refused("a period", &bytes);
    }
    assert_refused("base64 of a word", &from_text(&"changeme".repeat(4))[0]);
}

#[test]
fn what_has_few_different_bytes_is_refused() {
    for place in 0..Key::LENGTH {
        let mut bytes = [0; Key::LENGTH];
        bytes[place] = 0x5a;
        assert_refused("a buffer that nobody filled", &bytes);
    }
    let mut half = [0; Key::LENGTH];
    half[..10].copy_from_slice(&[0x8e, 0x11, 0xc3, 0x5f, 0xa9, 0x02, 0x77, 0xd4, 0x3b, 0xe6]);
    assert_refused("a buffer that is filled to a third", &half);
}

#[test]
fn what_counts_is_refused() {
    for first in [0, 1, 0x21, 0xf0] {
        for step in 1..=255_u8 {
            let bytes = std::array::from_fn(|index| {
                step.wrapping_mul(u8::try_from(index).unwrap()).wrapping_add(first)
            });
            assert_refused("a constant step", &bytes);
        }
    }
    let words: Vec<u8> = (1..=16_u16).flat_map(u16::to_be_bytes).collect();
    assert_refused("16-bit numbers", &words.try_into().unwrap());
}

#[test]
fn what_spells_something_is_refused() {
    for text in [
        "changemechangemechangemechangeme",
        "this is the secret of our shop!!",
        "My Super Secret Session Key 2026",
        "correct-horse-battery-staple-42!",
        "abcdefghijklmnopqrstuvwxyz012345",
        "passwordpasswordpasswordpassword",
        "0f8fad5bd9cb469fa16570867728950e",
        "LKJ34h5lk234jh5lk23h45lkj2h3l45k",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "Please change this key in prod..",
    ] {
        assert_refused(text, &from_text(text)[0]);
    }
    for text in [
        "thisisaverylongsentencethatnobodyshouldusea",
        "correcthorsebatterystaplecorrecthorsebatter",
        "pleasedonottellanybodyaboutoursecretkeyokay",
        "PLEASEDONOTTELLANYBODYABOUTOURSECRETKEYOKAY",
        "changemechangemechangemechangemechangemecha",
        "mygrandmotherhadatalentforknittingwoolsocks",
        "thesessionkeyofourshopwhichmustneverbeknown",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq",
        "abcdefghijklmnopqrstuvwxyz0123456789abcdefg",
        "qwertyuiopasdfghjklzxcvbnmqwertyuiopasdfghj",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        assert_refused(text, &from_base64(text));
    }
    for text in [
        "1234567890123456789012345678901234567890123456789012345678901234",
        "0123456789abcdeffedcba98765432100123456789abcdeffedcba9876543210",
        "00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100",
    ] {
        assert_refused(text, &from_hex(text));
    }
    // Other scripts, in UTF-8 and in UTF-16.
    let utf16: Vec<u8> = "a secret of ours".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_refused("UTF-16", &utf16.try_into().unwrap());
    assert_refused("Cyrillic", &"секретныйключмаг".as_bytes().try_into().unwrap());
}

#[test]
fn what_chance_may_have_made_as_well_is_accepted() {
    let ascii = |text: &str| from_text(text)[0];
    for (what, refused, accepted) in [
        (
            "prose",
            ascii("Tom & Ann: 12 eggs, 3 lbs onions"),
            ascii("Tom & Ann: 12 eggs, 3 lbs flour!"),
        ),
        (
            "prose in base64",
            from_base64("mygrandmotherhadatalentforknittingwoolsocks"),
            from_base64("mygrandmotherhas3catsand2dogsnamedTomandJeQ"),
        ),
        (
            "words in letters of one case, and of both by turns",
            from_base64("mygrandmotherhadatalentforknittingwoolsocks"),
            from_base64("mYgRaNdMoThErHaDaTaLeNtFoRkNiTtInGwOoLsOcKs"),
        ),
        (
            "16 and 15 pairs of bytes that go up by one",
            from_hex("8384b0b1e7e89192c4c5f2f38d8ea6a7d9dabbbceeef9798cdcef8f9898aa1a2"),
            from_hex("8384b0b1e7e89192c4c5f2f38d8ea6a7d9dabbbceeef9798cdcef8f9898aa155"),
        ),
        (
            "18 and 19 runs in base64",
            from_base64("VWijDEcdQRSIJijOPQVWXhifgIJKuvWXYabcIJKnoLM"),
            from_base64("WXYwxfgvwUVWOPhijwxyCDTUWXUVWghnoefOPabijrs"),
        ),
        (
            "runs of hex digits by value, from 9 to a",
            from_hex("abcd5678cdef6789cdefcdefbcde9ab12389adef456bcd12334523467889a456"),
            from_hex("45645612345cde678cdefabc678345123abc5678234abcabc23412345345789b"),
        ),
        (
            "runs of hex digits on a keyboard, from d to f",
            from_hex("bcdfabcdf123abcbcdf45667895678bcdeabcde2345bcdfbcdfcde7893456782"),
            from_hex("45645612345cde678cdefabc678345123abc5678234abcabc23412345345789b"),
        ),
    ] {
        assert_refused(what, &refused);
        assert!(Key::from_bytes(&accepted).is_ok(), "{what}");
    }
}

#[test]
fn a_hundred_thousand_random_keys_are_accepted() {
    for _ in 0..100_000 {
        Key::generate().expect("the chance to refuse one of them is below 2^-47");
    }
}

#[test]
fn a_key_with_a_word_in_it_is_accepted() {
    // Chance writes short words; only what is guessable as a whole is refused.
    let random = Key::generate().unwrap().to_base64();
    let text = format!("{}password{}", &random[..10], &random[18..]);
    assert!(text.parse::<Key>().is_ok());
}
