//! What was revoked, known on every machine.
//!
//! ```text
//! revoke_all, revoke_family → source, which gives it a position → list of each machine
//! request → position of then; session → refused, if its subject's entry is greater than what it has seen
//! ```

mod filter;
mod follower;
mod freshness;
mod handle;
mod hash;
mod list;
mod log;
mod position;
#[cfg(feature = "redis")]
mod redis;
mod revoking;
mod source;
mod subject;
mod table;
mod tables;

#[cfg(feature = "redis")]
pub use self::redis::RedisRevocations;
pub use self::{
    handle::{FollowingRevocations, Revocations},
    position::Position,
    revoking::Revoking,
    source::{Changes, RevocationSource, SourceError},
    subject::{Revocation, Subject},
};
