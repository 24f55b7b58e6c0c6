//! The Cookie headers of one request.

use std::collections::{BTreeSet, HashMap};

use sealed_session::{SealError, Session, SessionData, Sessions, UnsealError};
use serde_json::{Map, Value};

use super::file::{CookieVector, file};

impl CookieVector {
    /// Runs the vector, with the type that it asks for.
    fn check(&self) {
        match self.reader.r#type.as_deref() {
            None => self.check_as::<Value>(|value| *value = Value::Null),
            Some("object") => self.check_as::<Map<String, Value>>(Map::clear),
            Some(other) => panic!("{}: unknown type {other}", self.name),
        }
    }

    fn check_as<T: SessionData>(&self, change: fn(&mut T)) {
        let sessions = self.reader.sessions::<T>();
        #[cfg(feature = "tracing")]
        self.check_candidates(&sessions);
        self.check_winner(&sessions);
        self.check_tombstones(&sessions);
        self.check_collecting(&sessions);

        let mut session = self.load(&sessions, &self.headers());
        session.write(change);
        let written = sessions.commit_at(&session, self.reader.now());
        let is_passing = matches!(written, Err(SealError::NotReadable(_)));
        assert_eq!(is_passing, self.expect.passing, "{}: {written:?}", self.name);
    }

    fn load<T: SessionData>(&self, sessions: &Sessions<T>, headers: &[Vec<u8>]) -> Session<T> {
        sessions.load_at(headers, self.reader.now())
    }

    /// Whether a cookie of this name may prove a device, to a reader that does binding.
    fn is_proof(&self, name: &[u8]) -> bool {
        self.reader.binding && name.windows(7).any(|part| part == b"-bound-")
    }

    /// What the events tell of each candidate that was refused.
    #[cfg(feature = "tracing")]
    fn check_candidates<T: SessionData>(&self, sessions: &Sessions<T>) {
        let told = refusals(|| drop(self.load(sessions, &self.headers()).peek()));
        let refused = self.expect.candidates.iter().filter_map(|candidate| {
            let is_refused = !["live", "not_read"].contains(&&*candidate.result);
            is_refused.then(|| (candidate.cookie.clone(), candidate.result.clone()))
        });
        assert_eq!(told, refused.collect::<Vec<_>>(), "{}", self.name);
    }

    /// The session that comes is that of the winner's value.
    fn check_winner<T: SessionData>(&self, sessions: &Sessions<T>) {
        let session = self.load(sessions, &self.headers());
        assert_eq!(session.is_new(), self.expect.winner.is_none(), "{}", self.name);
        assert_eq!(session.is_reseal_due(), self.expect.reseal_due, "{}", self.name);
        let Some(winner) = self.expect.winner else {
            let classes: BTreeSet<_> =
                self.expect.candidates.iter().map(|candidate| &*candidate.result).collect();
            let refusal = session.refusal().map(UnsealError::class);
            assert!(refusal.is_none_or(|class| classes.contains(class)), "{}", self.name);
            let read: Vec<_> = classes.iter().filter(|class| **class != "not_read").collect();
            assert_eq!(refusal.is_none(), read.is_empty(), "{}", self.name);
            return;
        };
        // Alone in a request, without tombstones, its value is the same session.
        let cookie = &self.expect.candidates[winner].cookie;
        let place = self.expect.candidates[..winner].iter().filter(|c| c.cookie == *cookie).count();
        let headers = self.headers();
        let (name, value) = pairs(&headers)
            .filter(|(name, _)| *name == cookie.as_bytes())
            .nth(place)
            .expect("a value of each candidate");
        let mut request = vec![[name, b"=", value].concat()];
        // What is bound counts beside its bound cookie alone.
        let bound = pairs(&headers).filter(|(name, _)| self.is_proof(name));
        request.extend(bound.map(|(name, value)| [name, b"=", value].concat()));
        let alone = self.load(sessions, &request);
        let facts = |session: &Session<T>| {
            let data = serde_json::to_string(&*session.peek()).unwrap();
            (session.id(), session.key_id(), session.issued_at(), session.expires_at(), data)
        };
        assert!(!alone.is_new(), "{}", self.name);
        assert_eq!(facts(&session), facts(&alone), "{}", self.name);
    }

    /// Each tombstone that ends a candidate does so alone.
    fn check_tombstones<T: SessionData>(&self, sessions: &Sessions<T>) {
        let headers = self.headers();
        let mut places = HashMap::new();
        for candidate in &self.expect.candidates {
            let place = places.entry(&candidate.cookie).or_insert(0);
            let value = pairs(&headers)
                .filter(|(name, _)| *name == candidate.cookie.as_bytes())
                .nth(*place)
                .expect("a value of each candidate");
            *place += 1;
            let Some(tombstones) = &candidate.ended_by else { continue };
            let with = |only: Option<&String>| {
                let kept = pairs(&headers).filter(|(name, _)| {
                    only.is_some_and(|only| *name == only.as_bytes()) || self.is_proof(name)
                });
                let request: Vec<_> = std::iter::once(value)
                    .chain(kept)
                    .map(|(name, value)| [name, b"=", value].concat())
                    .collect();
                self.load(sessions, &request)
            };
            // A session without its device is ended too, though it would not be live.
            let without = with(None);
            if without.refusal().is_some_and(|refusal| refusal.class() == "bound") {
                continue;
            }
            assert!(!without.is_new(), "{}: live but for tombstones", self.name);
            for tombstone in tombstones {
                assert!(with(Some(tombstone)).is_new(), "{}: {tombstone}", self.name);
            }
        }
    }

    fn check_collecting<T: SessionData>(&self, sessions: &Sessions<T>) {
        let session = self.load(sessions, &self.headers());
        let _ = session.read();
        let commit = sessions.commit_at(&session, self.reader.now()).expect(&self.name);
        let removed: BTreeSet<_> = commit
            .cookies()
            .iter()
            .filter(|cookie| cookie.value().is_empty() && cookie.name().contains("-ended-"))
            .map(|cookie| cookie.name().to_owned())
            .collect();
        assert_eq!(removed, self.expect.collectable.iter().cloned().collect(), "{}", self.name);
        let mut sorted = self.expect.collectable.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted, self.expect.collectable, "{}", self.name);
    }
}

/// The pairs of Cookie headers, by docs/FORMAT.md and not by the crate's own code.
fn pairs(headers: &[Vec<u8>]) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.iter().flat_map(|header| header.split(|&byte| byte == b';')).filter_map(|pair| {
        let is_blank = |byte: &u8| [b' ', b'\t'].contains(byte);
        let start = pair.iter().position(|byte| !is_blank(byte))?;
        let end = pair.iter().rposition(|byte| !is_blank(byte))?;
        let pair = &pair[start..=end];
        let sign = pair.iter().position(|&byte| byte == b'=').filter(|&sign| sign > 0)?;
        Some((&pair[..sign], &pair[sign + 1..]))
    })
}

/// Cookie and class of each refusal that is told while `f` runs.
#[cfg(feature = "tracing")]
fn refusals(f: impl FnOnce()) -> Vec<(String, String)> {
    let log = crate::log::Log::default();
    let guard = log.listen();
    f();
    drop(guard);
    let field = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=\"")).expect("the field");
        rest.split_once('"').expect("ends").0.to_owned()
    };
    log.take()
        .iter()
        .filter(|line| line.contains("session cookie refused"))
        .map(|line| (field(line, "cookie"), field(line, "class")))
        .collect()
}

#[test]
fn every_request_comes_to_what_it_states() {
    let vectors = file().cookies;
    let does_binding = cfg!(feature = "bound");
    let read: Vec<_> =
        vectors.iter().filter(|vector| does_binding || !vector.reader.binding).collect();
    for vector in &read {
        vector.check();
    }
    assert!(read.len() > 180 && read.len() + 30 > vectors.len());
}
