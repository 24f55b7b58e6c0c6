//! Whoever has one key, and every value that was ever set.

use sealed_session::Cookie;

use crate::{
    device::Bond,
    fleet::{Policy, Site, TARGET, at},
    request::{Handler, forging, lifetime, sealed_idle},
    revocations::Seen,
    steps::{FORGER, Forgery, Idle, Op},
    value::{Ended, Value},
    world::World,
};

impl World {
    pub(crate) fn forge(&mut self, forgery: &Forgery) {
        match forgery {
            Forgery::Steal(pick) => {
                let (id, _) = *pick.of(&self.ring.keys).expect("a ring has a key");
                self.stolen = (id, self.ring.epoch);
            }
            Forgery::Make { began, sealed, seconds, idle, user } => {
                self.make(*user, (self.now + began, self.now + sealed), *seconds, *idle);
            }
            Forgery::Change { value, ops } => {
                if let Some(value) = value.of(&self.values).cloned() {
                    self.change(value, ops);
                }
            }
            Forgery::Replay(pick) => {
                if let Some(value) = pick.of(&self.values).cloned() {
                    self.bring(&value);
                }
            }
            Forgery::Copy { browser } => {
                let copied = self.browsers[*browser].jar.copied();
                self.browsers[FORGER].jar = copied;
                self.browsers[FORGER].ended = Ended::default();
            }
            Forgery::AddBound(pick) => {
                if let Some(cookie) = pick.of(&self.devices.set) {
                    let mut kept = cookie.clone();
                    kept.set_max_age(None);
                    self.browsers[FORGER].jar.receive(TARGET, &kept, self.now);
                }
            }
            Forgery::MakeLegacy { ttl, user } => {
                let cookie = self.legacy_cookie(*user, *ttl, Some(0));
                self.plant(&cookie);
            }
        }
    }

    fn make(&mut self, user: u32, (began, sealed): (i64, i64), seconds: u32, idle: Idle) {
        let name = self.present_name();
        let (key, epoch) = self.stolen;
        let sessions = forging(name, key);
        let data = self.numbers.data(user);
        let mut session = sessions.create_at(data, at(began)).expect("randomness");
        session.renew_with(lifetime(seconds, true, idle)).expect("it is short");
        let Ok(text) = sessions.seal_at(&session, at(sealed)) else { return };
        let (own, own_idle) = sealed_idle(idle, Policy { absolute: 0, idle: None });
        let value = Value {
            text,
            name,
            lineage: self.numbers.lineage(),
            generation: 0,
            id: session.id(),
            data,
            created: began,
            creation_known: true,
            authenticated: began,
            issued: began.max(sealed),
            lifetime: seconds.into(),
            idle: own,
            own_idle,
            persistent: true,
            bond: Bond::None,
            heals: false,
            seen: Seen::default(),
            key: Some(key),
            taint: Some(epoch),
            is_vague: false,
        };
        self.values.push(value.clone());
        self.bring(&value);
    }

    /// What our own code makes of a value under his key, with his limits.
    fn change(&mut self, value: Value, ops: &[Op]) {
        let (key, epoch) = self.stolen;
        if value.key != Some(key) {
            return;
        }
        let sessions = forging(value.name, key);
        let header = format!("{}={}", value.name, value.text);
        let mut session = sessions.load_at([header], at(self.now));
        if session.is_new() {
            return;
        }
        let name = value.name;
        let mut handler = Handler::of_forger(key, epoch, self.now, Some(value));
        for op in ops {
            handler.run(&mut session, op, None, &mut self.numbers);
        }
        let Ok(commit) = sessions.commit_at(&session, at(self.now)) else { return };
        let set = commit.cookies().iter().find(|c| c.name() == name && !c.value().is_empty());
        let (Some(cookie), Some(now)) = (set, &handler.now) else { return };
        let mut forged = now.sealed(&handler.ring, self.now);
        cookie.value().clone_into(&mut forged.text);
        (forged.name, forged.taint) = (name, Some(epoch));
        self.values.push(forged.clone());
        self.bring(&forged);
    }

    fn present_name(&self) -> &'static str {
        self.site.names(self.machines[0].phase)[0]
    }

    /// Puts a value into his own browser.
    fn bring(&mut self, value: &Value) {
        let mut cookie = Cookie::build((value.name, value.text.clone())).path("/").secure(true);
        if self.site == Site::Domain {
            cookie = cookie.domain("example.org");
        }
        self.plant(&cookie.build());
    }

    /// His browser forgets what he wants it to forget.
    fn plant(&mut self, cookie: &Cookie<'_>) {
        let browser = &mut self.browsers[FORGER];
        browser.jar.clear();
        browser.ended = Ended::default();
        browser.jar.receive(TARGET, cookie, self.now);
    }
}
