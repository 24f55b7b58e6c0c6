//! Sessions that are bound to a device, as the model knows them: what was sealed for the binding
//! protocol, and what each of it is good for.

use std::collections::HashMap;

use sealed_session::{Cookie, Family};

use crate::{
    fleet::Machine,
    jar::Stored,
    value::{Refusal, Value, Verdict},
};

/// How a machine is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    Nothing,
    /// What is bound is read and refreshed, and nothing is offered.
    Reads,
    Offers,
    /// What is not bound in five minutes is refused.
    Strict,
}

impl Binding {
    pub(crate) fn offers(self) -> bool {
        matches!(self, Self::Offers | Self::Strict)
    }

    /// With which a sign-in begins.
    pub(crate) fn first_bond(self) -> Bond {
        match self {
            Self::Strict => Bond::Awaited,
            Self::Nothing | Self::Reads | Self::Offers => Bond::None,
        }
    }
}

/// What is sealed in a session about its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    None,
    Awaited,
    Bound,
}

/// By whom and for what something was sealed.
#[derive(Debug, Clone)]
pub(crate) struct Seal {
    pub(crate) text: String,
    /// The session cookie's name.
    name: &'static str,
    key: u32,
    pub(crate) family: Family,
}

/// Whether a machine can open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readable {
    Yes,
    /// On a machine with a newer ring.
    Elsewhere,
    No,
}

impl Seal {
    /// `None` where the machine's clock is behind the start of every key.
    pub(crate) fn new(
        text: &str,
        name: &'static str,
        machine: &Machine,
        family: Family,
        clock: i64,
    ) -> Self {
        let key = machine.ring.sealing_key(clock).expect("something was sealed");
        Self { text: text.to_owned(), name, key, family }
    }

    pub(crate) fn readable(&self, machine: &Machine) -> Readable {
        let is_known = machine.ring.place(self.key).is_some();
        match machine.names().contains(&self.name) && is_known {
            true => Readable::Yes,
            false if self.key > machine.ring.newest() => Readable::Elsewhere,
            false => Readable::No,
        }
    }

    /// The session cookie's name that it was sealed for.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

/// What a device signs.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    pub(crate) seal: Seal,
    pub(crate) is_registration: bool,
    pub(crate) issued: i64,
}

impl Challenge {
    pub(crate) fn is_good(&self, machine: &Machine, clock: i64) -> bool {
        let is_fresh = self.issued <= clock + 60 && clock < self.issued + 120;
        self.seal.readable(machine) == Readable::Yes && is_fresh
    }
}

/// A JWT.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) text: String,
    /// Whose key signed it.
    pub(crate) device: u8,
    /// It brings that key.
    pub(crate) has_key: bool,
    pub(crate) challenge: Challenge,
}

/// The name of a device, with what browsers are told beside it.
#[derive(Debug, Clone)]
pub(crate) struct Identifier {
    pub(crate) seal: Seal,
    pub(crate) device: u8,
    pub(crate) created: i64,
    pub(crate) refresh: &'static str,
    /// The name of the bound cookie.
    pub(crate) cookie: String,
}

/// What a browser was invited to.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) challenge: Challenge,
    pub(crate) path: &'static str,
}

/// A registration, as its browser knows it.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) identifier: Identifier,
    /// The last proof, which is sent again until it is refused.
    pub(crate) proof: Option<Proof>,
}

/// A bound cookie.
struct BoundCookie {
    seal: Seal,
    until: i64,
}

/// All that was ever sealed for the protocol, which a thief may have seen.
#[derive(Default)]
pub(crate) struct Devices {
    cookies: HashMap<String, BoundCookie>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) proofs: Vec<Proof>,
    /// Cookies that were ever set, for a thief.
    pub(crate) set: Vec<Cookie<'static>>,
    keys: u8,
}

impl Devices {
    /// Another device's key.
    pub(crate) fn key(&mut self) -> u8 {
        self.keys = self.keys.checked_add(1).expect("a life is shorter");
        self.keys
    }

    /// Keeps a bound cookie that answers a challenge of then.
    pub(crate) fn keep(&mut self, cookie: &Cookie<'static>, seal: Seal, challenged: i64) {
        let until = challenged + LIFETIME + 60;
        self.cookies.insert(cookie.value().to_owned(), BoundCookie { seal, until });
        self.set.push(cookie.clone());
    }

    /// Whether a request with these cookies comes from the device of this sign-in.
    fn prove(&self, family: Family, sent: &[Stored], machine: &Machine, clock: i64) -> bool {
        let proves = |cookie: &Stored| {
            self.cookies.get(&cookie.value).is_some_and(|bound| {
                is_bound_name(&cookie.name, bound.seal.name)
                    && bound.seal.family == family
                    && bound.seal.readable(machine) == Readable::Yes
                    && clock < bound.until
            })
        };
        machine.binding != Binding::Nothing && sent.iter().any(proves)
    }

    /// What becomes of a value that is judged so far, for want of its device or with it. The
    /// device of the sign-in `proven` has just proved itself.
    pub(crate) fn judge(
        &self,
        (mut value, verdict): (Value, Verdict),
        (sent, proven): (&[Stored], Option<Family>),
        machine: &Machine,
        clock: i64,
    ) -> (Value, Verdict) {
        let Some(family) = value.id.map(|id| id.family()).filter(|_| value.key.is_some()) else {
            return (value, verdict);
        };
        if proven == Some(family) || self.prove(family, sent, machine, clock) {
            value.heals = value.bond != Bond::Bound;
            value.bond = Bond::Bound;
            return (value, verdict);
        }
        let verdict = match verdict {
            Verdict::Live if value.waits(clock) => Verdict::Dead(Refusal::Bound),
            Verdict::Open if value.waits(clock) => Verdict::Dead(Refusal::EndedOrBound),
            verdict => verdict,
        };
        (value, verdict)
    }
}

impl Value {
    /// Whether it is good from its device alone.
    pub(crate) fn waits(&self, clock: i64) -> bool {
        match self.bond {
            Bond::None => false,
            Bond::Awaited => clock >= self.authenticated + 300,
            Bond::Bound => true,
        }
    }
}

/// Whether this is the name of a bound cookie beside the session's.
pub(crate) fn is_bound_name(name: &str, of: &str) -> bool {
    name.strip_prefix(of).is_some_and(|rest| rest.starts_with("-bound-"))
}

/// Of a bound cookie, from its challenge on.
pub(crate) const LIFETIME: i64 = 600;
