//! Values of iron-session, beside Node's synchronous crypto doing the same work.
//!
//! `cargo bench --features iron --bench iron` prints the table, with Node's
//! rows where there is a `node`. `-- --test` runs everything once.

#[path = "sealing/payload.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod payload;

use std::{
    hint::black_box,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use payload::Account;
use sealed_session::iron::{self, Passwords};
use serde_json::Value;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let is_measured =
        args.iter().any(|arg| arg == "--bench") && !args.iter().any(|arg| arg == "--test");
    // That of interop/node/measure.mjs.
    let passwords = Passwords::new("measured in benches/iron.rs, no secret").expect("it is long");
    let ttl = Some(Duration::from_secs(3600));
    for (name, items) in Account::SIZES {
        let account = Account::with_items(items.min(48));
        let json = serde_json::to_value(&account).expect("an account is JSON");
        let value = iron::seal("app", &account, &passwords, ttl).expect("it fits");
        let seal =
            || iron::seal("app", black_box(&account), &passwords, ttl).expect("it fits").len();
        let unseal = || {
            iron::unseal::<Account>(black_box(&value), &passwords)
                .expect("it is live")
                .data
                .items
                .len()
        };
        assert_eq!(unseal(), account.items.len());
        println!("\n{name}: {} bytes of JSON", json.to_string().len());
        if !is_measured {
            continue;
        }
        let ours = [median(seal), median(unseal)];
        let node = node(&json, &passwords);
        for (index, work) in ["seal", "unseal"].into_iter().enumerate() {
            print!("  {work:8} {:>8.0} ns", ours[index]);
            match node {
                Some(node) => {
                    println!("   Node {:>8.0} ns, × {:.1}", node[index], node[index] / ours[index]);
                }
                None => println!("   (no `node` to compare with)"),
            }
        }
    }
}

/// What Node takes for the same, in nanoseconds, and a check that it is the same.
fn node(json: &Value, passwords: &Passwords) -> Option<[f64; 2]> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/node/measure.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    stdin.write_all(json.to_string().as_bytes()).expect("node reads it");
    drop(stdin);
    let output = child.wait_with_output().expect("node answers");
    assert!(output.status.success(), "node failed");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let value = answer["value"].as_str().expect("it prints the value");
    assert_eq!(&iron::unseal::<Value>(value, passwords).expect("it is live").data, json);
    Some(["seal", "unseal"].map(|work| answer[work].as_f64().expect("it prints a number")))
}

/// The median of 101 rounds, in nanoseconds a call.
fn median(work: impl Fn() -> usize) -> f64 {
    let round = || {
        const CALLS: u32 = 500;
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(work());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    let mut rounds: Vec<f64> = (0..101).map(|_| round()).collect();
    rounds.sort_unstable_by(f64::total_cmp);
    rounds[50]
}
