//! The same small application over sealed-session, and over libraries that keep sessions in Redis.
//!
//! `cargo run --release --manifest-path benches/stores/Cargo.toml` starts the servers, each a process
//! of its own, with a `redis-server` of its own where it needs one, all on loopback. It sends them
//! requests in turn, writes docs/stores.svg and the tables in docs/PERFORMANCE.md, and fails if we
//! are behind. `-- --once` runs everything for a moment, and writes nothing.

mod account;
#[allow(dead_code, reason = "the other bench uses the rest of it")]
#[path = "../../peers/src/chart.rs"]
mod chart;
mod processes;
mod report;
mod rounds;
mod servers;
mod visitors;

use std::{error::Error, time::Duration};

use rounds::Plan;
use servers::Contender;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["serve", name, redis] => {
            let known = Contender::ALL.into_iter().find(|contender| contender.name() == name);
            known.ok_or("no such server")?.serve(redis)
        }
        ["--once"] => {
            if !processes::has_redis() {
                eprintln!("\n!!!! NOT RUN: there is no redis-server\n");
                return Ok(());
            }
            let plan = Plan { rounds: 1, each: Duration::from_millis(200), connections: 4 };
            plan.run(20)?;
            Ok(())
        }
        [] => measure(Plan { rounds: 25, each: Duration::from_secs(1), connections: 10 }),
        _ => Err("options: none, or --once".into()),
    }
}

fn measure(plan: Plan) -> Result<(), Box<dyn Error>> {
    let mut populations = Vec::new();
    for users in [10, 1_000, 100_000] {
        let outcomes = plan.run(users)?;
        println!("{}", report::print(users, &outcomes));
        populations.push((users, outcomes));
    }
    report::write(&plan, &populations)?;
    report::verdict(&populations)
}
