//! What a list of revocations costs: the memory of an entry, a look-up of one in so many, and an
//! unseal of a user who is not revoked, with sessions older than every revocation.
//!
//! `cargo bench --bench revocations` prints the table; with `-- --test` a list is short.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use sealed_session::{KeyRing, Revocations, Sessions, Subject};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Clone, Default, Serialize, Deserialize)]
struct Account {
    user: String,
    email: String,
    roles: Vec<String>,
}

const USERS: u32 = 4096;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let (lengths, rounds): (&[u32], _) = match has("--bench") && !has("--test") {
        true => (&[1, 1000, 1_000_000], 101),
        false => (&[1, 1000], 1),
    };
    let ring = KeyRing::ephemeral().expect("the system has randomness");
    let now = OffsetDateTime::now_utc();
    let without = Sessions::<Account>::new(ring.clone());
    let values: Vec<_> = (0..USERS)
        .map(|number| {
            let session =
                without.create_at(account(number), now).expect("the system has randomness");
            without.seal_at(&session, now).expect("it fits")
        })
        .collect();
    println!(
        "{:>9}  {:>13}  {:>12}  {:>12}  {:>7}",
        "entries", "bytes an entry", "unseal", "with list", "more"
    );
    for &length in lengths {
        let list = Revocations::in_memory(Duration::from_secs(14 * 24 * 3600));
        for number in 0..length {
            let revoking = list.revoke_all(id(USERS + number));
            revoking.wait().expect("there are positions left");
        }
        let revoked = list.revoke_family(sealed_session::Family::from_bytes([7; 8]));
        revoked.wait().expect("there are positions left");
        let with = Sessions::<Account>::builder(ring.clone())
            .revocations(&list, |account| Some(Subject::from(&account.user)))
            .build()
            .expect("the list keeps its entries long enough");
        // In turn, so that what disturbs one disturbs both.
        let mut times = [const { Vec::new() }; 2];
        for _ in 0..rounds {
            for (sessions, times) in [&without, &with].into_iter().zip(&mut times) {
                let begin = Instant::now();
                for value in &values {
                    black_box(sessions.unseal_at(black_box(value), now).expect("it is live"));
                }
                times.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(USERS));
            }
        }
        let [plain, listed] = times.map(least);
        println!(
            "{length:>9}  {:>13}  {plain:>9.0} ns  {listed:>9.0} ns  {:>5.1} %",
            list.memory() / list.len(),
            (listed / plain - 1.0) * 100.0
        );
    }
}

fn account(number: u32) -> Account {
    let roles = vec!["editor".to_owned()];
    Account { user: id(number), email: "ada@example.org".to_owned(), roles }
}

/// 36 characters, as a UUID has.
fn id(number: u32) -> String {
    let mixed = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}-0000-4000-{number:012x}")[..36].to_owned()
}

/// What disturbs a run only makes it longer.
fn least(numbers: Vec<f64>) -> f64 {
    numbers.into_iter().fold(f64::INFINITY, f64::min)
}
