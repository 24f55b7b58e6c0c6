//! Seal and unseal beside their floor: the same primitives called by hand with
//! no library around them.
//!
//! `cargo bench` prints the table. Every row is measured in one run, in turn
//! with its floor, so that the ratios hold on a noisy machine.
//! `cargo bench -- --test` runs everything once and checks the results.

mod floor;
mod measure;
mod payload;
#[cfg(feature = "tower")]
mod request;
#[cfg(feature = "tower")]
mod service;

use std::hint::black_box;

use measure::{Case, Table};
use payload::Account;
use sealed_session::{Key, KeyEntry, KeyRing, Sessions};
use time::OffsetDateTime;

fn main() {
    let table = Table::from_args(301, 200);
    for (name, account) in Account::SIZES.map(|(name, items)| (name, Account::with_items(items))) {
        let bytes = serde_json::to_vec(&account).expect("an account is JSON").len();
        println!("\n{name}: {bytes} bytes of JSON");
        compare_with_floor(&table, &account);
        compare_refusals(&table, &account);
        #[cfg(feature = "tower")]
        compare_requests(&table, &account);
    }
}

fn compare_with_floor(table: &Table, account: &Account) {
    let now = OffsetDateTime::now_utc();
    let key = Key::generate().expect("the system has randomness");
    let ring = KeyRing::new([KeyEntry::new(1, key)]).expect("one key is a ring");
    let sessions = Sessions::<Account>::new(ring);
    let session = sessions.create_at(account.clone(), now).expect("the system has randomness");
    let value = sessions.seal_at(&session, now).expect("it fits");
    let crowded = Sessions::<Account>::new(ring_of(16));
    let oldest = sessions_under_oldest_key(&crowded, account, now);

    let floor = floor::Floor::new();
    let floor_value = floor.seal(account);
    assert_eq!(floor_value.len(), value.len(), "the floor does the same work");

    let seal = || black_box(sessions.seal_at(black_box(&session), now).expect("it fits").len());
    let unseal = |sessions: &Sessions<Account>, value: &str| {
        let session = sessions.unseal_at(black_box(value), now).expect("it is live");
        black_box(session.peek().items.len())
    };
    table.print(&[
        Case::new("seal floor", || black_box(floor.seal(black_box(account)).len())),
        Case::new("seal", seal),
    ]);
    table.print(&[
        Case::new("unseal floor", || {
            black_box(floor.unseal::<Account>(black_box(&floor_value)).items.len())
        }),
        Case::new("unseal", || unseal(&sessions, &value)),
    ]);
    table.print(&[
        Case::new("unseal", || unseal(&sessions, &value)),
        Case::new("unseal, last of 16 keys", || unseal(&crowded, &oldest)),
    ]);
    print_allocations("seal", seal);
    print_allocations("unseal", || unseal(&sessions, &value));
    let json = serde_json::to_string(account).expect("an account is JSON");
    print_allocations("T from JSON", || {
        black_box(
            serde_json::from_str::<Account>(black_box(&json)).expect("it is JSON").items.len(),
        )
    });
}

/// Prints how often one call allocates.
pub(crate) fn print_allocations(name: &str, run: impl Fn() -> usize) {
    let info = allocation_counter::measure(|| {
        run();
    });
    println!("  {name:38} {:>8} allocations, {} bytes", info.count_total, info.bytes_total);
}

fn compare_refusals(table: &Table, account: &Account) {
    let now = OffsetDateTime::now_utc();
    let sessions = Sessions::<Account>::new(ring_of(1));
    let session = sessions.create_at(account.clone(), now).expect("the system has randomness");
    let good = sessions.seal_at(&session, now).expect("it fits");
    let name = Sessions::<Account>::builder(sessions.keys().clone())
        .cookie_name("__Host-other")
        .build()
        .expect("the name follows the rules");
    let unknown = Sessions::<Account>::new(ring_of(2));
    let wrong_type = Sessions::<Vec<u8>>::new(sessions.keys().clone());
    let later = now + time::Duration::days(15);

    let unknown_value = sessions_under_oldest_key(&unknown, account, now);
    let wrong_version = format!("Ag{}", &good[2..]);
    let overlong = "A".repeat(4097);
    let not_base64 = format!("{}=", &good[..good.len() - 1]);
    let tampered =
        format!("{}{}", &good[..good.len() - 2], if good.ends_with("AA") { "BA" } else { "AA" });
    let refused = |value: &str, at, class: &str| {
        let error = sessions.unseal_at(black_box(value), at).expect_err("it is not valid");
        assert_eq!(error.class(), class);
        1
    };

    table.print(&[
        Case::new("unseal", || {
            black_box(
                sessions.unseal_at(black_box(&good), now).expect("it is live").peek().items.len(),
            )
        }),
        Case::new("refused: too_long", || refused(&overlong, now, "too_long")),
        Case::new("refused: unsupported_version", || {
            refused(&wrong_version, now, "unsupported_version")
        }),
        Case::new("refused: unknown_key", || refused(&unknown_value, now, "unknown_key")),
        Case::new("refused: malformed", || refused(&not_base64, now, "malformed")),
        Case::new("refused: not_authentic, tampered", || refused(&tampered, now, "not_authentic")),
        Case::new("refused: not_authentic, other name", || {
            name.unseal_at(black_box(&good), now).expect_err("another name").class().len()
        }),
        Case::new("refused: expired", || refused(&good, later, "expired")),
        Case::new("refused: payload", || {
            wrong_type.unseal_at(black_box(&good), now).expect_err("another type").class().len()
        }),
    ]);
}

#[cfg(feature = "tower")]
fn compare_requests(table: &Table, account: &Account) {
    let now = OffsetDateTime::now_utc();
    let sessions = Sessions::<Account>::new(ring_of(1));
    let session = sessions.create_at(account.clone(), now).expect("the system has randomness");
    let value = sessions.seal_at(&session, now).expect("it fits");
    request::compare(table, &sessions, &format!("{}={value}", sessions.cookie_name()));
}

/// Keys `n`, …, 2, 1.
fn ring_of(n: u32) -> KeyRing {
    let entries = (1..=n).rev().map(|id| {
        KeyEntry::new(id + n * 1000, Key::generate().expect("the system has randomness"))
    });
    KeyRing::new(entries).expect("the keys are distinct")
}

/// A value under the ring's last key.
fn sessions_under_oldest_key(
    sessions: &Sessions<Account>,
    account: &Account,
    now: OffsetDateTime,
) -> String {
    let entries = sessions.keys().current().entries().to_vec();
    let oldest = entries.last().expect("a ring has a key").clone();
    let sessions = Sessions::<Account>::new(KeyRing::new([oldest]).expect("one key is a ring"));
    let session = sessions.create_at(account.clone(), now).expect("the system has randomness");
    sessions.seal_at(&session, now).expect("it fits")
}
