//! The list of revocations over a real Redis server, which is killed, emptied, trimmed and cut off.

mod hostile;
mod server;
mod tls;

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use sealed_session::{
    ConfigError, KeyRing, Position, RedisRevocations, Revocations, RevokeError, Sessions, Subject,
};
use server::{Server, Wire};

const RETENTION: Duration = Duration::from_secs(14 * 24 * 3600);
const KEPT: &[&str] = &["--appendonly", "yes", "--appendfsync", "no"];
const FORGETFUL: &[&str] = &[];

struct Machine {
    list: Revocations,
    sessions: Sessions<String>,
}

fn redis(url: &str) -> RedisRevocations {
    RedisRevocations::new(url).unwrap().timeout(Duration::from_millis(1500))
}

impl Machine {
    fn following(redis: RedisRevocations, ring: &KeyRing) -> Self {
        let list = Revocations::following(redis, RETENTION).start().unwrap();
        assert!(list.wait_until_read(Duration::from_secs(30)), "{:?}", list.trouble());
        let sessions = Sessions::builder(ring.clone())
            .revocations(&list, |user: &String| Some(Subject::from(user)))
            .build()
            .unwrap();
        Self { list, sessions }
    }

    fn join(url: &str, ring: &KeyRing) -> Self {
        Self::following(redis(url), ring)
    }

    fn sign_in(&self, user: &str) -> String {
        self.sessions.seal(&self.sessions.create(user.to_owned()).unwrap()).unwrap()
    }

    fn accepts(&self, value: &str) -> bool {
        self.sessions.unseal(value).is_ok()
    }

    fn revoke(&self, user: &str) -> Position {
        self.list.revoke_all(user).wait().unwrap()
    }

    /// Until it succeeds, as a caller does.
    fn insist(&self, user: &str) -> Position {
        loop {
            match self.list.revoke_all(user).wait() {
                Ok(position) => return position,
                Err(RevokeError::Unconfirmed(_)) => thread::sleep(Duration::from_millis(5)),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn ring() -> KeyRing {
    KeyRing::ephemeral().unwrap()
}

fn soon(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn revoked_on_one_machine_is_refused_on_each_within_100_ms() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let machines = [(); 3].map(|()| Machine::join(&server.url(), &ring));
    let family_of = |value: &str| machines[0].sessions.unseal(value).unwrap().family().unwrap();
    let value = machines[2].sign_in("a device");
    machines[1].list.revoke_family(family_of(&value)).wait().unwrap();
    soon("the device is out", || machines.iter().all(|machine| !machine.accepts(&value)));

    let mut times = Vec::new();
    for round in 0..300 {
        let user = format!("user{round}");
        let value = machines[round % 3].sign_in(&user);
        machines[(round + 1) % 3].revoke(&user);
        let confirmed = Instant::now();
        for machine in &machines {
            while machine.accepts(&value) {
                assert!(confirmed.elapsed() < Duration::from_secs(10));
                thread::yield_now();
            }
            times.push(confirmed.elapsed());
        }
        let later = machines[(round + 1) % 3].sign_in(&user);
        assert!(machines.iter().all(|machine| machine.accepts(&later)));
    }
    times.sort();
    let (middle, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    eprintln!("from confirmed to refused on each of three: p50 {middle:?}, p99 {p99:?}");
    assert!(p99 < Duration::from_millis(100), "{p99:?}");
}

#[test]
fn machine_that_joins_late_knows_everything() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let first = Machine::join(&server.url(), &ring);
    let values: Vec<_> = (0..50).map(|n| first.sign_in(&format!("user{n}"))).collect();
    for number in 0..50 {
        first.revoke(&format!("user{number}"));
    }
    let late = Machine::join(&server.url(), &ring);
    assert!(!values.iter().any(|value| late.accepts(value)));
    assert_eq!(late.list.position(), first.list.position());
    assert!(late.accepts(&late.sign_in("user7")));
}

#[test]
fn nothing_confirmed_is_lost_while_the_server_is_killed_again_and_again() {
    if !server::is_there() {
        return;
    }
    for options in [KEPT, FORGETFUL] {
        let mut server = Server::start(options);
        let ring = ring();
        let machines = [(); 3].map(|()| Machine::join(&server.url(), &ring));
        let (total, kills) = (10_000, 20);
        let done = AtomicUsize::new(0);
        thread::scope(|scope| {
            for worker in 0..50 {
                let (machine, done) = (&machines[worker % 3], &done);
                scope.spawn(move || {
                    for number in (worker..total).step_by(50) {
                        machine.insist(&format!("user{number}"));
                        done.fetch_add(1, SeqCst);
                    }
                });
            }
            for kill in 1..=kills {
                while done.load(SeqCst) < total / (kills + 1) * kill {
                    thread::sleep(Duration::from_millis(1));
                }
                server.kill();
                thread::sleep(Duration::from_millis(30));
                server.restart();
            }
        });
        assert_eq!(done.load(SeqCst), total);
        soon("every machine knows all", || machines.iter().all(|one| one.list.len() == total));
        soon("so does one that joins", || Machine::join(&server.url(), &ring).list.len() == total);
    }
}

#[test]
fn server_that_comes_back_empty_is_filled_again() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(FORGETFUL);
    let ring = ring();
    let machines = [(); 2].map(|()| Machine::join(&server.url(), &ring));
    let before = machines[0].sign_in("ada");
    machines[0].revoke("ada");
    let after = machines[0].sign_in("ada");
    let position = machines[0].revoke("bob");
    soon("both know", || machines[1].list.position() >= position);
    // By its end, and under the feet of those that follow.
    server.kill();
    server.restart();
    soon("it has them", || server.command("ZCARD {sealed-session}:set").starts_with(":3"));
    for emptied in ["FLUSHALL", "DEL {sealed-session}:set", "DEL {sealed-session}:meta"] {
        server.command(emptied);
        soon(emptied, || server.command("ZCARD {sealed-session}:set").starts_with(":3"));
    }
    server.command("DEL {sealed-session}:stream");
    let late = Machine::join(&server.url(), &ring);
    assert!(!late.accepts(&before) && late.accepts(&after));
    assert!(late.revoke("eve") > position);
    let eve = machines[0].sign_in("eve");
    let fresh = late.revoke("eve");
    soon("they still follow", || machines.iter().all(|one| one.list.position() >= fresh));
    assert!(machines.iter().all(|one| !one.accepts(&eve)));
}

#[test]
fn history_that_was_trimmed_is_made_up_for() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let wire = Wire::to(server.address());
    let here = Machine::following(redis(&server.url()).history(10), &ring);
    let there = Machine::join(&wire.url(), &ring);
    let values: Vec<_> = (0..500).map(|n| there.sign_in(&format!("user{n}"))).collect();
    wire.cut(true);
    for number in 0..500 {
        here.revoke(&format!("user{number}"));
    }
    assert!(values.iter().all(|value| there.accepts(value)), "it has not heard");
    wire.cut(false);
    soon("it has heard", || !values.iter().any(|value| there.accepts(value)));
    let length = server.command("XLEN {sealed-session}:stream");
    assert!(length.trim_start_matches(':').trim().parse::<u32>().unwrap() < 200, "{length}");
}

#[test]
fn wire_that_is_cut_or_silent_is_noticed_and_the_rest_is_caught_up() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let wire = Wire::to(server.address());
    let here = Machine::join(&server.url(), &ring);
    let there = Machine::join(&wire.url(), &ring);
    for is_silent in [false, true] {
        let (ada, bob) = (there.sign_in("ada"), there.sign_in("bob"));
        match is_silent {
            true => wire.silence(true),
            false => wire.cut(true),
        }
        let began = Instant::now();
        let error = there.list.revoke_all("bob").wait().unwrap_err();
        assert!(matches!(error, RevokeError::Unconfirmed(_)), "{error}");
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        here.revoke("ada");
        soon("the trouble shows", || there.list.trouble().is_some());
        assert!(there.list.age().unwrap() > Duration::ZERO);
        assert!(there.accepts(&ada) && there.accepts(&bob), "the last state goes on to count");
        wire.silence(false);
        wire.cut(true);
        wire.cut(false);
        soon("it has heard", || !there.accepts(&ada));
        soon("all is well", || there.list.trouble().is_none());
        there.revoke("bob");
        soon("both know", || !here.accepts(&bob) && !there.accepts(&bob));
    }
}

#[test]
fn name_and_password_come_from_the_url_and_are_not_shown() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&["--requirepass", "the-password"]);
    let ring = ring();
    let url = format!("redis://:the-password@{}", server.address());
    let machine = Machine::join(&url, &ring);
    machine.revoke("ada");
    for (url, word) in [(server.url(), "auth"), (url.replace("the-", "a-wrong-"), "password")] {
        let list = Revocations::following(redis(&url), RETENTION).start().unwrap();
        soon("it is refused", || list.trouble().is_some());
        let trouble = list.trouble().unwrap();
        assert!(trouble.to_lowercase().contains(word), "{trouble}");
        assert!(!trouble.contains("a-wrong-password"), "{trouble}");
        assert_eq!(list.age(), None);
    }
    assert!(!format!("{:?}", redis(&url)).contains("the-password"));
    for bad in ["http://localhost", "not a url", "redis://:secret@:port"] {
        let error = RedisRevocations::new(bad).unwrap_err();
        assert_eq!(error, ConfigError::RedisUrl);
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn prefixes_keep_applications_apart() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let [shop, blog] = ["{shop}", "{blog}"]
        .map(|prefix| Machine::following(redis(&server.url()).prefix(prefix), &ring));
    let value = shop.sign_in("ada");
    blog.revoke("ada");
    assert!(!blog.accepts(&value) && shop.accepts(&value));
    assert!(server.command("EXISTS {sealed-session}:meta").starts_with(":0"));
}

#[test]
fn many_entries_are_published_read_late_and_put_back() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(FORGETFUL);
    let ring = ring();
    let machine = Machine::join(&server.url(), &ring);
    let total = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };
    let began = Instant::now();
    for chunk in (0..total).collect::<Vec<u32>>().chunks(10_000) {
        let under_way: Vec<_> = chunk.iter().map(|&n| machine.list.revoke_all(n)).collect();
        for revoking in under_way {
            revoking.wait().unwrap();
        }
    }
    eprintln!("{total} published in {:?}", began.elapsed());
    let began = Instant::now();
    let late = Machine::join(&server.url(), &ring);
    eprintln!("read by one that joins in {:?}", began.elapsed());
    assert_eq!(late.list.len(), total as usize);
    assert!(late.list.memory() <= 100 * late.list.len(), "{}", late.list.memory());
    server.kill();
    server.restart();
    let began = Instant::now();
    let all = format!(":{}", total + 1);
    soon("put back", || server.command("ZCARD {sealed-session}:set").trim() == all);
    eprintln!("put back by two machines in {:?}", began.elapsed());
}

#[test]
fn machine_that_starts_while_the_server_is_away_refuses_and_recovers() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(KEPT);
    let ring = ring();
    let here = Machine::join(&server.url(), &ring);
    let (ada, bob) = (here.sign_in("ada"), here.sign_in("bob"));
    here.revoke("ada");
    server.kill();
    let list = Revocations::following(redis(&server.url()), RETENTION).start().unwrap();
    let sessions = Sessions::<String>::builder(ring)
        .revocations(&list, |user| Some(Subject::from(user)))
        .build()
        .unwrap();
    assert!(!list.wait_until_read(Duration::from_millis(100)));
    for value in [&ada, &bob] {
        assert_eq!(sessions.unseal(value).unwrap_err().class(), "revocations_unknown");
    }
    server.restart();
    assert!(list.wait_until_read(Duration::from_secs(30)));
    assert_eq!(sessions.unseal(&ada).unwrap_err().class(), "revoked");
    assert!(sessions.unseal(&bob).is_ok());
}

#[test]
fn two_machines_that_revoke_at_once_agree() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let machines = [(); 2].map(|()| Machine::join(&server.url(), &ring));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for machine in &machines {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut last = Position::default();
                while !is_over.load(SeqCst) {
                    let position = machine.revoke("ada");
                    assert!(position > last);
                    last = position;
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        is_over.store(true, SeqCst);
    });
    soon("they agree", || machines[0].list.position() == machines[1].list.position());
    assert!(machines.iter().all(|machine| machine.list.len() == 1));
}
