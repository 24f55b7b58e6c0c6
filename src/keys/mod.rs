//! Keys, and the ring of them that a process has.

mod config;
#[cfg(feature = "reload")]
mod file;
#[cfg(feature = "reload")]
mod fingerprint;
#[cfg(feature = "reload")]
mod follower;
mod key;
mod live;
mod ring;
#[cfg(feature = "reload")]
mod source;
#[cfg(feature = "reload")]
mod toml;

#[cfg(feature = "reload")]
pub use self::{
    file::RingFile,
    fingerprint::Fingerprint,
    follower::{Follower, Reload},
    source::{ReloadError, RingSource},
    toml::TomlRing,
};
pub use self::{
    key::Key,
    live::Keys,
    ring::{KeyEntry, KeyRing},
};
