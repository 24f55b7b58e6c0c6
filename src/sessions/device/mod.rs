//! Sessions that count on one device alone: what is asked for, the proof that a request brings,
//! and what is sealed for the binding protocol, which is of the floor above.

mod ask;
mod config;
mod desk;
mod offer;
mod proof;

pub use self::config::Bound;
pub(crate) use self::config::DeviceRules;
pub(super) use self::config::{Asked, Rules};
