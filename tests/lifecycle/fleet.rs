//! Machines, their rings and their configurations.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration as StdDuration,
};

use sealed_session::{
    Bound, Key, KeyEntry, KeyRing, Keys, Revocations, Scope, Sessions, Subject, iron,
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::{
    device::Binding,
    jar::Target,
    revocations::{Listed, Seen},
    steps::MACHINES,
    value::Value,
};

/// The world's clock begins at 0, which is far from the machine's clock: who reads that is seen.
const START: OffsetDateTime = datetime!(2031-05-06 07:08:09 UTC);
const LONG_AGO: i64 = -1_000_000;
/// The last id of a key, after which operators rest.
pub(crate) const LAST_KEY: u32 = 60;
/// Users, of whom the first is nobody.
pub(crate) const USERS: u32 = 3;
/// The longest lifetime of all, in seconds.
pub(crate) const LONGEST: u32 = 100_000_000;
/// What the legacy application's cookies are called.
pub(crate) const LEGACY_NAME: &str = "app-session";

pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

pub(crate) fn seconds(time: OffsetDateTime) -> i64 {
    (time - START).whole_seconds()
}

pub(crate) fn std_seconds(seconds: impl Into<u64>) -> StdDuration {
    StdDuration::from_secs(seconds.into())
}

/// How cookies are named and scoped, and how that changes once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// `__Host-`, and nothing changes.
    Host,
    /// From the whole host to a Path.
    Path,
    /// From one host to a domain.
    Domain,
    /// Another name, in the two steps that the documentation asks for.
    Renamed,
}

/// Where requests go, at any site, and the only place where all its cookies are sent.
pub(crate) const TARGET: Target = Target { host: "www.example.org", path: "/app/page" };
/// Where some go too.
pub(crate) const ELSEWHERE: Target = Target { host: "www.example.org", path: "/" };

/// A Path, and a Domain.
pub(crate) type Place = (&'static str, Option<&'static str>);

impl Site {
    pub(crate) fn last_phase(self) -> usize {
        match self {
            Self::Host => 0,
            Self::Path | Self::Domain => 1,
            Self::Renamed => 2,
        }
    }

    /// The names of the cookie that are read, the present one first.
    pub(crate) fn names(self, phase: usize) -> &'static [&'static str] {
        match (self, phase) {
            (Self::Host, _) => &["__Host-session"],
            (Self::Path | Self::Domain, _) => &["__Secure-session"],
            (Self::Renamed, 0) => &["__Host-old"],
            (Self::Renamed, 1) => &["__Host-old", "__Host-new"],
            (Self::Renamed, _) => &["__Host-new", "__Host-old"],
        }
    }

    /// Where the cookie is, the present place first.
    pub(crate) fn places(self, phase: usize) -> &'static [Place] {
        match (self, phase) {
            (Self::Path, 1..) => &[("/app", None), ("/", None)],
            (Self::Domain, 1..) => &[("/", Some("example.org")), ("/", None)],
            _ => &[("/", None)],
        }
    }
}

/// The configured timeouts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) absolute: u32,
    pub(crate) idle: Option<u32>,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    (0..=u64::from(LAST_KEY))
        .map(|id| {
            let mut state = id.wrapping_mul(0xa076_1d64_78bd_642f);
            // Splitmix64.
            let bytes: [u8; Key::LENGTH] = std::array::from_fn(|_| {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                (mixed >> 32).to_le_bytes()[0]
            });
            Key::from_bytes(&bytes).expect("random enough")
        })
        .collect()
});

static PASSWORDS: LazyLock<iron::Passwords> =
    LazyLock::new(|| iron::Passwords::new(&KEYS[0].to_base64()).expect("a good password"));

pub(crate) fn passwords() -> &'static iron::Passwords {
    &PASSWORDS
}

/// A ring, and how many incidents came before it.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    pub(crate) epoch: u32,
    /// Ids and starts, newest first.
    pub(crate) keys: Vec<(u32, i64)>,
}

impl Ring {
    pub(crate) fn first() -> Self {
        Self { epoch: 0, keys: vec![(1, LONG_AGO)] }
    }

    pub(crate) fn after_incident(&self, fresh: u32) -> Self {
        Self { epoch: self.epoch + 1, keys: vec![(fresh, LONG_AGO)] }
    }

    pub(crate) fn accepts_legacy(&self) -> bool {
        self.epoch == 0
    }

    pub(crate) fn place(&self, key: u32) -> Option<usize> {
        self.keys.iter().position(|&(id, _)| id == key)
    }

    /// The place of the key that seals.
    pub(crate) fn sealing(&self, now: i64) -> Option<usize> {
        self.keys.iter().position(|&(_, start)| start <= now)
    }

    pub(crate) fn sealing_key(&self, now: i64) -> Option<u32> {
        self.sealing(now).map(|place| self.keys[place].0)
    }

    pub(crate) fn newest(&self) -> u32 {
        self.keys.iter().map(|&(id, _)| id).max().unwrap_or(0)
    }

    /// `None` where some instant would have no key.
    pub(crate) fn build(&self, now: i64) -> Option<KeyRing> {
        let entries = self.keys.iter().map(|&(id, start)| entry(id).not_before(at(start)));
        let ring = KeyRing::new_at(entries, at(now)).ok()?;
        Some(if self.accepts_legacy() { ring } else { ring.without_takeover() })
    }
}

pub(crate) fn entry(id: u32) -> KeyEntry {
    KeyEntry::new(id, KEYS[id as usize].clone())
}

pub(crate) struct Machine {
    /// By how much its clock is ahead.
    pub(crate) skew: i64,
    pub(crate) ring: Ring,
    pub(crate) policy: Policy,
    pub(crate) phase: usize,
    site: Site,
    pub(crate) binding: Binding,
    keys: Keys,
    /// Data up to this is revoked.
    revoked: Arc<AtomicU32>,
    /// In some fleets there are lists of revocations.
    pub(crate) listed: Option<Listed>,
    pub(crate) sessions: Sessions<u32>,
}

impl Machine {
    pub(crate) fn new(
        site: Site,
        policy: Policy,
        (skew, binding): (i64, Binding),
        listed: Option<Listed>,
    ) -> Self {
        let ring = Ring::first();
        let keys = Keys::from(ring.build(0).expect("one key for ever"));
        let revoked = Arc::default();
        let list = list_of(listed.as_ref());
        let sessions = build((site, 0), (policy, binding), &keys, &revoked, list);
        Self { skew, ring, policy, phase: 0, site, binding, keys, revoked, listed, sessions }
    }

    /// The machine's clock.
    pub(crate) fn clock(&self, now: i64) -> i64 {
        now + self.skew
    }

    /// Takes another ring, unless its clock finds that nothing would seal.
    pub(crate) fn deploy(&mut self, ring: &Ring, now: i64) {
        if let Some(built) = ring.build(self.clock(now)) {
            self.keys.replace(built);
            self.ring = ring.clone();
        }
    }

    /// Whether what has seen so much is revoked, whose data these are.
    pub(crate) fn revokes(&self, data: u32, seen: Seen) -> bool {
        is_revoked(data, self.revoked.load(Relaxed)) || self.lists(data, seen)
    }

    /// Whether the list says so.
    pub(crate) fn lists(&self, data: u32, seen: Seen) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.has_user(data, seen))
    }

    /// Whether the list has the sign-in that this comes from.
    pub(crate) fn lists_family(&self, value: &Value) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.has_family(value))
    }

    /// Learns that everybody's data up to this is revoked.
    pub(crate) fn revoke(&self, data: u32) {
        self.revoked.store(data, Relaxed);
    }

    pub(crate) fn configure(&mut self, phase: usize, policy: Policy) {
        (self.phase, self.policy) = (phase, policy);
        let (site, list) = ((self.site, phase), list_of(self.listed.as_ref()));
        self.sessions = build(site, (policy, self.binding), &self.keys, &self.revoked, list);
    }

    /// Whether its cookie goes to this path.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let (scope, _) = self.site.places(self.phase)[0];
        path.strip_prefix(scope.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The names of the cookie that it reads, the present one first.
    pub(crate) fn names(&self) -> &'static [&'static str] {
        self.site.names(self.phase)
    }
}

/// Whether a machine may go on to this phase: not two ahead of another.
pub(crate) fn may_go_on(machines: &[Machine; MACHINES], phase: usize) -> bool {
    machines.iter().all(|machine| machine.phase + 1 >= phase)
}

/// What the hook says of data, where all of it is revoked up to a number.
fn is_revoked(data: u32, up_to: u32) -> bool {
    (1..=up_to).contains(&data)
}

fn list_of(listed: Option<&Listed>) -> Option<&Revocations> {
    listed.map(|listed| &listed.list)
}

/// Whose data these are: of nobody, or of one of a few users.
pub(crate) fn user_of(data: u32) -> Option<u32> {
    Some(data % USERS).filter(|user| *user != 0)
}

fn build(
    (site, phase): (Site, usize),
    (policy, binding): (Policy, Binding),
    keys: &Keys,
    revoked: &Arc<AtomicU32>,
    list: Option<&Revocations>,
) -> Sessions<u32> {
    let revoked = Arc::clone(revoked);
    let legacy = iron::Migration::new(LEGACY_NAME, passwords().clone(), at(100_000_000));
    let mut names = site.names(phase).iter();
    let mut places = site.places(phase).iter();
    let (path, domain) = places.next().expect("there is a place");
    let mut builder = Sessions::builder(keys.clone())
        .cookie_name(*names.next().expect("there is a name"))
        .path(*path)
        .absolute_timeout(std_seconds(policy.absolute))
        .revoke_if(move |data, _| is_revoked(*data, revoked.load(Relaxed)))
        .accept_iron(legacy);
    if let Some(domain) = domain {
        builder = builder.domain(*domain);
    }
    if let Some(idle) = policy.idle {
        builder = builder.idle_timeout(std_seconds(idle));
    }
    if let Some(list) = list {
        builder = builder.revocations(list, |data| user_of(*data).map(Subject::from));
    }
    let bound = Bound::new().offer(binding.offers()).strict(binding == Binding::Strict);
    if binding != Binding::Nothing {
        builder = builder.bound(bound);
    }
    for name in names {
        builder = builder.former_name(*name, at(100_000_000));
    }
    for (path, _) in places {
        builder = builder.former_scope(Scope::new().path(*path));
    }
    builder.build().expect("a good configuration")
}
