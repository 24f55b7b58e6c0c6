//! Random lives of a visitor, held against a model of what a session should be.
//!
//! The model knows no cryptography: it keeps a record of each cookie that was
//! ever issued, and the rules of docs/FORMAT.md and of the documentation as
//! plain arithmetic. `PROPTEST_CASES=10000 cargo test --release --test behaviour model::` runs ten thousand lives.

use std::time::Duration as StdDuration;

use proptest::{collection::vec, option, prelude::*};
use sealed_session::{KeyEntry, KeyRing, Keys, Lifetime, SessionId, Sessions};
use time::{Duration, OffsetDateTime};

use crate::common::{NOW, forged, key};

/// Machines that share the sessions, and may not yet share the newest ring.
const MACHINES: usize = 2;
const STEPS: std::ops::Range<usize> = 50..80;

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    /// A request to a machine, whose handler takes some seconds.
    Request {
        machine: usize,
        cookies: Cookies,
        handler: Handler,
        takes: i64,
    },
    /// Prepends a key that starts after some seconds, on the first machine.
    Rotate {
        starts_in: i64,
    },
    /// Takes the oldest key out of the ring, on the first machine.
    Retire,
    /// Gives the other machines the first one's ring.
    Deploy,
    /// Refuses what was created before now.
    Incident,
    /// Changes the timeouts on all machines.
    Policy {
        absolute: u32,
        idle: Option<u32>,
    },
}

#[derive(Debug, Clone)]
enum Cookies {
    Browser,
    None,
    Tampered,
    /// Another cookie of the past in the place of the browser's.
    Replay(prop::sample::Index),
    /// Another cookie of the past in front of the browser's.
    Both(prop::sample::Index),
}

#[derive(Debug, Clone)]
enum Handler {
    Ignore,
    Peek,
    Read,
    Write(u32),
    Renew(u32),
    Remember { seconds: u32, persistent: bool },
    RegenerateId,
    Destroy,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cookies = prop_oneof![
        12 => Just(Cookies::Browser),
        1 => Just(Cookies::None),
        1 => Just(Cookies::Tampered),
        2 => any::<prop::sample::Index>().prop_map(Cookies::Replay),
        1 => any::<prop::sample::Index>().prop_map(Cookies::Both),
    ];
    let handler = prop_oneof![
        1 => Just(Handler::Ignore),
        1 => Just(Handler::Peek),
        5 => Just(Handler::Read),
        4 => any::<u32>().prop_map(Handler::Write),
        2 => any::<u32>().prop_map(Handler::Renew),
        1 => (1..200_000_u32, any::<bool>())
            .prop_map(|(seconds, persistent)| Handler::Remember { seconds, persistent }),
        1 => Just(Handler::RegenerateId),
        1 => Just(Handler::Destroy),
    ];
    let takes = prop_oneof![6 => Just(0), 2 => 1..4_i64, 1 => 4..5_000_i64];
    // Waits cluster around the renewal intervals and the ends of lifetimes.
    let wait = prop_oneof![
        0..3_i64,
        50..70_i64,
        440..460_i64,
        3_590..3_610_i64,
        0..100_000_i64,
        -60..0_i64
    ];
    let step = prop_oneof![
        5 => wait.prop_map(Step::Wait),
        12 => (0..MACHINES, cookies, handler, takes).prop_map(|(machine, cookies, handler, takes)| {
            Step::Request { machine, cookies, handler, takes }
        }),
        2 => prop_oneof![Just(0), 0..10_000_i64].prop_map(|starts_in| Step::Rotate { starts_in }),
        1 => Just(Step::Retire),
        2 => Just(Step::Deploy),
        1 => prop_oneof![20 => Just(None), 1 => Just(Some(Step::Incident))]
            .prop_map(|step| step.unwrap_or(Step::Wait(1))),
        1 => (prop_oneof![60..100_000_u32, Just(1_209_600)], option::of(1..90_000_u32))
            .prop_map(|(absolute, idle)| Step::Policy { absolute, idle: idle.map(|idle: u32| idle.min(absolute)) }),
    ];
    vec(step, STEPS)
}

/// What the model knows of a cookie.
#[derive(Debug, Clone, PartialEq)]
struct Record {
    value: String,
    data: u32,
    id: Option<SessionId>,
    key: u8,
    created: i64,
    issued: i64,
    lifetime: u32,
    idle: Option<u32>,
    persistent: bool,
}

#[derive(Debug, Clone, Default)]
struct Ring {
    /// Ids and starts, newest first.
    keys: Vec<(u8, i64)>,
}

impl Ring {
    fn sealing(&self, now: i64) -> Option<usize> {
        self.keys.iter().position(|&(_, start)| start <= now)
    }

    fn place(&self, key: u8) -> Option<usize> {
        self.keys.iter().position(|&(id, _)| id == key)
    }

    fn build(&self, now: i64) -> Option<KeyRing> {
        let entries = self
            .keys
            .iter()
            .map(|&(id, start)| KeyEntry::new(u32::from(id), key(id)).not_before(at(start)));
        let ring = KeyRing::new_at(entries, at(now)).ok();
        assert_eq!(ring.is_some(), self.sealing(now).is_some());
        ring
    }
}

struct World {
    now: i64,
    absolute: u32,
    idle: Option<u32>,
    rings: [Ring; MACHINES],
    keys: [Keys; MACHINES],
    sessions: [Sessions<u32>; MACHINES],
    last_key: u8,
    browser: Option<Record>,
    issued: Vec<Record>,
}

/// Unix seconds of the world's clock, which begins at 0.
fn at(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

fn seconds(time: OffsetDateTime) -> i64 {
    (time - NOW).whole_seconds()
}

fn build(keys: &Keys, absolute: u32, idle: Option<u32>) -> Sessions<u32> {
    let builder = Sessions::builder(keys.clone())
        .tombstones(false)
        .absolute_timeout(StdDuration::from_secs(absolute.into()));
    match idle {
        Some(idle) => builder.idle_timeout(StdDuration::from_secs(idle.into())),
        None => builder,
    }
    .build()
    .expect("the timeouts are in range")
}

impl World {
    fn new() -> Self {
        let ring = Ring { keys: vec![(1, -1_000_000)] };
        let keys = [(); MACHINES].map(|()| Keys::from(ring.build(0).expect("it is active")));
        let (absolute, idle) = (1_209_600, None);
        Self {
            now: 0,
            absolute,
            idle,
            rings: [(); MACHINES].map(|()| ring.clone()),
            sessions: [0, 1].map(|machine: usize| build(&keys[machine], absolute, idle)),
            keys,
            last_key: 1,
            browser: None,
            issued: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Wait(seconds) => self.now += seconds,
            Step::Request { machine, cookies, handler, takes } => {
                self.request(*machine, cookies, handler, *takes);
            }
            Step::Rotate { starts_in } if self.last_key < 200 => {
                self.last_key += 1;
                let start = (self.last_key, self.now + starts_in);
                self.replace(0, |ring| ring.keys.insert(0, start));
            }
            Step::Retire if self.rings[0].keys.len() > 1 => {
                self.replace(0, |ring| ring.keys.truncate(ring.keys.len() - 1));
            }
            Step::Deploy => {
                let first = self.rings[0].clone();
                self.replace(1, |ring| *ring = first);
            }
            // One fresh key, and none of the others.
            Step::Incident if self.last_key < 200 => {
                self.last_key += 1;
                let fresh = (self.last_key, -1_000_000);
                self.replace(0, |ring| ring.keys = vec![fresh]);
            }
            Step::Rotate { .. } | Step::Retire | Step::Incident => {}
            Step::Policy { absolute, idle } => {
                (self.absolute, self.idle) = (*absolute, *idle);
                self.sessions = [0, 1].map(|m: usize| build(&self.keys[m], *absolute, *idle));
            }
        }
    }

    fn replace(&mut self, machine: usize, change: impl FnOnce(&mut Ring)) {
        let mut ring = self.rings[machine].clone();
        change(&mut ring);
        if let Some(built) = ring.build(self.now) {
            self.keys[machine].replace(built);
            self.rings[machine] = ring;
        }
    }

    fn request(&mut self, machine: usize, cookies: &Cookies, handler: &Handler, takes: i64) {
        let (sent, header) = self.cookies(cookies);
        let best = sent
            .iter()
            .filter(|record| self.is_live(machine, record, self.now))
            .max_by_key(|record| record.issued)
            .cloned();

        let mut session = self.sessions[machine].load_at([header], at(self.now));
        assert_eq!(session.is_new(), best.is_none(), "refused: {:?}", session.refusal());
        assert_eq!(session.id(), best.as_ref().and_then(|best| best.id));
        assert_eq!(session.created_at().map(seconds), best.as_ref().map(|best| best.created));
        assert_eq!(session.expires_at().map(seconds), best.as_ref().map(|best| self.end(best)));
        assert_eq!(*session.peek(), best.as_ref().map_or(0, |best| best.data));

        let expected = self.handle(&mut session, best.as_ref(), handler, machine, takes);
        let commit_at = self.now + takes;
        let commit = self.sessions[machine].commit_at(&session, at(commit_at));
        if self.rings[machine].sealing(commit_at).is_none() {
            // The clock went back behind the start of every key.
            return;
        }
        if let Err(sealed_session::SealError::NotReadable(_)) = commit {
            // A write must not replace what may be good elsewhere, or in a moment.
            assert!(best.is_none(), "only where nobody is signed in");
            self.now = commit_at;
            return;
        }
        if let Err(sealed_session::SealError::Expired) = commit {
            // What a handler wrote is not dropped in silence where its session ended meanwhile.
            assert!(matches!(expected, Expected::Nothing));
            self.now = commit_at;
            return;
        }
        let commit = commit.expect("the data is small");
        match (expected, commit.cookies()) {
            (Expected::Nothing, []) => {}
            (Expected::Removal, [cookie]) => {
                assert_eq!(cookie.max_age(), Some(Duration::ZERO));
                self.browser = None;
            }
            (Expected::Cookie(mut record), [cookie]) => {
                cookie.value().clone_into(&mut record.value);
                let issued = record.issued.max(commit_at);
                let left = self.end(&Record { issued, ..record.clone() }) - commit_at;
                assert_eq!(
                    cookie.max_age().map(Duration::whole_seconds),
                    record.persistent.then_some(left)
                );
                let sealed = self.sessions[machine]
                    .unseal_at(cookie.value(), at(commit_at.max(record.issued - 60)))
                    .map(|fresh| {
                        assert!(record.id.is_none() || record.id == fresh.id());
                        assert!(
                            self.issued
                                .iter()
                                .all(|old| record.id.is_some() || old.id != fresh.id())
                        );
                        assert_eq!(*fresh.peek(), record.data);
                        assert_eq!(fresh.created_at().map(seconds), Some(record.created));
                        assert_eq!(fresh.issued_at().map(seconds), Some(record.issued));
                        assert_eq!(fresh.is_persistent(), Some(record.persistent));
                        assert_eq!(
                            fresh.key_id().map(sealed_session::KeyId::get),
                            Some(record.key.into())
                        );
                        fresh.id()
                    });
                if let Ok(id) = sealed {
                    record.id = id;
                    self.issued.push(record.clone());
                    self.browser = Some(record);
                } else {
                    assert!(!self.is_live(machine, &record, commit_at));
                }
            }
            (expected, cookies) => panic!("expected {expected:?}, got {} cookies", cookies.len()),
        }
        self.now = commit_at;
    }

    fn cookies(&self, cookies: &Cookies) -> (Vec<Record>, String) {
        let past = |index: &prop::sample::Index| match self.issued.as_slice() {
            [] => None,
            issued => Some(index.get(issued).clone()),
        };
        let sent: Vec<Record> = match cookies {
            Cookies::Browser => self.browser.clone().into_iter().collect(),
            Cookies::None => Vec::new(),
            Cookies::Tampered => {
                let forged = self.browser.as_ref().map(|record| forged(&record.value, 7));
                return (Vec::new(), pairs(forged.iter()));
            }
            Cookies::Replay(index) => past(index).into_iter().collect(),
            Cookies::Both(index) => past(index).into_iter().chain(self.browser.clone()).collect(),
        };
        let header = pairs(sent.iter().map(|record| &record.value));
        (sent, header)
    }

    /// Runs the handler, and says what the response should carry.
    fn handle(
        &self,
        session: &mut sealed_session::Session<u32>,
        best: Option<&Record>,
        handler: &Handler,
        machine: usize,
        takes: i64,
    ) -> Expected {
        let commit_at = self.now + takes;
        // What begins in this request has not been idle when it is sealed.
        let begun = Record {
            value: String::new(),
            data: best.map_or(0, |best| best.data),
            id: None,
            key: 0,
            created: self.now,
            issued: commit_at.max(best.map_or(i64::MIN, |best| best.issued)),
            lifetime: self.absolute,
            idle: self.idle,
            persistent: true,
        };
        let kept = best.cloned().unwrap_or_else(|| begun.clone());
        let mut keeps_key = None;
        let changed = match handler {
            Handler::Ignore | Handler::Peek => None,
            Handler::Read => {
                session.read();
                let due = best.filter(|best| {
                    (takes <= 2 || self.is_last_chance(best, commit_at))
                        && self.is_reseal_due(machine, best)
                });
                // A value from a machine that is ahead keeps its key.
                keeps_key = due.and_then(|best| {
                    let ring = &self.rings[machine];
                    ring.place(best.key).filter(|&place| Some(place) < ring.sealing(commit_at))
                });
                due.cloned()
            }
            Handler::Write(data) => {
                session.write(|value| *value = *data);
                Some(Record { data: *data, ..kept })
            }
            Handler::Renew(data) => {
                session.renew();
                session.write(|value| *value = *data);
                Some(Record { data: *data, ..begun })
            }
            Handler::Remember { seconds, persistent } => {
                let duration = StdDuration::from_secs((*seconds).into());
                let lifetime = match persistent {
                    true => Lifetime::persistent(duration),
                    false => Lifetime::browser_session(duration),
                };
                let renewed = session.renew_with(lifetime);
                assert_eq!(renewed.is_ok(), *seconds <= self.absolute);
                renewed.ok().map(|()| Record {
                    lifetime: *seconds,
                    persistent: *persistent,
                    ..begun
                })
            }
            Handler::RegenerateId => {
                session.regenerate_id();
                best.map(|best| Record { id: None, ..best.clone() })
            }
            Handler::Destroy => {
                session.destroy();
                return Expected::Removal;
            }
        };
        match (changed, self.rings[machine].sealing(commit_at)) {
            (Some(record), Some(place)) if commit_at < self.end(&record) => {
                Expected::Cookie(Record {
                    key: self.rings[machine].keys[keeps_key.unwrap_or(place)].0,
                    issued: commit_at.max(record.issued).max(record.created),
                    ..record
                })
            }
            _ => Expected::Nothing,
        }
    }

    fn is_live(&self, machine: usize, record: &Record, now: i64) -> bool {
        let ring = &self.rings[machine];
        ring.place(record.key).is_some() && record.issued <= now + 60 && now < self.end(record)
    }

    fn end(&self, record: &Record) -> i64 {
        let end = record.created + i64::from(record.lifetime.min(self.absolute));
        self.idle_of(record).map_or(end, |idle| end.min(record.issued + i64::from(idle)))
    }

    fn idle_of(&self, record: &Record) -> Option<u32> {
        record.idle.into_iter().chain(self.idle).min()
    }

    /// Whether a visitor of whom every request is slow would idle out.
    fn is_last_chance(&self, record: &Record, now: i64) -> bool {
        let end = record.created + i64::from(record.lifetime.min(self.absolute));
        self.idle_of(record)
            .map(i64::from)
            .is_some_and(|idle| record.issued + idle < end && now - record.issued >= (idle + 1) / 2)
    }

    fn is_reseal_due(&self, machine: usize, record: &Record) -> bool {
        let ring = &self.rings[machine];
        let idle = self.idle_of(record).map(i64::from);
        let interval = idle.map_or(3600, |idle| (idle / 8).clamp(60, 3600).min(idle / 2));
        let is_superseded = match (ring.place(record.key), ring.sealing(self.now)) {
            (Some(own), Some(sealing)) => own > sealing,
            _ => false,
        };
        (self.now - record.issued).max(0) >= interval && (idle.is_some() || is_superseded)
    }
}

#[derive(Debug)]
enum Expected {
    Nothing,
    Removal,
    /// Without the value, and without the id where it is new.
    Cookie(Record),
}

fn pairs<'a>(values: impl Iterator<Item = &'a String>) -> String {
    values.map(|value| ["__Host-session=", value, "; "].concat()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_session_does_what_its_model_does(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
    }
}
