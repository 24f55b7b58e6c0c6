//! One value, unsealed by itself.

use std::collections::BTreeSet;

use sealed_session::{KeyId, Session, SessionData, UnsealError};
use serde_json::{Map, Value};

use super::file::{Claims, Expect, Vector, at, file, hex};
use crate::support;

/// Every class of [`UnsealError`] that a value by itself can have, in the order of the checks.
pub(super) const CLASSES: [&str; 13] = [
    "too_long",
    "malformed",
    "unsupported_version",
    "unknown_key",
    "retired_key",
    "not_authentic",
    "invalid_claims",
    "unsupported_extension",
    "issued_in_future",
    "expired",
    "idle",
    "payload",
    "bound",
];

impl Vector {
    fn is_session(&self) -> bool {
        self.purpose.unwrap_or(1) == 1
    }

    /// What is bound to a device is refused by a build that does no device binding.
    fn is_bound(&self) -> bool {
        self.reader.bound_families.is_some()
            && match &self.expect {
                Expect::Claims(claims) => claims.bound || self.is_overdue(claims),
                Expect::Refused(class) => class == "bound",
                _ => false,
            }
    }

    /// Whether the time is over in which it counts without its device.
    fn is_overdue(&self, claims: &Claims) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed["awaits_binding"] == true)
            && claims.authenticated_at.is_some_and(|at| self.reader.now >= at + 300)
    }

    /// Runs the vector, as a value and as a cookie, with the type that it asks for.
    fn check(&self) {
        match self.reader.r#type.as_deref() {
            None => self.check_as::<Value>(),
            Some("object") => self.check_as::<Map<String, Value>>(),
            Some(other) => panic!("{}: unknown type {other}", self.name),
        }
    }

    fn check_as<T: SessionData>(&self) {
        let (sessions, now) = (self.reader.sessions::<T>(), self.reader.now());
        let unsealed = sessions.unseal_at(&self.value, now);
        let header = format!("theme=dark; {}={}; lang=en", self.reader.cookie_name, self.value);
        let loaded = sessions.load_at([header], now);
        #[cfg(feature = "bound")]
        self.check_beside_bound_cookies(&sessions);
        let class = match &self.expect {
            _ if self.is_bound() => "bound",
            Expect::Claims(claims) => {
                let session = unsealed.unwrap_or_else(|error| panic!("{}: {error}", self.name));
                for session in [&session, &loaded] {
                    claims.check(session, &self.name);
                    // Who does device binding seals again to bind a session.
                    if self.reader.bound_families.is_none() {
                        let due = claims.reseal_due;
                        assert_eq!(session.is_reseal_due(), due, "{}", self.name);
                    }
                }
                assert_eq!(loaded.refusal(), None, "{}", self.name);
                return;
            }
            Expect::Refused(class) => class,
            _ => panic!("{}: not of a session", self.name),
        };
        let error = unsealed.map(|_| ()).expect_err(&self.name);
        assert_eq!(error.class(), class, "{}: {error}", self.name);
        if self.value.contains(';') || self.value != self.value.trim_matches([' ', '\t']) {
            // In a header it is another value.
            return;
        }
        let refusal = loaded.refusal().map(UnsealError::class);
        assert_eq!(refusal, Some(class), "{}", self.name);
        assert!(loaded.is_new(), "{}", self.name);
        let commit = sessions.commit_at(&loaded, now).expect(&self.name);
        assert!(!commit.sets_cookies(), "{}", self.name);
    }
}

#[cfg(feature = "bound")]
impl Vector {
    /// In a request with the bound cookies of the reader, where it does binding.
    fn check_beside_bound_cookies<T: SessionData>(&self, sessions: &sealed_session::Sessions<T>) {
        // A value that cannot stand in a header is another one there.
        if self.reader.bound_families.is_none() || self.value.contains([';', ' ', '\t']) {
            return;
        }
        let cookies = self.reader.bound_cookies(&self.reader.cookie_name);
        let header = format!("{}={}; {cookies}", self.reader.cookie_name, self.value);
        let session = sessions.load_at([header], self.reader.now());
        match &self.expect {
            Expect::Claims(claims) => {
                claims.check(&session, &self.name);
                assert_eq!(session.is_bound(), claims.bound || claims.reseal_due, "{}", self.name);
                assert_eq!(session.is_reseal_due(), claims.reseal_due, "{}", self.name);
            }
            Expect::Refused(class) => {
                let refusal = session.refusal().map(UnsealError::class);
                assert_eq!(refusal, Some(&**class), "{}", self.name);
            }
            _ => panic!("{}: not of a session", self.name),
        }
    }
}

impl Claims {
    fn check<T: SessionData>(&self, session: &Session<T>, name: &str) {
        let created_at = self.creation_known.then_some(at(self.created_at));
        assert_eq!(session.created_at(), created_at, "{name}");
        assert_eq!(session.issued_at(), Some(at(self.issued_at)), "{name}");
        assert_eq!(session.authenticated_at(), self.authenticated_at.map(at), "{name}");
        assert_eq!(session.expires_at(), Some(at(self.expires_at)), "{name}");
        assert_eq!(session.is_persistent(), Some(self.persistent), "{name}");
        assert_eq!(session.id().map(|id| id.to_string()), Some(self.session_id.clone()), "{name}");
        assert_eq!(session.family().map(|id| id.to_string()), Some(self.family.clone()), "{name}");
        assert_eq!(session.key_id().map(KeyId::get), Some(self.key_id), "{name}");
        assert!(!session.is_new(), "{name}");
        let data = serde_json::to_value(&*session.read()).expect(name);
        assert_eq!(data, serde_json::from_str::<Value>(&self.payload).expect(name), "{name}");
    }
}

#[test]
fn every_session_comes_to_what_it_states() {
    let vectors = file().vectors;
    let sessions: Vec<_> = vectors.iter().filter(|vector| vector.is_session()).collect();
    for vector in &sessions {
        vector.check();
    }
    let live = sessions.iter().filter(|vector| matches!(vector.expect, Expect::Claims(_))).count();
    assert!(live > 100 && sessions.len() - live > 100);
}

#[test]
fn every_token_comes_to_what_it_states_and_is_no_cookie() {
    let vectors = file().vectors;
    let tokens: Vec<_> = vectors.iter().filter(|vector| vector.purpose == Some(7)).collect();
    assert!(tokens.len() > 15);
    for Vector { name, value, reader, expect, .. } in tokens {
        let (sessions, now) = (reader.sessions::<Value>(), reader.now());
        let unsealed = sessions.unseal_bearer_at(value, now);
        let loaded = sessions.load_bearer_at([format!("Bearer {value}")], now);

        match expect {
            Expect::Claims(claims) => {
                let cookie = format!("{}={value}", reader.cookie_name);
                assert!(sessions.load_at([cookie], now).is_new(), "{name}");
                let bearer = unsealed.unwrap_or_else(|error| panic!("{name}: {error}"));
                for bearer in [bearer, loaded.expect(name)] {
                    claims.check(&bearer, name);
                    assert_eq!(bearer.is_reseal_due(), claims.reseal_due, "{name}");
                    let fresh = bearer.refreshed();
                    assert_eq!(fresh.is_some(), claims.reseal_due, "{name}");
                    if let Some(fresh) = fresh {
                        let fresh = sessions.unseal_bearer_at(&fresh, now).expect(name);
                        assert_eq!(fresh.issued_at(), Some(now), "{name}");
                        assert_eq!(fresh.id(), bearer.id(), "{name}");
                        assert_eq!(*fresh.read(), *bearer.read(), "{name}");
                    }
                }
            }
            Expect::Refused(class) => {
                let error = unsealed.map(drop).expect_err(name);
                assert_eq!(error.class(), class, "{name}: {error}");
                assert!(loaded.is_none(), "{name}");
            }
            _ => panic!("{name}: not of a session"),
        }
    }
}

#[test]
fn no_value_of_another_purpose_is_a_session() {
    for vector in file().vectors.iter().filter(|vector| !vector.is_session()) {
        let unsealed =
            vector.reader.sessions::<Value>().unseal_at(&vector.value, vector.reader.now());
        // What is refused as another purpose may be a session, and whole.
        if !matches!(vector.expect, Expect::Refused(_)) {
            let error = unsealed.map(drop).expect_err(&vector.name);
            assert_eq!(error.class(), "not_authentic", "{}", vector.name);
        }
    }
}

#[test]
fn a_live_tombstone_ends_the_generations_up_to_its_limit_and_no_others() {
    let mut count = 0;
    for vector in &file().vectors {
        let Expect::Tombstone(tombstone) = &vector.expect else { continue };
        let sessions = vector.reader.sessions::<Value>();
        let now = vector.reader.now();
        assert!(now < at(tombstone.until), "{}", vector.name);
        let lineage = hex(&tombstone.lineage).unwrap().try_into().map(u32::from_be_bytes).unwrap();
        let load = |lineage, generation| {
            let claims = support::Claims {
                lineage,
                generation,
                lifetime: 100,
                ..support::Claims::begun(now)
            };
            let entry = &vector.reader.ring[0];
            let value = support::Forge {
                key: entry.key_bytes(),
                key_id: entry.id,
                purpose: 1,
                name: &vector.reader.cookie_name,
                audience: vector.reader.audience.as_deref(),
            }
            .value(&claims.with("7"));
            let own = &vector.reader.cookie_name;
            let header = format!("{own}={value}; {}={}", tombstone.cookie, vector.value);
            let session = sessions.load_at([header], now);
            assert_eq!(*session.read(), if session.is_new() { Value::Null } else { 7.into() });
            session.refusal().map(UnsealError::class)
        };
        for generation in [0, 1, 2, 65533, 65534] {
            let ended = (generation <= tombstone.limit).then_some("ended");
            assert_eq!(load(lineage, generation), ended, "{}: {generation}", vector.name);
            assert_eq!(load(lineage ^ 1, generation), None, "{}: {generation}", vector.name);
        }
        count += 1;
    }
    assert!(count > 5);
}

#[test]
fn every_list_has_names_of_its_own() {
    fn assert_unique<'a>(names: impl Iterator<Item = &'a String>) {
        let names: Vec<_> = names.collect();
        assert!(names.len() > 50);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
    let file = file();
    assert_unique(file.vectors.iter().map(|vector| &vector.name));
    assert_unique(file.keys.iter().map(|vector| &vector.name));
    assert_unique(file.rings.iter().map(|vector| &vector.name));
    assert_unique(file.cookies.iter().map(|vector| &vector.name));
    assert_unique(file.reseals.iter().map(|vector| &vector.name));
}

#[test]
fn every_class_of_refusal_has_a_vector() {
    let vectors = file().vectors;
    let refused: BTreeSet<_> = vectors
        .iter()
        .filter(|vector| vector.is_session())
        .filter_map(|vector| match &vector.expect {
            Expect::Refused(class) => Some(class.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(refused, BTreeSet::from(CLASSES));
}
