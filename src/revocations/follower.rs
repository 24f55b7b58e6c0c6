//! Keeps a list at what its source says, and its source at what the list knows.
//!
//! ```text
//! read all → put back what the source has lost → follow the changes → …, until they are lost
//! ```

use std::{
    any::Any,
    collections::HashMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use super::{
    list::List,
    position::Position,
    revoking::{Outcome, Revoking},
    source::{Changes, RevocationSource, SourceError},
    subject::Revocation,
};
use crate::{error::RevokeError, events, platform::clock};

/// Hands revocations to the thread that publishes them.
pub(super) struct Publisher(Sender<(Revocation, Outcome)>);

/// Begins to follow. The threads end when nobody has the list any more.
pub(super) fn follow(list: &Arc<List>, source: impl RevocationSource) -> io::Result<Publisher> {
    let source = Arc::new(source);
    let (sender, receiver) = channel();
    let (publisher, its_list) = (Arc::clone(&source), Arc::clone(list));
    thread::Builder::new()
        .name("revoke-publish".to_owned())
        .spawn(move || publish_all(&its_list, &*publisher, &receiver))?;
    let list = Arc::downgrade(list);
    thread::Builder::new().name("revoke-follow".to_owned()).spawn(move || {
        let mut follower = Follower::new(source);
        while let Some(list) = list.upgrade() {
            // An error that cannot be shown, or a subscriber to events that panics, must not end it.
            let turn = catch_unwind(AssertUnwindSafe(|| follower.turn(&list)));
            let pause = turn.unwrap_or_else(|panic| {
                Some(
                    follower
                        .fail(&list, panicked("the follower of revocations", &*panic).to_string()),
                )
            });
            if let Some(pause) = pause {
                drop(list);
                thread::sleep(pause);
            }
        }
    })?;
    Ok(Publisher(sender))
}

impl Publisher {
    pub(super) fn publish(&self, revocation: Revocation) -> Revoking {
        let (revoking, outcome) = Revoking::new();
        // If the thread has ended, the outcome is dropped, which says so.
        let _ = self.0.send((revocation, outcome));
        revoking
    }
}

/// What came meanwhile goes together: one step of the source for many revocations.
fn publish_all(
    list: &List,
    source: &impl RevocationSource,
    receiver: &Receiver<(Revocation, Outcome)>,
) {
    while let Ok(first) = receiver.recv() {
        let rest = receiver.try_iter().take(BATCH);
        let (batch, outcomes): (Vec<_>, Vec<_>) = std::iter::once(first).chain(rest).unzip();
        match publish(list, source, &batch) {
            Ok(positions) => {
                for (outcome, position) in outcomes.into_iter().zip(positions) {
                    outcome.say(Ok(position));
                }
            }
            Err(error) => outcomes.into_iter().for_each(|outcome| outcome.say(Err(error.clone()))),
        }
    }
}

fn publish(
    list: &List,
    source: &impl RevocationSource,
    batch: &[Revocation],
) -> Result<Vec<Position>, RevokeError> {
    let known = list.position();
    let floor = known.max(Position::floor_at(clock::now()));
    if floor == Position::MAX {
        return Err(RevokeError::Exhausted);
    }
    let positions = guarded(|| source.publish(batch, floor))
        .and_then(|positions| match positions.len() == batch.len() {
            true => Ok(positions),
            false => Err("the source gave another number of positions than of revocations".into()),
        })
        .and_then(|positions| match positions.iter().all(|position| *position > known) {
            true => Ok(positions),
            false => Err("the source gave a position that sessions may have seen already".into()),
        })
        .map_err(|error| RevokeError::Unconfirmed(error.into()))?;
    for (revocation, position) in batch.iter().zip(&positions) {
        list.insert(revocation.as_target(), *position, 0);
        list.hear(*position);
    }
    Ok(positions)
}

struct Follower<S> {
    source: Arc<S>,
    /// The list was at what some engine said, so that a loss can be seen.
    knows_engine: bool,
    is_lost: bool,
    /// How often the changes were lost since they were followed last.
    losses: u32,
    failures: u32,
    /// The engine was set back, and is not mended yet.
    is_set_back: bool,
    /// Entries that the list did not know, at positions to which it had come. Kept until all was read,
    /// and mended.
    unknown: Vec<Revocation>,
}

impl<S: RevocationSource> Follower<S> {
    fn new(source: Arc<S>) -> Self {
        Self {
            source,
            knows_engine: false,
            is_lost: true,
            losses: 0,
            failures: 0,
            is_set_back: false,
            unknown: Vec::new(),
        }
    }

    /// One step. Says for how long to let the source alone, if it is in trouble.
    fn turn(&mut self, list: &List) -> Option<Duration> {
        let outcome = guarded(|| match self.is_lost {
            true => self.read_all(list).map(|()| self.is_lost = false),
            false => self.read_changes(list),
        });
        let pruned = list.forget();
        match outcome {
            Ok(()) => {
                list.freshness.heard(&list.stopwatch);
                // What is lost whenever it was read is not well yet.
                if self.failures > 0 && self.losses < 2 {
                    list.freshness.set_trouble(None);
                    events::revocations_back();
                    self.failures = 0;
                }
                if let Some(up_to) = pruned {
                    // Another machine does it, or the next time does.
                    let _ = guarded(|| self.source.prune(up_to));
                }
                None
            }
            Err(error) => {
                let age = list.freshness.age(&list.stopwatch);
                if self.failures.is_power_of_two() || self.failures == 0 {
                    events::revocations_away(&error, age);
                }
                Some(self.fail(list, error.to_string()))
            }
        }
    }

    /// Notes what is wrong, and says how long to wait.
    fn fail(&mut self, list: &List, trouble: String) -> Duration {
        list.freshness.set_trouble(Some(trouble));
        self.failures = self.failures.saturating_add(1);
        FIRST_PAUSE.saturating_mul(self.failures).min(LONGEST_PAUSE)
    }

    fn read_changes(&mut self, list: &List) -> Result<(), SourceError> {
        let mut entry = |revocation: Revocation, position| {
            list.insert(revocation.as_target(), position, 0);
            list.hear(position);
        };
        match self.source.changes(WAIT, &mut entry)? {
            Changes::Followed(position) => {
                self.losses = 0;
                list.hear(position);
                Ok(())
            }
            Changes::Lost => {
                self.is_lost = true;
                self.losses = self.losses.saturating_add(1);
                // Once is an engine that was replaced. To read everything over and over would wear
                // it out.
                match self.losses {
                    1 => Ok(()),
                    _ => Err("what changed cannot be followed, though all was just read".into()),
                }
            }
        }
    }

    /// Reads everything, and mends what an engine that was emptied or set back has lost.
    fn read_all(&mut self, list: &List) -> Result<(), SourceError> {
        let before = list.position();
        let (horizon, now) = (list.horizon(), clock::now());
        let newest = self.source.start()?;
        let mut theirs = HashMap::new();
        let mut lowest = newest;
        self.source.entries(&mut |revocation, position| {
            let target = revocation.as_target();
            if self.knows_engine {
                theirs.insert(list.hash(target), position);
            }
            lowest = lowest.min(position.before());
            let is_new = list.known(target) < position;
            list.insert(target, position, List::age(position, newest, now));
            if self.knows_engine && is_new && position > horizon && position <= before {
                // Kept if this fails, since the list knows it the next time.
                self.unknown.push(revocation);
            }
        })?;
        if self.knows_engine {
            let mut missing = Vec::new();
            list.entries(before, |target, position| {
                if theirs.get(&list.hash(target)).is_none_or(|theirs| *theirs < position) {
                    missing.push((target.to_owned(), position));
                }
            });
            self.is_set_back |= !missing.is_empty() || newest < before;
            if self.is_set_back {
                self.mend(list, before, &missing)?;
                self.is_set_back = false;
            }
            self.unknown.clear();
        } else {
            list.raise_horizon(lowest);
        }
        self.knows_engine = true;
        list.hear(newest);
        Ok(())
    }

    fn mend(
        &self,
        list: &List,
        before: Position,
        missing: &[(Revocation, Position)],
    ) -> Result<(), SourceError> {
        events::revocations_restored(missing.len());
        self.source.restore(&[], before)?;
        for batch in missing.chunks(BATCH) {
            self.source.restore(batch, before)?;
        }
        // What was revoked since the engine forgot, by a machine that did not know how far positions
        // had come: sessions that began here meanwhile have seen greater ones.
        for batch in self.unknown.chunks(BATCH) {
            publish(list, &*self.source, batch)?;
        }
        Ok(())
    }
}

/// A source that panics must not end the following without a word.
fn guarded<R>(call: impl FnOnce() -> Result<R, SourceError>) -> Result<R, SourceError> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|panic| Err(panicked("the source of revocations", &*panic)))
}

fn panicked(what: &str, panic: &(dyn Any + Send)) -> SourceError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("{what} panicked: {}", text.unwrap_or("no message")).into()
}

/// The most that go to the source in one step.
const BATCH: usize = 500;
/// How long a look for changes may last, and so how soon a thread ends that nobody needs.
const WAIT: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
