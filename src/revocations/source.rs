//! What spreads revocations from machine to machine.

use std::{error::Error, time::Duration};

use super::{position::Position, subject::Revocation};

/// Why a call of a source failed.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Spreads revocations to all machines: an engine such as Redis, a table in your database, or
/// anything else that all machines can reach.
///
/// It stores an entry for each target, with the greatest position that it was given, and it reports
/// changes. [`Revocations::following`](crate::Revocations::following) calls it from two threads:
/// one calls [`publish`](Self::publish), the other everything else. Every call may block, but it
/// should return an error after some seconds rather than wait forever.
///
/// Positions must be assigned in one place. A machine must not learn of a position before it can
/// read the entry with it. In SQL, lock one row that holds the last position, raise it, write the
/// entry, and commit. A sequence alone is not enough: a transaction may commit after one that drew
/// a greater number.
pub trait RevocationSource: Send + Sync + 'static {
    /// Adds revocations, all or none. Returns the position that each was given. Each must be
    /// greater than `floor` and than every position that was given before.
    ///
    /// # Errors
    ///
    /// If it is not certain that they were added and will be kept. They may have been added
    /// nevertheless.
    fn publish(
        &self,
        revocations: &[Revocation],
        floor: Position,
    ) -> Result<Vec<Position>, SourceError>;

    /// Marks the point from which [`changes`](Self::changes) continue. Returns the greatest
    /// position so far.
    ///
    /// # Errors
    ///
    /// If the source cannot be read.
    fn start(&self) -> Result<Position, SourceError>;

    /// Calls `entry` for every entry that was there at the [`start`](Self::start), in any order.
    /// Later ones may be among them.
    ///
    /// # Errors
    ///
    /// If the source cannot be read to the end.
    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError>;

    /// Reports in order what was added since the [`start`](Self::start) or the last call. If there
    /// is nothing, waits for about `wait`.
    ///
    /// # Errors
    ///
    /// If the source cannot be read. The next call continues after the last successful one.
    fn changes(
        &self,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError>;

    /// Restores what the source has lost: each entry, unless the source has one of the same target
    /// with a greater position. Reports them to the other machines as changes. Every position that
    /// it gives from now on must be greater than `floor`.
    ///
    /// # Errors
    ///
    /// If it is not certain that they are there.
    fn restore(
        &self,
        entries: &[(Revocation, Position)],
        floor: Position,
    ) -> Result<(), SourceError>;

    /// Drops the entries up to this position. No session that they concern can still be live.
    ///
    /// # Errors
    ///
    /// If the source cannot be written. Nothing depends on it.
    fn prune(&self, up_to: Position) -> Result<(), SourceError>;
}

/// The result of looking for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changes {
    /// All changes were reported. This is the greatest position so far.
    Followed(Position),
    /// The changes cannot be continued: the history does not reach back far enough, or the engine
    /// is another one or was set back. The list is then read again from the
    /// [`start`](RevocationSource::start).
    Lost,
}
