//! An engine in memory, that can be cut off, emptied, set back and trimmed.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use sealed_session::{Changes, Position, Revocation, RevocationSource, SourceError};

/// What the machines share.
#[derive(Clone, Default)]
pub(super) struct Engine(Arc<(Mutex<State>, Condvar)>);

#[derive(Clone, Default)]
pub(super) struct State {
    entries: HashMap<Revocation, Position>,
    history: Vec<(Revocation, Position)>,
    trimmed: usize,
    position: Position,
    /// Differs after each loss.
    run: u32,
}

/// One machine's connection to it.
#[derive(Clone)]
pub(super) struct Link {
    engine: Engine,
    cursor: Arc<Mutex<(u32, usize)>>,
    pub(super) is_cut: Arc<Mutex<bool>>,
    /// Its machine does not hear of changes.
    pub(super) is_lagging: Arc<Mutex<bool>>,
}

impl Engine {
    pub(super) fn link(&self) -> Link {
        let (is_cut, is_lagging) = Default::default();
        Link { engine: self.clone(), cursor: Arc::default(), is_cut, is_lagging }
    }

    pub(super) fn saved(&self) -> State {
        self.0.0.lock().unwrap().clone()
    }

    /// Comes back with this state, as another process.
    pub(super) fn set_back(&self, state: State) {
        let mut now = self.0.0.lock().unwrap();
        let run = now.run + 1;
        *now = State { run, ..state };
        self.0.1.notify_all();
    }

    pub(super) fn trim(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.trimmed += state.history.len();
        state.history.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.0.lock().unwrap().entries.len()
    }
}

impl State {
    fn add(&mut self, revocation: &Revocation, position: Position) {
        self.entries.insert(revocation.clone(), position);
        self.history.push((revocation.clone(), position));
    }
}

impl Link {
    fn check(&self) -> Result<(), SourceError> {
        match *self.is_cut.lock().unwrap() {
            true => Err("the wire is cut".into()),
            false => Ok(()),
        }
    }
}

impl RevocationSource for Link {
    fn publish(
        &self,
        revocations: &[Revocation],
        floor: Position,
    ) -> Result<Vec<Position>, SourceError> {
        self.check()?;
        let mut state = self.engine.0.0.lock().unwrap();
        let positions = revocations.iter().map(|revocation| {
            // Not by any clock: the floor is what a machine knows, without the time that it adds.
            let known = if floor.get() > FLOORS { Position::default() } else { floor };
            let position = Position::new(state.position.max(known).get() + 1).unwrap();
            state.position = position;
            state.add(revocation, position);
            position
        });
        let positions = positions.collect();
        self.engine.0.1.notify_all();
        Ok(positions)
    }

    fn start(&self) -> Result<Position, SourceError> {
        self.check()?;
        let state = self.engine.0.0.lock().unwrap();
        *self.cursor.lock().unwrap() = (state.run, state.trimmed + state.history.len());
        Ok(state.position)
    }

    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        self.check()?;
        let state = self.engine.saved();
        state.entries.into_iter().for_each(|(revocation, position)| entry(revocation, position));
        Ok(())
    }

    fn changes(
        &self,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        self.check()?;
        let state = self.engine.0.0.lock().unwrap();
        let mut cursor = self.cursor.lock().unwrap();
        let wait = wait.min(Duration::from_millis(5));
        let is_idle = |state: &mut State| {
            *self.is_lagging.lock().unwrap()
                || (state.run == cursor.0 && state.trimmed + state.history.len() == cursor.1)
        };
        let (state, _) = self.engine.0.1.wait_timeout_while(state, wait, is_idle).unwrap();
        if *self.is_lagging.lock().unwrap() {
            return Ok(Changes::Followed(Position::default()));
        }
        if state.run != cursor.0 || cursor.1 < state.trimmed {
            return Ok(Changes::Lost);
        }
        for (revocation, position) in &state.history[cursor.1 - state.trimmed..] {
            entry(revocation.clone(), *position);
        }
        cursor.1 = state.trimmed + state.history.len();
        Ok(Changes::Followed(state.position))
    }

    fn restore(
        &self,
        entries: &[(Revocation, Position)],
        floor: Position,
    ) -> Result<(), SourceError> {
        self.check()?;
        let mut state = self.engine.0.0.lock().unwrap();
        for (revocation, position) in entries {
            if state.entries.get(revocation).is_none_or(|known| known < position) {
                state.add(revocation, *position);
            }
        }
        state.position = state.position.max(floor);
        self.engine.0.1.notify_all();
        Ok(())
    }

    fn prune(&self, up_to: Position) -> Result<(), SourceError> {
        self.engine.0.0.lock().unwrap().entries.retain(|_, position| *position > up_to);
        Ok(())
    }
}

/// Of the year 1971, above all that are given here.
const FLOORS: u64 = 16_000 * 365 * 24 * 3600;
