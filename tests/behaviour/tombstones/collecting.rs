//! When a tombstone goes.

use super::*;
use crate::support::flipped;

fn read(session: &mut Session<u32>) {
    drop(session.read());
}

#[test]
fn it_goes_ten_minutes_after_it_was_set_where_nothing_of_its_lineage_is_left() {
    let sessions = sessions();
    let mut jar = browser(&sessions);
    jar.visit(&sessions, at(10), Session::destroy);
    for now in [10, 11, 600, 609] {
        assert!(!jar.respond(&sessions, at(now), read).sets_cookies(), "at {now}");
    }
    // Who does not look at the session does not collect either.
    assert!(!jar.respond(&sessions, at(610), |_| {}).sets_cookies());
    let commit = jar.respond(&sessions, at(610), read);
    let [removal] = commit.cookies() else { panic!("{commit:?}") };
    assert!(commit.forbids_storing());
    assert!(removal.to_string().contains("=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"));
    assert!(jar.names().is_empty());
    assert!(!jar.respond(&sessions, at(611), read).sets_cookies());
}

#[test]
fn a_session_of_another_lineage_does_not_keep_it() {
    let sessions = sessions();
    let mut jar = browser(&sessions);
    jar.visit(&sessions, at(10), Session::destroy);
    jar.visit(&sessions, at(11), |session| session.write(|n| *n = 2));
    assert_eq!(jar.tombstones().len(), 1);
    jar.visit(&sessions, at(610), read);
    assert_eq!(jar.names(), [NAME]);
    assert_eq!(*jar.load(&sessions, at(611)).read(), 2);
}

#[test]
fn it_stays_while_a_value_of_its_lineage_is_there_live_or_not() {
    let sessions = Sessions::<u32>::builder(ring([1]))
        .idle_timeout(crate::support::secs(100_000))
        .revoke_if(|n, _| *n == 666)
        .build()
        .unwrap();
    let now = at(20_000);
    let begun = Claims::begun(T0);
    let live = Claims { generation: 1, ..begun };
    let values = [
        value_of(live, 7),
        value_of(begun, 7),
        value_of(live, 666),
        value_of(Claims { lifetime: 10, ..live }, 7),
        value_of(Claims { idle: 10, ..live }, 7),
        value_of(Claims::begun(at(20_061)), 7),
        forge(1, NAME, &live.with("\"no number\"")),
    ];
    for (place, value) in values.iter().enumerate() {
        let (name, tombstone) = stone(LINEAGE, 0, T0);
        let mut jar = Jar::of(NAME, value);
        jar.put(&name, &tombstone);
        jar.visit(&sessions, now, read);
        assert_eq!(jar.tombstones(), [name], "value {place}");
    }
    // Of another lineage each of them lets it go.
    for (place, value) in values.iter().enumerate() {
        let (name, tombstone) = stone(LINEAGE + 1, 0, T0);
        let mut jar = Jar::of(NAME, value);
        jar.put(&name, &tombstone);
        jar.visit(&sessions, now, read);
        assert_eq!(jar.tombstones(), [""; 0], "value {place}");
    }
}

#[test]
fn it_stays_while_a_value_is_there_of_which_nobody_knows_the_lineage() {
    let sessions = sessions();
    let claims = Claims { lineage: 9, ..Claims::begun(T0) };
    let value = value_of(claims, 7);
    let unreadable = [
        String::new(),
        "junk".to_owned(),
        "A".repeat(5000),
        format!("Ag{}", &value[2..]),
        forge(3, NAME, &claims.with("7")),
        flipped(&value),
        forge(1, NAME, &Claims { flags: 0x20, ..claims }.with("7")),
        forge(1, NAME, &Claims { generation: ALL, ..claims }.with("7")),
        // An extension that this build does not know.
        forge(1, NAME, &Claims { flags: 0x81, ..claims }.with(b"\0\x02\x02\x007")),
    ];
    for unreadable in &unreadable {
        for live in ["", &format!("; {NAME}={value}")] {
            let (name, tombstone) = stone(LINEAGE, 0, T0);
            let header = format!("{NAME}={unreadable}{live}; {name}={tombstone}");
            let session = sessions.load_at([&header], at(1000));
            let _ = session.read();
            let commit = sessions.commit_at(&session, at(1000)).unwrap();
            assert!(!commit.sets_cookies(), "{unreadable:.20} {live:.5}");
        }
    }
    // Nor does it go where a value was not read.
    for (count, goes) in [(8, true), (9, false)] {
        let (name, tombstone) = stone(LINEAGE, 0, T0);
        let values = format!("{NAME}={value}; ").repeat(count);
        let session = sessions.load_at([format!("{values}{name}={tombstone}")], at(1000));
        let _ = session.read();
        assert_eq!(sessions.commit_at(&session, at(1000)).unwrap().sets_cookies(), goes);
    }
}

#[test]
fn what_is_no_live_tombstone_of_its_name_is_left_alone() {
    let sessions = sessions();
    let (name, good) = stone(LINEAGE, 0, T0);
    let ahead = stone(LINEAGE, 0, at(999_999)).1;
    for (value, goes) in [(&good, true), (&flipped(&good), false), (&ahead, false)] {
        let mut jar = Jar::of(&name, value);
        assert_eq!(jar.respond(&sessions, at(1000), read).sets_cookies(), goes);
    }
    let mut jar = Jar::of(&tombstone_name(NAME, LINEAGE, 1), &good);
    assert!(!jar.respond(&sessions, at(1000), read).sets_cookies());
    // Over, it is the browser's to drop.
    let mut jar = Jar::of(&name, &good);
    assert!(!jar.respond(&sessions, at(1_000_000), read).sets_cookies());
}

#[test]
fn at_most_eight_go_at_once() {
    let sessions = sessions();
    let mut jar = Jar::default();
    for limit in 0..20 {
        let (name, value) = stone(LINEAGE, limit, T0);
        jar.put(&name, &value);
    }
    for left in [12, 4, 0] {
        jar.visit(&sessions, at(1000), read);
        assert_eq!(jar.tombstones().len(), left);
    }
}

#[test]
fn it_goes_from_every_scope_and_the_name_under_which_it_came() {
    use sealed_session::Scope;

    let sessions = Sessions::<u32>::builder(ring([1]))
        .cookie_name("shop")
        .former_scope(Scope::new().path("/old"))
        .former_name("till", at(5000))
        .build()
        .unwrap();
    let mut jar = Jar::of("shop", &sealed(&sessions, 7, T0));
    jar.visit(&sessions, at(10), Session::destroy);
    assert_eq!(jar.names().len(), 4, "two names in two scopes: {:?}", jar.names());
    jar.visit(&sessions, at(610), read);
    assert_eq!(jar.names(), [""; 0]);
}

#[test]
fn it_stays_where_not_every_scope_brought_its_copy() {
    use sealed_session::Scope;

    let sessions = Sessions::<u32>::builder(ring([1]))
        .cookie_name("shop")
        .former_scope(Scope::new().path("/old"))
        .build()
        .unwrap();
    let body = tombstone(LINEAGE, 0, unix(T0), unix(T0) + 1_000_000);
    let name = tombstone_name("shop", LINEAGE, 0);
    let copy = format!("{name}={}", forge_for(3, 1, "shop", &body));
    // A page outside of the former path.
    for (header, removals) in [(copy.clone(), 0), (format!("{copy}; {copy}"), 2)] {
        let session = sessions.load_at([header], at(1000));
        drop(session.read());
        let commit = sessions.commit_at(&session, at(1000)).unwrap();
        assert_eq!(commit.cookies().len(), removals, "{commit:?}");
    }
}
