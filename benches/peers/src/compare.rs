//! Ours beside its peers: the same typed sessions, the same work.
//!
//! `cargo bench --manifest-path benches/peers/Cargo.toml` prints the tables, and
//! draws docs/speed.svg of them. All rows of a table are measured in one run, in turn.
//! `-- --test` runs everything once, and draws nothing; `-- --tables` draws nothing.

mod chart;
#[path = "../../sealing/measure.rs"]
mod measure;
#[path = "../../sealing/payload.rs"]
mod payload;
mod peers;
mod requests;

use std::hint::black_box;

use chart::{Bar, Chart};
use measure::{Case, Table};
use payload::Account;
use peers::Peer;
use rand::{Rng as _, TryRng as _, rngs::SysRng};

fn main() {
    // The slowest peer takes milliseconds.
    let table = Table::from_args(151, 20);
    print_nonces(&table);
    let mut everything = Chart::default();
    for (size, items) in Account::SIZES {
        let mut chart = Chart::default();
        let account = Account::with_items(items);
        let bytes = serde_json::to_vec(&account).expect("an account is JSON").len();
        println!("\n{size}: {bytes} bytes of JSON");

        let peers = peers::all();
        let sealers: Vec<_> = peers.iter().map(|peer| peer.sealer(&account)).collect();
        let cookies: Vec<_> = sealers.iter().map(|seal| as_the_browser_sends(&seal())).collect();

        println!(" typed value to Set-Cookie");
        let cases = peers.iter().zip(&sealers);
        let cases: Vec<_> = cases
            .map(|(peer, seal)| Case::new(peer.name(), move || black_box(seal()).len()))
            .collect();
        chart.add(
            &format!("typed value to Set-Cookie, {size}"),
            bars(names(&peers), &table.print(&cases)),
        );

        println!(" Cookie to typed value");
        let cases = peers.iter().zip(&cookies);
        let cases: Vec<_> = cases
            .map(|(peer, cookie)| {
                peer.unseal(cookie, &mut |read| assert_eq!(*read, account, "{}", peer.name()));
                Case::new(peer.name(), move || {
                    let mut items = 0;
                    peer.unseal(black_box(cookie), &mut |account| items = account.items.len());
                    items
                })
            })
            .collect();
        chart.add(
            &format!("Cookie to typed value, {size}"),
            bars(names(&peers), &table.print(&cases)),
        );

        for kind in requests::Kind::ALL {
            println!(" whole request, session {}", kind.name());
            let (ours, theirs) =
                (requests::ours(&account, kind), requests::seshcookie(&account, kind));
            let times = table.print(&[Case::new(OURS, ours), Case::new("seshcookie", theirs)]);
            chart.add(
                &format!("whole request, session {}, {size}", kind.name()),
                bars([OURS, "seshcookie"], &times),
            );
        }
        if SIZES_DRAWN.contains(&size) {
            everything.append(chart);
        }
    }
    if !std::env::args().any(|arg| arg == "--test" || arg == "--tables") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/speed.svg");
        std::fs::write(path, everything.draw("Time of one call, shorter is better."))
            .expect("docs/ can be written to");
    }
}

/// What a nonce costs from the system, and from a generator of the thread.
fn print_nonces(table: &Table) {
    println!("24 random bytes");
    table.print(&[
        Case::new("from the system", || {
            let mut nonce = [0; 24];
            SysRng.try_fill_bytes(&mut nonce).expect("the system has randomness");
            black_box(nonce).len()
        }),
        Case::new("from the thread's generator", || {
            let mut nonce = [0; 24];
            rand::rng().fill_bytes(&mut nonce);
            black_box(nonce).len()
        }),
    ]);
}

fn as_the_browser_sends(set_cookie: &str) -> String {
    let (pair, _attributes) = set_cookie.split_once(';').expect("it has attributes");
    pair.to_owned()
}

fn names(peers: &[Box<dyn Peer>]) -> impl Iterator<Item = &'static str> {
    peers.iter().map(|peer| peer.name())
}

/// The first is ours.
fn bars(names: impl IntoIterator<Item = &'static str>, nanoseconds: &[f64]) -> Vec<Bar> {
    let bars = names.into_iter().zip(nanoseconds).enumerate().map(|(index, (name, &value))| Bar {
        name,
        value,
        label: format!("{:.2} µs", value / 1000.0),
        is_ours: index == 0,
    });
    bars.collect()
}

const SIZES_DRAWN: [&str; 2] = ["300 B", "1 kB"];

const OURS: &str = match (cfg!(feature = "ring"), cfg!(feature = "simd")) {
    (true, _) => "sealed-session, ring",
    (false, true) => "sealed-session, simd",
    (false, false) => "sealed-session",
};
