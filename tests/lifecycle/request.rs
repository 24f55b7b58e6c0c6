//! One request: what its handler does, and what should come of that.

use sealed_session::{KeyId, KeyRing, Lifetime, Session, SessionId, Sessions};

use crate::{
    device::{Binding, Bond},
    fleet::{Policy, Ring, USERS, at, entry, seconds, std_seconds},
    jar::{Stored, Target},
    revocations::Seen,
    steps::{Idle, Op},
    value::{ALL, Ending, Value},
};

/// A request whose handler runs.
pub(crate) struct Pending {
    pub(crate) browser: usize,
    pub(crate) machine: usize,
    pub(crate) target: Target,
    pub(crate) phase: usize,
    pub(crate) sessions: Sessions<u32>,
    pub(crate) session: Session<u32>,
    pub(crate) handler: Handler,
    pub(crate) sent: Vec<Stored>,
    /// What came beside the session: its lineage, its generation, and whether it was live.
    pub(crate) others: Vec<(usize, u32, bool)>,
}

/// What the handler of a request has done so far.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Handler {
    pub(crate) policy: Policy,
    pub(crate) binding: Binding,
    /// The machine's clock when the request came.
    pub(crate) began: i64,
    /// What was revoked until then.
    pub(crate) seen: Seen,
    /// The ring of then.
    pub(crate) ring: Ring,
    /// The session that came.
    pub(crate) base: Option<Value>,
    /// The last generation of its lineage that came.
    pub(crate) generation: u32,
    /// Nothing live came, but something that may be live elsewhere.
    pub(crate) is_passing: bool,
    /// Nothing live came, and the promises leave open whether that may be.
    pub(crate) may_be_passing: bool,
    /// A session that waits for its device, whose visitor has tokens.
    pub(crate) waiting: Option<SessionId>,
    /// Values that only differ in whether their device was proved before.
    pub(crate) is_heal_vague: bool,
    /// It came under a former name.
    pub(crate) is_former: bool,
    /// The session as it is now.
    pub(crate) now: Option<Value>,
    pub(crate) looked: bool,
    pub(crate) active: bool,
    pub(crate) written: bool,
    pub(crate) changed: bool,
    pub(crate) renewed: bool,
    /// The user proved who they are.
    pub(crate) proved: bool,
    pub(crate) destroyed: bool,
    /// The session began here, and was not idle before its first value.
    pub(crate) begun: bool,
    pub(crate) token: Option<Token>,
}

/// A CSRF token in a page.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    text: String,
    /// That of the session, or of one that waits for its device.
    id: Option<SessionId>,
    is_of_waiting: bool,
    key: u32,
}

/// What numbers are given next.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    lineage: usize,
    data: u32,
}

impl Numbers {
    pub(crate) fn lineage(&mut self) -> usize {
        self.lineage += 1;
        self.lineage
    }

    /// Data of any user's up to now are at most this.
    pub(crate) fn last_data(&self) -> u32 {
        self.data + USERS - 1
    }

    /// New data, of this user.
    pub(crate) fn data(&mut self, user: u32) -> u32 {
        self.data += USERS;
        self.data + user
    }
}

impl Handler {
    pub(crate) fn new(policy: Policy, ring: &Ring, began: i64, base: Option<Value>) -> Self {
        Self {
            policy,
            binding: Binding::Nothing,
            began,
            seen: Seen::default(),
            ring: ring.clone(),
            generation: base.as_ref().map_or(0, |base| base.generation),
            now: base.clone(),
            base,
            is_passing: false,
            may_be_passing: false,
            waiting: None,
            is_heal_vague: false,
            is_former: false,
            looked: false,
            active: false,
            written: false,
            changed: false,
            renewed: false,
            proved: false,
            destroyed: false,
            begun: false,
            token: None,
        }
    }

    /// Does it, and checks at once what can be seen at once.
    pub(crate) fn run(
        &mut self,
        session: &mut Session<u32>,
        op: &Op,
        page: Option<&Token>,
        numbers: &mut Numbers,
    ) {
        self.looked = true;
        let before = self.now.clone();
        match op {
            Op::Peek => {
                session.peek();
            }
            Op::Read => {
                session.read();
                self.active = true;
            }
            Op::Write => {
                let user = before.as_ref().map_or(0, |value| value.data % USERS);
                let data = numbers.data(user);
                session.write(|value| *value = data);
                self.write(data, numbers);
            }
            Op::Become { user } => {
                let data = numbers.data(*user);
                session.write(|value| *value = data);
                self.write(data, numbers);
            }
            Op::SignIn { user } => {
                let data = numbers.data(*user);
                session.sign_in(|value| *value = data);
                self.renew(self.policy.absolute.into(), true, Idle::AsConfigured, numbers);
                self.write(data, numbers);
            }
            Op::TryWrite => {
                let result = session.try_write(|value| *value += USERS);
                result.expect("a number has room");
                let data = before.as_ref().map_or(0, |value| value.data) + USERS;
                self.write(data, numbers);
            }
            Op::Renew => {
                session.renew();
                self.renew(self.policy.absolute.into(), true, Idle::AsConfigured, numbers);
            }
            Op::RenewWith { seconds, persistent, idle } => {
                let result = session.renew_with(lifetime(*seconds, *persistent, *idle));
                let is_short = match *idle {
                    Idle::After(idle) => idle <= *seconds,
                    Idle::AsConfigured | Idle::Never => true,
                };
                let is_in_range = *seconds <= self.policy.absolute && is_short;
                assert_eq!(result.is_ok(), is_in_range, "the longer one");
                if result.is_ok() {
                    self.renew((*seconds).into(), *persistent, *idle, numbers);
                }
            }
            Op::Reauthenticate => {
                session.reauthenticate();
                let began = self.began;
                self.proved |= self.now.is_some();
                self.change_id(|value| {
                    let earliest = value.created + i64::from(!value.creation_known);
                    value.authenticated = began.max(earliest);
                    value.issued = value.issued.max(value.authenticated);
                });
            }
            Op::RegenerateId => {
                session.regenerate_id();
                self.change_id(|_| {});
            }
            Op::Destroy => {
                session.destroy();
                (self.destroyed, self.now) = (true, None);
            }
            Op::Token => self.ask_for_token(session, numbers),
            Op::Verify => self.verify(session, page),
        }
        self.learn_id(session, before.as_ref(), op);
        self.check(session);
    }

    fn write(&mut self, data: u32, numbers: &mut Numbers) {
        self.active = true;
        if self.destroyed {
            return;
        }
        self.begin(numbers);
        if let Some(value) = &mut self.now {
            value.data = data;
        }
        (self.written, self.changed) = (true, true);
    }

    /// Begins a session where there is none.
    fn begin(&mut self, numbers: &mut Numbers) {
        if self.now.is_none() {
            let lineage = numbers.lineage();
            self.now = Some(self.born(lineage, 0, self.policy.absolute.into(), true));
            (self.begun, self.changed) = (true, true);
        }
    }

    fn born(&self, lineage: usize, generation: u32, lifetime: i64, persistent: bool) -> Value {
        Value {
            text: String::new(),
            name: "",
            lineage,
            generation,
            id: None,
            data: 0,
            created: self.began,
            creation_known: true,
            authenticated: self.began,
            issued: self.began,
            lifetime,
            idle: self.policy.idle,
            own_idle: false,
            persistent,
            bond: Bond::None,
            heals: false,
            seen: self.seen,
            key: None,
            taint: self.base.as_ref().and_then(|base| base.taint),
            is_vague: self.base.as_ref().is_some_and(|base| base.is_vague),
        }
    }

    fn renew(&mut self, lifetime: i64, persistent: bool, idle: Idle, numbers: &mut Numbers) {
        if self.destroyed {
            return;
        }
        let (lineage, generation) = match (&self.base, &self.now) {
            (Some(base), _) => (base.lineage, self.generation + 1),
            (None, Some(begun)) => (begun.lineage, begun.generation),
            (None, None) => (numbers.lineage(), 0),
        };
        let mut value = self.born(lineage, generation, lifetime, persistent);
        if let Some(before) = &self.now {
            value.data = before.data;
            value.issued = value.issued.max(before.issued);
            value.seen = value.seen.max(before.seen);
        }
        (value.idle, value.own_idle) = sealed_idle(idle, self.policy);
        self.now = Some(value);
        (self.begun, self.changed, self.renewed, self.proved) = (true, true, true, true);
    }

    fn change_id(&mut self, change: impl FnOnce(&mut Value)) {
        let generation = self.generation + 1;
        if let Some(value) = &mut self.now {
            if self.base.is_some() {
                value.generation = generation;
            }
            change(value);
            value.id = None;
            self.changed = true;
        }
    }

    fn ask_for_token(&mut self, session: &mut Session<u32>, numbers: &mut Numbers) {
        let token = session.csrf_token();
        self.active = true;
        if self.destroyed {
            token.expect_err("the session was destroyed");
            return;
        }
        // Who waits for a device gets a token, and no session in the place of the one that waits.
        let may_wait = self.waiting.is_some() || self.may_be_passing;
        let is_of_waiting = self.now.is_none() && may_wait && session.id().is_none();
        if !is_of_waiting {
            assert!(self.now.is_some() || self.waiting.is_none() || self.may_be_passing);
            self.begin(numbers);
        }
        // Where the clock is behind the start of every key there is none.
        let Some(key) = self.ring.sealing_key(self.began) else { return };
        let id = if is_of_waiting { self.waiting } else { session.id() };
        self.token = Some(Token { text: token.expect("a key seals"), id, is_of_waiting, key });
    }

    fn verify(&mut self, session: &Session<u32>, page: Option<&Token>) {
        let Some(token) = page else { return };
        self.active = true;
        let result = session.verify_csrf(&token.text);
        let is_same = match token.is_of_waiting {
            // Which one waits is left open.
            true if self.may_be_passing || token.id.is_none() => return,
            true => session.id().is_none() && self.waiting == token.id && !self.destroyed,
            false => session.id().is_some() && session.id() == token.id,
        };
        let is_good = is_same && self.ring.place(token.key).is_some();
        assert_eq!(result.is_ok(), is_good, "{result:?}");
    }

    /// A new id is another one; a step-up and a new id keep the family, a sign-in does not.
    fn learn_id(&mut self, session: &Session<u32>, before: Option<&Value>, op: &Op) {
        let Some(value) = &mut self.now else { return };
        let id = session.id().expect("there is a session");
        if let Some(known) = value.id {
            assert_eq!(id, known, "after {op:?}");
        }
        let old = before.and_then(|before| before.id);
        if let (None, Some(old)) = (value.id, old) {
            assert_ne!(id, old, "after {op:?}");
            let keeps_family = matches!(op, Op::Reauthenticate | Op::RegenerateId);
            assert_eq!(id.family() == old.family(), keeps_family, "after {op:?}");
        }
        value.id = Some(id);
    }

    /// The session is what the model says.
    pub(crate) fn check(&self, session: &Session<u32>) {
        let now = self.now.as_ref();
        let policy = self.policy;
        assert_eq!(session.is_new(), self.base.is_none() || self.destroyed);
        assert_eq!(session.is_changed(), self.changed || self.destroyed);
        assert_eq!(*session.peek(), now.map_or(0, |value| value.data));
        assert_eq!(session.id(), now.and_then(|value| value.id));
        assert_eq!(session.created_at().map(seconds), now.and_then(Value::known_creation));
        let authenticated = now.and_then(Value::known_authentication);
        assert_eq!(session.authenticated_at().map(seconds), authenticated);
        let is_bound = now.is_some_and(|value| value.bond == Bond::Bound);
        assert_eq!(session.is_bound(), is_bound);
        assert_eq!(session.is_persistent(), now.map(|value| value.persistent));
        assert_eq!(session.expires_at().map(seconds), now.map(|value| value.expires(policy)));
        let key = self.base.as_ref().and_then(|base| base.key);
        assert_eq!(session.key_id().map(KeyId::get), key);
    }

    /// What the response ends in its browser.
    pub(crate) fn endings(&self, others: &[(usize, u32, bool)], now: i64) -> Vec<Ending> {
        let end = |lineage, limit, is_promised| Ending {
            lineage,
            limit,
            is_promised,
            ended: now,
            until: now + i64::from(self.policy.absolute) + 600 - 60,
        };
        let own = self.base.as_ref().filter(|_| self.destroyed || self.has_new_id()).map(|base| {
            let limit = if self.destroyed { ALL } else { self.generation };
            end(base.lineage, limit, true)
        });
        let ends_others = self.destroyed || self.renewed || own.is_some();
        let others = others.iter().filter(|_| ends_others).filter_map(|&(lineage, gen_, live)| {
            let is_own = self.base.as_ref().is_some_and(|base| base.lineage == lineage);
            match is_own {
                // Refused ones may count as well.
                true if live || self.destroyed => None,
                true => Some(end(lineage, gen_, false)),
                false => Some(end(lineage, ALL, live)),
            }
        });
        own.into_iter().chain(others).collect()
    }

    /// The session that came has another id now.
    fn has_new_id(&self) -> bool {
        let (Some(base), Some(now)) = (&self.base, &self.now) else { return false };
        base.generation != now.generation || self.renewed
    }

    /// Forges under a ring of his own.
    pub(crate) fn of_forger(key: u32, epoch: u32, began: i64, base: Option<Value>) -> Self {
        let ring = Ring { epoch, keys: vec![(key, i64::MIN / 4)] };
        let policy = Policy { absolute: 100_000_000, idle: None };
        Self::new(policy, &ring, began, base)
    }
}

/// What a sign-in asks for.
pub(crate) fn lifetime(seconds: u32, persistent: bool, idle: Idle) -> Lifetime {
    let duration = std_seconds(seconds);
    let lifetime = match persistent {
        true => Lifetime::persistent(duration),
        false => Lifetime::browser_session(duration),
    };
    match idle {
        Idle::AsConfigured => lifetime,
        Idle::Never => lifetime.without_idle(),
        Idle::After(idle) => lifetime.idle(std_seconds(idle)),
    }
}

/// The idle limit that is sealed, and whether it is the session's own.
pub(crate) fn sealed_idle(idle: Idle, policy: Policy) -> (Option<u32>, bool) {
    match idle {
        Idle::AsConfigured => (policy.idle, false),
        Idle::Never => (None, true),
        Idle::After(seconds) => (Some(seconds), true),
    }
}

/// The forger's own machine: our code with his one key.
pub(crate) fn forging(name: &str, key: u32) -> Sessions<u32> {
    let ring = KeyRing::new_at([entry(key)], at(0));
    Sessions::builder(ring.expect("one key"))
        .cookie_name(name)
        .absolute_timeout(std_seconds(100_000_000_u32))
        .build()
        .expect("a good configuration")
}
