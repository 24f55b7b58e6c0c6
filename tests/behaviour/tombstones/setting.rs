//! Which tombstones a response sets, and what they hold.

use sealed_session::{KeyEntry, KeyRing, Keys, SameSite, Scope, SealError};

use super::*;
use crate::support::{Forge, key, key_bytes, secs};

type Act = fn(&mut Session<u32>);

/// What a tombstone of key 1 says: lineage, limit, `ended_at` and `until`.
fn read(cookie_name: &str, value: &str) -> (u32, u16, u64, u64) {
    let forge =
        Forge { key: key_bytes(1), key_id: 1, purpose: 3, name: cookie_name, audience: None };
    let body = forge.open(value);
    let field =
        |from: usize, to: usize| body[from..to].iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
    assert_eq!(body.len(), 16);
    (field(0, 4).try_into().unwrap(), field(4, 6).try_into().unwrap(), field(6, 11), field(11, 16))
}

#[test]
fn each_act_ends_the_generations_up_to_that_of_the_session_that_came() {
    let sessions = sessions();
    let acts: [(Act, bool); 5] = [
        (Session::destroy, true),
        (Session::renew, false),
        (Session::reauthenticate, false),
        (Session::regenerate_id, false),
        // However many there are, they come to one new id.
        (
            |session| {
                session.regenerate_id();
                session.renew();
                session.reauthenticate();
            },
            false,
        ),
    ];
    for (act, is_end) in acts {
        for generation in [0, 1, 300] {
            let claims = Claims { generation, ..Claims::begun(T0) };
            let mut jar = Jar::of(NAME, &value_of(claims, 7));
            let commit = jar.respond(&sessions, at(10), act);
            let limit = if is_end { ALL } else { generation };
            let name = tombstone_name(NAME, LINEAGE, limit);
            assert_eq!(jar.tombstones(), [&*name]);
            let (now, until) = (unix(at(10)), unix(at(10)) + 1_209_600 + 600);
            assert_eq!(read(NAME, jar.value(&name).unwrap()), (LINEAGE, limit, now, until));
            assert!(commit.forbids_storing());
            let tombstone = commit.cookies().iter().find(|cookie| cookie.name() == name).unwrap();
            assert_eq!(tombstone.value().len(), 82);
            let attributes = "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1210200";
            assert!(tombstone.to_string().ends_with(attributes), "{tombstone}");
            if !is_end {
                let fresh = super::claims(&jar);
                assert_eq!((fresh.lineage, fresh.generation), (LINEAGE, generation + 1));
            }
        }
    }
}

#[test]
fn births_writes_tokens_and_reseals_set_none() {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<u32>::new(keys.clone());
    let acts: [fn(&mut Session<u32>); 4] = [
        |session| session.write(|n| *n += 1),
        |session| session.renew(),
        |session| drop(session.csrf_token().unwrap()),
        |session| session.destroy(),
    ];
    for act in acts {
        let mut jar = Jar::default();
        jar.visit(&sessions, T0, act);
        assert_eq!(jar.tombstones(), [""; 0]);
    }
    let mut jar = browser(&sessions);
    jar.visit(&sessions, at(1), |session| session.write(|n| *n += 1));
    keys.replace(ring([2, 1]));
    let commit = jar.respond(&sessions, at(4000), |session| drop(session.read()));
    assert!(commit.sets_cookies());
    assert_eq!(jar.tombstones(), [""; 0]);
}

#[test]
fn where_generations_run_out_a_new_lineage_begins_and_the_old_one_is_ended_as_a_whole() {
    let sessions = sessions();
    let acts: [fn(&mut Session<u32>); 3] =
        [Session::renew, Session::reauthenticate, Session::regenerate_id];
    for act in acts {
        let claims = Claims { generation: ALL - 1, ..Claims::begun(T0) };
        let mut jar = Jar::of(NAME, &value_of(claims, 7));
        jar.visit(&sessions, at(10), act);
        assert_eq!(jar.tombstones(), [tombstone_name(NAME, LINEAGE, ALL)]);
        let fresh = super::claims(&jar);
        assert_eq!(fresh.generation, 0);
        assert_ne!(fresh.lineage, LINEAGE);
        assert_eq!(class(&sessions, &jar, at(10)), "live");
    }
}

#[test]
fn other_live_values_are_ended_too() {
    let sessions = sessions();
    let value = |lineage, generation, issued| {
        let claims = Claims { issued, lineage, generation, ..Claims::begun(T0) };
        value_of(claims, 7)
    };
    // The one that was issued last came; a twin has a later generation.
    let header =
        format!("{NAME}={}; {NAME}={}; {NAME}={}", value(1, 3, 9), value(1, 5, 8), value(2, 8, 7));
    let respond = |act: fn(&mut Session<u32>)| {
        let mut session = sessions.load_at([&header], at(10));
        act(&mut session);
        let mut jar = Jar::default();
        jar.take(&sessions.commit_at(&session, at(10)).unwrap());
        jar
    };
    let all = [tombstone_name(NAME, 1, ALL), tombstone_name(NAME, 2, ALL)];
    assert_eq!(respond(Session::destroy).tombstones(), all);
    let renewed = respond(Session::renew);
    assert_eq!(renewed.tombstones(), [tombstone_name(NAME, 1, 5), tombstone_name(NAME, 2, ALL)]);
    assert_eq!((claims(&renewed).lineage, claims(&renewed).generation), (1, 6));
    assert_eq!(class(&sessions, &renewed, at(10)), "live");
}

#[test]
fn a_refused_value_of_a_later_generation_does_not_end_what_replaces_the_live_one() {
    let sessions = sessions();
    let live = value_of(Claims { generation: 3, ..Claims::begun(T0) }, 7);
    let over = value_of(Claims { generation: 7, lifetime: 5, ..Claims::begun(T0) }, 7);
    let mut session = sessions.load_at([format!("{NAME}={live}; {NAME}={over}")], at(10));
    session.renew();
    let mut jar = Jar::default();
    jar.take(&sessions.commit_at(&session, at(10)).unwrap());
    assert_eq!(claims(&jar).generation, 4);
    assert_eq!(class(&sessions, &jar, at(10)), "live");
}

#[test]
fn what_was_refused_for_good_is_not_ended_so_that_refusals_look_alike() {
    let sessions = sessions();
    let over = value_of(Claims { lifetime: 5, ..Claims::begun(T0) }, 7);
    for act in [Session::destroy, Session::renew] {
        let mut jar = Jar::of(NAME, &over);
        jar.visit(&sessions, at(10), act);
        assert_eq!(jar.tombstones(), [""; 0]);
    }
}

/// A value from a machine whose clock is ahead, and one that waits for its device.
fn refused_for_now() -> [String; 2] {
    let claims = Claims { generation: 7, ..Claims::begun(T0) };
    [
        value_of(Claims { generation: 7, ..Claims::begun(at(500)) }, 7),
        value_of(Claims { flags: 0b101, ..claims }, 7),
    ]
}

#[test]
fn what_is_refused_only_for_now_is_ended_by_a_sign_out_and_by_a_sign_in() {
    let sessions = sessions();
    for value in refused_for_now() {
        for act in [Session::destroy, Session::renew] {
            let mut jar = Jar::of(NAME, &value);
            jar.visit(&sessions, at(10), act);
            // A response that was under way sets it again.
            jar.put(NAME, &value);
            assert_eq!(class(&sessions, &jar, at(500)), "ended");
        }
    }
}

#[test]
fn what_replaces_a_session_outlives_a_twin_that_is_refused_only_for_now() {
    let sessions = sessions();
    let live = value_of(Claims { generation: 3, ..Claims::begun(T0) }, 7);
    for twin in refused_for_now() {
        for act in [Session::renew, Session::reauthenticate, Session::regenerate_id] {
            let mut session = sessions.load_at([format!("{NAME}={live}; {NAME}={twin}")], at(10));
            act(&mut session);
            let mut jar = Jar::default();
            jar.take(&sessions.commit_at(&session, at(10)).unwrap());
            assert_eq!(claims(&jar).generation, 8);
            assert_eq!(class(&sessions, &jar, at(10)), "live");
            for old in [&live, &twin] {
                let mut jar = jar.clone();
                jar.put(NAME, old);
                assert_eq!(class(&sessions, &jar, at(500)), "ended");
            }
        }
    }
}

#[test]
fn a_wider_tombstone_takes_the_place_of_a_narrower_one() {
    let sessions = sessions();
    let mut jar = browser(&sessions);
    let lineage = claims(&jar).lineage;
    for (second, limit) in [(1, 0), (2, 1), (3, 2)] {
        jar.visit(&sessions, at(second), Session::renew);
        assert_eq!(jar.tombstones(), [tombstone_name(NAME, lineage, limit)]);
    }
    jar.visit(&sessions, at(4), Session::destroy);
    assert_eq!(jar.tombstones(), [tombstone_name(NAME, lineage, ALL)]);
    // Nothing is left to end.
    let again = jar.respond(&sessions, at(5), Session::destroy);
    assert!(again.cookies().iter().all(|cookie| cookie.value().is_empty()));
    assert_eq!(jar.tombstones(), [tombstone_name(NAME, lineage, ALL)]);
}

#[test]
fn a_tombstone_lives_ten_minutes_longer_than_any_session_may() {
    for (absolute, max_age) in [(1, 601), (3600, 4200), (34_559_400, 34_560_000)] {
        let build = |persistent| {
            Sessions::<u32>::builder(ring([1]))
                .absolute_timeout(secs(absolute))
                .persistent(persistent)
                .build()
                .unwrap()
        };
        // Also where the session's own cookie ends with the browser.
        for sessions in [build(true), build(false)] {
            let commit = browser(&sessions).respond(&sessions, T0, Session::destroy);
            let tombstone = commit.cookies().last().unwrap();
            assert_eq!(tombstone.max_age().unwrap().whole_seconds(), max_age);
            assert_eq!(read(NAME, tombstone.value()).3, unix(T0) + absolute + 600);
        }
    }
    // Another machine may have a longer timeout, with which the value was sealed.
    let short = Sessions::<u32>::builder(ring([1])).absolute_timeout(secs(100)).build().unwrap();
    let mut jar = Jar::of(NAME, &value_of(Claims { lifetime: 5000, ..Claims::begun(T0) }, 7));
    let commit = jar.respond(&short, at(50), Session::destroy);
    assert_eq!(read(NAME, commit.cookies().last().unwrap().value()).3, unix(T0) + 5000 + 600);
    // Browsers keep nothing for longer than 400 days.
    let long = Sessions::<u32>::builder(ring([1])).absolute_timeout(secs(99_999_999)).build();
    let long = long.unwrap();
    let commit = browser(&long).respond(&long, T0, Session::destroy);
    let tombstone = commit.cookies().last().unwrap();
    assert_eq!(tombstone.max_age().unwrap().whole_seconds(), 34_560_000);
    assert_eq!(read(NAME, tombstone.value()).3, unix(T0) + 99_999_999 + 600);
}

#[test]
fn it_is_set_in_every_scope_and_under_every_name_that_may_bring_the_session() {
    let sessions = Sessions::<u32>::builder(ring([1]))
        .cookie_name("__Secure-shop")
        .same_site(SameSite::None)
        .domain("example.org")
        .path("/app")
        .partitioned(true)
        .former_scope(Scope::new())
        .former_scope(Scope::new().path("/old"))
        .former_name("shop", at(1000))
        .former_name("__Host-shop", at(1000))
        .former_name("__Host-gone", at(5))
        .build()
        .unwrap();
    let jar = Jar::of("__Secure-shop", &sealed(&sessions, 7, T0));
    let commit = slow(&sessions, &jar, at(10), Session::destroy);
    let set: Vec<_> = commit.cookies().iter().filter(|cookie| !cookie.value().is_empty()).collect();
    let shown: Vec<_> = set
        .iter()
        .map(|cookie| {
            let (name, _) = cookie.name().rsplit_once("-ended-").unwrap();
            (name, cookie.path().unwrap(), cookie.domain(), cookie.partitioned() == Some(true))
        })
        .collect();
    let domain = Some("example.org");
    assert_eq!(
        shown,
        [
            ("__Secure-shop", "/app", domain, true),
            ("__Secure-shop", "/", None, false),
            ("__Secure-shop", "/old", None, false),
            ("shop", "/app", domain, true),
            ("shop", "/", None, false),
            ("shop", "/old", None, false),
            // This prefix allows no Domain and no Path, and the last name is over.
            ("__Host-shop", "/", None, true),
            ("__Host-shop", "/", None, false),
        ]
    );
    for cookie in set {
        let (name, _) = cookie.name().rsplit_once("-ended-").unwrap();
        assert_eq!(read(name, cookie.value()).1, ALL, "sealed for {name}");
        assert_eq!(cookie.http_only(), Some(true));
    }
}

#[test]
fn sign_out_removes_the_session_though_no_key_seals_its_tombstone() {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<u32>::new(keys.clone());
    let mut jar = browser(&sessions);
    let renewed = jar.clone();
    let mut session = jar.load(&sessions, at(10));
    let _ = session.read();
    let later = [KeyEntry::new(1, key(1)).not_before(at(500))];
    keys.replace(KeyRing::new_at(later, at(500)).unwrap());
    session.destroy();
    let commit = sessions.commit_at(&session, at(10)).unwrap();
    let [removal] = commit.cookies() else { panic!("{commit:?}") };
    assert_eq!((removal.name(), removal.value()), (NAME, ""));
    jar.take(&commit);
    assert!(jar.names().is_empty());
    // A renewal without a key is an error, and changes nothing.
    let mut session = renewed.load(&sessions, at(10));
    session.renew();
    assert!(sessions.commit_at(&session, at(10)).is_err());
}

#[test]
fn a_session_is_not_replaced_where_no_key_seals_its_tombstone() {
    let keys = Keys::from(ring([1]));
    let later = [KeyEntry::new(1, key(1)).not_before(at(500))];
    let later = KeyRing::new_at(later, at(500)).unwrap();
    let shared = keys.clone();
    // Between the seal of the session, which has its ring, and that of the tombstone.
    let hook = move |data: &u32, _: &_| {
        if *data == 8 {
            shared.replace(later.clone());
        }
        false
    };
    let sessions = Sessions::<u32>::builder(keys).revoke_if(hook).build().unwrap();
    let mut session = browser(&sessions).load(&sessions, at(10));
    session.sign_in(|n| *n = 8);
    assert_eq!(sessions.commit_at(&session, at(10)).unwrap_err(), SealError::NoSealingKey);
}
