//! Rotation on real processes: three servers that follow a ring file each, a
//! population of clients, and an operator who rotates with the tool while
//! machines are restarted and killed.
//!
//! The clock runs fast, so that hours of rotation take seconds. In CI three rotations;
//! the long form, a million requests and ten rotations, with its figures:
//!
//! ```sh
//! cargo test --release --config profile.release.debug-assertions=true --features cli --test rolling -- \
//!     --ignored --nocapture
//! ```
#![cfg(unix)]

mod clients;
mod clock;
mod drill;
mod machine;
mod operator;
mod server;

use std::time::Duration;

use crate::{clients::Population, clock::Clock, machine::Machines, operator::Operator};

/// How much of everything.
struct Scale {
    /// Seconds of the servers' time in one real second.
    speed: u32,
    rotations: usize,
    requests: u64,
    clients: usize,
    sessions: usize,
    /// Of a client after each request.
    pause: Duration,
    /// Of the quiet phase, and of that in which rings are replaced.
    measured: Duration,
}

#[test]
fn rotation_loses_nobody() {
    // With pauses, so that a busy computer brings a ring to all machines in time.
    run(&Scale {
        speed: 1500,
        rotations: 3,
        requests: 1_000,
        clients: 3,
        sessions: 40,
        pause: Duration::from_millis(1),
        measured: Duration::from_secs(1),
    });
}

#[test]
#[ignore = "takes minutes"]
fn rotation_loses_nobody_in_a_million_requests() {
    run(&Scale {
        speed: 900,
        rotations: 10,
        requests: 1_000_000,
        clients: 4,
        sessions: 100,
        pause: Duration::ZERO,
        measured: Duration::from_secs(5),
    });
}

/// Not a test by itself: what each machine's process runs.
#[test]
fn machine_process() {
    server::serve_if_asked();
}

fn run(scale: &Scale) {
    let clock = Clock::start(scale.speed);
    let mut operator = Operator::new(clock);
    let mut machines = Machines::start(clock, operator.directory(), &operator.ring());
    let population = Population::start(clock, machines.addresses(), scale);

    let mut rotations = 0;
    while rotations < scale.rotations || population.requests() < scale.requests {
        operator.rotate(&mut machines, &population, rotations);
        population.check_that_all_are_there();
        rotations += 1;
    }
    population.check_that_all_are_under(operator.newest());

    // With machines left in peace: what does replacing the ring cost a request?
    population.label(clients::Phase::Quiet);
    std::thread::sleep(scale.measured);
    population.label(clients::Phase::Replacing);
    let replaced = operator.replace_for(&mut machines, scale.measured);
    population.label(clients::Phase::Rolling);

    let found = population.finish();
    println!(
        "{rotations} rotations, rings pruned of {} keys, {replaced} replacements in {:?}",
        operator.pruned(),
        scale.measured
    );
    println!("{found}");
    assert!(found.requests >= scale.requests);
    assert!(found.ended > 0, "the run was too short for sessions to end");
    assert!(operator.pruned() > 0, "the run was too short to take keys out");
    assert!(found.moved > 0);
    assert_eq!(found.lost, 0);
    assert_eq!(found.lengthened, 0);
    assert_eq!(found.under_an_old_key, 0);
    assert_eq!(found.failed_in_peace, 0);
    assert!(replaced >= 3, "each machine at least once");
}
