//! Lists of revocations that follow an engine, each only as far as it was told.

use std::{
    collections::HashSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sealed_session::{
    Changes, Family, Position, Revocation, RevocationSource, Revocations, SourceError,
};

use crate::{
    fleet::{LONGEST, USERS, std_seconds, user_of},
    steps::MACHINES,
    value::Value,
};

/// What spreads revocations, and does so when it is told to. It ends with the fleet.
pub(crate) struct Engine(Arc<Wire>);

#[derive(Default)]
struct Wire {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    history: Vec<(Revocation, Position)>,
    /// How much of the history each machine may know.
    told: [usize; MACHINES],
    /// How much of it was handed to each machine.
    handed: [usize; MACHINES],
    /// How much of that each machine has taken in.
    taken: [usize; MACHINES],
    has_ended: bool,
}

/// One machine's connection to it.
struct Link {
    wire: Arc<Wire>,
    machine: usize,
}

/// What had been revoked when a request came: by its machine's list, and in the whole fleet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    position: Position,
    count: usize,
}

impl Seen {
    pub(crate) fn max(self, other: Self) -> Self {
        Self { position: self.position.max(other.position), count: self.count.max(other.count) }
    }
}

/// What the model knows of a machine's list.
pub(crate) struct Listed {
    pub(crate) list: Revocations,
    /// How much of the history it was told.
    told: usize,
    /// The last revocation of each user that it knows, and its number in the history.
    users: [Option<(Position, usize)>; USERS as usize],
    families: HashSet<Family>,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn follow(&self, machine: usize) -> Listed {
        let link = Link { wire: Arc::clone(&self.0), machine };
        let retention = std_seconds(LONGEST);
        let list = Revocations::following(link, retention).start().expect("threads");
        assert!(list.wait_until_read(Duration::from_secs(60)), "{:?}", list.trouble());
        Listed { list, told: 0, users: [None; USERS as usize], families: HashSet::new() }
    }

    /// How much was revoked in the fleet.
    fn count(&self) -> usize {
        self.0.lock().history.len()
    }

    pub(crate) fn seen(&self, listed: &Listed) -> Seen {
        let position = listed.list.position();
        let known = listed.users.iter().flatten().all(|(known, _)| *known <= position);
        assert!(known, "a position that was confirmed is not known");
        Seen { position, count: self.count() }
    }

    /// Tells a machine everything, and waits until it has taken that in.
    pub(crate) fn tell(&self, machine: usize, listed: &mut Listed) {
        let mut state = self.0.lock();
        let count = state.history.len();
        state.told[machine] = count;
        self.0.changed.notify_all();
        let lags = |state: &mut State| state.taken[machine] < count;
        let state = self.0.changed.wait_while(state, lags).unwrap_or_else(PoisonError::into_inner);
        for (number, (revocation, position)) in state.history.iter().enumerate().skip(listed.told) {
            listed.learn(revocation, *position, number);
        }
        listed.told = count;
    }

    /// Revokes on one machine, which knows it at once.
    pub(crate) fn revoke(&self, listed: &mut Listed, target: Target) {
        let revoking = match target {
            Target::User(user) => listed.list.revoke_all(user),
            Target::Family(family) => listed.list.revoke_family(family),
        };
        let position = revoking.wait().expect("the engine is there");
        let state = self.0.lock();
        let (revocation, last) = state.history.last().expect("it was just added");
        assert_eq!(position, *last);
        listed.learn(revocation, position, state.history.len() - 1);
    }
}

/// Whose sessions are revoked.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    User(u32),
    Family(Family),
}

impl Listed {
    fn learn(&mut self, revocation: &Revocation, position: Position, number: usize) {
        match revocation {
            Revocation::Family(family) => _ = self.families.insert(*family),
            Revocation::Subject(subject) => {
                let name = std::str::from_utf8(subject.as_bytes()).expect("a number");
                let user: usize = name.parse().expect("a number");
                let known = &mut self.users[user];
                *known = (*known).max(Some((position, number)));
            }
            _ => unreachable!("there are two kinds"),
        }
    }

    /// Whether this sign-in on one device is out.
    pub(crate) fn has_family(&self, value: &Value) -> bool {
        value.id.is_some_and(|id| self.families.contains(&id.family()))
    }

    /// Whether what has seen so much is out, whose data these are.
    pub(crate) fn has_user(&self, data: u32, seen: Seen) -> bool {
        let Some(user) = user_of(data) else { return false };
        let Some((position, number)) = self.users[user as usize] else { return false };
        let is_out = position > seen.position;
        // Whatever positions say: nobody outlives a revocation that came after the sign-in.
        assert!(is_out || number < seen.count, "{position} of {number} against {seen:?}");
        is_out
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.changed.notify_all();
    }
}

impl Wire {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RevocationSource for Link {
    fn publish(
        &self,
        revocations: &[Revocation],
        floor: Position,
    ) -> Result<Vec<Position>, SourceError> {
        let mut state = self.wire.lock();
        let given = revocations.iter().map(|revocation| {
            let last = state.history.last().map_or(floor, |(_, last)| floor.max(*last));
            let position = Position::new(last.get() + 1).expect("there are enough");
            state.history.push((revocation.clone(), position));
            position
        });
        Ok(given.collect())
    }

    fn start(&self) -> Result<Position, SourceError> {
        Ok(Position::default())
    }

    fn entries(&self, _: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        Ok(())
    }

    fn changes(
        &self,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        let (wire, machine) = (&self.wire, self.machine);
        let mut state = wire.lock();
        // What the last call handed out is in the list by now.
        let from = state.handed[machine];
        state.taken[machine] = from;
        wire.changed.notify_all();
        let is_idle = |state: &mut State| !state.has_ended && state.told[machine] <= from;
        let waited = wire.changed.wait_timeout_while(state, wait, is_idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let to = state.told[machine];
        for (revocation, position) in &state.history[from..to] {
            entry(revocation.clone(), *position);
        }
        state.handed[machine] = to;
        let last = state.history[..to].last();
        Ok(Changes::Followed(last.map_or(Position::default(), |(_, position)| *position)))
    }

    fn restore(&self, _: &[(Revocation, Position)], _: Position) -> Result<(), SourceError> {
        Ok(())
    }

    fn prune(&self, _: Position) -> Result<(), SourceError> {
        Ok(())
    }
}
