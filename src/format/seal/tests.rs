use serde_json::Value;

use super::*;
use crate::{
    format::{
        envelope::Purpose,
        lineage::{Descent, Lineage},
        session_id::SessionId,
    },
    keys::Key,
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
        bound: claims["bound"].as_bool().unwrap(),
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
    seal.encode(&entry, &bytes(&sealed["nonce"]), |plaintext| {
        claims_in.encode(!extension.is_empty(), |field| plaintext.append(field))?;
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
