//! What was ended or replaced in a browser stays so, in whatever order responses arrive.

mod collecting;
mod setting;

use sealed_session::{
    Commit, KeyEntry, KeyRing, Keys, Session, SessionData, Sessions, UnsealError,
};
use time::OffsetDateTime;

use crate::support::{
    Claims, T0, at, forge, forge_for, jar::Jar, key, open, ring, sealed, tombstone, tombstone_name,
    unix,
};

const NAME: &str = "__Host-session";
const ALL: u16 = u16::MAX;
const LINEAGE: u32 = 0x0102_0304;

fn sessions() -> Sessions<u32> {
    Sessions::new(ring([1]))
}

/// A browser with a session that holds 7.
fn browser(sessions: &Sessions<u32>) -> Jar {
    Jar::of(NAME, &sealed(sessions, 7, T0))
}

/// A request whose response takes its time.
fn slow<T: SessionData>(
    sessions: &Sessions<T>,
    jar: &Jar,
    now: OffsetDateTime,
    act: impl FnOnce(&mut Session<T>),
) -> Commit {
    jar.clone().respond(sessions, now, act)
}

fn class<T: SessionData>(sessions: &Sessions<T>, jar: &Jar, now: OffsetDateTime) -> &'static str {
    let session = jar.load(sessions, now);
    match session.is_new() {
        true => session.refusal().map_or("none", UnsealError::class),
        false => "live",
    }
}

/// The claims of the session that a browser holds, under key 1.
fn claims(jar: &Jar) -> Claims {
    Claims::of(&open(1, NAME, jar.value(NAME).unwrap()))
}

fn value_of(claims: Claims, data: u32) -> String {
    forge(1, NAME, &claims.with(data.to_string()))
}

/// A tombstone of key 1, as a cookie.
fn stone(lineage: u32, limit: u16, ended_at: OffsetDateTime) -> (String, String) {
    let body = tombstone(lineage, limit, unix(ended_at), unix(ended_at) + 1_000_000);
    (tombstone_name(NAME, lineage, limit), forge_for(3, 1, NAME, &body))
}

#[test]
fn response_that_was_under_way_does_not_bring_an_ended_session_back() {
    let sessions = sessions();
    let mut jar = browser(&sessions);
    let written = slow(&sessions, &jar, at(10), |session| session.write(|n| *n += 1));
    jar.visit(&sessions, at(11), Session::destroy);
    assert_eq!(class(&sessions, &jar, at(11)), "none");
    jar.take(&written);
    for now in [at(11), at(700), at(1_209_599)] {
        assert_eq!(class(&sessions, &jar, now), "ended", "{now}");
        let session = jar.load(&sessions, now);
        assert_eq!(*session.read(), 0);
        // A late removal would remove a newer sign-in.
        assert!(!sessions.commit_at(&session, now).unwrap().sets_cookies());
    }
    // In another browser a copy is good until it expires.
    let copy = Jar::of(NAME, jar.value(NAME).unwrap());
    assert_eq!(class(&sessions, &copy, at(11)), "live");
}

#[test]
fn what_is_replaced_stays_so_and_what_replaced_it_lives() {
    let sessions = sessions();
    let acts: [fn(&mut Session<u32>); 3] =
        [Session::renew, Session::reauthenticate, Session::regenerate_id];
    for act in acts {
        let mut jar = browser(&sessions);
        let before = jar.value(NAME).unwrap().to_owned();
        let written = slow(&sessions, &jar, at(10), |session| session.write(|n| *n += 1));
        let removed = slow(&sessions, &jar, at(10), |session| drop(session.read()));
        jar.visit(&sessions, at(11), act);
        assert_eq!(class(&sessions, &jar, at(11)), "live");
        jar.take(&removed);
        assert_eq!(class(&sessions, &jar, at(11)), "live");
        let mut late = jar.clone();
        late.take(&written);
        assert_eq!(class(&sessions, &late, at(12)), "ended");
        late.put(NAME, &before);
        assert_eq!(class(&sessions, &late, at(12)), "ended");
    }
}

#[test]
fn a_session_that_is_ended_twice_stays_so() {
    let sessions = sessions();
    let acts: [fn(&mut Session<u32>); 2] = [Session::renew, Session::destroy];
    for (first, second) in acts.into_iter().flat_map(|first| acts.map(|second| (first, second))) {
        let mut jar = browser(&sessions);
        let before = jar.value(NAME).unwrap().to_owned();
        jar.visit(&sessions, at(11), first);
        jar.put(NAME, &before);
        jar.visit(&sessions, at(12), second);
        jar.put(NAME, &before);
        assert_eq!(class(&sessions, &jar, at(13)), "ended");
    }
}

#[test]
fn junk_under_the_name_of_a_tombstone_does_not_take_its_place() {
    let sessions = sessions();
    let mut jar = browser(&sessions);
    let before = jar.value(NAME).unwrap().to_owned();
    jar.put(&tombstone_name(NAME, claims(&jar).lineage, ALL), "junk");
    assert_eq!(class(&sessions, &jar, at(10)), "live");
    jar.visit(&sessions, at(11), Session::destroy);
    jar.put(NAME, &before);
    assert_eq!(class(&sessions, &jar, at(12)), "ended");
}

#[test]
fn sign_out_and_renewal_in_parallel_leave_nobody_signed_in_in_either_order() {
    let sessions = sessions();
    for destroy_first in [true, false] {
        let mut jar = browser(&sessions);
        let renewed = slow(&sessions, &jar, at(10), Session::renew);
        let ended = slow(&sessions, &jar, at(10), Session::destroy);
        let order = if destroy_first { [&ended, &renewed] } else { [&renewed, &ended] };
        for commit in order {
            jar.take(commit);
        }
        assert!(jar.load(&sessions, at(11)).is_new(), "{destroy_first}");
        // The next sign-in is of a lineage of its own.
        jar.visit(&sessions, at(11), Session::renew);
        assert_eq!(class(&sessions, &jar, at(11)), "live");
        jar.take(&renewed);
        jar.take(&ended);
        assert!(jar.load(&sessions, at(12)).is_new());
    }
}

#[test]
fn of_two_renewals_in_parallel_neither_ends_the_other() {
    let sessions = sessions();
    for order in [[0, 1], [1, 0_usize]] {
        let mut jar = browser(&sessions);
        let renewed = [10, 10].map(|now| slow(&sessions, &jar, at(now), Session::renew));
        for place in order {
            jar.take(&renewed[place]);
        }
        assert_eq!(class(&sessions, &jar, at(11)), "live");
        assert_eq!(claims(&jar).generation, 1);
    }
}

#[test]
fn of_two_users_of_one_browser_the_first_does_not_come_back() {
    let sessions = sessions();
    for signs_out in [true, false] {
        let mut jar = browser(&sessions);
        let first = slow(&sessions, &jar, at(10), |session| session.write(|n| *n = 1));
        if signs_out {
            jar.visit(&sessions, at(11), Session::destroy);
        }
        // In the same second, and on a machine whose clock is behind.
        jar.visit(&sessions, at(10), |session| {
            session.renew();
            session.write(|n| *n = 2);
        });
        assert_eq!(*jar.load(&sessions, at(11)).read(), 2);
        let second = jar.value(NAME).unwrap().to_owned();
        jar.take(&first);
        assert_eq!(class(&sessions, &jar, at(12)), "ended", "{signs_out}");
        assert_eq!(*jar.load(&sessions, at(12)).read(), 0);
        jar.put(NAME, &second);
        assert_eq!(*jar.load(&sessions, at(12)).read(), 2);
    }
}

#[test]
fn generation_and_lineage_decide_and_no_clock() {
    let sessions = sessions();
    let value = |lineage, generation| {
        let claims = Claims { lineage, generation, ..Claims::begun(at(1000)) };
        value_of(claims, 7)
    };
    for (limit, generation, expected) in [
        (0, 0, "ended"),
        (0, 1, "live"),
        (5, 4, "ended"),
        (5, 5, "ended"),
        (5, 6, "live"),
        (ALL - 1, ALL - 1, "ended"),
        (ALL, ALL - 1, "ended"),
    ] {
        // Set long before the session began, or by a clock that is far ahead.
        for ended_at in [at(0), at(999_999)] {
            let (name, tombstone) = stone(LINEAGE, limit, ended_at);
            for (lineage, expected) in [(LINEAGE, expected), (LINEAGE + 1, "live")] {
                let mut jar = Jar::of(NAME, &value(lineage, generation));
                jar.put(&name, &tombstone);
                assert_eq!(class(&sessions, &jar, at(1000)), expected, "{limit} {generation}");
            }
        }
    }
}

#[test]
fn what_is_no_live_tombstone_of_its_name_ends_nothing() {
    let (sessions, now) = (sessions(), at(100));
    let claims = Claims::begun(T0);
    let body = |lineage, limit, ended_at, until| {
        tombstone(lineage, limit, unix(at(ended_at)), unix(at(until)))
    };
    let good = body(LINEAGE, 0, 50, 101);
    let other_name = tombstone_name(NAME, LINEAGE, 1);
    let name = tombstone_name(NAME, LINEAGE, 0);
    let genuine = forge_for(3, 1, NAME, &good);
    for (name, value, expected) in [
        (&name, genuine.clone(), "ended"),
        (&other_name, genuine.clone(), "live"),
        (&name, forge_for(3, 1, NAME, &body(LINEAGE, 1, 50, 101)), "live"),
        (&name, forge_for(3, 1, NAME, &body(LINEAGE + 1, 0, 50, 101)), "live"),
        // Over, and of times that cannot be.
        (&name, forge_for(3, 1, NAME, &body(LINEAGE, 0, 50, 100)), "live"),
        (&name, forge_for(3, 1, NAME, &body(LINEAGE, 0, 102, 101)), "live"),
        (&name, forge_for(3, 1, NAME, &[&good[..], b"0"].concat()), "live"),
        (&name, forge_for(3, 1, NAME, &good[..15]), "live"),
        // A machine that is ahead may have set it: its name says enough, and nobody else knows it.
        (&name, forge_for(3, 2, NAME, &good), "ended"),
        (&name, format!("Ag{}", &genuine[2..]), "ended"),
        (&name, forge_for(3, 1, &name, &good), "live"),
        (&name, forge_for(1, 1, NAME, &good), "live"),
        (&name, forge_for(2, 1, NAME, &good), "live"),
        (&name, String::new(), "live"),
        (&name, "1".to_owned(), "live"),
        (&name, crate::support::flipped(&genuine), "live"),
        (&name.to_lowercase(), genuine.clone(), "live"),
    ] {
        let mut jar = Jar::of(NAME, &value_of(claims, 7));
        jar.put(name, &value);
        assert_eq!(class(&sessions, &jar, now), expected, "{name}={value}");
    }
}

#[test]
fn a_tombstone_that_was_set_before_the_audience_changed_counts_after_it() {
    let shop =
        |audience: &str| Sessions::<u32>::builder(ring([1])).audience(audience).build().unwrap();
    let (old, new) = (shop("old"), shop("new"));
    let both = Sessions::<u32>::builder(ring([1]))
        .audience("new")
        .former_audience(Some("old"), at(1000))
        .build()
        .unwrap();
    let mut jar = browser(&old);
    let late = slow(&old, &jar, at(10), |session| session.write(|n| *n = 1));
    jar.visit(&old, at(11), Session::destroy);
    jar.take(&late);
    assert_eq!(class(&both, &jar, at(12)), "ended");
    assert_eq!(class(&new, &jar, at(12)), "not_authentic");
}

#[test]
fn more_than_eight_that_match_end_a_session_without_a_look_at_them() {
    let sessions = sessions();
    let claims = Claims { generation: 2, ..Claims::begun(T0) };
    for (matching, others, expected) in
        [(0, 20, "live"), (8, 20, "live"), (9, 0, "ended"), (40, 0, "ended")]
    {
        let mut jar = Jar::of(NAME, &value_of(claims, 7));
        for limit in 0..matching {
            jar.put(&tombstone_name(NAME, LINEAGE, 2 + limit), "junk");
        }
        for other in 0..others {
            jar.put(&tombstone_name(NAME, LINEAGE + 1, 2 + other), "junk");
        }
        jar.put(&tombstone_name(NAME, LINEAGE, 1), "junk");
        assert_eq!(class(&sessions, &jar, at(1)), expected, "{matching} {others}");
    }
}

#[test]
fn more_tombstones_than_are_kept_end_every_session() {
    let sessions = sessions();
    for (count, expected) in [(63, "live"), (64, "live"), (65, "ended"), (200, "ended")] {
        let mut jar = browser(&sessions);
        for other in 0..count {
            jar.put(&tombstone_name(NAME, claims(&jar).lineage ^ 1, other), "junk");
        }
        assert_eq!(class(&sessions, &jar, at(1)), expected, "{count}");
        // So does a second header, and the order of the pairs is nothing to it.
        let (name, value) = (NAME, jar.value(NAME).unwrap().to_owned());
        let stones = jar.header().replace(&format!("{name}={value}"), "a=b");
        let session = sessions.load_at([stones, format!("{name}={value}")], at(1));
        assert_eq!(session.is_new(), expected == "ended", "{count}");
    }
}

#[test]
fn without_tombstones_none_is_set_and_none_is_looked_at() {
    let without = Sessions::<u32>::builder(ring([1])).tombstones(false).build().unwrap();
    let acts: [fn(&mut Session<u32>); 4] =
        [Session::destroy, Session::renew, Session::reauthenticate, Session::regenerate_id];
    for act in acts {
        let mut jar = browser(&without);
        jar.visit(&without, at(1), act);
        assert_eq!(jar.tombstones(), [""; 0]);
    }
    let mut jar = Jar::of(NAME, &value_of(Claims::begun(T0), 7));
    for limit in 0..100 {
        let (name, value) = stone(LINEAGE, limit, T0);
        jar.put(&name, &value);
    }
    assert_eq!(class(&sessions(), &jar, at(1)), "ended");
    assert_eq!(class(&without, &jar, at(1)), "live");
    let commit = jar.respond(&without, at(10_000), |session| drop(session.read()));
    assert!(!commit.sets_cookies(), "none is collected");
}

#[cfg(feature = "iron")]
#[test]
fn what_is_taken_over_twice_is_of_one_lineage_and_ended_as_one() {
    use sealed_session::iron::{self, Migration, Passwords};

    let passwords = Passwords::new("Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0").unwrap();
    let theirs =
        iron::seal_at("app", &7, &passwords, Some(crate::support::secs(9999)), T0).unwrap();
    let sessions = Sessions::<u32>::builder(ring([1]))
        .accept_iron(Migration::new("app", passwords, at(9999)))
        .build()
        .unwrap();
    let jar = Jar::of("app", &theirs);
    let taken = slow(&sessions, &jar, at(10), |session| drop(session.read()));
    for act in [Session::destroy, Session::renew] {
        for order in [[0, 1], [1, 0_usize]] {
            let mut browser = jar.clone();
            let acted = slow(&sessions, &browser, at(10), act);
            for place in order {
                browser.take([&acted, &taken][place]);
            }
            let [name] = &browser.tombstones()[..] else { panic!("{:?}", browser.names()) };
            let lineage = Claims::of(&open(1, NAME, &taken_value(&taken))).lineage;
            let limits = [ALL, 0].map(|limit| tombstone_name(NAME, lineage, limit));
            assert!(limits.contains(name), "{name}");
            // What was taken over is ended, and so is the other library's value itself.
            browser.take(&taken);
            assert_eq!(class(&sessions, &browser, at(11)), "ended");
            let mut theirs_again = jar.clone();
            theirs_again.put(name, browser.value(name).unwrap());
            assert_eq!(class(&sessions, &theirs_again, at(11)), "ended");
        }
    }
}

#[cfg(feature = "iron")]
fn taken_value(commit: &Commit) -> String {
    commit.cookies().iter().find(|cookie| cookie.name() == NAME).unwrap().value().to_owned()
}

#[test]
fn ring_that_is_replaced_between_two_values_does_not_part_one_from_its_tombstone() {
    let maker = sessions();
    let older = sealed(&maker, 7, T0);
    let mut jar = Jar::of(NAME, &sealed(&maker, 8, at(5)));
    let ended = jar.value(NAME).unwrap().to_owned();
    jar.visit(&maker, at(6), Session::destroy);
    let header = format!("{NAME}={older}; {NAME}={ended}; {}", jar.header());

    // The same id with another key, and another id.
    let same_id = KeyRing::new([KeyEntry::new(1, key(2))]).unwrap();
    for other in [same_id, ring([2])] {
        let keys = Keys::from(ring([1]));
        let shared = keys.clone();
        let sessions = Sessions::<u32>::builder(keys)
            .revoke_if(move |data, _| {
                if *data == 7 {
                    shared.replace(other.clone());
                }
                false
            })
            .build()
            .unwrap();
        assert_eq!(*sessions.load_at([&header], at(7)).read(), 7);
    }
}
