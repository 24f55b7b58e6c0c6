//! Keys as text and as bytes.

use sealed_session::{ConfigError, Key, KeyEntry, KeyRing, Sessions};

use super::file::{KeyVector, file, hex, key_bytes};
use crate::support::{Forge, T0, sealed};

impl KeyVector {
    fn read(&self) -> Result<Key, ConfigError> {
        match (&self.text, &self.bytes) {
            (Some(text), None) => text.concat().parse(),
            (None, Some(bytes)) => {
                let bytes = hex(&bytes.replace(' ', "")).expect("hex");
                // Of another length there is no call.
                let bytes = bytes.try_into().map_err(|_| ConfigError::KeyText("its length"))?;
                Key::from_bytes(&bytes)
            }
            _ => panic!("{}: a text or bytes", self.name),
        }
    }
}

#[test]
fn every_key_comes_to_what_it_states() {
    for vector in file().keys {
        let key = vector.read();
        match (&vector.expect.key_hex, &vector.expect.refused) {
            (Some(hex), None) => {
                let ring = KeyRing::new([KeyEntry::new(1, key.expect(&vector.name))]).unwrap();
                let value = sealed(&Sessions::<u32>::new(ring), 7, T0);
                // What it seals is what these bytes open.
                let name = "__Host-session";
                let key = key_bytes(hex);
                let forge = Forge { key, key_id: 1, purpose: 1, name, audience: None };
                assert!(forge.open(&value).ends_with(b"7"), "{}", vector.name);
            }
            (None, Some(class)) => {
                // `should` marks what another reader may accept; this one does not.
                let error = key.map(drop).expect_err(&vector.name);
                let told = match error {
                    ConfigError::KeyText(_) => "not_a_key",
                    ConfigError::PublishedKey => "published_key",
                    ConfigError::WeakKey => "weak_key",
                    other => panic!("{}: {other}", vector.name),
                };
                assert_eq!(told, class, "{} (should: {})", vector.name, vector.should);
            }
            _ => panic!("{}: one expectation", vector.name),
        }
    }
}
