//! The end of a request: what its response should say.

use sealed_session::{Commit, Cookie, SealError};

use crate::{
    device::{Binding, Bond, Offer, is_bound_name},
    fleet::{LEGACY_NAME, Machine, Ring, at, user_of},
    jar::Stored,
    request::{Handler, Pending},
    steps::Op,
    value::{Refusal, Value},
    world::{Response, World},
};

/// What the response should say of the session.
#[derive(Debug)]
enum Expected {
    Nothing,
    Removal,
    Set(Value),
    /// The value again, if the server thinks so.
    Perhaps(Value),
    /// An error to the caller, and nothing to the browser.
    Refusal,
    NotReadable,
    /// This, or not readable: the promises leave it open.
    Open(Box<Expected>),
}

impl World {
    /// Commits, and returns the response where there is one.
    pub(crate) fn commit(&mut self, mut pending: Pending, late: Option<&Op>) -> Option<Response> {
        let machine = &self.machines[pending.machine];
        let clock = machine.clock(self.now);
        let expected = expected(&pending.handler, machine, clock);
        let result = pending.sessions.commit_at(&pending.session, at(clock));
        let expected = expected.settled(&result, pending.handler.written);
        let commit = match (&expected, result) {
            (Expected::NotReadable, Err(SealError::NotReadable(_)))
            | (Expected::Refusal, Err(SealError::Refused(_) | SealError::Expired)) => {
                return self.after_refusal(pending, late);
            }
            (Expected::Refusal | Expected::NotReadable, result) => {
                panic!("expected {expected:?}, got {result:?}")
            }
            (_, Ok(commit)) => commit,
            (_, Err(error)) => panic!("expected {expected:?}, got {error}"),
        };
        let fresh = self.check_commit(&pending, &commit, expected, clock);
        let offer = self.check_offer(&pending, &commit, fresh.as_ref());
        if let Some(op) = late {
            too_late(&mut pending, op, at(clock));
        }
        Some(Response { offer, ..self.response(pending, commit, fresh) })
    }

    /// A sign-out is never held up.
    fn after_refusal(&mut self, mut pending: Pending, late: Option<&Op>) -> Option<Response> {
        if !matches!(late, Some(Op::Destroy)) {
            return None;
        }
        pending.handler.run(&mut pending.session, &Op::Destroy, None, &mut self.numbers);
        self.commit(pending, None)
    }

    /// What the response sets, which is what was expected.
    fn check_commit(
        &self,
        pending: &Pending,
        commit: &Commit,
        expected: Expected,
        clock: i64,
    ) -> Option<Value> {
        let names = self.site.names(pending.phase);
        let ours: Vec<&Cookie<'_>> =
            commit.cookies().iter().filter(|c| names.contains(&c.name())).collect();
        let set: Vec<_> = ours.iter().filter(|cookie| !cookie.value().is_empty()).collect();
        let (mut value, cookie) = match (expected, set.as_slice()) {
            (Expected::Nothing | Expected::Perhaps(_), []) => {
                assert!(ours.is_empty(), "removed, though nobody asked: {ours:?}");
                return None;
            }
            (Expected::Removal, []) => {
                assert!(ours.iter().any(|c| c.name() == names[0]), "not removed: {ours:?}");
                return None;
            }
            (Expected::Set(value) | Expected::Perhaps(value), [cookie]) => (value, *cookie),
            (expected, set) => panic!("expected {expected:?}, got {} values", set.len()),
        };
        assert_eq!(cookie.name(), names[0]);
        let left = value.expires(pending.handler.policy) - clock;
        assert_eq!(
            cookie.max_age().map(time::Duration::whole_seconds),
            value.persistent.then_some(left.min(400 * 86_400))
        );
        value.name = names[0];
        cookie.value().clone_into(&mut value.text);
        Some(value)
    }

    /// Who has just proved who they are is invited to bind the session, and nobody else.
    fn check_offer(
        &mut self,
        pending: &Pending,
        commit: &Commit,
        fresh: Option<&Value>,
    ) -> Option<Offer> {
        let handler = &pending.handler;
        let value = fresh.filter(|value| {
            handler.binding.offers() && handler.proved && value.bond != Bond::Bound
        });
        assert_eq!(commit.registration().is_some(), value.is_some(), "{:?}", commit.registration());
        Some(self.read_offer(commit.registration()?, pending.machine, value?))
    }

    fn response(&mut self, pending: Pending, commit: Commit, fresh: Option<Value>) -> Response {
        let Pending { handler, sent, target, browser, phase, .. } = pending;
        self.values.extend(fresh.clone());
        let names = self.site.names(phase);
        let places = self.site.places(phase);
        let is_known = |cookie: &Stored| {
            let legacy = cookie.name == LEGACY_NAME;
            let ours = names.iter().any(|name| cookie.name == *name)
                && places.iter().any(|(path, domain)| cookie.is_in(path, *domain));
            ours || legacy
        };
        let ends_all = handler.destroyed || handler.renewed;
        let sends_ours = fresh.is_some() || handler.destroyed;
        let gone = sent.iter().filter(|c| ends_all && is_known(c)).map(|c| c.value.clone());
        // What said that the device was there goes with the session that it was there for.
        let is_bound = |name: &str| names.iter().any(|of| is_bound_name(name, of));
        let mut emptied: Vec<_> = sent
            .iter()
            .filter(|cookie| {
                ends_all && is_bound(&cookie.name) && handler.binding != Binding::Nothing
            })
            .map(|cookie| (cookie.name.clone(), places[0]))
            .collect();
        for (number, name) in names.iter().enumerate() {
            let came = sent.iter().any(|cookie| cookie.name == *name);
            for (place, scope) in places.iter().enumerate() {
                let is_present = number == 0 && place == 0;
                let is_emptied = match (number, is_present) {
                    _ if handler.destroyed => true,
                    (_, true) => false,
                    (0, _) => sends_ours,
                    _ => sends_ours && (ends_all || came),
                };
                if is_emptied {
                    emptied.push(((*name).to_owned(), *scope));
                }
            }
        }
        Response {
            browser,
            target,
            endings: handler.endings(&pending.others, self.now),
            gone: gone.collect(),
            emptied,
            value: fresh,
            page: handler.token,
            cookies: commit.into_cookies(),
            offer: None,
            news: None,
        }
    }
}

impl Expected {
    /// What it comes to, of what is left open.
    fn settled(self, result: &Result<Commit, SealError>, is_written: bool) -> Self {
        let Self::Open(other) = self else { return self };
        match result {
            Err(SealError::NotReadable(_)) => Self::NotReadable,
            Ok(commit) if !commit.sets_cookies() && !is_written => Self::Nothing,
            _ => *other,
        }
    }
}

/// By the promises of the documentation.
fn expected(handler: &Handler, machine: &Machine, clock: i64) -> Expected {
    if handler.destroyed {
        return Expected::Removal;
    }
    if !handler.looked {
        return Expected::Nothing;
    }
    let (ring, policy) = (&machine.ring, handler.policy);
    let refusal = handler.base.as_ref().and_then(|base| {
        let waits = base.bond == Bond::Awaited && base.waits(clock);
        base.refusal(ring, policy, machine, clock).or(waits.then_some(Refusal::Bound))
    });
    let Some(value) = handler.now.as_ref() else { return Expected::Nothing };
    if handler.changed {
        if handler.is_passing && !handler.renewed {
            // A cookie that another machine may know is not replaced by what nobody asked for.
            return if handler.written { Expected::NotReadable } else { Expected::Nothing };
        }
        let mut value = value.clone();
        if handler.begun {
            value.issued = value.issued.max(clock);
        }
        // What a guest's session has seen says nothing of the user that it becomes.
        if user_of(value.data) != user_of(handler.base.as_ref().map_or(0, |base| base.data)) {
            value.seen = value.seen.max(handler.seen);
        }
        let is_refused = match refusal {
            // Nobody signs in out of a device that was signed out.
            Some(_) if handler.base.as_ref().is_some_and(|base| machine.lists_family(base)) => true,
            // A sign-in takes the place of what has ended meanwhile, not of what may be forged.
            Some(Refusal::Expired | Refusal::Revoked | Refusal::Future | Refusal::Bound)
                if handler.renewed =>
            {
                false
            }
            refusal => refusal.is_some(),
        };
        let is_vouched = match (&handler.base, handler.renewed) {
            (None, _) => !machine.lists(value.data, value.seen),
            (Some(_), true) => !machine.revokes(value.data, value.seen),
            (Some(_), false) => true,
        };
        if handler.renewed {
            value.bond = handler.binding.first_bond();
        }
        let expected = match is_refused || !is_vouched || clock >= value.expires(policy) {
            true => Expected::Refusal,
            false => Expected::Set(value.sealed(ring, clock)),
        };
        return match handler.may_be_passing && !handler.renewed {
            true => Expected::Open(Box::new(expected)),
            false => expected,
        };
    }
    match refusal.is_none() && handler.active {
        true => again(handler, value, machine, clock),
        false => Expected::Nothing,
    }
}

/// Whether a value is set again that nobody wrote to.
fn again(handler: &Handler, value: &Value, machine: &Machine, clock: i64) -> Expected {
    let (ring, policy) = (&machine.ring, handler.policy);
    let idle = value.idle(policy);
    let interval = idle.map_or(3600, |idle| (idle / 8).clamp(60, 3600).min(idle / 2));
    let is_behind = |ring: &Ring, now| {
        let place = value.key.and_then(|key| ring.place(key));
        place.is_some_and(|place| Some(place) > ring.sealing(now))
    };
    let slides = idle.is_some_and(|idle| value.issued + idle < value.end(policy));
    let is_old = |now: i64| (now - value.issued).max(0) >= interval;
    let is_superseded = is_behind(&handler.ring, handler.began) && is_behind(ring, clock);
    let is_due =
        handler.is_former || value.heals || is_old(handler.began) && (slides || is_superseded);
    let is_slow = clock > handler.began + 2;
    let is_last_chance = slides && idle.is_some_and(|idle| (clock - value.issued) * 2 >= idle);

    let may_be = value.key.is_none() || is_old(clock) && (idle.is_some() || is_behind(ring, clock));
    let mut fresh = value.sealed(ring, clock);
    // A value whose key stands before the one that seals keeps it: that writer is ahead.
    let ahead = value.key.and_then(|key| ring.place(key)) < ring.sealing(clock);
    if ahead && value.key.is_some() {
        fresh.key = value.key;
    }
    match (is_due, is_slow) {
        _ if handler.is_heal_vague => Expected::Perhaps(fresh),
        (true, false) => Expected::Set(fresh),
        // A visitor of whom every request is slow is not signed out.
        (true, true) if is_last_chance => Expected::Set(fresh),
        _ if may_be => Expected::Perhaps(fresh),
        _ => Expected::Nothing,
    }
}

/// What comes after the response's head is ignored, and says so.
fn too_late(pending: &mut Pending, op: &Op, now: time::OffsetDateTime) {
    let Pending { session, sessions, handler, .. } = pending;
    let changed = session.is_changed();
    let (id, data) = (session.id(), *session.peek());
    match op {
        Op::Peek | Op::Read | Op::Verify => {}
        Op::Write | Op::TryWrite | Op::Become { .. } => session.write(|value| *value += 1),
        Op::SignIn { .. } => session.sign_in(|value| *value += 1),
        Op::Renew | Op::RenewWith { .. } => session.renew(),
        Op::Reauthenticate => session.reauthenticate(),
        Op::RegenerateId => session.regenerate_id(),
        Op::Destroy => session.destroy(),
        Op::Token => {
            session.csrf_token().expect_err("the page can be stored by now");
        }
    }
    assert_eq!(session.is_changed(), changed, "{op:?} came too late");
    assert_eq!((session.id(), *session.peek()), (id, data), "{op:?} came too late");
    if handler.looked {
        handler.check(session);
    }
    let again = sessions.commit_at(session, now).expect("there is nothing to do");
    let set = again.cookies().iter().any(|cookie| !cookie.value().is_empty());
    assert!(!set, "{op:?} came too late");
}
