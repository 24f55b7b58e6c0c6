//! Which of several cookies is taken over, and what is left in the browser.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use proptest::strategy::Strategy as _;
use sealed_session::{
    Commit, ConfigError, Observer, Revocations, Session, Sessions, Subject, UnsealError,
    iron::{self, Migration, Passwords},
    takeover::{Found, OtherCookie, Reader, Refusal},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{
    T0, at, flipped_mac, forge_for, load, ring, sealed, secs, tombstone, tombstone_name, unix,
};

const VECTORS: &str = include_str!("../vectors/iron-session-2.json");
const PASSWORD: &str = "Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0";
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Account {
    user_id: Option<String>,
    visits: u32,
}

fn migration() -> Migration {
    Migration::new("app", Passwords::new(PASSWORD).unwrap(), at(100 * DAY))
        .ttl(secs(14 * 24 * 3600))
}

fn sessions_with(migration: Migration) -> Sessions<Account> {
    Sessions::builder(ring([1])).accept_iron(migration).build().unwrap()
}

fn sessions() -> Sessions<Account> {
    sessions_with(migration())
}

/// Eve is revoked.
fn without_eve() -> Sessions<Account> {
    let is_eve = |account: &Account, _: &_| account.user_id.as_deref() == Some("eve");
    Sessions::builder(ring([1])).accept_iron(migration()).revoke_if(is_eve).build().unwrap()
}

/// A value of this user's, saved then.
fn theirs(user: &str, saved_at: OffsetDateTime) -> String {
    let passwords = Passwords::new(PASSWORD).unwrap();
    let data = json!({ "userId": user });
    iron::seal_at("app", &data, &passwords, Some(secs(14 * 24 * 3600)), saved_at).unwrap()
}

fn user<T>(session: &Session<Account>, then: impl FnOnce(Option<&str>) -> T) -> T {
    then(session.read().user_id.as_deref())
}

fn class(session: &Session<Account>) -> Option<&'static str> {
    session.refusal().map(UnsealError::class)
}

fn names(commit: &Commit) -> Vec<(&str, bool)> {
    commit.cookies().iter().map(|cookie| (cookie.name(), cookie.value().is_empty())).collect()
}

/// What a browser holds, by name.
type Jar = BTreeMap<String, String>;

fn header(jar: &Jar) -> String {
    jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn keep(jar: &mut Jar, commit: &Commit) {
    for cookie in commit.cookies() {
        match cookie.value() {
            "" => jar.remove(cookie.name()),
            value => jar.insert(cookie.name().to_owned(), value.to_owned()),
        };
    }
}

struct Chunks {
    name: String,
    jar: Vec<(String, String)>,
    /// What version 9 finds.
    user: Option<String>,
}

fn chunks() -> Vec<Chunks> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let chunks = file["chunks"].as_array().unwrap().iter().map(|chunks| Chunks {
        name: chunks["name"].as_str().unwrap().to_owned(),
        jar: serde_json::from_value::<Vec<(String, String)>>(chunks["cookies"].clone())
            .unwrap()
            .into_iter()
            .map(|(cookie, text)| (cookie, file["texts"][text].as_str().unwrap().to_owned()))
            .collect(),
        user: serde_json::from_value(chunks["expected_v9_0_1"]["user_id"].clone()).unwrap(),
    });
    chunks.collect()
}

#[test]
fn parts_are_one_session_where_version_9_finds_one() {
    let mut taken = 0;
    for Chunks { name, jar, user } in chunks() {
        // In one header, and each in a header of its own, as HTTP/2 has it.
        let one: Vec<String> =
            vec![jar.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ")];
        let each = jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
        for headers in [one, each] {
            let session = sessions().load_at(headers, T0);
            let ours = session.read().user_id.clone();
            if name == "one that cannot be read beside parts" {
                // Version 9 gives up: whoever plants junk under the name signs the visitor out.
                assert_eq!((ours.as_deref(), &user), (Some("a"), &None));
                continue;
            }
            assert_eq!(ours, user, "{name}: {:?}", session.refusal());
            taken += usize::from(user.is_some());
        }
    }
    assert_eq!(taken, 2 * 9);
}

#[test]
fn missing_and_swapped_parts_are_refused_with_the_reason() {
    let mut reasons = BTreeMap::new();
    for Chunks { name, jar, user } in chunks().into_iter().filter(|c| c.user.is_none()) {
        assert_eq!(user, None);
        let headers = jar.iter().map(|(n, v)| format!("{n}={v}"));
        let session = sessions().load_at(headers, T0);
        if let Some(refusal) = session.refusal() {
            reasons.insert(name, (refusal.class(), refusal.to_string()));
        }
    }
    let class = |name: &str| reasons[name].0;
    assert_eq!(class("the first part is missing"), "malformed");
    assert!(reasons["the first part is missing"].1.contains("app.0 is missing, and app.1 came"));
    assert!(reasons["a part in the middle is missing"].1.contains("app.1 is missing"));
    assert_eq!(class("the last part is missing"), "malformed");
    assert_eq!(class("two parts have changed places"), "malformed");
    assert_eq!(class("a part of another session"), "not_authentic");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// Wherever a value is cut, its parts are one session in any order of headers; with other
    /// parts under their names they are none.
    #[test]
    fn parts_join_in_the_order_of_their_names_and_in_no_other(
        cuts in proptest::collection::btree_set(1_usize..250, 1..4),
        names in proptest::sample::subsequence(vec![0, 1, 2, 3], 0..5).prop_shuffle(),
    ) {
        let value = theirs("ada", T0);
        let mut ends: Vec<usize> = cuts.into_iter().collect();
        ends.push(value.len());
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let parts: Vec<&str> =
            starts.zip(&ends).map(|(start, &end)| &value[start..end]).collect();
        // Each part under its own name, or under the one that the test draws.
        let own: Vec<usize> = (0..parts.len()).collect();
        let drawn: Vec<usize> = names.into_iter().take(parts.len()).collect();
        for places in [&own, &drawn] {
            let pairs = places.iter().zip(&parts).map(|(place, part)| format!("app.{place}={part}"));
            let mut headers: Vec<String> = pairs.collect();
            headers.reverse();
            let session = sessions().load_at(headers, T0);
            // As version 9 does: from the first on, up to a gap, which here is an error.
            let is_whole = places.len() == parts.len() && *places == own;
            proptest::prop_assert_eq!(session.is_new(), !is_whole, "{:?}", places);
        }
    }
}

#[test]
fn a_part_that_came_twice_or_is_too_long_is_refused() {
    let three = chunks().into_iter().find(|c| c.name == "three parts").unwrap();
    let jar: Vec<String> = three.jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let other = format!("app.1={}", "x".repeat(4033));
    let twice = [&jar[..], &[other]].concat();
    assert_eq!(class(&sessions().load_at(twice, T0)), Some("ambiguous"));
    // The same once more is no other.
    let again = [&jar[..], &jar[1..2]].concat();
    assert_eq!(class(&sessions().load_at(again, T0)), None);
    let long = [&jar[..1], &[format!("app.1={}", "x".repeat(4097))]].concat();
    assert_eq!(class(&sessions().load_at(long, T0)), Some("too_long"));
    let longest = [format!("app.0={}", "x".repeat(4096))];
    assert_eq!(class(&sessions().load_at(longest, T0)), Some("malformed"));
}

#[test]
fn every_part_that_came_goes_at_the_take_over_at_sign_in_and_at_destroy() {
    let three = chunks().into_iter().find(|c| c.name == "three parts").unwrap();
    let jar: Jar = three.jar.into_iter().collect();
    let sessions = sessions();
    for change in [
        (|session| drop(session.read())) as fn(&mut Session<Account>),
        |session| session.write(|account| account.visits += 1),
        Session::renew,
        Session::destroy,
    ] {
        let mut jar = jar.clone();
        let mut session = sessions.load_at([header(&jar)], T0);
        change(&mut session);
        keep(&mut jar, &sessions.commit_at(&session, T0).unwrap());
        assert!(!jar.keys().any(|name| name.starts_with("app")), "{:?}", jar.keys());
    }
    // Parts that were left over go too, though they are no session, and though ours came.
    let live = sealed(&sessions, Account::default(), T0);
    for change in [Session::renew as fn(&mut Session<Account>), Session::destroy] {
        let mut jar = jar.clone();
        jar.remove("app.0");
        jar.insert("__Host-session".to_owned(), live.clone());
        let mut session = sessions.load_at([header(&jar)], T0);
        change(&mut session);
        let commit = sessions.commit_at(&session, T0).unwrap();
        assert!(!names(&commit).contains(&("app.0", true)), "it did not come");
        keep(&mut jar, &commit);
        assert!(!jar.keys().any(|name| name.starts_with("app")), "{:?}", jar.keys());
    }
}

#[test]
fn what_is_too_large_for_our_cookie_stays_theirs_in_all_its_parts() {
    let four = chunks().into_iter().find(|c| c.name == "four parts").unwrap();
    let mut jar: Jar = four.jar.into_iter().collect();
    let before = jar.clone();
    let sessions: Sessions<Value> =
        Sessions::builder(ring([1])).accept_iron(migration()).build().unwrap();
    let session = sessions.load_at([header(&jar)], T0);
    assert_eq!(session.read()["userId"], "a");
    keep(&mut jar, &sessions.commit_at(&session, T0).unwrap());
    assert_eq!(jar, before);
}

#[test]
fn of_two_that_open_none_is_taken() {
    let sessions = sessions();
    let (ada, eve) = (theirs("ada", T0), theirs("eve", at(60)));
    for header in [format!("app={ada}; app={eve}"), format!("app={eve}; app={ada}; app={ada}")] {
        let session = sessions.load_at([&header], at(90));
        assert!(session.is_new());
        assert_eq!(class(&session), Some("ambiguous"));
        let _ = session.read();
        assert!(!sessions.commit_at(&session, at(90)).unwrap().sets_cookies());
        // Whoever signs in is rid of it.
        let mut session = sessions.load_at([&header], at(90));
        session.renew();
        let commit = sessions.commit_at(&session, at(90)).unwrap();
        assert!(names(&commit).contains(&("app", true)));
    }
    // Twice the same is one, and of an expired one nobody need know whose it is.
    let old = theirs("ada", at(-15 * DAY));
    for header in [format!("app={ada}; app={ada}"), format!("app={old}; app={ada}")] {
        assert_eq!(
            user(&sessions.load_at([header], at(90)), |user| user.map(str::to_owned)).as_deref(),
            Some("ada")
        );
    }
}

#[test]
fn what_nobody_vouches_for_hides_nothing() {
    let sessions = sessions();
    let ada = theirs("ada", T0);
    let forged = |n: i64| format!("app={}; app=junk-{n}; ", flipped_mac(&theirs("ada", at(-n))));
    let forged: String = (0..20).map(forged).collect();
    for header in [format!("{forged}app={ada}"), format!("app={ada}; {forged}")] {
        user(&sessions.load_at([header], T0), |user| assert_eq!(user, Some("ada")));
    }
    // Eight that the library did write, and that are over, are as many as are opened.
    let wrong = |count| {
        let passwords = Passwords::new(PASSWORD).unwrap();
        let value = |n| iron::seal_at("app", &json!([n]), &passwords, Some(secs(60)), T0).unwrap();
        (0..count).map(|n| format!("app={}; ", value(n))).collect::<Vec<_>>().concat()
    };
    for (count, expected) in [(7, Some("ada")), (8, None)] {
        let header = format!("{}app={ada}", wrong(count));
        user(&sessions.load_at([header], T0), |user| assert_eq!(user, expected));
    }
}

#[test]
fn what_is_refused_goes_with_a_write_and_is_not_ended_by_a_sign_out() {
    let sessions = without_eve();
    let two = format!("app={}; app={}", theirs("ada", T0), theirs("bob", at(60)));
    let over = format!("app={}", theirs("ada", at(-15 * DAY)));
    let revoked = format!("app={}", theirs("eve", T0));
    for refused in ["app=junk", &over, &two, &revoked] {
        let read = sessions.load_at([refused], at(90));
        drop(read.read());
        assert!(!sessions.commit_at(&read, at(90)).unwrap().sets_cookies(), "{refused:.20}");

        let mut guest = sessions.load_at([refused], at(90));
        guest.write(|account| account.visits += 1);
        let commit = sessions.commit_at(&guest, at(90)).unwrap();
        assert_eq!(names(&commit), [("__Host-session", false), ("app", true)], "{refused:.20}");

        let mut nobody = sessions.load_at([refused], at(90));
        nobody.destroy();
        let commit = sessions.commit_at(&nobody, at(90)).unwrap();
        assert!(names(&commit).iter().all(|&(_, is_removed)| is_removed), "{refused:.20}");
    }

    // Beside ours, which is not live then either, but may be again and so is ended.
    let (sessions, jar) = after_a_roll_back(migration());
    let mut nobody = sessions.load_at([header(&jar)], at(3 * DAY));
    assert_eq!(class(&nobody), Some("newer_sign_in"));
    nobody.destroy();
    let commit = sessions.commit_at(&nobody, at(3 * DAY)).unwrap();
    let ends = names(&commit).into_iter().filter(|&(_, is_removed)| !is_removed).count();
    assert_eq!(ends, 1, "{:?}", names(&commit));
}

#[test]
fn a_tombstone_stays_while_a_cookie_of_theirs_was_not_opened() {
    let sessions = without_eve();
    let body = tombstone(7, u16::MAX, unix(T0), unix(T0) + 1_000_000);
    let name = tombstone_name("__Host-session", 7, u16::MAX);
    let old = format!("{name}={}", forge_for(3, 1, "__Host-session", &body));
    let ours = sealed(&sessions, Account::default(), at(900));
    let revoked =
        |n| (0..n).map(|_| format!("app={}", theirs("eve", T0))).collect::<Vec<_>>().join("; ");
    for (others, stays) in [
        (format!("__Host-session={ours}"), false),
        (format!("__Host-session={ours}; app=x"), true),
        (revoked(8), false),
        (revoked(9), true),
    ] {
        let session = sessions.load_at([format!("{others}; {old}")], at(1000));
        drop(session.read());
        let commit = sessions.commit_at(&session, at(1000)).unwrap();
        assert_eq!(!names(&commit).contains(&(&name, true)), stays, "{others:.30}");
    }
}

#[test]
fn the_same_value_twice_and_an_empty_one_beside_parts_are_not_refused_on_their_own() {
    #[derive(Clone, Default)]
    struct Refused(Arc<AtomicUsize>);
    impl Observer for Refused {
        fn refused(&self, _: &'static str) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let value = theirs("ada", T0);
    let (start, end) = value.split_at(100);
    for (header, refused, expected) in [
        ("app=junk; app=junk".to_owned(), 1, None),
        ("app=junk; app=jest".to_owned(), 2, None),
        (format!("app=; app.0={start}; app.1={end}"), 0, Some("ada")),
        ("app=".to_owned(), 1, None),
    ] {
        let seen = Refused::default();
        let builder = Sessions::builder(ring([1])).accept_iron(migration());
        let sessions: Sessions<Account> = builder.observer(seen.clone()).build().unwrap();
        user(&sessions.load_at([&header], T0), |user| assert_eq!(user, expected));
        assert_eq!(seen.0.load(SeqCst), refused, "{header:.20}");
    }
}

/// Ada was taken over, iron-session served again and signed Bob in, and now this is deployed again.
fn after_a_roll_back(migration: Migration) -> (Sessions<Account>, Jar) {
    let sessions = sessions_with(migration);
    let mut jar = Jar::from([("app".to_owned(), theirs("ada", T0))]);
    let session = sessions.load_at([header(&jar)], at(DAY));
    user(&session, |user| assert_eq!(user, Some("ada")));
    keep(&mut jar, &sessions.commit_at(&session, at(DAY)).unwrap());
    assert_eq!(jar.len(), 1);
    jar.insert("app".to_owned(), theirs("bob", at(2 * DAY)));
    (sessions, jar)
}

#[test]
fn the_newer_sign_in_wins_after_a_roll_back_that_was_said() {
    let (sessions, mut jar) = after_a_roll_back(migration().rolled_back(at(DAY), at(3 * DAY)));
    let now = at(3 * DAY);
    let session = sessions.load_at([header(&jar)], now);
    user(&session, |user| assert_eq!(user, Some("bob")));
    assert_eq!(session.created_at(), Some(at(2 * DAY)));
    keep(&mut jar, &sessions.commit_at(&session, now).unwrap());
    assert!(!jar.contains_key("app"));
    user(&load(&sessions, &jar["__Host-session"], now), |user| assert_eq!(user, Some("bob")));

    // Also where the first response that looks writes.
    let (sessions, mut jar) = after_a_roll_back(migration().rolled_back(at(DAY), at(3 * DAY)));
    let mut session = sessions.load_at([header(&jar)], now);
    session.write(|account| account.visits += 1);
    keep(&mut jar, &sessions.commit_at(&session, now).unwrap());
    assert!(!jar.contains_key("app"));
    user(&load(&sessions, &jar["__Host-session"], now), |user| assert_eq!(user, Some("bob")));
}

#[test]
fn the_session_that_a_newer_sign_in_replaced_is_not_brought_back_by_a_late_response() {
    let now = at(3 * DAY);
    let acts: [fn(&mut Session<Account>); 4] = [
        |session| user(session, |user| assert_eq!(user, Some("bob"))),
        |session| session.write(|account| account.visits += 1),
        Session::regenerate_id,
        Session::renew,
    ];
    for act in acts {
        let (sessions, mut jar) = after_a_roll_back(migration().rolled_back(at(DAY), at(3 * DAY)));
        let of_ada = jar["__Host-session"].clone();
        let mut session = sessions.load_at([header(&jar)], now);
        act(&mut session);
        keep(&mut jar, &sessions.commit_at(&session, now).unwrap());
        user(&sessions.load_at([header(&jar)], now), |user| assert_eq!(user, Some("bob")));
        // A response to a request of hers was still under way.
        jar.insert("__Host-session".to_owned(), of_ada);
        let session = sessions.load_at([header(&jar)], now);
        user(&session, |user| assert_eq!(user, None));
        assert_eq!(class(&session), Some("ended"));
    }
}

#[test]
fn a_sign_in_during_the_roll_back_is_taken_also_where_ours_is_over() {
    let migration = migration().rolled_back(at(DAY), at(3 * DAY));
    let sessions = Sessions::<Account>::builder(ring([1]))
        .absolute_timeout(secs(24 * 3600))
        .accept_iron(migration)
        .build()
        .unwrap();
    let ours = sealed(&sessions, Account::default(), T0);
    let now = at(2 * DAY + HOUR);
    for (saved_at, expected) in [(2 * DAY, Some("bob")), (DAY - 1, None), (3 * DAY + 1, None)] {
        let header = format!("__Host-session={ours}; app={}", theirs("bob", at(saved_at)));
        user(&sessions.load_at([header], now), |user| assert_eq!(user, expected, "{saved_at}"));
    }
    // Under a key that this machine may get to know, ours is left alone.
    let elsewhere = Sessions::<Account>::new(ring([9]));
    let ours = sealed(&elsewhere, Account::default(), T0);
    let header = format!("__Host-session={ours}; app={}", theirs("bob", at(2 * DAY)));
    user(&sessions.load_at([header], now), |user| assert_eq!(user, None));
}

#[test]
fn a_newer_sign_in_that_may_be_planted_is_neither_taken_nor_passed_over() {
    for rolled_back in [migration(), migration().rolled_back(at(3 * DAY), at(4 * DAY))] {
        let (sessions, jar) = after_a_roll_back(rolled_back);
        let session = sessions.load_at([header(&jar)], at(3 * DAY));
        assert!(session.is_new());
        assert_eq!(class(&session), Some("newer_sign_in"));
        user(&session, |user| assert_eq!(user, None));
        assert!(!sessions.commit_at(&session, at(3 * DAY)).unwrap().sets_cookies());
    }
}

#[test]
fn the_guide_s_remedy_for_a_roll_back_is_another_name_for_our_cookie() {
    // Without a ttl nobody knows which is newer: ours has the last word, unless its name is new.
    let unknown = || Migration::new("app", Passwords::new(PASSWORD).unwrap(), at(100 * DAY));
    let (sessions, jar) = after_a_roll_back(unknown());
    let session = sessions.load_at([header(&jar)], at(3 * DAY));
    user(&session, |user| assert_eq!(user, Some("ada")));
    let renamed = Sessions::<Account>::builder(ring([1]))
        .cookie_name("__Host-session-2")
        .accept_iron(unknown())
        .build()
        .unwrap();
    let session = renamed.load_at([header(&jar)], at(3 * DAY));
    user(&session, |user| assert_eq!(user, Some("bob")));
}

#[test]
fn an_older_or_equal_value_of_theirs_is_nothing_beside_ours() {
    let sessions = sessions();
    let ada = Account { user_id: Some("ada".to_owned()), visits: 0 };
    let ours = sealed(&sessions, ada, T0);
    for (saved_at, expected) in
        [(-DAY, Some("ada")), (0, Some("ada")), (60, Some("ada")), (61, None)]
    {
        let header = format!("__Host-session={ours}; app={}", theirs("bob", at(saved_at)));
        user(&sessions.load_at([header], at(120)), |user| assert_eq!(user, expected, "{saved_at}"));
    }
}

/// Values `NAME.TAG`, of which those verify whose tag begins with `good`. The name is the session.
struct Toy {
    expires_at: Option<OffsetDateTime>,
    saved_at: Option<OffsetDateTime>,
}

impl Reader<Account> for Toy {
    fn cookie(&self) -> OtherCookie {
        OtherCookie::new("toy")
    }

    fn open(&self, value: &str, _: OffsetDateTime) -> Result<Found<Account>, Refusal> {
        let (name, tag) =
            value.split_once('.').ok_or_else(|| Refusal::new("malformed", "it has no tag"))?;
        if !tag.starts_with("good") {
            return Err(Refusal::new("not_authentic", "the tag does not verify"));
        }
        let data = Account { user_id: Some(name.to_owned()), visits: 0 };
        let mut found = Found::new(data, name.as_bytes());
        if let Some(expires_at) = self.expires_at {
            found = found.expires_at(expires_at);
        }
        if let Some(saved_at) = self.saved_at {
            found = found.saved_at(saved_at);
        }
        Ok(found)
    }
}

fn toys(toy: Toy) -> Sessions<Account> {
    Sessions::builder(ring([1])).accept(toy, at(10 * DAY)).build().unwrap()
}

#[test]
fn a_reader_of_the_application_s_own_is_held_to_the_same_rules() {
    let sessions = toys(Toy { expires_at: None, saved_at: None });
    let session = sessions.load_at(["toy=ada.good"], T0);
    user(&session, |user| assert_eq!(user, Some("ada")));
    assert_eq!((session.created_at(), session.expires_at()), (None, Some(at(10 * DAY))));
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(names(&commit), [("__Host-session", false), ("toy", true)]);
    // The same value is the same session, whoever asks.
    assert_eq!(sessions.load_at(["toy=ada.good"], at(5)).id(), session.id());
    assert_ne!(sessions.load_at(["toy=bob.good"], at(5)).id(), session.id());
    let in_other_words = sessions.load_at(["toy=ada.good; toy=ada.good-too"], at(5));
    assert_eq!((in_other_words.id(), class(&in_other_words)), (session.id(), None));

    for (value, expected) in [("ada.bad", "not_authentic"), ("ada", "malformed"), ("", "malformed")]
    {
        assert_eq!(class(&sessions.load_at([format!("toy={value}")], T0)), Some(expected));
    }
    assert_eq!(class(&sessions.load_at(["toy=ada.good"], at(10 * DAY))), Some("migration_over"));
    assert_eq!(class(&sessions.load_at(["toy=a.good; toy=b.good"], T0)), Some("ambiguous"));
    let mut session = sessions.load_at(["toy=ada.good"], T0);
    session.destroy();
    let mut jar = Jar::from([("toy".to_owned(), "ada.good".to_owned())]);
    keep(&mut jar, &sessions.commit_at(&session, T0).unwrap());
    assert!(!jar.contains_key("toy"));
    // A response that was under way sets it again.
    jar.insert("toy".to_owned(), "ada.good".to_owned());
    assert_eq!(class(&sessions.load_at([header(&jar)], at(1))), Some("ended"));
    sessions.keys().replace(ring([1]).without_takeover());
    assert_eq!(class(&sessions.load_at(["toy=ada.good"], T0)), Some("no_takeover"));
}

#[test]
fn a_reader_s_times_are_the_session_s() {
    let sessions = toys(Toy { expires_at: Some(at(2 * DAY)), saved_at: Some(at(-DAY)) });
    let session = sessions.load_at(["toy=ada.good"], T0);
    assert_eq!((session.created_at(), session.expires_at()), (Some(at(-DAY)), Some(at(2 * DAY))));
    assert_eq!(class(&sessions.load_at(["toy=ada.good"], at(2 * DAY))), Some("expired"));
    // As long as ours may live, which is longer than theirs, and the time of a late response.
    let mut session = sessions.load_at(["toy=ada.good"], T0);
    session.destroy();
    let commit = sessions.commit_at(&session, T0).unwrap();
    let tombstone = commit.cookies().iter().find(|cookie| cookie.name().contains("-ended-"));
    let longest = time::Duration::seconds(14 * DAY + 600);
    assert_eq!(tombstone.and_then(sealed_session::Cookie::max_age), Some(longest));
    // Whoever was saved ahead of our clock was saved nobody knows when.
    let ahead = toys(Toy { expires_at: None, saved_at: Some(at(61)) });
    assert_eq!(ahead.load_at(["toy=ada.good"], T0).created_at(), None);
}

/// Their time of the sign-in is unknown as long as it could be that of the take-over.
#[test]
fn a_proof_in_the_second_of_the_take_over_is_known_and_sealed() {
    let sessions = toys(Toy { expires_at: None, saved_at: None });
    let mut session = sessions.load_at(["toy=ada.good"], T0);
    assert_eq!(session.authenticated_at(), None);
    session.reauthenticate();
    let proved = Some(at(1));
    assert_eq!((session.authenticated_at(), session.issued_at()), (proved, proved));
    let commit = sessions.commit_at(&session, T0).unwrap();
    let value = commit.cookies().iter().find(|cookie| cookie.name() == "__Host-session").unwrap();
    let next = load(&sessions, value.value(), T0);
    user(&next, |user| assert_eq!(user, Some("ada")));
    assert_eq!((next.authenticated_at(), next.issued_at()), (proved, proved));
}

#[test]
fn a_reader_s_cookie_is_checked_when_the_sessions_are_built() {
    struct Named(&'static str);
    impl Reader<Account> for Named {
        fn cookie(&self) -> OtherCookie {
            OtherCookie::new(self.0)
        }

        fn open(&self, _: &str, _: OffsetDateTime) -> Result<Found<Account>, Refusal> {
            unreachable!("nothing is built")
        }
    }
    let build = |name| Sessions::<Account>::builder(ring([1])).accept(Named(name), T0).build();
    assert_eq!(build("__Host-session").unwrap_err(), ConfigError::FallbackName);
    assert!(matches!(build("a b"), Err(ConfigError::CookieName { .. })));
    let shown = format!("{:?} {}", Found::new(7, b"secret"), Refusal::new("malformed", "why"));
    assert!(!shown.contains("secret") && shown.ends_with("why"), "{shown}");
    assert!(shown.starts_with("Found"), "{shown}");
}

#[cfg(feature = "tracing")]
mod events {
    use tracing_subscriber::filter::LevelFilter;

    use super::*;
    use crate::log::Log;

    /// The events of a request at `now` that only reads.
    fn told<T: sealed_session::SessionData>(
        sessions: &Sessions<T>,
        header: &str,
        now: OffsetDateTime,
    ) -> String {
        let log = Log::default();
        let guard = log.listen_from(LevelFilter::INFO);
        let session = sessions.load_at([header], now);
        drop(session.read());
        let _ = sessions.commit_at(&session, now).unwrap();
        drop(guard);
        log.take().join("\n")
    }

    #[test]
    fn each_way_not_to_be_taken_over_is_told_with_cookie_class_and_reason() {
        let (ada, eve) = (theirs("ada", T0), theirs("eve", T0));
        let ours = sealed(&sessions(), Account::default(), T0);
        let two = format!("app={ada}; app={eve}");
        let newer = format!("__Host-session={ours}; app={}", theirs("bob", at(DAY)));
        for (header, class, reason) in [
            (two.as_str(), "ambiguous", "a sibling subdomain may have planted one"),
            (&newer, "newer_sign_in", "configure `rolled_back`"),
            ("app.0=a; app.2=b", "malformed", "app.1 is missing, and app.2 came"),
        ] {
            let told = told(&sessions(), header, at(DAY));
            for part in ["INFO", "session cookie refused", "cookie=\"app\"", class, reason] {
                assert!(told.contains(part), "{part} not in {told}");
            }
            assert!(![&ada, &eve, &ours].into_iter().any(|value| told.contains(value.as_str())));
        }
        // What has run its time is told to whoever asks for it.
        assert_eq!(told(&sessions(), &format!("app={ada}"), at(15 * DAY)), "");
    }

    #[test]
    fn what_does_not_fit_into_our_cookie_is_told_with_its_size() {
        let four = chunks().into_iter().find(|c| c.name == "four parts").unwrap();
        let jar: Jar = four.jar.into_iter().collect();
        let sessions: Sessions<Value> =
            Sessions::builder(ring([1])).accept_iron(migration()).build().unwrap();
        let told = told(&sessions, &header(&jar), T0);
        for part in ["WARN", "session was not re-sealed", "the limit is 4096"] {
            assert!(told.contains(part), "{part} not in {told}");
        }
    }
}

#[test]
fn revoked_user_and_revoked_value_are_taken_over_no_more() {
    let list = Revocations::in_memory_at(secs(14 * 24 * 3600), T0);
    let sessions = Sessions::<Account>::builder(ring([1]))
        .accept_iron(migration())
        .revocations(&list, |account| account.user_id.as_deref().map(Subject::from))
        .build()
        .unwrap();
    let [ada, bob] = ["ada", "bob"].map(|user| format!("app={}", theirs(user, at(-HOUR))));
    let taken = |header: &String| {
        let session = sessions.load_at([header], T0);
        user(&session, |user| assert!(user.is_some()));
        let family = session.family().expect("it is taken over");
        let mut jar = Jar::new();
        keep(&mut jar, &sessions.commit_at(&session, T0).unwrap());
        (family, jar["__Host-session"].clone())
    };
    let is_revoked = |header: &String, ours: &str| {
        let by_copy = class(&sessions.load_at([header], T0)) == Some("revoked");
        assert_eq!(sessions.unseal_at(ours, T0).is_err(), by_copy);
        by_copy
    };
    let (_, ours_of_ada) = taken(&ada);
    let (family, ours_of_bob) = taken(&bob);
    list.revoke_all("ada").wait().unwrap();
    assert!(is_revoked(&ada, &ours_of_ada) && !is_revoked(&bob, &ours_of_bob));
    // A copy of the other library's cookie is of the same family, whenever it is taken over.
    list.revoke_family(family).wait().unwrap();
    assert!(is_revoked(&bob, &ours_of_bob));
    let again = format!("app={}", theirs("bob", at(-HOUR)));
    assert!(!is_revoked(&again, &taken(&again).1));
}
