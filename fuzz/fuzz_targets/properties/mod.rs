//! What must hold for any input. The fuzz targets search for a counterexample,
//! `tests/corpus.rs` replays what they have found interesting.

// Each target uses one of them.
#![allow(dead_code)]

#[cfg(feature = "bound")]
mod device;

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use sealed_session::{Key, KeyEntry, KeyRing, Session, Sessions};
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);
const NAME: &str = "__Host-session";
const PERSISTENT: u8 = 1;
const CREATION_UNKNOWN: u8 = 1 << 1;
const OWN_IDLE: u8 = 1 << 3;
const AWAITS_BINDING: u8 = 1 << 4;
const EXTENSION: u8 = 1 << 7;
/// Seconds.
const IDLE_TIMEOUT: i64 = 24 * 60 * 60;
/// Random, since keys that spell something are refused.
#[rustfmt::skip]
const KEY: [u8; 32] = [
    0x80, 0x24, 0x38, 0x39, 0x6d, 0xd8, 0x80, 0x86, 0x06, 0x52, 0x7b, 0x34, 0xa1, 0xde, 0x49, 0x79,
    0x36, 0xb7, 0x27, 0x60, 0x93, 0x08, 0xbb, 0x8f, 0x52, 0x21, 0x04, 0x29, 0x94, 0x09, 0xc0, 0x33,
];

/// Any bytes as a value: refused, since nobody can forge a tag; were one
/// accepted, it would have to be spelled as we spell it.
pub(crate) fn unseal_bytes(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    if let Ok(session) = sessions().unseal_at(&value, NOW) {
        let bytes = URL_SAFE_NO_PAD.decode(&*value).expect("what unseals is base64url");
        assert_eq!(URL_SAFE_NO_PAD.encode(bytes), value);
        assert!(session.id().is_some());
    }
    // As a cookie it need not be text, and spaces behind it are not part of it.
    if !data.contains(&b';') {
        let header = [NAME.as_bytes(), b"=", data].concat();
        let came = load(std::iter::once(header.as_slice()));
        let alone = sessions().unseal_at(value.trim_end_matches([' ', '\t']), NOW);
        assert_eq!(came.is_new(), alone.is_err());
    }
}

/// A value that we sealed, changed anywhere: refused unless nothing changed.
/// The input is a list of edits, three bytes each.
pub(crate) fn unseal_mutation(data: &[u8]) {
    let original = sealed();
    let value = edited(original, data);
    assert_eq!(sessions().unseal_at(&value, NOW).is_ok(), value == *original);
}

#[cfg(feature = "bound")]
pub(crate) use self::device::device_jwt;

/// Any plaintext under a valid tag: no panic, and what is accepted is live and
/// says so itself.
pub(crate) fn unseal_authentic(data: &[u8]) {
    let value = seal_by_hand(data);
    let Ok(session) = sessions().unseal_at(&value, NOW) else { return };
    let field = |from: usize, to: usize| {
        data[from..to].iter().fold(0, |number, &byte| number << 8 | i64::from(byte))
    };
    let flags = data[0];
    let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let (began, issued) = (at(field(1, 6)), at(field(1, 6) + field(6, 10)));
    let is_known = flags & CREATION_UNKNOWN == 0;
    let known = PERSISTENT | CREATION_UNKNOWN | OWN_IDLE | AWAITS_BINDING | EXTENSION;
    assert_eq!(flags & !known, 0);
    assert_eq!(session.created_at(), is_known.then_some(began));
    assert_eq!(session.issued_at(), Some(issued));
    let authenticated = field(18, 22);
    assert!(authenticated <= field(6, 10));
    let told = (is_known || authenticated > 0).then(|| at(field(1, 6) + authenticated));
    assert_eq!(session.authenticated_at(), told);
    assert_ne!(field(26, 28), 65_535);
    assert_eq!(session.id().unwrap().as_bytes(), &data[28..44]);
    assert_eq!(session.is_persistent(), Some(flags & PERSISTENT != 0));
    let expires = session.expires_at().unwrap();
    assert!(issued <= NOW + time::Duration::seconds(60));
    assert!(NOW < expires && expires <= began + time::Duration::seconds(field(10, 14)));
    assert!(expires <= began + time::Duration::days(14));
    let idle = field(14, 18);
    if flags & OWN_IDLE == 0 {
        assert!(expires <= issued + time::Duration::seconds(idle.min(IDLE_TIMEOUT)));
    } else if idle != i64::from(u32::MAX) {
        assert!(expires <= issued + time::Duration::seconds(idle));
    }
    let extension = match flags & EXTENSION {
        0 => 0,
        _ => 2 + usize::try_from(field(50, 52)).unwrap(),
    };
    let json: Value = serde_json::from_slice(&data[50 + extension..]).expect("the payload is JSON");
    assert_eq!(*session.peek(), json);
    if let Ok(Some(fresh)) = sessions().reseal_at(&value, NOW) {
        // Every byte is that of the value, but for the time at which it was sealed.
        let plaintext = open_by_hand(&fresh);
        assert_eq!((&plaintext[..6], &plaintext[10..]), (&data[..6], &data[10..]));
        let fresh = sessions().unseal_at(&fresh, NOW).expect("what was sealed anew unseals");
        assert_eq!(*fresh.peek(), json);
        assert_eq!(fresh.issued_at(), Some(issued.max(NOW)));
    }
}

/// Any Cookie headers (one a line): no panic; ours is found in front of them,
/// and behind them unless they cost eight decryptions; alone they are no
/// session, and no refusal sets a cookie.
pub(crate) fn load_headers(data: &[u8]) {
    let headers: Vec<&[u8]> = data.split(|&byte| byte == b'\n').take(64).collect();
    let ours = format!("{NAME}={}", sealed());
    let first = load(std::iter::once(ours.as_bytes()).chain(headers.iter().copied()));
    assert!(!first.is_new());
    let junk = load(headers.iter().copied());
    let is_ours = data.windows(sealed().len()).any(|window| window == sealed().as_bytes());
    assert!(junk.is_new() || is_ours);
    junk.read();
    assert!(!sessions().commit_at(&junk, NOW).expect("nothing is sealed").sets_cookies());
    let candidates = data.windows(NAME.len()).filter(|window| *window == NAME.as_bytes()).count();
    if candidates < 8 {
        let last = load(headers.iter().copied().chain([ours.as_bytes()]));
        assert!(!last.is_new());
    }
}

/// Any configuration of a ring, as text and as JSON: no panic, no message that
/// quotes the input, and a ring that was built always has a key to seal.
pub(crate) fn ring_config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text_form = KeyRing::parse_at(&text, NOW).map_err(|error| error.to_string());
    let json_form = serde_json::from_slice::<KeyRing>(data).map_err(|error| error.to_string());
    #[cfg(feature = "reload")]
    every_form(data);
    for ring in [text_form, json_form] {
        match ring {
            Ok(ring) => {
                let ends = ring.entries().iter().filter_map(KeyEntry::ends_at);
                for at in ends.chain([NOW, datetime!(9999-12-31 0:00 UTC)]).filter(|at| *at >= NOW)
                {
                    // JSON is judged at the present, which may be later than NOW.
                    assert!(ring.sealing_key_id(at.max(OffsetDateTime::now_utc())).is_some());
                }
                assert!(format!("{ring:?}").len() < 1000 * ring.entries().len());
            }
            Err(message) => {
                let is_key = |part: &&str| part.len() >= 40 && !part.contains(' ');
                let quoted = message.split(['"', '`']).find(is_key);
                assert_eq!(quoted, None, "{message}");
            }
        }
    }
    if let Ok(key) = text.parse::<Key>() {
        assert_eq!(key.to_base64().parse::<Key>(), Ok(key));
    }
}

/// What is read in whatever form is written and read again, and no error quotes a key.
#[cfg(feature = "reload")]
fn every_form(data: &[u8]) {
    use sealed_session::RingForm;

    let read = |data: &[u8]| {
        let (form, text) = RingForm::detect(data)?;
        form.parse_at(text, NOW)
    };
    match read(data) {
        Ok(ring) => {
            for form in [RingForm::Toml, RingForm::Json, RingForm::Text] {
                let Ok(written) = form.write(&ring) else { continue };
                let again = read(written.as_bytes()).expect("what is written is read");
                assert_eq!(again.fingerprint(), ring.fingerprint());
            }
        }
        Err(error) => {
            let message = error.to_string();
            let is_key = |part: &&str| part.len() >= 40 && !part.contains(' ');
            assert_eq!(message.split(['"', '`']).find(is_key), None, "{message}");
        }
    }
}

/// Edits of three bytes each: where and what, and with what.
fn edited(original: &str, edits: &[u8]) -> String {
    let mut value = original.as_bytes().to_vec();
    for edit in edits.chunks_exact(3).take(64) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1] & 0x0f]));
        match (edit[1] >> 4, at.checked_rem(value.len())) {
            (0..8, Some(at)) => value[at] = edit[2],
            (8..11, Some(at)) => value.insert(at, edit[2]),
            (11..14, Some(at)) => drop(value.remove(at)),
            (14, Some(at)) => value.truncate(at),
            (_, Some(at)) => value.rotate_left(at),
            (_, None) => value.push(edit[2]),
        }
    }
    String::from_utf8_lossy(&value).into_owned()
}

fn sessions() -> &'static Sessions<Value> {
    static SESSIONS: OnceLock<Sessions<Value>> = OnceLock::new();
    SESSIONS.get_or_init(|| {
        let key = Key::from_bytes(&KEY).expect("it is random");
        let ring = KeyRing::new_at([KeyEntry::new(1, key)], NOW).expect("one key is a ring");
        Sessions::<Value>::builder(ring)
            .idle_timeout(std::time::Duration::from_secs(IDLE_TIMEOUT.unsigned_abs()))
            .build()
            .expect("the configuration follows the rules")
    })
}

/// A value with a fixed nonce, so that a corpus means the same in every run.
fn sealed() -> &'static String {
    static SEALED: OnceLock<String> = OnceLock::new();
    SEALED.get_or_init(|| {
        let issued = u64::try_from(NOW.unix_timestamp()).expect("after 1970");
        let mut plaintext = vec![PERSISTENT];
        plaintext.extend(&issued.to_be_bytes()[3..]);
        plaintext.extend(0_u32.to_be_bytes());
        plaintext.extend(3600_u32.to_be_bytes());
        plaintext.extend(u32::MAX.to_be_bytes());
        plaintext.extend(0_u32.to_be_bytes());
        plaintext.extend(0x0102_0304_u32.to_be_bytes());
        plaintext.extend(0_u16.to_be_bytes());
        plaintext.extend([7; 16]);
        plaintext.extend([0; 6]);
        plaintext.extend(br#"{"user":"ada","cart":[1,2,3]}"#);
        let value = seal_by_hand(&plaintext);
        sessions().unseal_at(&value, NOW).expect("it is valid");
        value
    })
}

const AAD: &[u8] = b"\x01\0\0\0\x01\x01\0\x0e__Host-session\0\0";

/// The plaintext of a value, with the primitives alone.
fn open_by_hand(value: &str) -> Vec<u8> {
    let mut sealed = URL_SAFE_NO_PAD.decode(value).expect("it is sealed");
    let (header, rest) = sealed.split_at_mut(29);
    let (body, tag) = rest.split_last_chunk_mut::<16>().expect("it has a tag");
    let nonce: &[u8; 24] = header.last_chunk().expect("it has a nonce");
    XChaCha20Poly1305::new((&KEY).into())
        .decrypt_inout_detached(nonce.into(), AAD, (&mut *body).into(), (&*tag).into())
        .expect("it is authentic");
    body.to_vec()
}

/// docs/FORMAT.md, with the primitives alone.
fn seal_by_hand(plaintext: &[u8]) -> String {
    let nonce = [9; 24];
    let mut body = plaintext.to_vec();
    let tag = XChaCha20Poly1305::new((&KEY).into())
        .encrypt_inout_detached((&nonce).into(), AAD, body.as_mut_slice().into())
        .expect("it is short");
    let sealed = [[1, 0, 0, 0, 1].as_slice(), &nonce, &body, &tag].concat();
    URL_SAFE_NO_PAD.encode(sealed)
}

fn load<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Session<Value> {
    sessions().load_at(headers, NOW)
}

/// Values of iron-session. The first byte chooses whether the rest is a value, a
/// list of edits of a good one, what stands under a valid MAC, or a plaintext
/// under a valid MAC. No panic; refused unless it is the value we sealed, or has a valid MAC.
#[cfg(feature = "iron")]
pub(crate) fn iron_unseal(data: &[u8]) {
    use sealed_session::iron::{self, IronError};

    const GOOD: &str = "{\"user\":\"ada\",\"cart\":[1,2,3]}";
    let Some((mode, rest)) = data.split_first() else { return };
    let passwords = iron::Passwords::new(iron_by_hand::PASSWORD).expect("it is long");
    let unseal = |value: &str| iron::unseal_at::<Value>(value, &passwords, NOW);
    let good = iron_by_hand::value(GOOD.as_bytes());
    match mode % 4 {
        0 => {
            let value = String::from_utf8_lossy(rest);
            assert_eq!(unseal(&value).is_ok(), value == good);
        }
        1 => {
            let value = edited(&good, rest);
            assert_eq!(unseal(&value).is_ok(), value == good);
        }
        2 => {
            let signed = String::from_utf8_lossy(rest);
            let unsealed = unseal(&iron_by_hand::close(&signed));
            // Its fields are not those of a value we know: whatever is live has all of them.
            if let Ok(unsealed) = unsealed {
                assert_eq!(signed.split('*').count(), 6);
                let tolerance = time::Duration::minutes(1);
                assert!(unsealed.expires_at.is_none_or(|at| NOW < at + tolerance));
            }
        }
        _ => {
            let value = iron_by_hand::value(rest);
            // As iron-session reads: past a byte order mark, and `{}` in the place of `null`.
            let json = rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest);
            let json = serde_json::from_slice::<Value>(json).ok();
            let json = json.map(|json| if json.is_null() { serde_json::json!({}) } else { json });
            match unseal(&value) {
                Ok(unsealed) => assert_eq!(Some(&unsealed.data), json.as_ref()),
                Err(IronError::TooLong { .. }) => assert!(value.len() > 4 * 4096),
                Err(error) => assert_eq!((error.class(), json), ("payload", None)),
            }
        }
    }
}

/// The format of iron-session, with the primitives alone.
#[cfg(feature = "iron")]
mod iron_by_hand {
    use super::*;
    use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7};
    use hmac::Mac as _;

    pub(super) const PASSWORD: &str = "only in fuzz targets, never used in earnest";

    pub(super) fn value(plaintext: &[u8]) -> String {
        let (salt, iv) = ("5a".repeat(32), [7; 16]);
        let mut ciphertext = vec![0; plaintext.len() + 16];
        let ciphertext = cbc::Encryptor::<aes::Aes256>::new((&derive(&salt)).into(), (&iv).into())
            .encrypt_padded_b2b::<Pkcs7>(plaintext, &mut ciphertext)
            .expect("there is room for a block of padding");
        let (iv, ciphertext) = (URL_SAFE_NO_PAD.encode(iv), URL_SAFE_NO_PAD.encode(ciphertext));
        close(&format!("Fe26.2*1*{salt}*{iv}*{ciphertext}*"))
    }

    /// With its MAC behind it.
    pub(super) fn close(signed: &str) -> String {
        let salt = "c3".repeat(32);
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&derive(&salt)).expect("any key");
        mac.update(signed.as_bytes());
        let mac = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}*{salt}*{mac}~2")
    }

    fn derive(salt: &str) -> [u8; 32] {
        pbkdf2::pbkdf2_hmac_array::<sha1::Sha1, 32>(PASSWORD.as_bytes(), salt.as_bytes(), 1)
    }
}
