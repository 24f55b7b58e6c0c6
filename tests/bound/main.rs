//! Sessions that are bound to a device, with a browser of our own: it does what the protocol asks
//! of browsers, and also what no browser would ever do.
//!
//! The machines share the ring and nothing else; each step goes to another one.

mod arrival;
mod attacks;
mod browser;
mod challenges;
mod changes;
mod config;
mod corners;
#[path = "../support/device.rs"]
mod device;
mod jwt;
mod lapse;
mod life;
#[cfg(feature = "tracing")]
#[path = "../support/log.rs"]
mod log;
mod parallel;
mod processes;
mod strict;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use sealed_session::{Bound, KeyRing, Sessions};

/// A machine with this ring.
pub(crate) fn machine(ring: KeyRing) -> Sessions<String> {
    machine_with(ring, Bound::new())
}

pub(crate) fn machine_with(ring: KeyRing, bound: Bound) -> Sessions<String> {
    Sessions::builder(ring)
        .absolute_timeout(Duration::from_secs(DAY.unsigned_abs()))
        .bound(bound)
        .build()
        .expect("follows the rules")
}

/// Two machines of the same configuration.
pub(crate) fn fleet() -> [Sessions<String>; 2] {
    [support::ring([1]), support::ring([1])].map(machine)
}

pub(crate) const MINUTE: i64 = 60;
/// The absolute timeout of the machines.
pub(crate) const DAY: i64 = 24 * 60 * 60;
