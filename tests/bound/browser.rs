//! A browser that speaks the protocol, as Chromium was seen to.

use std::collections::BTreeMap;

use p256::ecdsa::SigningKey;
use sealed_session::{Commit, Cookie, DeviceAnswer, DeviceRequest, Session, Sessions};
use serde_json::Value;
use time::OffsetDateTime;

pub(crate) use crate::device::{base64, header, jwk, jwt, key, read_offer, signed};

/// A browser profile: cookies with their ends, and the device's sessions. A clone is a copied
/// profile; [`copied`](Self::copied) leaves the keys behind, as a thief has to.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    /// Name to value and end.
    pub(crate) jar: BTreeMap<String, (String, Option<OffsetDateTime>)>,
    pub(crate) device: Vec<DeviceSession>,
    /// Signatures made so far.
    pub(crate) signed: usize,
    keys: u8,
}

/// A session as the browser's own part has it.
#[derive(Clone)]
pub(crate) struct DeviceSession {
    pub(crate) id: String,
    refresh: String,
    pub(crate) cookie: String,
    key: SigningKey,
    /// The last proof, which is sent again until it is refused.
    pub(crate) proof: Option<String>,
}

impl Browser {
    /// The cookies alone, as a thief copies them, who keeps what browsers would drop.
    pub(crate) fn copied(&self) -> Self {
        let jar = self.jar.iter().map(|(name, (value, _))| (name.clone(), (value.clone(), None)));
        Self { jar: jar.collect(), ..Self::default() }
    }

    pub(crate) fn header(&self, now: OffsetDateTime) -> String {
        let live = self.jar.iter().filter(|(_, (_, end))| end.is_none_or(|end| now < end));
        live.map(|(name, (value, _))| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn has(&self, name: &str, now: OffsetDateTime) -> bool {
        self.jar.get(name).is_some_and(|(_, end)| end.is_none_or(|end| now < end))
    }

    /// The name of the bound cookie, where there is one in the jar.
    pub(crate) fn bound_name(&self) -> Option<String> {
        self.jar.keys().find(|name| name.contains("-bound-")).cloned()
    }

    pub(crate) fn keep(&mut self, cookie: &Cookie<'_>, now: OffsetDateTime) {
        let end = cookie.max_age().map(|age| now + age);
        match cookie.value() {
            "" => self.jar.remove(cookie.name()),
            value => self.jar.insert(cookie.name().to_owned(), (value.to_owned(), end)),
        };
    }

    pub(crate) fn take(&mut self, commit: &Commit, now: OffsetDateTime) {
        for cookie in commit.cookies() {
            self.keep(cookie, now);
        }
    }

    pub(crate) fn load(&self, sessions: &Sessions<String>, now: OffsetDateTime) -> Session<String> {
        sessions.load_at([self.header(now)], now)
    }

    /// A request of a page: refreshes first where that is due, and takes the response. Says who is
    /// signed in.
    pub(crate) fn visit(
        &mut self,
        sessions: &Sessions<String>,
        now: OffsetDateTime,
        act: impl FnOnce(&mut Session<String>),
    ) -> String {
        self.refresh_where_due(sessions, now);
        self.visit_without(sessions, now, act)
    }

    /// [`visit`](Self::visit), though nothing was refreshed: `Secure-Session-Skipped`.
    pub(crate) fn visit_without(
        &mut self,
        sessions: &Sessions<String>,
        now: OffsetDateTime,
        act: impl FnOnce(&mut Session<String>),
    ) -> String {
        let mut session = self.load(sessions, now);
        let user = session.read().to_string();
        act(&mut session);
        let commit = sessions.commit_at(&session, now).expect("commits");
        self.take(&commit, now);
        user
    }

    pub(crate) fn read(&mut self, sessions: &Sessions<String>, now: OffsetDateTime) -> String {
        self.visit(sessions, now, |_| {})
    }

    /// Signs in, and returns what the response offers.
    pub(crate) fn sign_in(
        &mut self,
        sessions: &Sessions<String>,
        user: &str,
        now: OffsetDateTime,
    ) -> String {
        let mut session = self.load(sessions, now);
        session.renew();
        session.write(|data| user.clone_into(data));
        let commit = sessions.commit_at(&session, now).expect("commits");
        self.take(&commit, now);
        commit.registration().expect("a sign-in is an offer").to_owned()
    }

    /// Answers an offer with a new key. Whether the device is registered afterwards.
    pub(crate) fn register(
        &mut self,
        sessions: &Sessions<String>,
        offer: &str,
        now: OffsetDateTime,
    ) -> bool {
        self.keys += 1;
        let key = key(self.keys);
        let (path, challenge) = read_offer(offer);
        self.signed += 1;
        let proof = jwt(&key, true, &challenge);
        let answer = self.post(sessions, &path, &[("secure-session-response", &proof)], now);
        if answer.status() != 200 {
            return false;
        }
        self.take_answer(&answer, now);
        let config: Value = serde_json::from_str(answer.body()).expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        self.device.push(DeviceSession {
            id: text(&config["session_identifier"]),
            refresh: text(&config["refresh_url"]),
            cookie: text(&config["credentials"][0]["name"]),
            key,
            proof: None,
        });
        true
    }

    /// Signs in, registers, and makes one more request, by which the session becomes bound.
    pub(crate) fn bound(sessions: &Sessions<String>, user: &str, now: OffsetDateTime) -> Self {
        let mut browser = Self::default();
        let offer = browser.sign_in(sessions, user, now);
        assert!(browser.register(sessions, &offer, now));
        assert_eq!(browser.read(sessions, now), user);
        assert!(browser.load(sessions, now).is_bound());
        browser
    }

    pub(crate) fn refresh_where_due(&mut self, sessions: &Sessions<String>, now: OffsetDateTime) {
        for place in (0..self.device.len()).rev() {
            if !self.has(&self.device[place].cookie.clone(), now) {
                self.refresh(sessions, place, now);
            }
        }
    }

    /// One refresh, in as many requests as it takes. Returns the last status; after an end, 0.
    pub(crate) fn refresh(
        &mut self,
        sessions: &Sessions<String>,
        place: usize,
        now: OffsetDateTime,
    ) -> u16 {
        for _ in 0..4 {
            let session = self.device[place].clone();
            let mut headers = vec![("sec-secure-session-id", &*session.id)];
            if let Some(proof) = &session.proof {
                headers.push(("secure-session-response", proof));
            }
            let answer = self.post(sessions, &session.refresh, &headers, now);
            self.take_answer(&answer, now);
            let challenge = header(&answer, "secure-session-challenge");
            match (answer.status(), challenge) {
                (403, Some(challenge)) => {
                    let (challenge, id) = challenge.split_once(";id=").expect("an id");
                    assert_eq!(id.trim_matches('"'), session.id);
                    self.signed += 1;
                    let proof = jwt(&session.key, false, challenge.trim_matches('"'));
                    self.device[place].proof = Some(proof);
                }
                (200, _) if answer.body().contains("\"continue\":false") => {
                    let body: Value = serde_json::from_str(answer.body()).expect("JSON");
                    assert_eq!(body["session_identifier"], *session.id);
                    self.device.remove(place);
                    return 0;
                }
                (200, _) => return 200,
                (401 | 404, _) => {
                    self.device.remove(place);
                    return 0;
                }
                (status, _) => return status,
            }
        }
        panic!("a refresh takes two requests");
    }

    /// Answers this challenge, and returns the status.
    pub(crate) fn answer(
        &mut self,
        sessions: &Sessions<String>,
        place: usize,
        challenge: &str,
        now: OffsetDateTime,
    ) -> u16 {
        let DeviceSession { id, refresh, key, .. } = self.device[place].clone();
        let proof = jwt(&key, false, challenge);
        let headers = [("sec-secure-session-id", &*id), ("secure-session-response", &*proof)];
        let answer = self.post(sessions, &refresh, &headers, now);
        self.take_answer(&answer, now);
        answer.status()
    }

    pub(crate) fn post(
        &self,
        sessions: &Sessions<String>,
        path: &str,
        headers: &[(&str, &str)],
        now: OffsetDateTime,
    ) -> DeviceAnswer {
        let session = self.load(sessions, now);
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = DeviceRequest { method: "POST", target: path, headers: &headers };
        let answer = sessions.answer_device_at(&session, &request, now).expect("a path of ours");
        assert_eq!(header(&answer, "cache-control").as_deref(), Some("no-store"));
        answer
    }

    fn take_answer(&mut self, answer: &DeviceAnswer, now: OffsetDateTime) {
        for (_, text) in answer.headers().filter(|(name, _)| *name == "set-cookie") {
            self.keep(&Cookie::parse(text.to_owned()).expect("a cookie"), now);
        }
    }
}
