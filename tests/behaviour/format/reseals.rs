//! What the response to a request that wrote nothing makes of a value.

use sealed_session::{Cookie, KeyId, SessionData, UnsealError};
use serde_json::{Map, Value};

use super::file::{ResealVector, file, hex};
use crate::{common::session_cookies, support::Forge};

impl ResealVector {
    /// Runs the vector, with the type that it asks for.
    fn check(&self) {
        match self.reader.r#type.as_deref() {
            None => self.check_as::<Value>(),
            Some("object") => self.check_as::<Map<String, Value>>(),
            Some(other) => panic!("{}: unknown type {other}", self.name),
        }
    }

    fn check_as<T: SessionData>(&self) {
        let mut builder = self.reader.builder::<T>();
        if let Some(step) = self.pad_to {
            builder = builder.pad_to(step);
        }
        let (sessions, now) = (builder.build().expect(&self.name), self.reader.now());
        let cookie = self.cookie.as_ref().unwrap_or(&self.reader.cookie_name);
        let header = format!("{cookie}={}; {}", self.value, self.reader.bound_cookies(cookie));
        let session = sessions.load_at([header], now);
        let _ = session.read();
        assert_eq!(session.refusal().map(UnsealError::class), self.expect.refused.as_deref());
        assert_eq!(session.is_reseal_due(), self.expect.due == Some(true), "{}", self.name);
        let commit = sessions.commit_at(&session, now).expect(&self.name);
        let set = session_cookies(&commit).find(|set| !set.value().is_empty());
        let Some(expected) = &self.expect.value else {
            assert!(!commit.sets_cookies(), "{}", self.name);
            return;
        };
        let set = set.unwrap_or_else(|| panic!("{}: not sealed again", self.name));
        assert_eq!(set.name(), self.reader.cookie_name, "{}", self.name);
        let max_age = set.max_age().map(time::Duration::whole_seconds);
        assert_eq!(max_age, self.expect.max_age, "{}", self.name);
        if cookie != set.name() {
            let removed = session_cookies(&commit).find(|set| set.name() == cookie);
            assert_eq!(removed.map(Cookie::value), Some(""), "{}", self.name);
        }

        // Both nonces aside, the value is that of the vector.
        let key_id = self.expect.key_id.expect("an id");
        let forge = Forge {
            key: self.reader.key(key_id),
            key_id,
            purpose: 1,
            name: &self.reader.cookie_name,
            audience: self.reader.audience.as_deref(),
        };
        assert_eq!(Some(forge.aad()), self.expect.aad.as_deref().and_then(hex), "{}", self.name);
        assert_eq!(forge.open(set.value()), forge.open(expected), "{}", self.name);
        assert_eq!(set.value().len(), expected.len(), "{}", self.name);
        if forge.open(set.value())[0] & BOUND != 0 {
            // Alone it is no session.
            let refusal = sessions.unseal_at(set.value(), now).map(drop).unwrap_err();
            assert_eq!(refusal.class(), "bound", "{}", self.name);
            return;
        }
        let again = sessions.unseal_at(set.value(), now).expect(&self.name);
        assert_eq!(again.key_id(), Some(KeyId::new(key_id)), "{}", self.name);
    }
}

/// Of the flags.
const BOUND: u8 = 1 << 2;

#[test]
fn every_reseal_comes_to_what_it_states() {
    let vectors = file().reseals;
    // Device binding is a feature, and there are no longer steps.
    let is_read = |vector: &&ResealVector| {
        (cfg!(feature = "bound") || vector.reader.bound_families.is_none())
            && vector.pad_to.is_none_or(|step| step <= 1024)
    };
    let read: Vec<_> = vectors.iter().filter(is_read).collect();
    for vector in &read {
        vector.check();
    }
    assert!(read.len() > 50);
}
