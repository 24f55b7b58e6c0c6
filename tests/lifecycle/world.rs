//! All that lives, and what a step does to it.

use std::collections::HashMap;

use sealed_session::{Cookie, Family, Session, SessionId, iron};

use crate::{
    device::{Bond, Devices, Offer, Registered},
    fleet::{
        ELSEWHERE, LAST_KEY, LEGACY_NAME, Machine, Place, Ring, Site, TARGET, at, may_go_on,
        passwords, seconds, std_seconds,
    },
    jar::{Jar, Stored, Target},
    protocol::{News, header_of},
    request::{Handler, Numbers, Pending, Token},
    revocations::{Engine, Seen, Target as Revoked},
    steps::{BROWSERS, Life, MACHINES, Operation, Pick, Request, Step},
    value::{Ended, Ending, Refusal, Value, Verdict},
};

pub(crate) struct World {
    pub(crate) now: i64,
    pub(crate) site: Site,
    pub(crate) machines: [Machine; MACHINES],
    /// What spreads revocations, in some fleets.
    engine: Option<Engine>,
    pub(crate) browsers: [Browser; BROWSERS],
    /// The operator's latest ring, which machines get later.
    pub(crate) ring: Ring,
    last_key: u32,
    pub(crate) stolen: (u32, u32),
    /// Every value that was ever set, in order.
    pub(crate) values: Vec<Value>,
    pub(crate) devices: Devices,
    legacy: HashMap<String, Legacy>,
    pub(crate) numbers: Numbers,
    pending: Vec<Pending>,
    pub(crate) responses: Vec<Response>,
}

#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) jar: Jar,
    pub(crate) ended: Ended,
    /// Invitations that it got.
    offers: Vec<Offer>,
    pub(crate) device: Vec<Registered>,
    page: Option<Token>,
}

/// A value of the application that was here before.
struct Legacy {
    lineage: usize,
    data: u32,
    expires: i64,
    taint: Option<u32>,
    /// That of the session it is taken over into, once it was seen.
    id: Option<SessionId>,
}

/// A response under way.
pub(crate) struct Response {
    pub(crate) browser: usize,
    pub(crate) target: Target,
    pub(crate) cookies: Vec<Cookie<'static>>,
    pub(crate) value: Option<Value>,
    pub(crate) endings: Vec<Ending>,
    /// Values that came with a sign-in or a sign-out.
    pub(crate) gone: Vec<String>,
    /// Names and places under which nothing of ours may be left.
    pub(crate) emptied: Vec<(String, Place)>,
    pub(crate) page: Option<Token>,
    /// What it invites to.
    pub(crate) offer: Option<Offer>,
    /// What it says of a device.
    pub(crate) news: Option<News>,
}

impl Response {
    /// An answer of the binding protocol.
    pub(crate) fn of_device(browser: usize, target: Target, cookies: Vec<Cookie<'static>>) -> Self {
        Self {
            browser,
            target,
            cookies,
            value: None,
            endings: Vec::new(),
            gone: Vec::new(),
            emptied: Vec::new(),
            page: None,
            offer: None,
            news: None,
        }
    }
}

impl World {
    fn new(life: &Life) -> Self {
        let engine = life.has_lists.then(Engine::new);
        let machine = |number: usize| {
            let listed = engine.as_ref().map(|engine| engine.follow(number));
            let own = (life.skews[number], life.bindings[number]);
            Machine::new(life.site, life.policy, own, listed)
        };
        Self {
            now: 0,
            site: life.site,
            machines: std::array::from_fn(machine),
            engine,
            browsers: Default::default(),
            ring: Ring::first(),
            last_key: 1,
            stolen: (1, 0),
            values: Vec::new(),
            devices: Devices::default(),
            legacy: HashMap::new(),
            numbers: Numbers::default(),
            pending: Vec::new(),
            responses: Vec::new(),
        }
    }

    /// Lives the whole life.
    pub(crate) fn live(life: &Life) {
        let mut world = Self::new(life);
        for step in &life.steps {
            world.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Wait(time) => self.now += time,
            Step::Begin(request) => {
                let pending = self.begin(request);
                self.pending.push(pending);
            }
            Step::Commit { pending, late } => {
                if let Some(pending) = take(&mut self.pending, *pending) {
                    let response = self.commit(pending, late.as_ref());
                    self.responses.extend(response);
                }
            }
            Step::Deliver(response) => {
                if let Some(response) = take(&mut self.responses, *response) {
                    self.deliver(response);
                }
            }
            Step::Visit { request, takes } => {
                let pending = self.begin(request);
                self.now += takes;
                if let Some(response) = self.commit(pending, None) {
                    let offer = response.offer.clone().filter(|_| request.registers);
                    self.deliver(response);
                    let answer = offer
                        .and_then(|offer| self.register(request.browser, request.machine, &offer));
                    self.arrive(answer, false);
                }
            }
            Step::Register { browser, machine, offer, is_late } => {
                let offer = self.browsers[*browser].offers.iter().rev().nth(*offer).cloned();
                let answer = offer.and_then(|offer| self.register(*browser, *machine, &offer));
                self.arrive(answer, *is_late);
            }
            Step::Refresh { browser, machine, device, is_late } => {
                let place = device.place(&self.browsers[*browser].device);
                let answer = place.and_then(|place| self.refresh(*browser, *machine, place));
                self.arrive(answer, *is_late);
            }
            Step::Attempt(attempt) => self.attempt(attempt),
            Step::Close { browser } => self.browsers[*browser].jar.close(),
            Step::LegacySignIn { browser, ttl, user } => {
                let cookie = self.legacy_cookie(*user, *ttl, None);
                self.browsers[*browser].jar.receive(TARGET, &cookie, self.now);
            }
            Step::Forger(forgery) => self.forge(forgery),
            Step::Operator(operation) => self.operate(operation),
        }
    }

    /// A response comes at once, or when it is delivered.
    fn arrive(&mut self, response: Option<Response>, is_late: bool) {
        match (response, is_late) {
            (Some(response), true) => self.responses.push(response),
            (Some(response), false) => self.deliver(response),
            (None, _) => {}
        }
    }

    fn operate(&mut self, operation: &Operation) {
        let next = (self.last_key < LAST_KEY).then_some(self.last_key + 1);
        match (operation, next) {
            (Operation::Rotate { starts_in }, Some(fresh)) => {
                self.last_key = fresh;
                self.ring.keys.insert(0, (fresh, self.now + starts_in));
            }
            (Operation::Incident, Some(fresh)) => {
                self.last_key = fresh;
                self.ring = self.ring.after_incident(fresh);
            }
            (Operation::Rotate { .. } | Operation::Incident, None) => {}
            (Operation::Retire, _) => {
                if self.ring.keys.len() > 1 {
                    self.ring.keys.pop();
                }
            }
            (Operation::Deploy { machine }, _) => {
                self.machines[*machine].deploy(&self.ring, self.now);
            }
            (Operation::Revoke { machine }, _) => {
                self.machines[*machine].revoke(self.numbers.last_data());
            }
            (Operation::RevokeAll { machine, user }, _) => {
                self.revoke(*machine, Revoked::User(*user));
            }
            (Operation::RevokeFamily { machine, value }, _) => {
                let id = self.values.iter().rev().nth(*value).and_then(|value| value.id);
                if let Some(id) = id {
                    self.revoke(*machine, Revoked::Family(id.family()));
                }
            }
            (Operation::Tell { machine }, _) => {
                let listed = &mut self.machines[*machine].listed;
                if let (Some(engine), Some(listed)) = (&self.engine, listed) {
                    engine.tell(*machine, listed);
                }
            }
            (Operation::Policy { machine, policy }, _) => {
                let machine = &mut self.machines[*machine];
                machine.configure(machine.phase, *policy);
            }
            (Operation::Upgrade { machine }, _) => {
                let phase = self.machines[*machine].phase + 1;
                if phase <= self.site.last_phase() && may_go_on(&self.machines, phase) {
                    let machine = &mut self.machines[*machine];
                    machine.configure(phase, machine.policy);
                }
            }
        }
    }

    fn revoke(&mut self, machine: usize, target: Revoked) {
        let listed = &mut self.machines[machine].listed;
        if let (Some(engine), Some(listed)) = (&self.engine, listed) {
            engine.revoke(listed, target);
        }
    }

    /// A cookie of iron-session, written at this moment.
    pub(crate) fn legacy_cookie(
        &mut self,
        user: u32,
        ttl: i64,
        taint: Option<u32>,
    ) -> Cookie<'static> {
        let data = self.numbers.data(user);
        let duration = std_seconds(ttl.unsigned_abs());
        let text = iron::seal_at(LEGACY_NAME, &data, passwords(), Some(duration), at(self.now))
            .expect("short");
        let expires = self.now + ttl;
        let lineage = self.numbers.lineage();
        self.legacy.insert(text.clone(), Legacy { lineage, data, expires, taint, id: None });
        Cookie::build((LEGACY_NAME, text)).path("/").secure(true).build()
    }

    fn begin(&mut self, request: &Request) -> Pending {
        // A machine that does not know the new Path cannot see that something is left there.
        let knows_all = self.machines[request.machine].phase == self.site.last_phase();
        let target = if request.elsewhere && knows_all { ELSEWHERE } else { TARGET };
        if !request.skips {
            self.refresh_where_due(request.browser, request.machine);
        }
        let sent = self.browsers[request.browser].jar.sent(target, self.now);
        let machine = &self.machines[request.machine];
        let clock = machine.clock(self.now);
        let lists = self.engine.as_ref().zip(machine.listed.as_ref());
        let seen = lists.map_or(Seen::default(), |(engine, listed)| engine.seen(listed));
        let mut session = machine.sessions.load_at([header_of(&sent)], at(clock));
        let candidates = self.candidates((request.machine, request.browser), &sent, None);

        let mut handler = Handler::new(machine.policy, &machine.ring, clock, None);
        let mut others = Vec::new();
        if !request.ops.is_empty() {
            let base = winner(&session, &candidates);
            let of_same_line = |value: &&(Value, Verdict)| {
                base.as_ref().is_some_and(|base| value.0.lineage == base.lineage)
            };
            let live_or_open = |value: &&(Value, Verdict)| match value.1 {
                Verdict::Dead(refusal) => refusal == Refusal::Bound,
                Verdict::Live | Verdict::Open => true,
            };
            let generation =
                candidates.iter().filter(live_or_open).filter(of_same_line).map(|c| c.0.generation);
            let generation = generation.max().unwrap_or(0);
            let is_vague = candidates.iter().filter(of_same_line).any(|c| c.1.is_open())
                && candidates.len() > 1;
            handler = Handler::new(machine.policy, &machine.ring, clock, base);
            handler.generation = generation;
            let present = self.site.names(machine.phase)[0];
            handler.is_former =
                handler.base.as_ref().is_some_and(|b| b.key.is_some() && b.name != present);
            if let Some(base) = &mut handler.base {
                base.is_vague |= is_vague;
            }
            handler.is_passing = handler.base.is_none()
                && candidates
                    .iter()
                    .any(|c| matches!(c.1, Verdict::Dead(refusal) if refusal.is_passing()));
            let is_new = handler.base.is_none();
            let dead = |refusal| Verdict::Dead(refusal);
            handler.may_be_passing = is_new
                && !handler.is_passing
                && candidates.iter().any(|c| c.1 == dead(Refusal::EndedOrBound));
            handler.waiting = candidates
                .iter()
                .find(|c| is_new && c.1 == dead(Refusal::Bound))
                .and_then(|c| c.0.id);
            handler.is_heal_vague = handler.base.as_ref().is_some_and(|base| {
                let is_twin = |c: &&(Value, Verdict)| {
                    !matches!(c.1, Verdict::Dead(_))
                        && c.0.id == base.id
                        && c.0.issued == base.issued
                };
                candidates.iter().filter(is_twin).any(|c| c.0.heals != base.heals)
            });
            others = candidates
                .iter()
                .map(|(value, verdict)| {
                    let is_live = matches!(verdict, Verdict::Live | Verdict::Dead(Refusal::Bound));
                    (value.lineage, value.generation, is_live)
                })
                .collect();
            handler.check(&session);
            self.learn_legacy_id(&sent, &session, handler.base.as_ref());
        }
        handler.seen = seen;
        handler.binding = self.machines[request.machine].binding;
        let page = self.browsers[request.browser].page.clone();
        for op in &request.ops {
            handler.run(&mut session, op, page.as_ref(), &mut self.numbers);
        }
        let machine = &self.machines[request.machine];
        Pending {
            browser: request.browser,
            machine: request.machine,
            target,
            phase: machine.phase,
            sessions: machine.sessions.clone(),
            session,
            handler,
            sent,
            others,
        }
    }

    /// The session values of a request in the order in which they are read.
    /// The device of the sign-in `proven` has just proved itself.
    pub(crate) fn candidates(
        &self,
        (machine, browser): (usize, usize),
        sent: &[Stored],
        proven: Option<Family>,
    ) -> Vec<(Value, Verdict)> {
        let (machine, browser) = (&self.machines[machine], &self.browsers[browser]);
        let judged = |value: Value| {
            let verdict = browser.ended.judge(&value, machine, self.now);
            let clock = machine.clock(self.now);
            self.devices.judge((value, verdict), (sent, proven), machine, clock)
        };
        let names = self.site.names(machine.phase);
        let ours: Vec<_> = names
            .iter()
            .flat_map(|name| sent.iter().filter(move |cookie| cookie.name == *name))
            .map(|cookie| judged(self.value(&cookie.value)))
            .collect();
        if !ours.is_empty() {
            return ours;
        }
        let began = machine.clock(self.now);
        let legacy = sent.iter().filter(|cookie| cookie.name == LEGACY_NAME);
        legacy.map(|cookie| judged(self.legacy_value(&cookie.value, machine, began))).collect()
    }

    fn value(&self, text: &str) -> Value {
        let known = self.values.iter().rev().find(|value| value.text == text);
        known.expect("the model saw every value that was set").clone()
    }

    fn legacy_value(&self, text: &str, machine: &Machine, began: i64) -> Value {
        let Legacy { lineage, data, expires, taint, id } = self.legacy[text];
        Value {
            text: text.to_owned(),
            name: LEGACY_NAME,
            lineage,
            generation: 0,
            id,
            data,
            created: began,
            creation_known: false,
            authenticated: began,
            issued: began,
            lifetime: (expires - began).clamp(0, machine.policy.absolute.into()),
            idle: machine.policy.idle,
            own_idle: false,
            persistent: true,
            bond: Bond::None,
            heals: false,
            seen: Seen::default(),
            key: None,
            taint,
            is_vague: false,
        }
    }

    /// Whoever takes the same value over gives it the same id.
    fn learn_legacy_id(&mut self, sent: &[Stored], session: &Session<u32>, base: Option<&Value>) {
        let Some(base) = base.filter(|base| base.key.is_none()) else { return };
        if let Some(cookie) = sent.iter().find(|cookie| cookie.value == base.text) {
            let legacy = self.legacy.get_mut(&cookie.value).expect("it is of the application");
            legacy.id = session.id();
        }
    }

    pub(crate) fn deliver(&mut self, response: Response) {
        let browser = &mut self.browsers[response.browser];
        for cookie in &response.cookies {
            browser.jar.receive(response.target, cookie, self.now);
        }
        browser.ended.endings.extend(response.endings);
        browser.ended.gone.extend(response.gone);
        if let Some(value) = &response.value {
            browser.ended.receive(value, self.now);
        }
        if response.page.is_some() {
            browser.page = response.page;
        }
        browser.offers.extend(response.offer);
        match response.news {
            Some(News::Registered(identifier)) => {
                browser.device.push(Registered { identifier, proof: None });
            }
            Some(News::Over(text)) => {
                browser.device.retain(|device| device.identifier.seal.text != text);
            }
            None => {}
        }
        let left = browser.jar.sent(response.target, self.now);
        for (name, (path, domain)) in response.emptied {
            let is_left = |cookie: &&Stored| cookie.name == name && cookie.is_in(path, domain);
            assert!(left.iter().find(is_left).is_none(), "{name} is left in {path} {domain:?}");
        }
    }
}

/// Which of the candidates the session is, where it is one that it may be.
pub(crate) fn winner(session: &Session<u32>, candidates: &[(Value, Verdict)]) -> Option<Value> {
    let live = candidates.iter().filter(|(_, verdict)| *verdict == Verdict::Live);
    if session.is_new() {
        let lost = live.map(|(value, _)| value).next();
        assert!(lost.is_none(), "lost, as {:?}: {lost:?}", session.refusal());
        return None;
    }
    let issued = session.issued_at().map(seconds);
    let is_it = |value: &Value| {
        Some(value.issued) == issued
            && value.data == *session.peek()
            && (value.id.is_none() || value.id == session.id())
    };
    let may_be = |c: &&(Value, Verdict)| !matches!(c.1, Verdict::Dead(_)) && is_it(&c.0);
    let Some((base, _)) = candidates.iter().rfind(may_be) else {
        panic!("live again: {:?} of {candidates:?}", session.id());
    };
    for (other, _) in live {
        assert!(other.issued <= base.issued, "an older one won: {base:?} over {other:?}");
    }
    Some(Value { id: session.id(), ..base.clone() })
}

fn take<T>(list: &mut Vec<T>, pick: Pick) -> Option<T> {
    pick.place(list).map(|place| list.remove(place))
}
