//! What the crate does, through its public API alone; each file states the facts of one subject.
//!
//! One target, so that a change of the crate compiles and links one test crate:
//! mutation testing does that a thousand times.

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "tracing")]
#[path = "../support/log.rs"]
mod log;
#[path = "../support/mod.rs"]
mod support;

mod bearer;
mod cookie_rules;
mod csrf;
mod data_checks;
mod extension;
mod format;
mod former;
mod guessable_keys;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "inspect")]
mod inspect;
#[cfg(feature = "iron")]
mod iron;
#[cfg(feature = "iron")]
mod iron_migration;
mod keyring;
mod keys;
mod load;
mod matrix;
mod model;
mod observer;
mod origin_guard;
mod outside;
mod padding;
mod redaction;
#[cfg(feature = "reload")]
mod reload;
mod revocation;
mod revocations;
#[cfg(feature = "reload")]
mod ring_forms;
mod rotation;
mod session;
mod step_up;
#[cfg(feature = "iron")]
mod takeover;
mod tampering;
mod times;
mod tombstones;
#[cfg(feature = "reload")]
mod toml_ring;
mod writing;
