//! What a list of revocations costs: the memory of an entry, and an unseal of a user who is not
//! revoked, with sessions older than every revocation, so that each is looked up.
//!
//! `cargo bench --bench revocations` prints the table; with `-- --test` a list is short. Under
//! callgrind with `--toggle-collect='revocations::measured'`, `-- --count ENTRIES none`, `list` or
//! `bound` does one unseal after another that does not count.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use sealed_session::{
    Changes, Family, KeyRing, Position, Revocation, RevocationSource, Revocations, Sessions,
    SourceError, Subject,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Clone, Default, Serialize, Deserialize)]
struct Account {
    user: String,
    email: String,
    roles: Vec<String>,
}

const USERS: u32 = 4096;
const RETENTION: Duration = Duration::from_secs(14 * 24 * 3600);

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    if let Some(place) = args.iter().position(|arg| arg == "--count") {
        let length = args.get(place + 1).and_then(|text| text.parse().ok()).expect("a number");
        return count(length, args.get(place + 2).map_or("none", String::as_str));
    }
    let (lengths, rounds): (&[u32], _) = match has("--bench") && !has("--test") {
        true => (&[1, 1000, 1_000_000], 101),
        false => (&[1, 1000], 1),
    };
    let ring = KeyRing::ephemeral().expect("the system has randomness");
    let now = OffsetDateTime::now_utc();
    let without = Sessions::<Account>::new(ring.clone());
    let values: Vec<_> = (0..USERS).map(|number| sealed(&without, number, now)).collect();
    println!(
        "{:>9}  {:>13}  {:>9}  {:>18}  with a bound on its age",
        "entries", "bytes an entry", "unseal", "with a list"
    );
    for &length in lengths {
        let list = list(length);
        let with = with_list(&ring, &list);
        let bound = with_list(&ring, &list_with_bound(length));
        // In turn and by some at a time, so that of each there is a run that nothing disturbed.
        let mut times = [0.0; 3];
        for some in values.chunks(values.len() / 16) {
            let mut least = [f64::INFINITY; 3];
            for _ in 0..rounds {
                for (sessions, least) in [&without, &with, &bound].into_iter().zip(&mut least) {
                    let begin = Instant::now();
                    for value in some {
                        black_box(sessions.unseal_at(black_box(value), now).expect("it is live"));
                    }
                    *least = least.min(begin.elapsed().as_secs_f64());
                }
            }
            for (all, least) in times.iter_mut().zip(least) {
                *all += least * 1e9 / f64::from(USERS);
            }
        }
        let [plain, listed, bound] = times;
        let more = |time: f64| {
            format!("{:>3.0} ns, {:>4.1} % more", time - plain, (time / plain - 1.0) * 100.0)
        };
        println!(
            "{length:>9}  {:>13}  {plain:>6.0} ns  {}  {}",
            list.memory() / list.len(),
            more(listed),
            more(bound),
        );
    }
}

fn count(length: u32, kind: &str) {
    let ring = KeyRing::ephemeral().expect("the system has randomness");
    let now = OffsetDateTime::now_utc();
    let without = Sessions::<Account>::new(ring.clone());
    let sessions = match kind {
        "none" => without.clone(),
        "list" => with_list(&ring, &list(length)),
        _ => with_list(&ring, &list_with_bound(length)),
    };
    for number in 0..2 {
        let value = sealed(&without, number, now);
        let unseal = || drop(black_box(sessions.unseal_at(black_box(&value), now).expect("live")));
        match number {
            0 => unseal(),
            _ => measured(&unseal),
        }
    }
}

/// What is counted. Its name is what the counter looks for.
#[inline(never)]
fn measured(call: &dyn Fn()) {
    call();
}

fn sealed(sessions: &Sessions<Account>, number: u32, now: OffsetDateTime) -> String {
    let session = sessions.create_at(account(number), now).expect("the system has randomness");
    sessions.seal_at(&session, now).expect("it fits")
}

fn with_list(ring: &KeyRing, list: &Revocations) -> Sessions<Account> {
    Sessions::<Account>::builder(ring.clone())
        .revocations(list, |account| Some(Subject::from(&account.user)))
        .build()
        .expect("the list keeps its entries long enough")
}

/// A list of so many subjects, and of one family.
fn list(length: u32) -> Revocations {
    let list = Revocations::in_memory(RETENTION);
    for number in 0..length {
        list.revoke_all(id(USERS + number)).wait().expect("there are positions left");
    }
    list.revoke_family(Family::from_bytes([7; 8])).wait().expect("there are positions left");
    list
}

/// The same, of a source that is there, and that has to be.
fn list_with_bound(length: u32) -> Revocations {
    let list = Revocations::following(Still(length), RETENTION)
        .refuse_after(Duration::from_secs(60))
        .start()
        .expect("there can be threads");
    assert!(list.wait_until_read(Duration::from_secs(60)), "{:?}", list.trouble());
    assert_eq!(list.len(), length as usize + 1);
    list
}

/// A source to which nothing is ever added.
struct Still(u32);

impl Still {
    fn position(number: u32) -> Position {
        Position::new(u64::from(number) + 1).expect("it is small")
    }
}

impl RevocationSource for Still {
    fn publish(&self, _: &[Revocation], _: Position) -> Result<Vec<Position>, SourceError> {
        Err("nothing is added".into())
    }

    fn start(&self) -> Result<Position, SourceError> {
        Ok(Self::position(self.0))
    }

    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        for number in 0..self.0 {
            let bytes = [b"s", id(USERS + number).as_bytes()].concat();
            entry(Revocation::from_bytes(&bytes).expect("it is short"), Self::position(number));
        }
        entry(Revocation::Family(Family::from_bytes([7; 8])), Self::position(self.0));
        Ok(())
    }

    fn changes(
        &self,
        wait: Duration,
        _: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        thread::sleep(wait);
        Ok(Changes::Followed(Self::position(self.0)))
    }

    fn restore(&self, _: &[(Revocation, Position)], _: Position) -> Result<(), SourceError> {
        Ok(())
    }

    fn prune(&self, _: Position) -> Result<(), SourceError> {
        Ok(())
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
