//! The emergency drill: a key has leaked, and whoever has it is at work.
//!
//! Three machines, of which one is a day ahead; twenty users who are signed in; a forger who has the leaked key,
//! dates sessions as he likes, and has them sealed again by every machine that still does so.

use std::{fs, time::Instant};

use sealed_session::{KeyRing, Sessions, TomlRing};
use time::{Duration, OffsetDateTime};

use crate::{
    clock::Clock,
    machine::Machines,
    operator::Operator,
    server::{ABSOLUTE_TIMEOUT, Account},
};

const DAY: i64 = 24 * 60 * 60;
const OFFSETS: [i64; 3] = [0, 14, DAY];
const USERS: usize = 20;

struct Forger {
    leaked: KeyRing,
    /// Everything that he could get hold of so far.
    cookies: Vec<String>,
}

impl Forger {
    /// Sessions of the administrator, dated for each machine's clock and an hour before, so that a
    /// machine seals them again at once.
    fn forge(&mut self, now: OffsetDateTime) {
        let sessions = Sessions::<Account>::builder(self.leaked.clone())
            .absolute_timeout(ABSOLUTE_TIMEOUT)
            .build()
            .unwrap();
        for offset in OFFSETS {
            for age in [0, -60, 61 * 60, 100 * 60] {
                let at = now + Duration::seconds(offset - age);
                let admin = Account { user: "admin".to_owned(), writes: 0 };
                let session = sessions.create_at(admin, at).unwrap();
                self.cookies.push(sessions.seal_at(&session, at).unwrap());
            }
        }
    }

    /// Shows every cookie to a machine, keeps what it gives in return, and counts how often it let him in.
    fn try_all(&mut self, machines: &Machines, index: usize) -> usize {
        let mut got_in = 0;
        for cookie in self.cookies.clone() {
            for path in ["/", "/write"] {
                let (fresh, body) = machines.visit(index, path, Some(&cookie)).unwrap();
                if body.starts_with("yes") && body.contains(" admin ") {
                    got_in += 1;
                    self.cookies.extend(fresh);
                }
            }
        }
        got_in
    }
}

#[test]
fn an_emergency_ends_every_forgery_at_once_and_hinders_nobody_who_signs_in() {
    let clock = Clock::start(1);
    let operator = Operator::new(clock);
    let machines = Machines::with_offsets(OFFSETS, clock, operator.directory(), &operator.ring());
    let ring = |operator: &Operator| {
        let text = fs::read_to_string(operator.ring()).unwrap();
        TomlRing::parse_at(&text, clock.now()).unwrap().into_ring()
    };
    let mut forger = Forger { leaked: ring(&operator), cookies: Vec::new() };

    // Key 1 has leaked, and nobody knows. A rotation is no help: his sessions move to key 2.
    let rotation = operator.run("rotate", &["--now"]);
    let deploy = |operator: &Operator, index: usize, report: &serde_json::Value| {
        machines.deploy(index, &operator.ring());
        machines.wait_until_it_has(index, report["fingerprint"].as_str().unwrap());
    };
    (0..3).for_each(|index| deploy(&operator, index, &rotation));
    forger.forge(clock.now());
    for index in 0..3 {
        assert!(forger.try_all(&machines, index) > 0, "he gets in before the incident");
    }
    let is_laundered = |cookie: &String| {
        sealed_session::Hint::read(cookie).is_ok_and(|hint| hint.key_id().get() == 2)
    };
    assert!(forger.cookies.iter().any(is_laundered), "and is under the next key");

    // Twenty users, each at home on a machine.
    let sign_in = |index: usize, user: usize| {
        let (cookie, body) = machines.visit(index, &format!("/login/user-{user}"), None).unwrap();
        assert!(body.starts_with("yes"), "signing in fails: {body}");
        cookie.expect("it sets a cookie")
    };
    let before: Vec<_> = (0..USERS).map(|user| sign_in(user % 3, user)).collect();
    let stale = ring(&operator);
    let old_ring = fs::read_to_string(operator.ring()).unwrap();

    let incident = operator.run("emergency", &[]);
    let begun = Instant::now();
    let mut errors_of_lagging_forms = 0;
    for index in 0..3 {
        // A moment ago the machine still took him in, and others still do.
        for lagging in index..3 {
            forger.try_all(&machines, lagging);
        }
        deploy(&operator, index, &incident);
        for updated in 0..=index {
            assert_eq!(forger.try_all(&machines, updated), 0, "machine {updated} let him in");
        }
        // Everybody is signed out there, signs in, and is in: no bounce, no wait.
        for user in (0..USERS).filter(|user| user % 3 == index) {
            let (_, body) = machines.visit(index, "/", Some(&before[user])).unwrap();
            assert_eq!(body, "no unknown_key");
            let fresh = sign_in(index, user);
            let (_, body) = machines.visit(index, "/", Some(&fresh)).unwrap();
            assert!(body.starts_with("yes") && body.contains(&format!(" user-{user} ")), "{body}");
            let (_, token) = machines.visit(index, "/form", Some(&fresh)).unwrap();
            let (_, posted) =
                machines.visit(index, &format!("/post/{token}"), Some(&fresh)).unwrap();
            assert_eq!(posted, "yes");
            // A form from a machine that lags is the one thing that fails.
            for lagging in index + 1..3 {
                let (_, token) = machines.visit(lagging, "/form", Some(&before[user])).unwrap();
                let (_, posted) =
                    machines.visit(index, &format!("/post/{token}"), Some(&fresh)).unwrap();
                assert_ne!(posted, "yes");
                errors_of_lagging_forms += 1;
            }
        }
    }
    println!(
        "{USERS} users signed in again, the first of them at once, all within {:?}; \
         {} cookies of the forger, {errors_of_lagging_forms} forms of machines that lagged",
        begun.elapsed(),
        forger.cookies.len()
    );
    machines.wait_until_all_have(incident["fingerprint"].as_str().unwrap());

    // He may forge anew under whatever has leaked, and an older file may come back.
    forger.leaked = stale;
    forger.forge(clock.now());
    machines.deploy_broken(1, &old_ring, "older than one that was in use");
    for index in 0..3 {
        assert_eq!(forger.try_all(&machines, index), 0, "machine {index} let him in");
    }
}
