//! What must hold for any input. The fuzz targets search for a counterexample,
//! `tests/corpus.rs` replays what they have found interesting.

// Each target uses one of them.
#![allow(dead_code)]

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use sealed_session::{Key, KeyEntry, KeyRing, Session, Sessions};
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);
const NAME: &str = "__Host-session";
const KEY: [u8; 32] = *b"only in fuzz targets, never used";

/// Any bytes as a value: refused, since nobody can forge a tag; were one
/// accepted, it would have to be spelled as we spell it.
pub(crate) fn unseal_bytes(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    if let Ok(session) = sessions().unseal_at(&value, NOW) {
        let bytes = URL_SAFE_NO_PAD.decode(&*value).expect("what unseals is base64url");
        assert_eq!(URL_SAFE_NO_PAD.encode(bytes), value);
        assert!(session.id().is_some());
    }
}

/// A value that we sealed, changed anywhere: refused unless nothing changed.
/// The input is a list of edits, three bytes each.
pub(crate) fn unseal_mutation(data: &[u8]) {
    let original = sealed();
    let mut value = original.clone().into_bytes();
    for edit in data.chunks_exact(3).take(64) {
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
    let value = String::from_utf8_lossy(&value);
    assert_eq!(sessions().unseal_at(&value, NOW).is_ok(), value == *original);
}

/// Any plaintext under a valid tag: no panic, and what is accepted is live and
/// says so itself.
pub(crate) fn unseal_authentic(data: &[u8]) {
    let value = seal_by_hand(data);
    let Ok(session) = sessions().unseal_at(&value, NOW) else { return };
    let (created, issued) = (session.created_at().unwrap(), session.issued_at().unwrap());
    let expires = session.expires_at().unwrap();
    assert!(created <= issued && issued <= NOW + time::Duration::seconds(60));
    assert!(NOW < expires && expires <= created + time::Duration::days(14));
    let json: Value = serde_json::from_slice(&data[37..]).expect("the payload is JSON");
    assert_eq!(*session.peek(), json);
    if let Ok(Some(fresh)) = sessions().reseal_at(&value, NOW) {
        let fresh = sessions().unseal_at(&fresh, NOW).expect("what was sealed anew unseals");
        assert_eq!(*fresh.peek(), json);
        assert_eq!((fresh.id(), fresh.created_at()), (session.id(), session.created_at()));
        assert!(fresh.issued_at().unwrap() >= NOW);
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

fn sessions() -> &'static Sessions<Value> {
    static SESSIONS: OnceLock<Sessions<Value>> = OnceLock::new();
    SESSIONS.get_or_init(|| {
        let key = Key::from_bytes(&KEY).expect("its bytes differ");
        let ring = KeyRing::new_at([KeyEntry::new(1, key)], NOW).expect("one key is a ring");
        Sessions::<Value>::builder(ring)
            .idle_timeout(std::time::Duration::from_secs(24 * 60 * 60))
            .build()
            .expect("the configuration follows the rules")
    })
}

/// A value with a fixed nonce, so that a corpus means the same in every run.
fn sealed() -> &'static String {
    static SEALED: OnceLock<String> = OnceLock::new();
    SEALED.get_or_init(|| {
        let issued = u64::try_from(NOW.unix_timestamp()).expect("after 1970");
        let mut plaintext = vec![1];
        plaintext.extend(issued.to_be_bytes());
        plaintext.extend(0_u32.to_be_bytes());
        plaintext.extend(3600_u32.to_be_bytes());
        plaintext.extend(u32::MAX.to_be_bytes());
        plaintext.extend([7; 16]);
        plaintext.extend(br#"{"user":"ada","cart":[1,2,3]}"#);
        let value = seal_by_hand(&plaintext);
        sessions().unseal_at(&value, NOW).expect("it is valid");
        value
    })
}

/// docs/FORMAT.md, with the primitives alone.
fn seal_by_hand(plaintext: &[u8]) -> String {
    const AAD: &[u8] = b"\x01\0\0\0\x01\x01\0\x0e__Host-session\0\0";
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
