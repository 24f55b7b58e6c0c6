//! The values of iron-session: what the packages wrote, and what nobody may get accepted.

use std::{collections::BTreeMap, time::Duration};

use sealed_session::{
    ConfigError, SealError,
    iron::{self, IronError, Passwords},
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{T0, at, secs};

const VECTORS: &str = include_str!("../vectors/iron-session.json");
const VECTORS_2: &str = include_str!("../vectors/iron-session-2.json");
const PASSWORD: &str = "Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0";
const OTHER: &str = "12345678901234567890123456789012";

/// Where this reader says no and a version of iron-session says yes, with the reason.
const STRICTER: &[(&str, &str, &str)] = &[
    ("mac with = padding", "malformed", "one value has one spelling"),
    ("trailing space", "malformed", "one value has one spelling"),
    ("plaintext invalid utf-8", "payload", "a replacement character would hide the damage"),
    ("expiration with leading zero", "malformed", "one expiry has one spelling"),
    ("expiration 25 digits", "malformed", "after the year 9999"),
    ("~1", "malformed", "another layout, by a mark outside the MAC"),
    ("~2abc (parseInt)", "malformed", "the mark is `~2`"),
    ("~ (empty)", "malformed", "the mark is `~2`"),
];

fn millis(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap()
}

fn passwords(value: &Value) -> Result<Passwords, ConfigError> {
    match value {
        Value::String(password) => Passwords::new(password),
        Value::Object(map) => Passwords::with_ids(
            map.iter().map(|(id, password)| (id.parse().unwrap(), password.as_str().unwrap())),
        ),
        _ => panic!("{value}"),
    }
}

fn one() -> Passwords {
    Passwords::new(PASSWORD).unwrap()
}

fn class(result: Result<iron::Unsealed<Value>, IronError>) -> &'static str {
    result.map_or_else(|error| error.class(), |_| "live")
}

/// What iron-session makes of a vector: its value, or `None` where it refuses.
/// A refusal of version 8 is `{}`, which an empty session is, too.
fn accepted(expected: &Value, is_version_9: bool) -> Option<&Value> {
    let is_refusal = match is_version_9 {
        true => !expected["on_unseal_error"].is_null(),
        false => expected["value"] == json!({}),
    };
    (expected["kind"] == "value" && !is_refusal).then(|| &expected["value"])
}

#[test]
fn every_vector_answers_as_iron_session_does_but_where_we_are_stricter() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut classes = BTreeMap::<&str, usize>::new();
    let mut stricter = Vec::new();
    for vector in file["vectors"].as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let nine = accepted(&vector["expected_v9_0_1"], true);
        let eight = match name {
            "empty-object" => nine,
            _ => accepted(&vector["expected_v8_0_4"], false),
        };
        let now = vector["now_ms"].as_i64().map_or(at(0), millis);
        let ours = match passwords(&vector["unseal_passwords"]) {
            Ok(passwords) => {
                iron::unseal_at::<Value>(vector["seal"].as_str().unwrap(), &passwords, now)
            }
            Err(error) => {
                assert_eq!(name, "reader password 31 chars", "{error}");
                assert_eq!((eight, nine), (None, None));
                continue;
            }
        };
        let word = class(ours.clone());
        *classes.entry(word).or_default() += 1;
        match STRICTER.iter().find(|(listed, ..)| *listed == name) {
            Some((_, expected, _)) => {
                assert_eq!(word, *expected, "{name}");
                assert!(eight.is_some() || nine.is_some(), "{name} is not stricter");
                stricter.push(name);
            }
            None => {
                let ours = ours.map(|unsealed| unsealed.data).ok();
                assert_eq!((ours.as_ref(), ours.as_ref()), (eight, nine), "{name}");
            }
        }
    }
    assert_eq!(stricter.len(), STRICTER.len(), "{stricter:?}");
    let expected = [
        // Version 9 calls one more expired: its expiry stands under a MAC of an unknown password.
        ("expired", 5),
        ("live", 20),
        ("malformed", 22),
        ("not_authentic", 5),
        ("padding", 1),
        ("payload", 2),
        ("unknown_key", 3),
    ];
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), expected);
}

/// Of the vectors that interop/node/vectors.mjs makes.
const STRICTER_2: &[(&str, &str, &str)] = &[
    ("id Infinity", "malformed", "an id is a whole number"),
    ("nothing, by hand", "payload", "no JSON; version 9 refuses it, and neither writes it"),
    ("lone surrogate", "payload", "no string of Rust holds half an emoji"),
];

#[test]
fn what_the_packages_write_at_the_edges_answers_as_there_but_where_we_are_stricter() {
    let file: Value = serde_json::from_str(VECTORS_2).unwrap();
    let (mut live, mut stricter) = (0, Vec::new());
    for vector in file["vectors"].as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let nine = accepted(&vector["expected_v9_0_1"], true);
        // A session without fields is `{}`, and so is a refusal of version 8.
        let eight = match vector["payload"].is_null() {
            true => nine,
            false => accepted(&vector["expected_v8_0_4"], false),
        };
        let now = millis(vector["now_ms"].as_i64().unwrap());
        let value = vector["seal"].as_str().unwrap();
        // Nobody can give a password such an id here.
        let passwords = match name.starts_with("id Infinity") {
            true => one(),
            false => passwords(&vector["unseal_passwords"]).unwrap(),
        };
        let ours = iron::unseal_at::<Value>(value, &passwords, now);
        match STRICTER_2.iter().find(|(listed, ..)| name.starts_with(listed)) {
            Some((listed, expected, _)) => {
                assert_eq!(class(ours), *expected, "{name}");
                assert!(!vector["expected_v8_0_4"]["value"].is_null(), "{name}");
                stricter.push(listed);
            }
            None => {
                let ours = ours.map(|unsealed| unsealed.data).ok();
                assert_eq!((ours.as_ref(), ours.as_ref()), (eight, nine), "{name}");
                live += usize::from(ours.is_some());
            }
        }
    }
    stricter.dedup();
    assert_eq!((stricter.len(), live), (STRICTER_2.len(), 21));
}

#[test]
fn a_value_of_four_cookies_is_read_and_a_longer_one_is_not() {
    let file: Value = serde_json::from_str(VECTORS_2).unwrap();
    let mut read = Vec::new();
    for vector in file["lengths"].as_array().unwrap() {
        let length = vector["length"].as_u64().unwrap();
        assert_eq!(
            (&vector["expected_v8_0_4"], &vector["expected_v9_0_1"]),
            (&json!(length), &json!(length))
        );
        let value = vector["seal"].as_str().unwrap();
        match iron::unseal_at::<Value>(value, &one(), T0) {
            Ok(unsealed) => {
                assert_eq!(unsealed.data["a"].as_str().unwrap().len() as u64, length);
                read.push(length);
            }
            Err(error) => {
                assert_eq!(error, IronError::TooLong { length: value.len(), limit: 16_384 });
            }
        }
    }
    assert_eq!(read, [5000, 12_115]);
}

#[test]
fn a_hundred_and_twenty_seven_levels_are_read_and_no_more() {
    let file: Value = serde_json::from_str(VECTORS_2).unwrap();
    let mut read = Vec::new();
    for vector in file["depths"].as_array().unwrap() {
        let levels = &vector["levels"];
        assert_eq!((&vector["expected_v8_0_4"], &vector["expected_v9_0_1"]), (levels, levels));
        match iron::unseal_at::<Value>(vector["seal"].as_str().unwrap(), &one(), T0) {
            Ok(_) => read.push(levels),
            Err(error) => assert!(error.to_string().contains("nested more than 127"), "{error}"),
        }
    }
    assert_eq!(read, [&json!(127)]);
}

#[test]
fn an_id_is_any_number_that_javascript_writes_in_decimal() {
    for id in [0, 1, 1 << 32, 1_700_000_000_000, 1 << 53, (1 << 53) + 2, 10_u128.pow(20)] {
        let passwords = Passwords::with_ids([(id, PASSWORD)]).unwrap();
        let value = iron::seal_at("app", &7, &passwords, None, T0).unwrap();
        assert!(value.starts_with(&format!("Fe26.2*{id}*")));
        assert_eq!(iron::unseal_at::<u8>(&value, &passwords, T0).unwrap().data, 7);
        let other = iron::unseal_at::<u8>(&value, &Passwords::with_ids([(2, OTHER)]).unwrap(), T0);
        assert_eq!(other.unwrap_err(), IronError::UnknownPassword(id));
    }
    // JavaScript has no such numbers, or writes them with an exponent.
    for id in [(1 << 53) + 1, u128::from(u64::MAX), 10_u128.pow(21), u128::MAX] {
        let error = Passwords::with_ids([(id, PASSWORD)]).unwrap_err().to_string();
        assert!(error.contains("copy it from the start of a cookie's value"), "{error}");
    }
}

#[test]
fn null_is_an_object_without_fields_unless_only_null_will_do() {
    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Account {
        user: String,
    }
    let value = iron::seal_at("app", &None::<u8>, &one(), None, T0).unwrap();
    assert_eq!(iron::unseal_at::<Account>(&value, &one(), T0).unwrap().data, Account::default());
    assert_eq!(iron::unseal_at::<Value>(&value, &one(), T0).unwrap().data, json!({}));
    assert_eq!(iron::unseal_at::<Option<u8>>(&value, &one(), T0).unwrap().data, None);
    assert_eq!(iron::unseal_at::<u8>(&value, &one(), T0).unwrap_err().class(), "payload");
}

#[test]
fn the_advice_fits_what_does_not_fit() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "read from JSON alone")]
    struct Account {
        user: String,
        role: Role,
        age: u8,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Role {
        Admin,
    }
    let advice = |data: Value| {
        let value = iron::seal_at("app", &data, &one(), None, T0).unwrap();
        iron::unseal_at::<Account>(&value, &one(), T0).unwrap_err().to_string()
    };
    for (data, expected) in [
        (
            json!({"user": "ada", "role": "admin"}),
            "a field is missing; give it `#[serde(default)]`",
        ),
        (json!({"user": null, "role": "admin", "age": 3}), "make the field an `Option`"),
        (json!({"user": 7, "role": "admin", "age": 3}), "give the field the type that was written"),
        (
            json!({"user": "ada", "role": "admin", "age": 300}),
            "give the field the type that was written",
        ),
        (json!({"user": "ada", "role": "secret", "age": 3}), "the type lacks a variant or a field"),
        (json!([1]), "give the field the type"),
    ] {
        let advice = advice(data);
        assert!(advice.contains(expected), "{advice}");
        assert!(!advice.contains("ada") && !advice.contains("secret") && !advice.contains("300"));
        assert_eq!(advice.contains("give it `#[serde(default)]`"), expected.contains("missing"));
    }
}

#[test]
fn what_json_cannot_hold_is_an_error_at_the_write() {
    let refused = |data: BTreeMap<&str, f64>| {
        let Err(SealError::Payload { type_name, reason }) =
            iron::seal_at("app", &data, &one(), None, T0)
        else {
            panic!("{data:?} is sealed")
        };
        assert!(type_name.contains("f64"), "{type_name}");
        reason
    };
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(refused(BTreeMap::from([("n", number)])).contains("NaN or an infinity"));
    }
    // A null that is meant is none of these.
    assert!(iron::seal_at("app", &Some(None::<u8>), &one(), None, T0).is_ok());
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    assert!(iron::seal_at("app", &nested(127), &one(), None, T0).is_ok());
    let Err(SealError::Payload { reason, .. }) =
        iron::seal_at("app", &nested(128), &one(), None, T0)
    else {
        panic!("it is sealed")
    };
    assert!(reason.contains("127 levels"), "{reason}");
}

#[test]
fn the_name_of_the_cookie_counts_towards_what_browsers_keep() {
    let value = iron::seal_at("a", &"x".repeat(2893), &one(), Some(secs(60)), T0).unwrap();
    let room = 4096 - value.len();
    let seal = |name: &str| iron::seal_at(name, &"x".repeat(2893), &one(), Some(secs(60)), T0);
    assert!(seal(&"n".repeat(room)).is_ok());
    let size = 4097;
    assert_eq!(seal(&"n".repeat(room + 1)), Err(SealError::TooLarge { size, limit: 4096 }));
}

#[test]
fn expiry_is_the_one_inside_to_the_millisecond_with_a_minute_of_tolerance() {
    let now = millis(1_700_000_000_123);
    let value = iron::seal_at("app", &1, &one(), Some(Duration::from_millis(5_500)), now).unwrap();
    let unseal = |at: i64| iron::unseal_at::<u8>(&value, &one(), millis(at));
    let expires_at = millis(1_700_000_005_623);
    assert_eq!(unseal(1_700_000_000_123).unwrap().expires_at, Some(expires_at));
    assert!(unseal(1_700_000_065_622).is_ok());
    assert_eq!(unseal(1_700_000_065_623).unwrap_err(), IronError::Expired);
    assert_eq!(unseal(i64::from(u32::MAX) * 2000).unwrap_err(), IronError::Expired);
}

#[test]
fn only_no_ttl_at_all_never_expires() {
    let never = iron::seal_at("app", &1, &one(), None, T0).unwrap();
    let unsealed = iron::unseal_at::<u8>(&never, &one(), at(9_000_000_000)).unwrap();
    assert_eq!((unsealed.data, unsealed.expires_at), (1, None));
    let zero = iron::seal_at("app", &1, &one(), Some(Duration::ZERO), T0).unwrap();
    assert_eq!(iron::unseal_at::<u8>(&zero, &one(), at(60)).unwrap_err(), IronError::Expired);
    for ttl in [Duration::MAX, secs(300_000_000_000)] {
        assert_eq!(iron::seal_at("app", &1, &one(), Some(ttl), T0), Err(SealError::TimeOutOfRange));
    }
}

#[test]
fn any_changed_character_is_refused() {
    let value = iron::seal_at("app", &json!({"user": "ada"}), &one(), Some(secs(60)), T0).unwrap();
    let mut tried = 0;
    for index in 0..value.len() {
        for replacement in "A0*~2f".chars().chain(['\u{e9}']) {
            let mut changed: Vec<char> = value.chars().collect();
            if changed[index] == replacement {
                continue;
            }
            changed[index] = replacement;
            let changed: String = changed.into_iter().collect();
            let word = class(iron::unseal_at(&changed, &one(), T0));
            assert!(
                ["malformed", "not_authentic", "unknown_key"].contains(&word),
                "{word}: {changed}"
            );
            tried += 1;
        }
    }
    assert!(tried > 1000);
}

#[test]
fn any_truncation_and_any_addition_is_refused() {
    let value = iron::seal_at("app", &json!({"user": "ada"}), &one(), Some(secs(60)), T0).unwrap();
    for length in 0..value.len() {
        assert_eq!(class(iron::unseal_at(&value[..length], &one(), T0)), "malformed");
        assert_eq!(class(iron::unseal_at(&value[value.len() - length..], &one(), T0)), "malformed");
    }
    for added in ["=", " ", "~2", "*", "\0", "A"] {
        assert_eq!(class(iron::unseal_at(&format!("{value}{added}"), &one(), T0)), "malformed");
        assert_eq!(class(iron::unseal_at(&format!("{added}{value}"), &one(), T0)), "malformed");
    }
}

#[test]
fn the_last_millisecond_of_the_year_9999_is_the_latest_expiry() {
    let last = 253_402_300_799_999;
    let ttl = |end: i64| Duration::from_millis(end.abs_diff(T0.unix_timestamp() * 1000));
    let value = iron::seal_at("app", &7, &one(), Some(ttl(last)), T0).unwrap();
    let unsealed = iron::unseal_at::<u8>(&value, &one(), T0).unwrap();
    assert_eq!(unsealed.expires_at, Some(millis(last)));
    let refused = iron::seal_at("app", &7, &one(), Some(ttl(last + 1)), T0);
    assert_eq!(refused, Err(SealError::TimeOutOfRange));
}

#[test]
fn a_value_without_ciphertext_is_malformed() {
    let value = iron::seal_at("app", &7, &one(), None, T0).unwrap();
    let mut fields: Vec<_> = value.split('*').collect();
    fields[4] = "";
    assert_eq!(class(iron::unseal_at(&fields.join("*"), &one(), T0)), "malformed");
}

#[test]
fn an_expiry_in_1970_is_one_that_no_version_writes() {
    let value = iron::seal_at("app", &1, &one(), Some(secs(60)), T0).unwrap();
    let expiry = value.split('*').nth(5).unwrap();
    for (other, expected) in [("0", "malformed"), ("1", "not_authentic")] {
        let forged = value.replace(expiry, other);
        assert_eq!(class(iron::unseal_at(&forged, &one(), T0)), expected, "{other}");
    }
}

#[test]
fn an_expiry_is_not_believed_before_the_mac() {
    // Expired for whoever believes it; the refusal must be the MAC's.
    let value = iron::seal_at("app", &1, &one(), Some(secs(60)), T0).unwrap();
    let expiry = value.split('*').nth(5).unwrap();
    let forged = value.replace(expiry, "1");
    assert_eq!(iron::unseal_at::<u8>(&forged, &one(), T0).unwrap_err(), IronError::NotAuthentic(1));
}

#[test]
fn nothing_is_decrypted_before_the_mac() {
    // With the same salts, iv and MAC any block gives good or bad padding: neither may show.
    let value = iron::seal_at("app", &"x".repeat(40), &one(), None, T0).unwrap();
    let ciphertext = value.split('*').nth(4).unwrap();
    for length in [22, 43] {
        let forged = value.replace(ciphertext, &ciphertext[..length].replace(['g', 'w', 'Q'], "A"));
        let word = class(iron::unseal_at(&forged, &one(), T0));
        assert!(["malformed", "not_authentic"].contains(&word), "{word}");
    }
    let mut refused = 0;
    for byte in b'A'..=b'Z' {
        let mut forged = ciphertext.as_bytes().to_vec();
        let at = forged.len() - 20;
        forged[at] = byte;
        let forged = value.replace(ciphertext, str::from_utf8(&forged).unwrap());
        if forged != value {
            assert_eq!(class(iron::unseal_at(&forged, &one(), T0)), "not_authentic");
            refused += 1;
        }
    }
    assert!(refused >= 25);
}

#[test]
fn the_highest_id_seals_and_every_listed_one_unseals() {
    let both = Passwords::with_ids([(1, PASSWORD), (10, OTHER)]).unwrap();
    let value = iron::seal_at("app", &7, &both, None, T0).unwrap();
    assert!(value.starts_with("Fe26.2*10*"));
    assert_eq!(iron::unseal_at::<u8>(&value, &both, T0).unwrap().data, 7);
    let old = iron::seal_at("app", &8, &one(), None, T0).unwrap();
    assert_eq!(iron::unseal_at::<u8>(&old, &both, T0).unwrap().data, 8);
    let unknown = iron::unseal_at::<u8>(&value, &one(), T0).unwrap_err();
    assert_eq!(unknown, IronError::UnknownPassword(10));
    let swapped = Passwords::with_ids([(1, OTHER)]).unwrap();
    let error = iron::unseal_at::<u8>(&old, &swapped, T0).unwrap_err();
    assert_eq!(error, IronError::NotAuthentic(1));
}

#[test]
fn the_length_follows_the_formula_and_ends_at_what_browsers_keep() {
    for n in [0_usize, 1, 13, 14, 15, 30, 1000, 2800] {
        let text = "x".repeat(n);
        let value = iron::seal_at("app", &text, &one(), Some(secs(60)), T0).unwrap();
        let json = n + 2;
        assert_eq!(value.len(), 222 + (16 * (json / 16 + 1) * 4).div_ceil(3));
        let never = iron::seal_at("app", &text, &one(), None, T0).unwrap();
        assert_eq!(never.len(), value.len() - 13);
        assert_eq!(iron::unseal_at::<String>(&value, &one(), T0).unwrap().data, text);
    }
    // 222 + ⌈4/3 · 2896⌉ = 4084 is the last that fits.
    let longest = iron::seal_at("app", &"x".repeat(2893), &one(), Some(secs(60)), T0).unwrap();
    assert_eq!(longest.len(), 4084);
    for n in [2894_usize, 2895, 3000, 3069, 3070, 3071, 4000, 100_000] {
        let size = "app".len() + 222 + (16 * ((n + 2) / 16 + 1) * 4).div_ceil(3);
        let refused = iron::seal_at("app", &"x".repeat(n), &one(), Some(secs(60)), T0);
        assert_eq!(refused, Err(SealError::TooLarge { size, limit: 4096 }));
    }
}

#[test]
fn a_value_longer_than_four_cookies_is_refused_unread() {
    let long = "Fe26.2*".repeat(2341);
    let refused = IronError::TooLong { length: 16_387, limit: 16_384 };
    assert_eq!(iron::unseal_at::<Value>(&long, &one(), T0).unwrap_err(), refused);
    assert_eq!(class(iron::unseal_at(&long[3..], &one(), T0)), "malformed");
}

#[test]
fn no_two_seals_of_the_same_data_are_alike() {
    let seal = || iron::seal_at("app", &1, &one(), None, T0).unwrap();
    let (a, b) = (seal(), seal());
    for field in [2, 3, 4, 6, 7] {
        assert_ne!(a.split('*').nth(field), b.split('*').nth(field));
    }
}

#[test]
fn passwords_that_protect_nothing_are_refused() {
    let reason = |result: Result<Passwords, ConfigError>| result.unwrap_err().to_string();
    assert!(reason(Passwords::new(&PASSWORD[1..])).contains("fewer than 32"));
    assert!(reason(Passwords::new("")).contains("fewer than 32"));
    assert!(reason(Passwords::new(&"a".repeat(64))).contains("single character"));
    assert!(
        reason(Passwords::new("complex_password_at_least_32_characters_long"))
            .contains("public documentation")
    );
    assert!(reason(Passwords::with_ids([])).contains("none was given"));
    assert!(reason(Passwords::with_ids([(1, PASSWORD), (1, OTHER)])).contains("twice"));
    assert!(reason(Passwords::with_ids([(2, PASSWORD), (1, "short")])).contains("fewer than 32"));
}

#[test]
fn length_counts_as_javascript_counts() {
    // 16 characters of two UTF-16 units each.
    assert!(Passwords::new("🔑🔒🔑🔒🔑🔒🔑🔒🔑🔒🔑🔒🔑🔒🔑🔒").is_ok());
    // 31 units, though 62 bytes.
    assert!(Passwords::new(&"éü".repeat(16)[..62]).is_err());
}

#[test]
fn nothing_shows_passwords_values_or_data() {
    let passwords = Passwords::with_ids([(3, PASSWORD), (7, OTHER)]).unwrap();
    assert_eq!(format!("{passwords:?}"), "Passwords { ids: [7, 3] }");
    let value = iron::seal_at("app", &json!({"user": "ada"}), &passwords, None, T0).unwrap();
    let unsealed = iron::unseal_at::<Value>(&value, &passwords, T0).unwrap();
    assert_eq!(format!("{unsealed:?}"), "Unsealed { expires_at: None, .. }");
    let error = iron::unseal_at::<u8>(&value, &passwords, T0).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("ada") && shown.contains("u8") && shown.contains("column"));
}

#[test]
fn payloads_that_are_not_a_t_are_refused_with_the_place() {
    let value = iron::seal_at("app", &json!({"userId": 7}), &one(), None, T0).unwrap();
    let error = iron::unseal_at::<Vec<u8>>(&value, &one(), T0).unwrap_err();
    assert!(matches!(error, IronError::Payload { column: 0 | 1, .. }), "{error:?}");
    let unserializable = BTreeMap::from([((1, 2), 3)]);
    let refused = iron::seal_at("app", &unserializable, &one(), None, T0);
    assert!(matches!(refused, Err(SealError::Payload { .. })));
}

#[test]
fn the_clock_is_that_of_the_machine_where_none_is_given() {
    let value = iron::seal("app", &5, &one(), Some(secs(3600))).unwrap();
    let unsealed = iron::unseal::<u8>(&value, &one()).unwrap();
    let left = unsealed.expires_at.unwrap() - OffsetDateTime::now_utc();
    assert!((3500..=3600).contains(&left.whole_seconds()));
    let past = OffsetDateTime::now_utc() - Duration::from_secs(7200);
    let old = iron::seal_at("app", &5, &one(), Some(secs(3600)), past).unwrap();
    assert_eq!(iron::unseal::<u8>(&old, &one()).unwrap_err(), IronError::Expired);
}
