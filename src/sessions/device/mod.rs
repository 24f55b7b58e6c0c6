//! Sessions that are bound to one device: the configuration, the proof that a request brings, and
//! what is sealed for the binding protocol, which is on the floor above.

mod ask;
mod config;
mod desk;
mod offer;
mod proof;

pub use self::config::Bound;
pub(super) use self::config::{Asked, Rules};
pub(crate) use self::config::{DeviceRules, Step};
