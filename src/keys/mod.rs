//! Keys, and the ring of them that a process has.

mod config;
mod config_values;
#[cfg(feature = "reload")]
mod file;
#[cfg(feature = "reload")]
mod fingerprint;
#[cfg(feature = "reload")]
mod follower;
#[cfg(feature = "reload")]
mod foreign;
#[cfg(feature = "reload")]
mod form;
mod guess;
mod key;
mod live;
mod moment;
mod ring;
#[cfg(feature = "reload")]
mod source;
mod text;
#[cfg(feature = "reload")]
mod toml;
mod written;

#[cfg(feature = "reload")]
pub use self::{
    file::RingFile,
    fingerprint::Fingerprint,
    follower::{Follower, Reload},
    form::RingForm,
    source::{ReloadError, RingSource},
    toml::TomlRing,
};
pub use self::{
    key::Key,
    live::Keys,
    ring::{KeyEntry, KeyRing},
};
