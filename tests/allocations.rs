//! How much memory is asked for, and how often.

mod common;

use std::hint::black_box;

use allocation_counter::{AllocationInfo, measure};
use common::{NOW, forged, header, ring, ring_of, sealed, sessions};
use sealed_session::{Sessions, UnsealError};
use serde::{Deserialize, Serialize};
use time::Duration;

#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
struct Account {
    user: String,
    roles: Vec<String>,
    visits: u64,
}

/// An account whose JSON has about this many bytes.
fn account(json_len: usize) -> Account {
    let mut account = Account { user: "ada".to_owned(), roles: Vec::new(), visits: 7 };
    loop {
        account.roles.push("x".repeat(30));
        if serde_json::to_string(&account).unwrap().len() + 33 > json_len {
            return account;
        }
    }
}

const SIZES: [usize; 4] = [100, 300, 1000, 2900];

/// What `f` asks for, once whatever is allocated a single time in the life of the process is there.
fn settled<R>(mut f: impl FnMut() -> R) -> AllocationInfo {
    drop(black_box(f()));
    measure(|| drop(black_box(f())))
}

#[test]
fn seal_allocates_at_most_twice() {
    // In a debug build the data is read back, unless that is switched off.
    let sessions = Sessions::<Account>::builder(ring()).check_data(false).build().unwrap();
    for size in SIZES {
        let session = sessions.create_at(account(size), NOW).unwrap();
        let info = settled(|| sessions.seal_at(&session, NOW).unwrap());
        assert!(info.count_total <= 2, "{size} B: {info:?}");
        assert!(info.bytes_total <= 2 * 4096, "{size} B: {info:?}");
    }
}

#[test]
fn unseal_allocates_at_most_once_besides_the_data() {
    let sessions = sessions::<Account>();
    for size in SIZES {
        let data = account(size);
        let json = serde_json::to_string(&data).unwrap();
        assert!((size - 40..=size).contains(&json.len()), "{} B", json.len());
        let value = sealed(&sessions, data, NOW);
        let of_data = settled(|| serde_json::from_str::<Account>(&json).unwrap());
        let info = settled(|| sessions.unseal_at(&value, NOW).unwrap());
        assert!(info.count_total <= of_data.count_total + 1, "{size} B: {info:?} {of_data:?}");
        assert!(info.bytes_total <= of_data.bytes_total + 1024, "{size} B: {info:?} {of_data:?}");
    }
}

#[test]
fn reading_allocates_nothing_once_a_session_is_open() {
    let sessions = sessions::<Account>();
    let session = sessions.unseal_at(&sealed(&sessions, account(300), NOW), NOW).unwrap();
    let info = settled(|| (session.read(), session.peek(), session.id(), session.clone()));
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn request_without_our_cookie_that_nobody_looks_at_allocates_once() {
    let sessions = sessions::<Account>();
    let others = "theme=dark; lang=en; _ga=GA1.1.1234567890; ".repeat(50);
    for header in ["", "theme=dark", &others] {
        let info = settled(|| {
            let session = sessions.load_at([header], NOW);
            sessions.commit_at(&session, NOW).unwrap()
        });
        assert!(info.count_total <= 1, "{info:?}");
        assert!(info.bytes_total <= 600, "{info:?}");
    }
}

#[test]
fn request_with_our_cookie_that_nobody_looks_at_allocates_little() {
    let sessions = sessions::<Account>();
    let ours = header(&sessions, &sealed(&sessions, account(300), NOW));
    let info = settled(|| {
        let session = sessions.load_at([&ours], NOW);
        sessions.commit_at(&session, NOW).unwrap()
    });
    assert!(info.count_total <= 4, "{info:?}");
    assert!(info.bytes_total <= 512 + 2 * u64::try_from(ours.len()).unwrap(), "{info:?}");
}

#[test]
fn refusing_a_value_allocates_nothing_whatever_its_length() {
    let sessions = sessions::<Account>();
    let good = sealed(&sessions, account(300), NOW);
    let mut values = vec![
        ("malformed", String::new()),
        ("malformed", "*".repeat(500)),
        ("malformed", format!("{good}*")),
        ("unsupported_version", format!("AgAAAAE{}", &good[7..])),
        ("unknown_key", sealed(&Sessions::new(ring_of([2])), account(300), NOW)),
        ("not_authentic", forged(&good, 0)),
        ("expired", sealed(&sessions, account(2900), NOW - Duration::days(14))),
        ("issued_in_future", sealed(&sessions, account(2900), NOW + Duration::days(1))),
    ];
    for length in [4096, 4097, 5000, 16 * 1024, 64 * 1024] {
        let class = if length <= 4096 { "not_authentic" } else { "too_long" };
        values.push((class, format!("AQAAAAE{}", "A".repeat(length - 7))));
    }
    for (class, value) in values {
        assert_eq!(
            sessions.unseal_at(&value, NOW).err().as_ref().map(UnsealError::class),
            Some(class)
        );
        for info in [
            settled(|| sessions.unseal_at(&value, NOW).is_err()),
            settled(|| sessions.reseal_at(&value, NOW).is_err()),
        ] {
            assert_eq!(info.count_total, 0, "{class}, {} B: {info:?}", value.len());
        }
    }
}

#[test]
fn refusing_a_payload_allocates_little() {
    let texts = Sessions::<Vec<String>>::new(ring());
    let sessions = sessions::<Account>();
    for text in ["\u{e9}\"".repeat(700), "x".repeat(2900)] {
        let value = sealed(&texts, vec![text], NOW);
        assert_eq!(
            sessions.unseal_at(&value, NOW).err().as_ref().map(UnsealError::class),
            Some("payload")
        );
        let info = settled(|| sessions.unseal_at(&value, NOW).is_err());
        assert!(info.bytes_max <= 2 * 4096, "{info:?}");
    }
}

#[test]
fn a_header_of_any_size_makes_load_keep_a_bounded_amount() {
    let named = |name: &str| {
        Sessions::<u32>::builder(ring()).cookie_name(name).build().expect("the name is a token")
    };
    for (name, header) in [
        ("s", "s=;".repeat(22_000)),
        ("s", format!("s={}", "A".repeat(1 << 20))),
        ("s", format!("s={};", "A".repeat(5_000)).repeat(13)),
    ] {
        let sessions = named(name);
        let info = allocation_counter::measure(|| {
            assert!(sessions.load_at([&header], NOW).peek().eq(&0));
        });
        assert!(
            info.bytes_max < 64 * 1024,
            "{} bytes for a header of {}",
            info.bytes_max,
            header.len()
        );
    }
}
