//! What spreads revocations from machine to machine.

use std::{error::Error, time::Duration};

use super::{position::Position, subject::Revocation};

/// Why a source did not do what it was asked.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// What spreads revocations: an engine such as Redis, a table of
/// your data base, or whatever else all machines reach.
///
/// It keeps an entry for each target, with the greatest position that it was given, and it tells
/// of changes. [`Revocations::following`](crate::Revocations::following) asks it from two threads: one calls
/// [`publish`](Self::publish), the other everything else. Every call may block; it should end
/// in an error after some seconds rather than wait for ever.
///
/// Positions must be handed out in one place, and a machine must not be told of a position
/// before the entry with it can be read. In SQL, lock one row that holds the last position, raise it,
/// write the entry and commit: a sequence alone is not enough, for a transaction may commit
/// after one that drew a greater number.
pub trait RevocationSource: Send + Sync + 'static {
    /// Adds revocations, all or none, and says the position that each was given: greater than
    /// `floor`, and than every position that was given before.
    ///
    /// # Errors
    ///
    /// If it is not certain that they were added and will be kept. They may have been added all the same.
    fn publish(
        &self,
        revocations: &[Revocation],
        floor: Position,
    ) -> Result<Vec<Position>, SourceError>;

    /// Notes that [`changes`](Self::changes) are to go on from here, and says the greatest position so far.
    ///
    /// # Errors
    ///
    /// If the source cannot be read.
    fn start(&self) -> Result<Position, SourceError>;

    /// Hands out every entry that was there at the [`start`](Self::start), in any order. Later ones may be among them.
    ///
    /// # Errors
    ///
    /// If the source cannot be read to the end.
    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError>;

    /// Hands out what was added since the [`start`](Self::start) or the last call, in its order. Waits for
    /// about `wait` if there is nothing.
    ///
    /// # Errors
    ///
    /// If the source cannot be read. The next call goes on from where the last good one ended.
    fn changes(
        &self,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError>;

    /// Puts back what the source has lost: each entry, unless it has one of this target with a
    /// greater position, and tells the other machines of it as of a change. Every position that it gives
    /// from now on is greater than `floor`.
    ///
    /// # Errors
    ///
    /// If it is not certain that they are there.
    fn restore(
        &self,
        entries: &[(Revocation, Position)],
        floor: Position,
    ) -> Result<(), SourceError>;

    /// Drops the entries up to this position, of which no session can be live any more.
    ///
    /// # Errors
    ///
    /// If the source cannot be written. Nothing depends on it.
    fn prune(&self, up_to: Position) -> Result<(), SourceError>;
}

/// What a look for changes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changes {
    /// All changes were handed out, and this is the greatest position so far.
    Followed(Position),
    /// There is no going on: the history does not reach back so far, or this is another engine than
    /// before, or one that was set back. The list is read from the [`start`](RevocationSource::start).
    Lost,
}
