use serde_json::Value;

use super::*;
use crate::{
    format::{
        aead::FreshNonce,
        claims::Bond,
        envelope::{Aad, Binding, Purpose},
        frame::MAX_COOKIE_LEN,
        lifetime::Timeouts,
        lineage::{Descent, Limit, Lineage},
        session_id::SessionId,
        token::{Body, CsrfToken, Tombstone},
    },
    keys::{Key, KeyEntry, KeyRing},
    platform::clock,
};

const VECTORS: &str = include_str!("../../../tests/vectors/v1.json");

fn unhex(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn bytes<const N: usize>(hex: &Value) -> [u8; N] {
    unhex(hex).try_into().unwrap()
}

/// Keys are printed in two halves, so that nobody takes one for his own.
fn halves(hex: &Value) -> Value {
    hex.as_str().unwrap().replace(' ', "").into()
}

fn seconds(value: &Value) -> Option<u32> {
    value.as_u64().map(|seconds| seconds.try_into().unwrap())
}

/// Seals again what a vector says was sealed.
fn write(vector: &Value) -> Result<String, SealError> {
    let (claims, sealed) = (&vector["expect"]["claims"], &vector["sealed"]);
    let key_id = KeyId::new(seconds(&claims["key_id"]).unwrap());
    let ring = vector["ring"].as_array().unwrap();
    let entry = ring.iter().find(|entry| seconds(&entry["id"]) == Some(key_id.get())).unwrap();
    // Without the entry's times: a vector may be under a key that does not seal yet.
    let entry = KeyEntry::new(key_id, Key::from_bytes(&bytes(&halves(&entry["key_hex"]))).unwrap());
    let ring = KeyRing::new([entry.clone()]).unwrap();

    let name = vector["cookie_name"].as_str().unwrap();
    let binding = Binding::new(Purpose::Session, name, vector["audience"].as_str()).unwrap();
    let seal = Seal {
        ring: &ring,
        binding: &binding,
        timeouts: &Timeouts { absolute: 1, idle: None, persistent: true, own_idle: false },
        name_len: name.len(),
        max_len: MAX_COOKIE_LEN,
        pad_to: None,
        check_data: false,
    };
    let time = |value: &Value| value.as_u64().unwrap();
    let created_at = time(&claims["created_at"]);
    let claims_in = Claims {
        persistent: claims["persistent"].as_bool().unwrap(),
        creation_known: claims["creation_known"].as_bool().unwrap(),
        bond: match (claims["bound"].as_bool().unwrap(), sealed["awaits_binding"] == true) {
            (true, _) => Bond::Bound,
            (false, true) => Bond::Awaited,
            (false, false) => Bond::None,
        },
        own_idle: sealed["own_idle"].as_bool().unwrap(),
        created_at,
        issued_at: time(&claims["issued_at"]),
        lifetime: seconds(&sealed["lifetime"]).unwrap(),
        idle: seconds(&sealed["idle"]),
        authenticated_at: claims["authenticated_at"].as_u64().unwrap_or(created_at),
        descent: Descent {
            lineage: Lineage(u32::from_be_bytes(bytes(&sealed["lineage"]))),
            generation: u16::try_from(time(&sealed["generation"])).unwrap(),
        },
        id: SessionId::from_bytes(bytes(&claims["session_id"])),
        seen: time(&sealed["seen"]),
    };
    let extension = match sealed["extension"].is_null() {
        true => Vec::new(),
        false => unhex(&sealed["extension"]),
    };
    seal.encode(&entry, FreshNonce::given(bytes(&sealed["nonce"])), |plaintext| {
        plaintext.append(&claims_in.encode(!extension.is_empty())?);
        plaintext.append(&extension);
        plaintext.append(claims["payload"].as_str().unwrap().as_bytes());
        Ok(())
    })
}

#[test]
fn writes_the_live_vectors_byte_for_byte() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut written = 0;
    for vector in file["vectors"].as_array().unwrap() {
        // A session in a header is bound to another purpose.
        if vector["expect"]["claims"].is_null() || vector["purpose"] == 7 {
            continue;
        }
        let value = vector["value"].as_str().unwrap();
        let size = value.len() + vector["cookie_name"].as_str().unwrap().len();
        if size > MAX_COOKIE_LEN {
            // Readers do not count the name, so they take what no writer makes.
            let refused = Err(SealError::TooLarge { size, limit: MAX_COOKIE_LEN });
            assert_eq!(write(vector), refused, "{}", vector["name"]);
        } else {
            assert_eq!(write(vector).as_deref(), Ok(value), "{}", vector["name"]);
            written += 1;
        }
    }
    assert!(written > 0);
}

#[test]
fn associated_data_is_that_of_the_vectors() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let live = file["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| !v["sealed"].is_null() && v["purpose"].is_null());
    for vector in live {
        let (name, audience) = (vector["cookie_name"].as_str(), vector["audience"].as_str());
        let binding = Binding::new(Purpose::Session, name.unwrap(), audience).unwrap();
        let id = KeyId::new(seconds(&vector["expect"]["claims"]["key_id"]).unwrap());
        let aad = unhex(&vector["sealed"]["aad"]);
        assert_eq!(binding.aad(id, &mut Aad::new()), aad, "{}", vector["name"]);
    }
}

/// The ring of a vector, with the times of its entries.
fn ring_of(vector: &Value) -> KeyRing {
    let time = |value: &Value| clock::date_time(value.as_u64().unwrap());
    let entries = vector["ring"].as_array().unwrap().iter().map(|entry| {
        let key = Key::from_bytes(&bytes(&halves(&entry["key_hex"]))).unwrap();
        let mut built = KeyEntry::new(seconds(&entry["id"]).unwrap(), key);
        if !entry["not_before"].is_null() {
            built = built.not_before(time(&entry["not_before"]));
        }
        if !entry["not_after"].is_null() {
            built = built.not_after(time(&entry["not_after"]));
        }
        built
    });
    KeyRing::new_at(entries, time(&vector["now"])).unwrap()
}

/// Reads each vector of a purpose, and writes what was read with the vector's nonce.
fn check_tokens<const N: usize, B: Body<N>>(
    purpose: Purpose,
    judge: impl Fn(&B, u64, &Timeouts) -> Result<(), UnsealError>,
    check: impl Fn(&B, &Value),
) {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    let (mut live, mut refused) = (0, 0);
    for vector in vectors.iter().filter(|vector| vector["purpose"] == purpose as u8) {
        let (name, value) = (&vector["name"], vector["value"].as_str().unwrap());
        let cookie_name = vector["cookie_name"].as_str().unwrap();
        // A tombstone has no audience, whatever is configured.
        let audience = vector["audience"].as_str().filter(|_| purpose != Purpose::Tombstone);
        let binding = Binding::new(purpose, cookie_name, audience).unwrap();
        let ring = ring_of(vector);
        let seal = Seal {
            ring: &ring,
            binding: &binding,
            timeouts: &Timeouts { absolute: 1, idle: None, persistent: true, own_idle: false },
            name_len: cookie_name.len(),
            max_len: MAX_COOKIE_LEN,
            pad_to: None,
            check_data: false,
        };
        let now = vector["now"].as_u64().unwrap();
        let read = seal.unseal_token::<N, B>(value.as_bytes(), now);
        let absolute = seconds(&vector["policy"]["absolute_timeout"]).unwrap();
        let timeouts = Timeouts { absolute, idle: None, persistent: true, own_idle: false };
        match read.and_then(|body| judge(&body, now, &timeouts).map(|()| body)) {
            Ok(body) => {
                assert!(vector["expect"]["refused"].is_null(), "{name}");
                check(&body, &vector["expect"]);
                let expected = vector["expect"].as_object().unwrap().values().next().unwrap();
                let key_id = KeyId::new(seconds(&expected["key_id"]).unwrap());
                let nonce = FreshNonce::given(bytes(&vector["sealed"]["nonce"]));
                let aad = unhex(&vector["sealed"]["aad"]);
                assert_eq!(binding.aad(key_id, &mut Aad::new()), aad, "{name}");
                let written = seal.encode(ring.find(key_id).unwrap(), nonce, |plaintext| {
                    plaintext.append(&body.encode());
                    Ok(())
                });
                assert_eq!(written.as_deref(), Ok(value), "{name}");
                live += 1;
            }
            Err(error) => {
                assert_eq!(vector["expect"]["refused"], error.class(), "{name}");
                refused += 1;
            }
        }
    }
    assert!(live >= 5 && refused >= 10, "{live} {refused}");
}

#[test]
fn reads_and_writes_the_tokens() {
    check_tokens(
        Purpose::CsrfToken,
        |_: &CsrfToken, _, _| Ok(()),
        |token, expect| {
            assert_eq!(token.0, SessionId::from_bytes(bytes(&expect["token"]["session_id"])));
        },
    );
}

#[test]
fn reads_and_writes_the_tombstones() {
    check_tokens(
        Purpose::Tombstone,
        |tombstone: &Tombstone, now, _| match now < tombstone.until {
            true => Ok(()),
            false => Err(UnsealError::Expired),
        },
        |tombstone, expect| {
            let expected = &expect["tombstone"];
            let lineage = Lineage(u32::from_be_bytes(bytes(&expected["lineage"])));
            let generation = u16::try_from(expected["limit"].as_u64().unwrap()).unwrap();
            assert_eq!(tombstone.limit, Limit { lineage, generation });
            assert_eq!(expected["ended_at"], tombstone.ended_at);
            assert_eq!(expected["until"], tombstone.until);
            let cookie = expected["cookie"].as_str().unwrap();
            assert!(cookie.ends_with(&format!("-ended-{}", tombstone.limit.to_text())));
        },
    );
}

#[cfg(feature = "bound")]
mod device {
    use super::*;
    use crate::format::{
        device::{BoundCookie, Challenge, Identifier, Kind, Tag},
        session_id::Family,
    };

    fn family(hex: &Value) -> Family {
        Family::from_bytes(bytes(hex))
    }

    #[test]
    fn reads_and_writes_the_bound_cookies() {
        check_tokens(
            Purpose::BoundCookie,
            |bound: &BoundCookie, now, _| match now < bound.until {
                true => Ok(()),
                false => Err(UnsealError::Expired),
            },
            |bound, expect| {
                let expected = &expect["bound_cookie"];
                assert_eq!(bound.family, family(&expected["family"]));
                assert_eq!(expected["until"], bound.until);
                let cookie = expected["cookie"].as_str().unwrap();
                assert!(cookie.ends_with(&format!("-bound-{}", Tag::of(bound.family).to_text())));
            },
        );
    }

    #[test]
    fn reads_and_writes_the_challenges() {
        check_tokens(
            Purpose::Challenge,
            |challenge: &Challenge, now, _| challenge.judge(now),
            |challenge, expect| {
                let expected = &expect["challenge"];
                let kinds = [Kind::Registration, Kind::Refresh];
                let kind = kinds[usize::try_from(expected["kind"].as_u64().unwrap()).unwrap() - 1];
                assert_eq!(challenge.family, family(&expected["family"]));
                assert_eq!(challenge.kind, kind);
                assert_eq!(expected["issued_at"], challenge.issued_at);
            },
        );
    }

    #[test]
    fn reads_and_writes_the_identifiers() {
        check_tokens(Purpose::Identifier, Identifier::judge, |identifier, expect| {
            let expected = &expect["identifier"];
            assert_eq!(identifier.family, family(&expected["family"]));
            assert_eq!(identifier.key.to_compressed(), bytes(&expected["public_key"]));
            assert_eq!(expected["created_at"], identifier.created_at);
        });
    }
}

#[test]
fn pads_a_reseal_to_the_most_that_fits() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut count = 0;
    for vector in file["reseals"].as_array().unwrap() {
        // Steps that no configuration has.
        let Some(step) = vector["pad_to"].as_u64().filter(|step| *step > 1024) else { continue };
        let name = vector["cookie_name"].as_str().unwrap();
        let binding = Binding::new(Purpose::Session, name, vector["audience"].as_str()).unwrap();
        let ring = ring_of(vector);
        let seal = Seal {
            ring: &ring,
            binding: &binding,
            timeouts: &Timeouts {
                absolute: seconds(&vector["policy"]["absolute_timeout"]).unwrap(),
                idle: seconds(&vector["policy"]["idle_timeout"]),
                persistent: true,
                own_idle: false,
            },
            name_len: name.len(),
            max_len: MAX_COOKIE_LEN,
            pad_to: usize::try_from(step).ok(),
            check_data: false,
        };
        let (value, now) = (vector["value"].as_str().unwrap(), vector["now"].as_u64().unwrap());
        let fresh = seal.reseal(value.as_bytes(), now, None, Device::Unproven, |_| Ok(())).unwrap();
        let plaintext = |value: &str| {
            let find = |id| ring.find(id).ok_or(UnsealError::UnknownKey(id));
            seal.open(value.as_bytes(), find, |_, plaintext| {
                Ok::<_, UnsealError>(plaintext.to_vec())
            })
        };
        let expected = &vector["expect"];
        assert_eq!(expected["due"], fresh.is_some(), "{}", vector["name"]);
        if let Some((fresh, _)) = fresh {
            let expected = expected["value"].as_str().unwrap();
            assert_eq!(plaintext(&fresh), plaintext(expected), "{}", vector["name"]);
        }
        count += 1;
    }
    assert!(count > 0);
}
