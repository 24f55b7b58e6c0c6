//! What is known of each value that was ever set, and what should become of it.

use std::collections::HashSet;

use sealed_session::SessionId;

use crate::{
    device::Bond,
    fleet::{Machine, Policy, Ring},
    revocations::Seen,
};

/// A value without its cryptography.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Value {
    pub(crate) text: String,
    /// The cookie's name that it was sealed for.
    pub(crate) name: &'static str,
    /// The line of sign-ins that it belongs to.
    pub(crate) lineage: usize,
    pub(crate) generation: u32,
    pub(crate) id: Option<SessionId>,
    pub(crate) data: u32,
    pub(crate) created: i64,
    pub(crate) creation_known: bool,
    pub(crate) authenticated: i64,
    pub(crate) issued: i64,
    pub(crate) lifetime: i64,
    pub(crate) idle: Option<u32>,
    pub(crate) own_idle: bool,
    pub(crate) persistent: bool,
    pub(crate) bond: Bond,
    /// It is bound only since its request proved its device.
    pub(crate) heals: bool,
    /// What was revoked before the sign-in.
    pub(crate) seen: Seen,
    /// `None` for one of the legacy application.
    pub(crate) key: Option<u32>,
    /// It is forged, or made from what is, with a secret from before so many incidents.
    pub(crate) taint: Option<u32>,
    /// Its generation could be another: it follows from a value that may have been live or not.
    pub(crate) is_vague: bool,
}

impl Value {
    /// The end, whatever the session is used for.
    pub(crate) fn end(&self, policy: Policy) -> i64 {
        self.created + self.lifetime.min(policy.absolute.into())
    }

    pub(crate) fn idle(&self, policy: Policy) -> Option<i64> {
        let idle = match self.own_idle {
            true => self.idle,
            false => self.idle.into_iter().chain(policy.idle).min(),
        };
        idle.map(i64::from)
    }

    pub(crate) fn expires(&self, policy: Policy) -> i64 {
        let end = self.end(policy);
        self.idle(policy).map_or(end, |idle| end.min(self.issued + idle))
    }

    pub(crate) fn known_creation(&self) -> Option<i64> {
        self.creation_known.then_some(self.created)
    }

    pub(crate) fn known_authentication(&self) -> Option<i64> {
        (self.creation_known || self.authenticated > self.created).then_some(self.authenticated)
    }

    /// What is sealed of it at `now`, by the machine's clock and ring of then.
    pub(crate) fn sealed(&self, ring: &Ring, now: i64) -> Self {
        let key = ring.sealing_key(now);
        Self { issued: self.issued.max(now), key, heals: false, ..self.clone() }
    }

    /// Why it is no session under this ring and policy and on this machine, whatever browser it
    /// comes from.
    pub(crate) fn refusal(
        &self,
        ring: &Ring,
        policy: Policy,
        machine: &Machine,
        now: i64,
    ) -> Option<Refusal> {
        if self.taint.is_some_and(|epoch| epoch < ring.epoch) {
            // Whatever it says of itself.
            let is_newer = self.key.is_some_and(|key| key > ring.newest());
            return Some(if is_newer { Refusal::NewerKey } else { Refusal::Forged });
        }
        match self.key {
            None if !ring.accepts_legacy() => return Some(Refusal::Key),
            Some(key) if key > ring.newest() => return Some(Refusal::NewerKey),
            Some(key) if ring.place(key).is_none() => return Some(Refusal::Key),
            _ => {}
        }
        if self.issued > now + 60 {
            return Some(Refusal::Future);
        }
        if now >= self.expires(policy) {
            return Some(Refusal::Expired);
        }
        let is_revoked = machine.revokes(self.data, self.seen) || machine.lists_family(self);
        is_revoked.then_some(Refusal::Revoked)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Forged,
    Key,
    NewerKey,
    Future,
    Expired,
    Revoked,
    /// Ended or replaced in this browser.
    Ended,
    /// Good from its device alone.
    Bound,
    /// One of the two, which the promises leave open.
    EndedOrBound,
}

impl Refusal {
    /// It may be good elsewhere, or in a moment.
    pub(crate) fn is_passing(self) -> bool {
        matches!(self, Self::NewerKey | Self::Future | Self::Bound)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Live,
    /// The promises leave it open.
    Open,
    Dead(Refusal),
}

impl Verdict {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Dead(Refusal::EndedOrBound))
    }
}

/// What a response ended in the browser that got it.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) lineage: usize,
    /// The greatest generation that is dead, or [`ALL`].
    pub(crate) limit: u32,
    /// What it ends was live, so that nothing excuses its return.
    pub(crate) is_promised: bool,
    /// When it was committed.
    pub(crate) ended: i64,
    /// The end of its tombstone's life, by the clock that is most ahead.
    pub(crate) until: i64,
}

pub(crate) const ALL: u32 = u32::MAX;

/// What a browser's owner may count on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ended {
    pub(crate) endings: Vec<Ending>,
    /// Values that came with a sign-in or a sign-out, which nothing sets again.
    pub(crate) gone: HashSet<String>,
    /// Values that came so late that the tombstone may have gone before.
    late: HashSet<String>,
}

impl Ended {
    /// A response that came at `now` set a value.
    pub(crate) fn receive(&mut self, value: &Value, now: i64) {
        if self.covering(value).any(|ending| now - ending.ended >= UNDER_WAY) {
            self.late.insert(value.text.clone());
        }
    }

    fn covering(&self, value: &Value) -> impl Iterator<Item = &Ending> {
        let (lineage, generation) = (value.lineage, value.generation);
        self.endings.iter().filter(move |e| e.lineage == lineage && generation <= e.limit)
    }

    /// What a machine should make of a value that this browser sends at `now`.
    pub(crate) fn judge(&self, value: &Value, machine: &Machine, now: i64) -> Verdict {
        let clock = machine.clock(now);
        if let Some(refusal) = value.refusal(&machine.ring, machine.policy, machine, clock) {
            return Verdict::Dead(refusal);
        }
        if self.gone.contains(&value.text) {
            return Verdict::Dead(Refusal::Ended);
        }
        let mut verdict =
            if value.is_vague && self.has(value.lineage) { Verdict::Open } else { Verdict::Live };
        for ending in self.covering(value) {
            let is_bound = ending.is_promised
                && now < ending.until
                && !value.is_vague
                && !self.late.contains(&value.text);
            if is_bound {
                return Verdict::Dead(Refusal::Ended);
            }
            verdict = Verdict::Open;
        }
        verdict
    }

    fn has(&self, lineage: usize) -> bool {
        self.endings.iter().any(|ending| ending.lineage == lineage)
    }
}

/// For how long after an ending responses may still arrive: ten minutes, by clocks that are
/// up to a minute apart.
const UNDER_WAY: i64 = 540;
