//! What can happen in a life.

use proptest::{collection::vec, option, prelude::*};

use crate::{
    device::Binding,
    fleet::{Policy, Site, USERS},
};

/// Visitors with a browser of their own, and behind them the forger with his.
pub(crate) const BROWSERS: usize = 3;
pub(crate) const FORGER: usize = BROWSERS - 1;
pub(crate) const MACHINES: usize = 3;

#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) site: Site,
    pub(crate) policy: Policy,
    pub(crate) skews: [i64; MACHINES],
    /// Machines have lists of revocations.
    pub(crate) has_lists: bool,
    pub(crate) bindings: [Binding; MACHINES],
    pub(crate) steps: Vec<Step>,
}

/// One of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pick(pub(crate) usize);

impl Pick {
    pub(crate) fn place<T>(self, list: &[T]) -> Option<usize> {
        self.0.checked_rem(list.len())
    }

    pub(crate) fn of<T>(self, list: &[T]) -> Option<&T> {
        self.place(list).map(|place| &list[place])
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Wait(i64),
    /// A request comes, and its handler does these.
    Begin(Request),
    /// A handler is done; with what it tries afterwards.
    Commit {
        pending: Pick,
        late: Option<Op>,
    },
    /// A response reaches its browser.
    Deliver(Pick),
    /// A request whose response comes before anything else happens.
    Visit {
        request: Request,
        takes: i64,
    },
    /// The browser is closed and opened.
    Close {
        browser: usize,
    },
    /// The application that was here before signs somebody in, with iron-session.
    LegacySignIn {
        browser: usize,
        ttl: i64,
        user: u32,
    },
    /// A browser takes up one of the last invitations that it got.
    Register {
        browser: usize,
        machine: usize,
        offer: usize,
        is_late: bool,
    },
    /// A browser proves its device again.
    Refresh {
        browser: usize,
        machine: usize,
        device: Pick,
        is_late: bool,
    },
    Attempt(Attempt),
    Forger(Forgery),
    Operator(Operation),
}

/// A request of the binding protocol that no browser would send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) browser: usize,
    pub(crate) machine: usize,
    /// Of the device that is refreshed; `None` for a registration.
    pub(crate) identifier: Option<Pick>,
    pub(crate) with: With,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum With {
    /// A proof that was sent before, by whoever.
    Captured(Pick),
    /// A proof for a challenge that somebody got: by the device that is refreshed, or by a key that
    /// nobody knows.
    Made { of_offer: bool, challenge: Pick, is_of_device: bool },
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) browser: usize,
    pub(crate) machine: usize,
    /// To a page outside of `/app`.
    pub(crate) elsewhere: bool,
    /// The browser does not refresh before, though its bound cookie has lapsed.
    pub(crate) skips: bool,
    /// It takes up what the response invites to, at once.
    pub(crate) registers: bool,
    /// Where there is none, nobody looks at the session before the response is sent.
    pub(crate) ops: Vec<Op>,
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Peek,
    Read,
    Write,
    TryWrite,
    /// A write of another user's data.
    Become {
        user: u32,
    },
    SignIn {
        user: u32,
    },
    Renew,
    RenewWith {
        seconds: u32,
        persistent: bool,
        idle: Idle,
    },
    Reauthenticate,
    RegenerateId,
    Destroy,
    Token,
    Verify,
}

/// What a sign-in asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Idle {
    AsConfigured,
    Never,
    After(u32),
}

impl Idle {
    /// No longer than a lifetime of so many seconds.
    fn at_most(self, seconds: u32) -> Self {
        match self {
            Self::After(idle) => Self::After(idle.min(seconds)),
            Self::AsConfigured | Self::Never => self,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Forgery {
    /// Gets hold of a key of the ring, in the place of the one that he had.
    Steal(Pick),
    /// Makes a session from nothing, begun and sealed at these times from now.
    Make { began: i64, sealed: i64, seconds: u32, idle: Idle, user: u32 },
    /// Makes another of a value that was ever set, under his key.
    Change { value: Pick, ops: Vec<Op> },
    /// Brings a value that was ever set.
    Replay(Pick),
    /// Copies the cookies of a browser.
    Copy { browser: usize },
    /// Brings a bound cookie that was ever set, beside what he has.
    AddBound(Pick),
    /// Seals a cookie of iron-session, whose password he has too.
    MakeLegacy { ttl: i64, user: u32 },
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// Prepends a key that starts after some seconds.
    Rotate {
        starts_in: i64,
    },
    /// Drops the oldest key.
    Retire,
    /// Drops every key for a fresh one.
    Incident,
    /// Gives a machine the latest ring.
    Deploy {
        machine: usize,
    },
    Policy {
        machine: usize,
        policy: Policy,
    },
    /// Revokes everything that was written before now, which one machine hears of.
    Revoke {
        machine: usize,
    },
    /// Signs a user out everywhere, on one machine.
    RevokeAll {
        machine: usize,
        user: u32,
    },
    /// Signs one device out, by a value of the last few.
    RevokeFamily {
        machine: usize,
        value: usize,
    },
    /// A machine hears of everything that was revoked.
    Tell {
        machine: usize,
    },
    /// Gives a machine the next configuration of the cookie.
    Upgrade {
        machine: usize,
    },
}

pub(crate) fn lives() -> impl Strategy<Value = Life> {
    let site = prop_oneof![
        3 => Just(Site::Host),
        1 => Just(Site::Path),
        1 => Just(Site::Domain),
        1 => Just(Site::Renamed),
    ];
    let skews = [(); MACHINES].map(|()| prop_oneof![2 => Just(0), 3 => -30..=30_i64]);
    let has_lists = proptest::bool::weighted(0.6);
    (site, policies(), skews, has_lists, bindings(), vec(steps(), 1..100)).prop_map(
        |(site, policy, skews, has_lists, bindings, steps)| {
            // What is bound is of one host.
            let bindings = match site {
                Site::Domain => [Binding::Nothing; MACHINES],
                Site::Host | Site::Path | Site::Renamed => bindings,
            };
            Life { site, policy, skews, has_lists, bindings, steps }
        },
    )
}

/// As the documentation asks, all machines can read what is bound before one of them binds.
fn bindings() -> impl Strategy<Value = [Binding; MACHINES]> {
    let one = || {
        prop_oneof![
            5 => Just(Binding::Offers),
            2 => Just(Binding::Strict),
            1 => Just(Binding::Reads)
        ]
    };
    prop_oneof![
        2 => Just([Binding::Nothing; MACHINES]),
        3 => [(); MACHINES].map(|()| one())
    ]
}

fn policies() -> impl Strategy<Value = Policy> {
    let absolute = prop_oneof![3 => Just(1_209_600), 2 => Just(7200), 1 => 60..900_u32];
    let idle = prop_oneof![
        2 => Just(None),
        1 => Just(Some(20)),
        2 => Just(Some(1800)),
        1 => (10..90_000_u32).prop_map(Some)
    ];
    (absolute, idle).prop_map(|(absolute, idle)| Policy {
        absolute,
        idle: idle.map(|idle: u32| idle.min(absolute)),
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let browser = prop_oneof![4 => Just(0_usize), 2 => Just(1), 1 => Just(FORGER)];
    // Around the intervals of sliding, the minutes of a tombstone, and the ends of lifetimes.
    let wait = prop_oneof![
        4 => 0..3_i64,
        2 => 3..30_i64,
        2 => 50..70_i64,
        2 => 220..235_i64,
        2 => 480..700_i64,
        1 => 900..1800_i64,
        1 => 3_590..7_300_i64,
        1 => 0..100_000_i64
    ];
    let takes = prop_oneof![6 => Just(0), 2 => 1..4_i64, 1 => 4..30_i64];
    prop_oneof![
        10 => wait.prop_map(Step::Wait),
        14 => requests().prop_map(Step::Begin),
        14 => (picks(), option::weighted(0.3, ops()))
            .prop_map(|(pending, late)| Step::Commit { pending, late }),
        14 => picks().prop_map(Step::Deliver),
        14 => (requests(), takes).prop_map(|(request, takes)| Step::Visit { request, takes }),
        1 => browser.clone().prop_map(|browser| Step::Close { browser }),
        2 => (browser, lifetimes(), 0..USERS)
            .prop_map(|(browser, ttl, user)| Step::LegacySignIn { browser, ttl: ttl.into(), user }),
        6 => (browser_and_machine(), 0..3_usize, any::<bool>())
            .prop_map(|((browser, machine), offer, is_late)| {
                Step::Register { browser, machine, offer, is_late }
            }),
        6 => (browser_and_machine(), picks(), any::<bool>())
            .prop_map(|((browser, machine), device, is_late)| {
                Step::Refresh { browser, machine, device, is_late }
            }),
        4 => attempts().prop_map(Step::Attempt),
        5 => forgeries().prop_map(Step::Forger),
        10 => operations().prop_map(Step::Operator),
    ]
}

fn picks() -> impl Strategy<Value = Pick> {
    (0..5040_usize).prop_map(Pick)
}

fn browser_and_machine() -> impl Strategy<Value = (usize, usize)> {
    (prop_oneof![5 => Just(0_usize), 2 => Just(1), 1 => Just(FORGER)], 0..MACHINES)
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let browser = prop_oneof![2 => Just(0_usize), 1 => Just(1), 3 => Just(FORGER)];
    let with = prop_oneof![
        picks().prop_map(With::Captured),
        (any::<[bool; 2]>(), picks()).prop_map(|([of_offer, is_of_device], challenge)| {
            With::Made { of_offer, challenge, is_of_device }
        })
    ];
    (browser, 0..MACHINES, option::weighted(0.7, picks()), with).prop_map(
        |(browser, machine, identifier, with)| Attempt { browser, machine, identifier, with },
    )
}

fn requests() -> impl Strategy<Value = Request> {
    let [elsewhere, skips, registers] = [0.2, 0.3, 0.6].map(proptest::bool::weighted);
    (browser_and_machine(), elsewhere, skips, registers, vec(ops(), 0..4)).prop_map(
        |((browser, machine), elsewhere, skips, registers, ops)| Request {
            browser,
            machine,
            elsewhere,
            skips,
            registers,
            ops,
        },
    )
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => Just(Op::Peek),
        5 => Just(Op::Read),
        5 => Just(Op::Write),
        1 => Just(Op::TryWrite),
        1 => (0..USERS).prop_map(|user| Op::Become { user }),
        3 => (0..USERS).prop_map(|user| Op::SignIn { user }),
        3 => Just(Op::Renew),
        2 => (lifetimes(), any::<bool>(), idles())
            .prop_map(|(seconds, persistent, idle)| Op::RenewWith { seconds, persistent, idle }),
        2 => Just(Op::Reauthenticate),
        2 => Just(Op::RegenerateId),
        2 => Just(Op::Destroy),
        2 => Just(Op::Token),
        2 => Just(Op::Verify),
    ]
}

fn lifetimes() -> impl Strategy<Value = u32> {
    prop_oneof![1..60_u32, 60..8000_u32, Just(1_209_600), 1..3_000_000_u32]
}

fn idles() -> impl Strategy<Value = Idle> {
    prop_oneof![
        2 => Just(Idle::AsConfigured),
        1 => Just(Idle::Never),
        2 => (5..4000_u32).prop_map(Idle::After)
    ]
}

fn forgeries() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        1 => picks().prop_map(Forgery::Steal),
        3 => (-4000..100_i64, -100..100_i64, lifetimes(), idles(), 0..USERS)
            .prop_map(|(began, sealed, seconds, idle, user)| {
                Forgery::Make { began, sealed, seconds, idle: idle.at_most(seconds), user }
            }),
        3 => (picks(), vec(ops(), 1..3))
            .prop_map(|(value, ops)| Forgery::Change { value, ops }),
        3 => picks().prop_map(Forgery::Replay),
        3 => (0..FORGER).prop_map(|browser| Forgery::Copy { browser }),
        1 => picks().prop_map(Forgery::AddBound),
        1 => (lifetimes(), 0..USERS)
            .prop_map(|(ttl, user)| Forgery::MakeLegacy { ttl: ttl.into(), user }),
    ]
}

fn operations() -> impl Strategy<Value = Operation> {
    let starts_in = prop_oneof![2 => Just(0), 1 => 0..400_i64];
    prop_oneof![
        3 => starts_in.prop_map(|starts_in| Operation::Rotate { starts_in }),
        1 => Just(Operation::Retire),
        1 => Just(Operation::Incident),
        6 => (0..MACHINES).prop_map(|machine| Operation::Deploy { machine }),
        1 => (0..MACHINES, policies())
            .prop_map(|(machine, policy)| Operation::Policy { machine, policy }),
        1 => (0..MACHINES).prop_map(|machine| Operation::Revoke { machine }),
        6 => (0..MACHINES, 1..USERS)
            .prop_map(|(machine, user)| Operation::RevokeAll { machine, user }),
        3 => (0..MACHINES, 0..3_usize)
            .prop_map(|(machine, value)| Operation::RevokeFamily { machine, value }),
        4 => (0..MACHINES).prop_map(|machine| Operation::Tell { machine }),
        2 => (0..MACHINES).prop_map(|machine| Operation::Upgrade { machine }),
    ]
}
