//! Rings as text and in a configuration file.

use sealed_session::{ConfigError, KeyId, KeyRing};

use super::file::{Entry, Ring, RingExpect, RingVector, at, file};

impl RingVector {
    fn read(&self) -> Result<KeyRing, ConfigError> {
        let text = self.text.concat();
        match &*self.form {
            "text" => KeyRing::parse_at(&text, at(self.now)),
            #[cfg(feature = "reload")]
            "json" => sealed_session::RingForm::Json.parse_at(&text, at(self.now)),
            other => panic!("{}: unknown form {other}", self.name),
        }
    }
}

impl Ring {
    fn check(&self, ring: &KeyRing, vector: &RingVector) {
        let name = &vector.name;
        let expected: Vec<_> = self.entries.iter().map(Entry::build).collect();
        assert_eq!(ring.entries(), expected, "{name}");
        assert_eq!(ring.accepts_takeover(), !self.no_takeover, "{name}");
        assert_eq!(ring.last_id().map(KeyId::get), self.last_id, "{name}");
        let now = at(vector.now);
        assert_eq!(ring.sealing_key_id(now).map(KeyId::get), Some(self.sealing), "{name}");
        let is_accepted =
            |entry: &&sealed_session::KeyEntry| entry.ends_at().is_none_or(|end| now < end);
        let accepted: Vec<_> =
            ring.entries().iter().filter(is_accepted).map(|entry| entry.id().get()).collect();
        assert_eq!(accepted, self.accepted, "{name}");
    }
}

/// Whether the reason is the one in the words of the vectors, or says more.
fn is_reason(error: &ConfigError, vector: &RingVector, expected: &str) -> bool {
    let told = reason(error);
    let is_entry = matches!(error, ConfigError::Entry { .. });
    match (&*vector.form, expected) {
        // What is wrong with the setting.
        ("text", "setting") if !is_entry => ["setting", "key_id", "time", "span"].contains(&told),
        // Nobody can tell a misspelt setting from an entry.
        ("text", "setting") => told == "entry",
        // What separates the entries, which is no good id or time either.
        ("text", "key_id" | "time" | "entry") => {
            told == expected || matches!(error, ConfigError::RingText(_))
        }
        // Behind the line there are only words.
        ("json", _) if told == "json" => {
            words(expected).is_some_and(|w| error.to_string().contains(w))
        }
        _ => told == expected,
    }
}

/// What the message of a reason has that no other has.
fn words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "json" | "setting" => "",
        "not_a_key" => "not a key:",
        "published_key" => "printed in public documentation",
        "weak_key" => "weak key",
        "key_id" => "not a key id",
        "time" => "not a time",
        "span" => "not a time span",
        "entry" => "no `:`",
        "empty_ring" => "the key ring is empty",
        "key_count" => "the ring says that it has",
        _ => return None,
    })
}

/// The reason in the words of the vectors.
fn reason(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Entry { reason: inner, .. } => reason(inner),
        ConfigError::KeyText(_) => "not_a_key",
        ConfigError::PublishedKey => "published_key",
        ConfigError::WeakKey => "weak_key",
        ConfigError::KeyId => "key_id",
        ConfigError::Time => "time",
        ConfigError::Span => "span",
        ConfigError::EntryForm => "entry",
        ConfigError::EmptyRing => "empty_ring",
        ConfigError::DuplicateId(_) => "duplicate_id",
        ConfigError::DuplicateKey(..) => "duplicate_key",
        ConfigError::EmptyWindow(_) => "empty_window",
        ConfigError::NoSealingKey { .. } => "no_sealing_key",
        ConfigError::KeyCount { .. } => "key_count",
        ConfigError::RingText(_) => "setting",
        _ => "json",
    }
}

#[test]
fn every_ring_comes_to_what_it_states() {
    let mut wrong = Vec::new();
    // Without the feature, serde alone reads the JSON form, by the machine's clock.
    let is_read = |vector: &RingVector| cfg!(feature = "reload") || vector.form == "text";
    for vector in file().rings.into_iter().filter(is_read) {
        let read = vector.read();
        match &vector.expect {
            RingExpect::Ring(expected) => match read {
                Ok(ring) => expected.check(&ring, &vector),
                Err(error) => wrong.push(format!("{}: {error}", vector.name)),
            },
            RingExpect::Refused(expected) => match read {
                Ok(_) => wrong.push(format!("{}: accepted, but {expected}", vector.name)),
                Err(error) if !is_reason(&error, &vector, expected) => {
                    wrong.push(format!("{}: {expected}, but {error}", vector.name));
                }
                Err(_) => {}
            },
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
