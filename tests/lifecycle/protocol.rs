//! The requests of the binding protocol, by browsers that follow it and by thieves that do not.

use sealed_session::{Cookie, DeviceAnswer, DeviceRequest};
use serde_json::Value as Json;

use crate::{
    device::{
        Binding, Challenge, Identifier, LIFETIME, Offer, Proof, Readable, Registered, Seal,
        is_bound_name,
    },
    fleet::{Machine, TARGET, at},
    jar::{Stored, Target},
    proof::{header, jwt, key, read_offer},
    steps::{Attempt, With},
    value::{Refusal, Value, Verdict},
    world::{Response, World, winner},
};

/// What a browser learns from an answer, beside its cookies.
pub(crate) enum News {
    Registered(Identifier),
    /// Its own part of the session is over.
    Over(String),
}

/// Who asks whom, and with which proof.
#[derive(Clone, Copy)]
struct Ask<'a> {
    browser: usize,
    machine: usize,
    proof: Option<&'a Proof>,
}

/// What came back.
struct Answered {
    answer: DeviceAnswer,
    /// That it sets, or ends.
    response: Option<Response>,
}

/// Where the session of a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Live,
    /// Another machine may know better.
    Unknown,
    Over,
    /// The promises leave it open.
    Open,
}

impl World {
    /// A browser takes up an invitation, and gets the response at once or later.
    pub(crate) fn register(
        &mut self,
        browser: usize,
        machine: usize,
        offer: &Offer,
    ) -> Option<Response> {
        let device = self.devices.key();
        let proof = self.sign(device, true, &offer.challenge);
        self.knock(Ask { browser, machine, proof: Some(&proof) }, offer.path)
    }

    /// A browser proves its device again, in as many requests as that takes.
    pub(crate) fn refresh(
        &mut self,
        browser: usize,
        machine: usize,
        place: usize,
    ) -> Option<Response> {
        for _ in 0..3 {
            let Registered { identifier, proof } = self.browsers[browser].device[place].clone();
            let ask = Ask { browser, machine, proof: proof.as_ref() };
            let Answered { answer, response } = self.refresh_once(ask, &identifier)?;
            let Some(challenge) = challenge_of(&answer) else { return response };
            let challenge = self.devices.challenges.iter().rev().find(|c| c.seal.text == challenge);
            let challenge = challenge.expect("it was just kept").clone();
            let proof = self.sign(identifier.device, false, &challenge);
            self.browsers[browser].device[place].proof = Some(proof);
        }
        panic!("a refresh takes two requests, and a third where the last proof is old")
    }

    /// Refreshes what browsers refresh before a request: they have no bound cookie for it.
    pub(crate) fn refresh_where_due(&mut self, browser: usize, machine: usize) {
        for place in (0..self.browsers[browser].device.len()).rev() {
            let cookie = self.browsers[browser].device[place].identifier.cookie.clone();
            let sent = self.browsers[browser].jar.sent(TARGET, self.now);
            if sent.iter().all(|stored| stored.name != cookie)
                && let Some(response) = self.refresh(browser, machine, place)
            {
                self.deliver(response);
            }
        }
    }

    /// What no browser would do.
    pub(crate) fn attempt(&mut self, attempt: &Attempt) {
        let Attempt { browser, machine, identifier, with } = *attempt;
        let identifier = match identifier {
            Some(pick) => match pick.of(&self.devices.identifiers).cloned() {
                Some(identifier) => Some(identifier),
                None => return,
            },
            None => None,
        };
        let proof = match with {
            With::Captured(pick) => pick.of(&self.devices.proofs).cloned(),
            With::Made { of_offer, challenge, is_of_device } => {
                let offered = challenge.of(&self.devices.offers).map(|offer| &offer.challenge);
                let asked = challenge.of(&self.devices.challenges);
                let challenge = if of_offer { offered } else { asked }.cloned();
                let device = identifier.as_ref().map(|known| known.device).filter(|_| is_of_device);
                challenge.map(|challenge| {
                    let device = device.unwrap_or_else(|| self.devices.key());
                    self.sign(device, identifier.is_none(), &challenge)
                })
            }
        };
        let Some(proof) = proof else { return };
        let ask = Ask { browser, machine, proof: Some(&proof) };
        let response = match identifier {
            Some(identifier) => {
                self.refresh_once(ask, &identifier).and_then(|answered| answered.response)
            }
            None => {
                let path = self.devices.offers.first().map(|offer| offer.path);
                path.and_then(|path| self.knock(ask, path))
            }
        };
        self.responses.extend(response);
    }

    fn sign(&mut self, device: u8, has_key: bool, challenge: &Challenge) -> Proof {
        let text = jwt(&key(device), has_key, &challenge.seal.text);
        let proof = Proof { text, device, has_key, challenge: challenge.clone() };
        self.devices.proofs.push(proof.clone());
        proof
    }

    /// One request of a registration.
    fn knock(&mut self, ask: Ask<'_>, path: &'static str) -> Option<Response> {
        let proof = ask.proof.expect("there is one");
        let (target, sent) = self.sent_to(ask.browser, path);
        let machine = &self.machines[ask.machine];
        let clock = machine.clock(self.now);
        let candidates = self.candidates((ask.machine, ask.browser), &sent, None);
        let session = machine.sessions.load_at([header_of(&sent)], at(clock));
        let base = winner(&session, &candidates);
        let headers = [("secure-session-response", proof.text.as_bytes())];
        let request = DeviceRequest { method: "POST", target: path, headers: &headers };
        // Where the machine does not know the path yet the application finds nothing there.
        let answer = machine.sessions.answer_device_at(&session, &request, at(clock))?;

        let family = proof.challenge.seal.family;
        let is_good = proof.has_key
            && proof.challenge.is_registration
            && proof.challenge.is_good(machine, clock)
            && base.is_some_and(|base| base.id.is_some_and(|id| id.family() == family))
            && machine.ring.sealing_key(clock).is_some();
        let cookie = cookie_of(&answer);
        assert_eq!(cookie.is_some(), is_good, "{} for {proof:?}", answer.status());
        let cookie = cookie?;
        check_bound(&cookie, machine.names()[0], &proof.challenge, clock);
        let config: Json = serde_json::from_str(answer.body()).expect("JSON");
        let text = |value: &Json| value.as_str().expect("text").to_owned();
        let seal = |text: &str| Seal::new(text, machine.names()[0], machine, family, clock);
        let identifier = Identifier {
            seal: seal(&text(&config["session_identifier"])),
            device: proof.device,
            created: clock,
            refresh: path_of(&text(&config["refresh_url"])),
            cookie: text(&config["credentials"][0]["name"]),
        };
        assert_eq!(identifier.cookie, cookie.name());
        self.devices.keep(&cookie, seal(cookie.value()), proof.challenge.issued);
        self.devices.identifiers.push(identifier.clone());
        let news = Some(News::Registered(identifier));
        Some(Response { news, ..Response::of_device(ask.browser, target, vec![cookie]) })
    }

    /// One request of a refresh.
    fn refresh_once(&mut self, ask: Ask<'_>, identifier: &Identifier) -> Option<Answered> {
        let (target, sent) = self.sent_to(ask.browser, identifier.refresh);
        let machine = &self.machines[ask.machine];
        let clock = machine.clock(self.now);
        let session = machine.sessions.load_at([header_of(&sent)], at(clock));
        let mut headers = vec![("sec-secure-session-id", identifier.seal.text.as_bytes())];
        if let Some(proof) = ask.proof {
            headers.push(("secure-session-response", proof.text.as_bytes()));
        }
        let request =
            DeviceRequest { method: "POST", target: identifier.refresh, headers: &headers };
        let answer = machine.sessions.answer_device_at(&session, &request, at(clock))?;

        let family = identifier.seal.family;
        let is_over = answer.body().contains("\"continue\":false");
        let cookie = cookie_of(&answer);
        let standing = self.standing((ask.machine, ask.browser), &sent, identifier, clock);
        let seals = machine.ring.sealing_key(clock).is_some();
        let is_good = seals
            && ask.proof.is_some_and(|proof| {
                !proof.has_key
                    && !proof.challenge.is_registration
                    && proof.challenge.seal.family == family
                    && proof.challenge.is_good(machine, clock)
                    && proof.device == identifier.device
            });
        let status = answer.status();
        let story = || format!("{status}, {standing:?}, {:?}", ask.proof);
        let is_asked = challenge_of(&answer).is_some();
        match (identifier.seal.readable(machine), standing) {
            (Readable::Elsewhere, _) => assert_eq!(status, 503),
            (Readable::No, _) => assert_eq!(status, 404),
            (Readable::Yes, Standing::Unknown) => assert_eq!(status, 503, "{}", story()),
            (Readable::Yes, Standing::Over) => assert!(is_over, "{}", story()),
            (Readable::Yes, Standing::Live) => {
                assert_eq!(cookie.is_some(), is_good, "{}", story());
                assert_eq!(is_asked, !is_good && seals, "{}", story());
            }
            (Readable::Yes, Standing::Open) => {
                assert!(cookie.is_none() || is_good, "{}", story());
            }
        }
        if is_over {
            self.check_over(ask, identifier, clock);
        }
        let mut response = None;
        if let Some(cookie) = cookie {
            let challenge = &ask.proof.expect("it is good").challenge;
            // The cookie of the name under which the device registered.
            let name = identifier.seal.name();
            check_bound(&cookie, name, challenge, clock);
            assert_eq!(identifier.cookie, cookie.name());
            let seal = Seal::new(cookie.value(), name, machine, family, clock);
            self.devices.keep(&cookie, seal, challenge.issued);
            response = Some(Response::of_device(ask.browser, target, vec![cookie]));
        } else if is_over || status == 404 {
            let news = Some(News::Over(identifier.seal.text.clone()));
            response =
                Some(Response { news, ..Response::of_device(ask.browser, target, Vec::new()) });
        } else if let Some(text) = challenge_of(&answer) {
            let seal = Seal::new(&text, machine.names()[0], machine, family, clock);
            let challenge = Challenge { seal, is_registration: false, issued: clock };
            self.devices.challenges.push(challenge);
        }
        Some(Answered { answer, response })
    }

    /// Nobody is locked out: what browsers are told to forget is not what their pages still need.
    fn check_over(&self, ask: Ask<'_>, identifier: &Identifier, clock: i64) {
        let sent = self.browsers[ask.browser].jar.clone().sent(TARGET, self.now);
        let place = (ask.machine, ask.browser);
        // Where the cookie's Path has been narrowed, no session comes to where they refresh.
        if !self.machines.iter().all(|machine| machine.covers(identifier.refresh)) {
            return;
        }
        let standing = self.standing(place, &sent, identifier, clock);
        assert_ne!(standing, Standing::Live, "locked out: {identifier:?}");
    }

    fn standing(
        &self,
        (machine, browser): (usize, usize),
        sent: &[Stored],
        identifier: &Identifier,
        clock: i64,
    ) -> Standing {
        let family = identifier.seal.family;
        let at = &self.machines[machine];
        if identifier.created > clock + 60 {
            return Standing::Unknown;
        }
        if clock >= identifier.created + i64::from(at.policy.absolute) || !has_ours(sent, at) {
            return Standing::Over;
        }
        let candidates = self.candidates((machine, browser), sent, Some(family));
        let is_of = |value: &Value| value.id.is_some_and(|id| id.family() == family);
        let live = || candidates.iter().filter(|c| c.1 == Verdict::Live).map(|c| &c.0);
        let newest = live().map(|value| value.issued).max();
        let is_contender =
            |c: &&(Value, Verdict)| !matches!(c.1, Verdict::Dead(_)) && Some(c.0.issued) >= newest;
        let contenders: Vec<_> = candidates.iter().filter(is_contender).collect();
        let is_unread = candidates.iter().any(|c| c.1 == Verdict::Dead(Refusal::NewerKey));
        let later = Verdict::Dead(Refusal::Future);
        let has_later = candidates.iter().any(|c| c.1 == later);
        match (newest, contenders.iter().filter(|c| is_of(&c.0)).count()) {
            (Some(_), of) if of == contenders.len() => Standing::Live,
            (None, _) if !contenders.is_empty() => Standing::Open,
            (Some(_), 1..) => Standing::Open,
            _ if is_unread => Standing::Unknown,
            (None, _) if has_later => match candidates.iter().all(|c| c.1 == later) {
                true => Standing::Unknown,
                false => Standing::Open,
            },
            _ => Standing::Over,
        }
    }

    fn sent_to(&mut self, browser: usize, path: &'static str) -> (Target, Vec<Stored>) {
        let target = Target { path, ..TARGET };
        let sent = self.browsers[browser].jar.sent(target, self.now);
        (target, sent)
    }

    /// The invitation in a response, as it should be.
    pub(crate) fn read_offer(&mut self, text: &str, machine: usize, value: &Value) -> Offer {
        let machine = &self.machines[machine];
        assert_ne!(machine.binding, Binding::Nothing);
        let clock = machine.clock(self.now);
        let (path, text) = read_offer(text);
        let family = value.id.expect("it is known").family();
        let seal = Seal::new(&text, value.name, machine, family, clock);
        let challenge = Challenge { seal, is_registration: true, issued: clock };
        let offer = Offer { challenge, path: path_of(&path) };
        self.devices.offers.push(offer.clone());
        offer
    }
}

/// A bound cookie ends so long after its challenge, whenever it is set.
fn check_bound(cookie: &Cookie<'_>, name: &str, challenge: &Challenge, clock: i64) {
    assert!(is_bound_name(cookie.name(), name), "{cookie}");
    let age = cookie.max_age().map(time::Duration::whole_seconds);
    assert_eq!(age, Some(challenge.issued + LIFETIME - clock), "{cookie}");
}

/// A Cookie header.
pub(crate) fn header_of(sent: &[Stored]) -> String {
    sent.iter().flat_map(|c| [&c.name, "=", &c.value, "; "]).collect()
}

fn has_ours(sent: &[Stored], machine: &Machine) -> bool {
    sent.iter().any(|cookie| machine.names().contains(&&*cookie.name))
}

fn cookie_of(answer: &DeviceAnswer) -> Option<Cookie<'static>> {
    header(answer, "set-cookie").map(|text| Cookie::parse(text).expect("a cookie"))
}

fn challenge_of(answer: &DeviceAnswer) -> Option<String> {
    let challenge = header(answer, "secure-session-challenge")?;
    Some(challenge.split('"').nth(1).expect("quotation marks").to_owned())
}

/// The path that browsers were told.
fn path_of(text: &str) -> &'static str {
    let known = PATHS.iter().find(|path| **path == text);
    known.unwrap_or_else(|| panic!("where is {text}"))
}

const PATHS: [&str; 8] = [
    "/session-binding/session/register",
    "/session-binding/session/refresh",
    "/app/session-binding/session/register",
    "/app/session-binding/session/refresh",
    "/session-binding/old/register",
    "/session-binding/old/refresh",
    "/session-binding/new/register",
    "/session-binding/new/refresh",
];
