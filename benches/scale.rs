//! Throughput against threads, with rings of different lengths, while another
//! thread replaces the ring every millisecond: no shared lock may show.
//!
//! `cargo bench --bench scale` prints the table; with `-- --test` each row runs for a moment only.

#[path = "sealing/payload.rs"]
mod payload;

use std::{
    hint::black_box,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use payload::Account;
use sealed_session::{Key, KeyEntry, KeyRing, Sessions};
use time::OffsetDateTime;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let (rounds, time) = match has("--bench") && !has("--test") {
        true => (15, Duration::from_millis(100)),
        false => (1, Duration::from_millis(5)),
    };
    let (name, items) = Account::SIZES[1];
    println!("calls in a second, {name} of JSON, {} cores", cores());
    println!("  keys  ring       threads        seal      unseal");
    let cases: Vec<_> = [1, 2, 64]
        .into_iter()
        .flat_map(|keys| [false, true].map(|replaced| (keys, replaced)))
        .flat_map(|(keys, replaced)| [1, 2].map(|threads| (keys, replaced, threads)))
        .collect();
    // In turn, so that what disturbs one disturbs all.
    let mut runs = vec![[const { Vec::new() }; 2]; cases.len()];
    for _ in 0..rounds {
        for (&(keys, replaced, threads), [seal, unseal]) in cases.iter().zip(&mut runs) {
            seal.push(throughput(keys, replaced, threads, true, items, time));
            unseal.push(throughput(keys, replaced, threads, false, items, time));
        }
    }
    for ((keys, replaced, threads), [seal, unseal]) in cases.into_iter().zip(runs) {
        let ring = if replaced { "replaced" } else { "at rest" };
        let (seal, unseal) = (median(seal), median(unseal));
        println!("  {keys:>4}  {ring:9}  {threads:>7}  {seal:>10.0}  {unseal:>10.0}");
    }
}

/// Calls in a second of all threads together.
fn throughput(
    keys: u32,
    replaced: bool,
    threads: usize,
    seals: bool,
    items: usize,
    time: Duration,
) -> f64 {
    let now = OffsetDateTime::now_utc();
    let ring = ring_of(keys);
    let sessions = Sessions::<Account>::new(ring.clone());
    let done = AtomicBool::new(false);
    let start = Barrier::new(threads + 1);
    let work = || {
        let session =
            sessions.create_at(Account::with_items(items), now).expect("the system has randomness");
        let value = sessions.seal_at(&session, now).expect("it fits");
        start.wait();
        let begin = Instant::now();
        let mut calls = 0_u32;
        while !done.load(Relaxed) {
            // A ring that was being replaced must never be seen in between.
            if seals {
                black_box(sessions.seal_at(black_box(&session), now).expect("it fits"));
            } else {
                black_box(sessions.unseal_at(black_box(&value), now).expect("it is live"));
            }
            calls += 1;
        }
        f64::from(calls) / begin.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        start.wait();
        let end = Instant::now() + time;
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
            if replaced {
                sessions.keys().replace(ring.clone());
            }
        }
        done.store(true, Relaxed);
        workers.into_iter().map(|worker| worker.join().expect("no call fails")).sum()
    })
}

/// Keys `n`, …, 2, 1.
fn ring_of(n: u32) -> KeyRing {
    let entries = (1..=n)
        .rev()
        .map(|id| KeyEntry::new(id, Key::generate().expect("the system has randomness")));
    KeyRing::new(entries).expect("the keys are distinct")
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
