//! A browser, as far as cookies go.

use std::collections::BTreeMap;

use sealed_session::{Commit, Cookie, Session, SessionData, Sessions};
use time::OffsetDateTime;

/// The cookies that a browser holds: one of a name for each scope. It forgets none by itself.
#[derive(Clone, Default)]
pub(crate) struct Jar(BTreeMap<Place, String>);

/// Name, Domain, Path and Partitioned.
type Place = (String, Option<String>, Option<String>, bool);

impl Jar {
    /// With one cookie, as the sessions set it with no Domain and `Path=/`.
    pub(crate) fn of(name: &str, value: &str) -> Self {
        let mut jar = Self::default();
        jar.put(name, value);
        jar
    }

    pub(crate) fn put(&mut self, name: &str, value: &str) {
        let place = (name.to_owned(), None, Some("/".to_owned()), false);
        self.0.insert(place, value.to_owned());
    }

    /// Takes what a response sets and removes.
    pub(crate) fn take(&mut self, commit: &Commit) {
        for cookie in commit.cookies() {
            match cookie.value() {
                "" => self.0.remove(&place(cookie)),
                value => self.0.insert(place(cookie), value.to_owned()),
            };
        }
    }

    /// The Cookie header of the next request.
    pub(crate) fn header(&self) -> String {
        let pairs: Vec<_> =
            self.0.iter().map(|((name, ..), value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub(crate) fn load<T: SessionData>(
        &self,
        sessions: &Sessions<T>,
        now: OffsetDateTime,
    ) -> Session<T> {
        sessions.load_at([self.header()], now)
    }

    /// A request that does something, and takes the response.
    pub(crate) fn visit<T: SessionData>(
        &mut self,
        sessions: &Sessions<T>,
        now: OffsetDateTime,
        act: impl FnOnce(&mut Session<T>),
    ) {
        drop(self.respond(sessions, now, act));
    }

    /// [`visit`](Self::visit), and what the response holds.
    pub(crate) fn respond<T: SessionData>(
        &mut self,
        sessions: &Sessions<T>,
        now: OffsetDateTime,
        act: impl FnOnce(&mut Session<T>),
    ) -> Commit {
        let mut session = self.load(sessions, now);
        act(&mut session);
        let commit = sessions.commit_at(&session, now).expect("commits");
        self.take(&commit);
        commit
    }

    /// The names of the tombstones, each once.
    pub(crate) fn tombstones(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.keys().map(|(name, ..)| name.clone()).collect();
        names.retain(|name| name.contains("-ended-"));
        names.dedup();
        names
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.keys().map(|(name, ..)| &**name).collect()
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|((held, ..), _)| held == name).map(|(_, value)| &**value)
    }
}

fn place(cookie: &Cookie<'_>) -> Place {
    let text = |part: Option<&str>| part.map(str::to_owned);
    let is_partitioned = cookie.partitioned().unwrap_or(false);
    (cookie.name().to_owned(), text(cookie.domain()), text(cookie.path()), is_partitioned)
}
