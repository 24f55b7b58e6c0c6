//! What was not sealed here, for this cookie, whole and untouched, is no session.

use std::collections::HashSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use sealed_session::{KeyId, Sessions, UnsealError};
use time::OffsetDateTime;

use crate::support::{self, T0, at, class, load, ring, sealed, secs, set_value, visit};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Bytes of JSON: the shortest string, some usual ones, and the most that a
/// cookie of this name holds: 4096 - 14 characters are 3061 bytes, of which 95 are overhead.
const SIZES: [usize; 5] = [2, 100, 300, 1000, LARGEST];
const LARGEST: usize = 2966;

fn sessions() -> Sessions<String> {
    Sessions::new(ring([2, 1]))
}

/// A value with this many bytes of JSON, quotes included.
fn value_of(sessions: &Sessions<String>, size: usize) -> String {
    let value = sealed(sessions, "x".repeat(size - 2), T0);
    assert_eq!(decode(&value).len(), 95 + size);
    assert_eq!(class(sessions, &value, T0), "live");
    value
}

fn decode(value: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Every place of a short value; of a long one both ends, and every `stride`th in between.
fn places(length: usize, stride: usize) -> impl Iterator<Item = usize> {
    (0..length).filter(move |&place| {
        place < 96 || place + 48 >= length || (place + length).is_multiple_of(stride)
    })
}

fn stride(size: usize) -> usize {
    match size {
        0..=300 => 1,
        301..=1000 => 11,
        _ => 97,
    }
}

/// Which error a changed byte of the sealed form leads to.
fn class_of_flip(place: usize) -> &'static str {
    match place {
        0 => "unsupported_version",
        1..5 => "unknown_key",
        _ => "not_authentic",
    }
}

mod flips {
    use super::*;

    #[test]
    fn every_bit_of_the_sealed_bytes_matters() {
        let sessions = sessions();
        for size in SIZES {
            let sealed = decode(&value_of(&sessions, size));
            for place in places(sealed.len(), stride(size)) {
                for bit in 0..8 {
                    let mut flipped = sealed.clone();
                    flipped[place] ^= 1 << bit;
                    // Ids 2 and 1 differ in two bits, so no flip makes one of the other.
                    let refusal = class(&sessions, &encode(&flipped), T0);
                    assert_eq!(refusal, class_of_flip(place), "{size}: byte {place}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn every_bit_of_the_text_matters() {
        let sessions = sessions();
        for size in SIZES {
            let value = value_of(&sessions, size);
            for place in places(value.len(), stride(size)) {
                for bit in 0..8 {
                    let mut flipped = value.clone().into_bytes();
                    flipped[place] ^= 1 << bit;
                    let context = format!("{size}: character {place}, bit {bit}");
                    let Ok(text) = std::str::from_utf8(&flipped) else {
                        let header = [sessions.cookie_name().as_bytes(), b"=", &flipped].concat();
                        let session = sessions.load_at([header], T0);
                        assert_eq!(session.refusal(), Some(&UnsealError::Malformed), "{context}");
                        continue;
                    };
                    let refusal = class(&sessions, text, T0);
                    let is_in_alphabet = ALPHABET.contains(&flipped[place]);
                    match place {
                        _ if !is_in_alphabet => assert_eq!(refusal, "malformed", "{context}"),
                        // The first characters hold version and key id.
                        0..7 => assert!(
                            ["unsupported_version", "unknown_key", "not_authentic"]
                                .contains(&refusal),
                            "{context}: {refusal}"
                        ),
                        // Of the last one some bits stand for nothing, and must be zero.
                        _ if place + 1 == value.len() => {
                            assert!(["malformed", "not_authentic"].contains(&refusal), "{context}");
                        }
                        _ => assert_eq!(refusal, "not_authentic", "{context}"),
                    }
                }
            }
        }
    }

    #[test]
    fn every_other_last_character_is_refused() {
        let sessions = sessions();
        // One payload size for each remainder of the length by three.
        for size in [100, 101, 102] {
            let value = value_of(&sessions, size);
            let (head, last) = value.split_at(value.len() - 1);
            for &character in ALPHABET {
                let changed = format!("{head}{}", char::from(character));
                assert_eq!(class(&sessions, &changed, T0) == "live", changed.ends_with(last));
            }
        }
    }

    #[test]
    fn key_id_of_another_key_of_the_ring_is_not_authentic() {
        let sessions = sessions();
        let mut sealed = decode(&value_of(&sessions, 100));
        assert_eq!(sealed[1..5], 2_u32.to_be_bytes());
        sealed[1..5].copy_from_slice(&1_u32.to_be_bytes());
        let error = sessions.unseal_at(&encode(&sealed), T0).unwrap_err();
        assert_eq!(error, UnsealError::NotAuthentic(KeyId::new(1)));
    }

    #[test]
    fn key_id_is_bound_even_where_two_rings_give_one_key_two_ids() {
        let under = |id: u32| {
            let entry = sealed_session::KeyEntry::new(id, support::key(1));
            Sessions::<String>::new(sealed_session::KeyRing::new_at([entry], T0).unwrap())
        };
        let mut sealed = decode(&value_of(&under(5), 100));
        sealed[1..5].copy_from_slice(&6_u32.to_be_bytes());
        assert_eq!(class(&under(6), &encode(&sealed), T0), "not_authentic");
    }

    #[test]
    fn no_two_bytes_can_be_exchanged() {
        let sessions = sessions();
        let sealed = decode(&value_of(&sessions, 40));
        for place in 0..sealed.len() - 1 {
            let mut swapped = sealed.clone();
            swapped.swap(place, place + 1);
            assert_eq!(class(&sessions, &encode(&swapped), T0) == "live", swapped == sealed);
        }
    }
}

mod lengths {
    use super::*;

    #[test]
    fn refuses_truncation_at_every_length() {
        let sessions = sessions();
        for size in SIZES {
            let value = value_of(&sessions, size);
            for length in places(value.len(), stride(size)) {
                let error = sessions.unseal_at(&value[..length], T0).unwrap_err();
                // 45 bytes without a plaintext are 60 characters.
                let expected: &[&str] = match length {
                    0..60 => &["malformed"],
                    // A remainder of one is no base64, other tails may have bits too many.
                    _ if length % 4 == 1 => &["malformed"],
                    _ if length % 4 == 0 => &["not_authentic"],
                    _ => &["malformed", "not_authentic"],
                };
                assert!(expected.contains(&error.class()), "{size}: {length}: {error:?}");
            }
        }
    }

    #[test]
    fn refuses_sealed_bytes_truncated_at_every_length_from_either_end() {
        let sessions = sessions();
        for size in SIZES {
            let sealed = decode(&value_of(&sessions, size));
            for length in places(sealed.len(), stride(size)) {
                let refusal = class(&sessions, &encode(&sealed[..length]), T0);
                let expected = if length < 45 { "malformed" } else { "not_authentic" };
                assert_eq!(refusal, expected, "{size}: {length}");
                if length > 0 {
                    assert_ne!(class(&sessions, &encode(&sealed[length..]), T0), "live");
                }
            }
        }
    }

    #[test]
    fn refuses_a_gap_at_every_place() {
        let sessions = sessions();
        let sealed = decode(&value_of(&sessions, 100));
        for place in 0..sealed.len() {
            let mut gapped = sealed.clone();
            let removed = gapped.remove(place);
            assert_ne!(class(&sessions, &encode(&gapped), T0), "live", "without byte {place}");
            gapped.insert(place, removed);
            gapped.insert(place, 0);
            assert_ne!(class(&sessions, &encode(&gapped), T0), "live", "0 before byte {place}");
        }
    }

    #[test]
    fn refuses_every_extension_by_one_character() {
        let sessions = sessions();
        for size in [2, 3, 4, 100, LARGEST] {
            let value = value_of(&sessions, size);
            for byte in 0..=0x7f_u8 {
                let character = char::from(byte);
                let behind = class(&sessions, &format!("{value}{character}"), T0);
                assert!(
                    ["malformed", "not_authentic"].contains(&behind),
                    "{character:?}: {behind}"
                );
                let before = class(&sessions, &format!("{character}{value}"), T0);
                assert_ne!(before, "live", "{character:?}");
                if !ALPHABET.contains(&byte) {
                    assert_eq!((behind, before), ("malformed", "malformed"), "{character:?}");
                }
            }
            for extra in [0, 1, 0xff] {
                let longer = [&decode(&value)[..], &[extra]].concat();
                assert_eq!(class(&sessions, &encode(&longer), T0), "not_authentic");
            }
        }
    }

    #[test]
    fn refuses_other_spellings_of_the_same_bytes() {
        let sessions = sessions();
        // Both characters in which the alphabets differ stand in a value of this length,
        // which is one that padding would be added to.
        let value = value_of(&sessions, 2000);
        let bytes = decode(&value);
        let padded = URL_SAFE.encode(&bytes);
        assert!(padded.ends_with('='));
        let standard = STANDARD.encode(&bytes);
        let spellings = [
            padded,
            standard.trim_end_matches('=').to_owned(),
            standard,
            format!("\"{value}\""),
            format!("{value}%3D"),
            format!(" {value}"),
            format!("{value} "),
            format!("{value}\n"),
            value.replace('-', "%2D"),
        ];
        for spelling in spellings {
            assert_ne!(spelling, value);
            assert_eq!(class(&sessions, &spelling, T0), "malformed", "{spelling}");
        }
    }

    #[test]
    fn refuses_a_value_longer_than_browsers_keep_before_it_looks_at_it() {
        let sessions = sessions();
        for character in ["A", "*"] {
            let error = sessions.unseal_at(&character.repeat(4097), T0).unwrap_err();
            assert_eq!(error, UnsealError::TooLong { limit: 4096 });
        }
        let head = &value_of(&sessions, 100)[..8];
        let longest = format!("{head}{}", "A".repeat(4088));
        assert_eq!(class(&sessions, &longest, T0), "not_authentic");
    }

    #[test]
    fn the_largest_that_fits_is_the_largest_that_is_sealed() {
        let sessions = sessions();
        let value = value_of(&sessions, LARGEST);
        assert_eq!(value.len() + sessions.cookie_name().len(), 4096);
        let larger = sessions.create_at("x".repeat(LARGEST - 1), T0).unwrap();
        assert!(sessions.seal_at(&larger, T0).is_err());
    }
}

mod forgeries {
    use super::*;

    #[test]
    fn plain_json_is_no_session() {
        let sessions = sessions();
        let json = serde_json::to_string(&"x".repeat(200)).unwrap();
        for text in [
            String::new(),
            "null".to_owned(),
            "\"\"".to_owned(),
            json.clone(),
            format!("{{\"data\":{json}}}"),
        ] {
            assert_eq!(class(&sessions, &text, T0), "malformed", "{text}");
            assert!(load(&sessions, &text, T0).is_new());
        }
        // In base64 its first byte is taken for the version, whatever the padding.
        for text in [STANDARD.encode(&json), URL_SAFE.encode(&json), encode(json.as_bytes())] {
            let session = load(&sessions, &text, T0);
            assert!(session.is_new());
            assert_eq!(session.refusal(), Some(&UnsealError::UnsupportedVersion(b'"')));
        }
    }

    #[test]
    fn plaintext_with_a_header_is_not_authentic() {
        let sessions = sessions();
        let claims = support::open(2, sessions.cookie_name(), &value_of(&sessions, 100));
        let header = &decode(&value_of(&sessions, 100))[..29];
        for tag in [[0; 16], [0xff; 16]] {
            let unsealed = [header, &claims, &tag].concat();
            assert_eq!(class(&sessions, &encode(&unsealed), T0), "not_authentic");
        }
        // The same without a tag, and with none of its bytes but the header.
        assert_eq!(class(&sessions, &encode(&[header, &claims].concat()), T0), "not_authentic");
        assert_eq!(class(&sessions, &encode(header), T0), "malformed");
    }

    #[test]
    fn every_other_version_is_refused() {
        let sessions = sessions();
        let mut sealed = decode(&value_of(&sessions, 100));
        for version in (0..=u8::MAX).filter(|&version| version != 1) {
            sealed[0] = version;
            let error = sessions.unseal_at(&encode(&sealed), T0).unwrap_err();
            assert_eq!(error, UnsealError::UnsupportedVersion(version));
        }
    }

    #[test]
    fn every_other_purpose_is_refused() {
        // The same claims for the same name, sealed by the same key: but bound as a session.
        let sessions = sessions();
        let name = sessions.cookie_name();
        let plaintext = support::open(2, name, &value_of(&sessions, 100));
        assert_eq!(class(&sessions, &support::forge(2, name, &plaintext), T0), "live");
        for purpose in (0..=u8::MAX).filter(|&purpose| purpose != 1) {
            let value = support::forge_for(purpose, 2, name, &plaintext);
            assert_eq!(class(&sessions, &value, T0), "not_authentic", "purpose {purpose}");
        }
    }

    #[test]
    fn parts_of_two_values_do_not_fit_together() {
        let sessions = sessions();
        let (a, b) = (decode(&value_of(&sessions, 100)), decode(&value_of(&sessions, 100)));
        let other_key = decode(&value_of(&Sessions::<String>::new(ring([1, 2])), 100));
        let tag = a.len() - 16;
        for other in [&b, &other_key] {
            // Behind the nonce, the claims and the body, and in their midst.
            for cut in [12, 29, 79, 80, 100, tag, tag + 8] {
                let spliced = [&a[..cut], &other[cut..]].concat();
                assert_eq!(class(&sessions, &encode(&spliced), T0), "not_authentic", "at {cut}");
                let spliced = [&other[..cut], &a[cut..]].concat();
                assert_eq!(class(&sessions, &encode(&spliced), T0), "not_authentic", "at {cut}");
            }
            let spliced = [&a[..29], &other[29..tag], &a[tag..]].concat();
            assert_eq!(class(&sessions, &encode(&spliced), T0), "not_authentic");
        }
        // Version and key id of one, everything else of another key's.
        let spliced = [&a[..5], &other_key[5..]].concat();
        assert_eq!(class(&sessions, &encode(&spliced), T0), "not_authentic");
    }

    #[test]
    fn nothing_but_the_header_is_readable_or_repeated() {
        let sessions = sessions();
        let values: Vec<_> = (0..50).map(|_| decode(&value_of(&sessions, 100))).collect();
        for value in &values {
            assert_eq!(value[..5], values[0][..5]);
            assert!(!value.windows(4).any(|part| part == b"xxxx"));
        }
        let nonces: HashSet<_> = values.iter().map(|value| &value[5..29]).collect();
        let bodies: HashSet<_> = values.iter().map(|value| &value[29..]).collect();
        assert_eq!((nonces.len(), bodies.len()), (50, 50));

        // Nor by sealing one session again, unchanged and in the same second.
        let session = sessions.create_at("hello".to_owned(), T0).unwrap();
        let again: HashSet<_> = (0..50).map(|_| sessions.seal_at(&session, T0).unwrap()).collect();
        assert_eq!(again.len(), 50);
    }
}

mod binding {
    use super::*;

    fn bound(name: &str, audience: Option<&str>) -> Sessions<u32> {
        let builder = Sessions::builder(ring([1])).cookie_name(name);
        match audience {
            Some(audience) => builder.audience(audience),
            None => builder,
        }
        .build()
        .unwrap()
    }

    #[test]
    fn only_the_same_name_and_the_same_audience_are_accepted() {
        let long = "a".repeat(255);
        let bindings = [
            ("session", None),
            ("session", Some("a")),
            ("session", Some("b")),
            ("session", Some("A")),
            ("session", Some("a ")),
            ("session", Some("a\0")),
            ("session", Some("\0")),
            ("session", Some("\0\0")),
            ("session", Some(long.as_str())),
            ("session", Some(&long[1..])),
            ("Session", None),
            ("cart", None),
            ("__Host-session", None),
            ("__Host-session", Some("a")),
            ("__Secure-session", None),
            // Joined without lengths, these would be one and the same.
            ("sessiona", None),
            ("sessio", Some("n")),
            ("sessio", Some("na")),
            ("s", Some("ession")),
            ("s", Some("\0\x06ession")),
            ("ab", Some("c")),
            ("a", Some("bc")),
            ("abc", None),
            ("a", Some("b\0\x01c")),
            ("a", Some("\0\x01b")),
            // A length of one byte would take 255 and 0 for neighbours.
            (&long[1..], Some("a")),
            (long.as_str(), None),
        ];
        let sessions: Vec<_> =
            bindings.iter().map(|&(name, audience)| bound(name, audience)).collect();
        for (sealer, name) in sessions.iter().zip(bindings) {
            let value = sealed(sealer, 7, T0);
            for (opener, other) in sessions.iter().zip(bindings) {
                let expected = if name == other { "live" } else { "not_authentic" };
                assert_eq!(class(opener, &value, T0), expected, "{name:?} as {other:?}");
            }
        }
    }

    #[test]
    fn value_under_another_name_is_no_session_of_the_request() {
        let (cart, session) = (bound("__Host-cart", None), bound("__Host-session", None));
        let value = sealed(&cart, 7, T0);
        let request = [format!("__Host-session={value}; __Host-cart={value}")];
        let planted = session.load_at(&request, T0);
        assert!(planted.is_new());
        assert_eq!(planted.refusal().unwrap().class(), "not_authentic");
        assert_eq!(*cart.load_at(&request, T0).read(), 7);
    }

    #[test]
    fn development_over_plain_http_shares_nothing_with_production() {
        let production = bound("__Host-session", None);
        let development = Sessions::<u32>::builder(ring([1]))
            .insecure_plain_http_for_development()
            .build()
            .unwrap();
        assert_eq!(development.cookie_name(), "session");
        assert_eq!(class(&production, &sealed(&development, 7, T0), T0), "not_authentic");
        assert_eq!(class(&development, &sealed(&production, 7, T0), T0), "not_authentic");
    }
}

mod replay {
    use super::*;

    fn limited(absolute: u64, idle: Option<u64>, persistent: bool) -> Sessions<u32> {
        let builder =
            Sessions::builder(ring([1])).absolute_timeout(secs(absolute)).persistent(persistent);
        match idle {
            Some(idle) => builder.idle_timeout(secs(idle)),
            None => builder,
        }
        .build()
        .unwrap()
    }

    fn cookie(sessions: &Sessions<u32>, now: OffsetDateTime) -> String {
        let mut session = sessions.load_at([""], now);
        session.write(|count| *count = 7);
        set_value(&sessions.commit_at(&session, now).unwrap()).unwrap()
    }

    #[test]
    fn value_without_its_max_age_is_refused_after_its_end() {
        // A thief's cookie jar deletes nothing.
        for persistent in [true, false] {
            let sessions = limited(100, None, persistent);
            let stolen = cookie(&sessions, T0);
            assert_eq!(*load(&sessions, &stolen, at(99)).read(), 7);
            for now in [100, 101, 1000, 1_000_000] {
                let session = load(&sessions, &stolen, at(now));
                assert!(session.is_new());
                assert_eq!(*session.read(), 0);
                assert_eq!(session.refusal(), Some(&UnsealError::Expired));
                assert_eq!(sessions.reseal_at(&stolen, at(now)), Err(UnsealError::Expired));
                assert_eq!(visit(&sessions, &stolen, at(now)), None);
            }

            let sessions = limited(1000, Some(100), persistent);
            let stolen = cookie(&sessions, T0);
            let session = load(&sessions, &stolen, at(100));
            assert_eq!(session.refusal(), Some(&UnsealError::Idle));
        }
    }

    #[test]
    fn value_within_its_lifetime_can_be_used_again() {
        // The price of having no store: neither a later write nor a logout reaches a copy.
        let sessions = limited(100, None, true);
        let copy = cookie(&sessions, T0);
        let mut session = load(&sessions, &copy, at(10));
        session.write(|count| *count = 8);
        assert!(sessions.commit_at(&session, at(10)).unwrap().sets_cookies());
        assert_eq!(*load(&sessions, &copy, at(20)).read(), 7);

        let mut session = load(&sessions, &copy, at(30));
        session.destroy();
        let commit = sessions.commit_at(&session, at(30)).unwrap();
        assert_eq!(commit.cookies()[0].value(), "");
        assert_eq!(*load(&sessions, &copy, at(40)).read(), 7);
        assert_eq!(class(&sessions, &copy, at(100)), "expired");
    }

    #[test]
    fn copy_made_before_a_slide_ends_when_it_would_have() {
        let sessions = limited(10_000, Some(480), true);
        let copy = cookie(&sessions, T0);
        let fresh = visit(&sessions, &copy, at(400)).unwrap();
        assert_eq!(class(&sessions, &copy, at(480)), "idle");
        assert_eq!(class(&sessions, &fresh, at(480)), "live");
    }
}
