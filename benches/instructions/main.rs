//! One call of seal or unseal, or one request, for a counter of instructions: `benches/instructions/check`.
//!
//! Under callgrind with `--toggle-collect='instructions::measured'` only the
//! call counts, after one that made what is made once in the life of a process.
//! The cases' names are the arguments that it takes, and what it prints without any.

use std::hint::black_box;

#[cfg(feature = "bound")]
mod bound;
#[cfg(feature = "bound")]
#[path = "../../tests/support/device.rs"]
mod device;
#[path = "../sealing/payload.rs"]
mod payload;
#[cfg(feature = "tower")]
mod request;
#[cfg(feature = "tower")]
#[path = "../sealing/service.rs"]
mod service;

use payload::Account;
use sealed_session::{KeyRing, Sessions};
use time::OffsetDateTime;

fn main() {
    let cases = Account::SIZES.into_iter().flat_map(|(size, items)| {
        [("seal", seal as fn(usize)), ("unseal", unseal)]
            .map(|(what, run)| (format!("{what}-{}", size.replace(' ', "")), items, run))
    });
    #[cfg(feature = "tower")]
    let cases = cases.chain(request::cases());
    #[cfg(feature = "bound")]
    let cases = cases.chain(bound::cases());
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    for (name, items, run) in cases {
        if wanted.is_empty() {
            println!("{name}");
        }
        if wanted.is_empty() || wanted.contains(&name) {
            run(items);
        }
    }
}

fn seal(items: usize) {
    let now = OffsetDateTime::now_utc();
    let sessions = sessions();
    let session = sessions.create_at(Account::with_items(items), now).expect("it has randomness");
    count(&|| sessions.seal_at(black_box(&session), now).expect("it fits").len());
}

fn unseal(items: usize) {
    let now = OffsetDateTime::now_utc();
    let sessions = sessions();
    let session = sessions.create_at(Account::with_items(items), now).expect("it has randomness");
    let value = sessions.seal_at(&session, now).expect("it fits");
    count(&|| {
        let session = sessions.unseal_at(black_box(&value), now).expect("it is live");
        assert_eq!(session.peek().items.len(), items);
        items
    });
}

fn sessions() -> Sessions<Account> {
    Sessions::new(KeyRing::ephemeral().expect("the system has randomness"))
}

fn count(call: &dyn Fn() -> usize) {
    black_box(call());
    measured(call);
}

/// What is counted. Its name is what the counter looks for.
#[inline(never)]
fn measured(call: &dyn Fn() -> usize) {
    black_box(call());
}
