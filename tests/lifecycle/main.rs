//! Lives of browsers, machines, operators and a forger, held against a model without cryptography.
//!
//! The model knows of each value what it is (which line of sign-ins, which generation of it, whose
//! data, which times) and of each browser what responses ended in it. From the promises of the
//! documentation follows then whether a request has a session, which one, and what the
//! response says. Checked after each step are four invariants:
//!
//! 1. Nothing that was ended, replaced or forged is live again: not in the browser that got the
//!    ending's response, for as long as its tombstone lives and where the late response
//!    came within ten minutes (less the minute by which clocks differ); and what was made with a secret from before
//!    an incident, or of such, nowhere that has the ring of after it; and what began before its user
//!    or its device was signed out everywhere, on no machine that has heard of that.
//! 2. What was written comes back equal, or the write was an error, or a later response set
//!    another value. What came too late says so.
//! 3. The stricter rule wins: nobody outlives a lifetime or an idle limit, whichever machine they
//!    meet, and no change of a session moves what it must not move.
//! 4. What is bound to a device is live only beside a bound cookie of the same sign-in, which ends
//!    eleven minutes after its challenge, and which only the device that registered gets again. No
//!    browser is told to forget a device that its session still needs.
//!
//! Not modelled: browsers that evict cookies; data that does not fit; an engine that loses
//! revocations; the adapters, which hold no policy; and pages outside of a new Path that a machine
//! serves which does not know that Path yet.
//! `PROPTEST_CASES=100000 cargo test --release --features bound,iron --test lifecycle` lives longer.

mod commit;
mod crowded;
mod device;
mod fleet;
mod forger;
mod found;
mod jar;
#[path = "../support/device.rs"]
mod proof;
mod protocol;
mod request;
mod revocations;
mod steps;
mod value;
mod world;

use proptest::prelude::*;

use crate::{steps::lives, world::World};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_ended_stays_so_and_what_was_written_comes_back(life in lives()) {
        World::live(&life);
    }
}
