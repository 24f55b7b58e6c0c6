//! Rotation of keys under running machines: nobody is logged out, and a re-seal without a write
//! is rare and careful.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    thread,
};

use sealed_session::{
    KeyEntry, KeyId, KeyRing, Keys, SealError, SessionData, Sessions, UnsealError,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::support::{
    self, T0, at, class, entry, flipped, forge, load, open, ring, sealed, secs, set_value, visit,
};

const NAME: &str = "__Host-session";
/// Without an idle timeout a value is re-sealed when it is an hour old.
const HOUR: i64 = 3600;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Account {
    user: String,
}

/// The same cookie in the eyes of newer code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct NewAccount {
    theme: Option<String>,
    user: String,
    visits: Vec<u32>,
}

fn ada() -> Account {
    Account { user: "ada".to_owned() }
}

fn key_id<T: SessionData>(sessions: &Sessions<T>, value: &str, now: OffsetDateTime) -> u32 {
    let session = sessions.unseal_at(value, now).expect("live");
    session.key_id().expect("came under a key").get()
}

/// Sessions under ring `[2, 1]` and a value under key 1, sealed at `T0`.
fn rotated() -> (Sessions<Account>, String) {
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<Account>::new(keys.clone());
    let value = sealed(&sessions, ada(), T0);
    keys.replace(ring([2, 1]));
    (sessions, value)
}

mod reseal {
    use super::*;

    #[test]
    fn prepended_key_keeps_sessions_and_takes_them_over() {
        let (sessions, value) = rotated();
        let came = load(&sessions, &value, at(HOUR));
        assert_eq!(*came.read(), ada());
        assert_eq!(came.key_id(), Some(KeyId::new(1)));
        assert!(came.is_reseal_due());
        assert!(!came.is_changed());
        let commit = sessions.commit_at(&came, at(HOUR)).unwrap();
        let [cookie] = commit.cookies() else { panic!("{commit:?}") };
        assert_eq!(cookie.max_age(), Some(Duration::days(14) - Duration::HOUR));

        let fresh = sessions.unseal_at(cookie.value(), at(HOUR)).unwrap();
        assert_eq!(*fresh.read(), ada());
        assert_eq!(fresh.key_id(), Some(KeyId::new(2)));
        assert_eq!((fresh.id(), fresh.created_at()), (came.id(), Some(T0)));
        assert_eq!(fresh.issued_at(), Some(at(HOUR)));
        assert_eq!(fresh.expires_at(), came.expires_at());
        assert!(!fresh.is_reseal_due());
        assert_eq!(class(&sessions, &value, at(HOUR)), "live", "copies stay valid");
    }

    #[test]
    fn of_several_values_the_one_that_was_chosen_is_sealed_again() {
        let (sessions, value) = rotated();
        let chosen = sessions.unseal_at(&value, T0).unwrap().id();
        let older = sealed(&sessions, Account { user: "eve".to_owned() }, at(-1));
        for other in [&flipped(&value), &older] {
            for values in [[other, &value], [&value, other]] {
                let header = values.map(|value| format!("{NAME}={value}")).join("; ");
                let session = sessions.load_at([header], at(HOUR));
                assert_eq!(*session.read(), ada());
                let commit = sessions.commit_at(&session, at(HOUR)).unwrap();
                let fresh = set_value(&commit).expect("its key is superseded");
                let fresh = sessions.unseal_at(&fresh, at(HOUR)).unwrap();
                assert_eq!((&*fresh.read(), fresh.id()), (&ada(), chosen));
            }
        }
    }

    #[test]
    fn happens_only_to_a_value_of_the_renewal_interval() {
        let (sessions, value) = rotated();
        for (age, due) in [(0, false), (60, false), (HOUR - 1, false), (HOUR, true)] {
            assert_eq!(visit(&sessions, &value, at(age)).is_some(), due, "after {age} s");
            assert_eq!(sessions.reseal_at(&value, at(age)).unwrap().is_some(), due);
        }
        let fresh = visit(&sessions, &value, at(HOUR)).unwrap();
        assert_eq!(visit(&sessions, &fresh, at(3 * HOUR)), None, "under the sealing key");
    }

    #[test]
    fn interval_counts_from_the_last_seal_and_not_from_the_login() {
        let keys = Keys::from(ring([1]));
        let sessions = Sessions::<Account>::new(keys.clone());
        let mut session = load(&sessions, &sealed(&sessions, ada(), T0), at(HOUR));
        session.write(|account| account.user.push('!'));
        let value = set_value(&sessions.commit_at(&session, at(HOUR)).unwrap()).unwrap();
        keys.replace(ring([2, 1]));
        assert_eq!(visit(&sessions, &value, at(2 * HOUR - 1)), None);
        assert!(visit(&sessions, &value, at(2 * HOUR)).is_some());
    }

    #[test]
    fn happens_only_to_a_session_that_was_read() {
        type Use = fn(&sealed_session::Session<Account>);
        let (sessions, value) = rotated();
        let uses: [(&str, Use, bool); 8] = [
            ("nothing", |_| {}, false),
            ("peek", |session| assert_eq!(*session.peek(), ada()), false),
            ("id", |session| assert!(session.id().is_some()), false),
            ("times", |session| assert!(session.expires_at().is_some()), false),
            ("key_id", |session| assert_eq!(session.key_id(), Some(KeyId::new(1))), false),
            ("is_reseal_due", |session| assert!(session.is_reseal_due()), false),
            ("is_new", |session| assert!(!session.is_new()), false),
            ("read", |session| assert_eq!(*session.read(), ada()), true),
        ];
        for (name, look, reseals) in uses {
            let session = load(&sessions, &value, at(HOUR));
            look(&session);
            let commit = sessions.commit_at(&session, at(HOUR)).unwrap();
            assert_eq!(commit.sets_cookies(), reseals, "{name}");
            assert_eq!(commit.depends_on_cookie(), name != "nothing", "{name}");
        }
        // A read through one handle counts for all.
        let session = load(&sessions, &value, at(HOUR));
        let _ = session.clone().read();
        assert!(sessions.commit_at(&session, at(HOUR)).unwrap().sets_cookies());
    }

    #[test]
    fn is_given_up_when_the_handler_took_longer_than_two_seconds() {
        let (sessions, value) = rotated();
        for (milliseconds, reseals) in
            [(0, true), (1000, true), (2000, true), (2001, false), (3000, false), (60_000, false)]
        {
            let session = load(&sessions, &value, at(HOUR));
            let _ = session.read();
            let now = at(HOUR) + Duration::milliseconds(milliseconds);
            let commit = sessions.commit_at(&session, now).unwrap();
            assert_eq!(commit.sets_cookies(), reseals, "after {milliseconds} ms");
        }
        // A write is what the visitor asked for, however long it took.
        let mut session = load(&sessions, &value, at(HOUR));
        session.write(|account| account.user.clear());
        let fresh = set_value(&sessions.commit_at(&session, at(HOUR + 600)).unwrap()).unwrap();
        assert_eq!(key_id(&sessions, &fresh, at(HOUR + 600)), 2);
    }

    #[test]
    fn happens_once_for_a_request() {
        let (sessions, value) = rotated();
        let session = load(&sessions, &value, at(HOUR));
        let _ = session.read();
        assert!(sessions.commit_at(&session, at(HOUR)).unwrap().sets_cookies());
        assert!(!sessions.commit_at(&session, at(HOUR)).unwrap().sets_cookies());
    }

    #[test]
    fn keeps_what_newer_code_wrote() {
        let keys = Keys::from(ring([1]));
        let newer = Sessions::<NewAccount>::new(keys.clone());
        let older = Sessions::<Account>::new(keys.clone());
        let data = NewAccount {
            theme: Some("dark \"é\" \u{1F319}".to_owned()),
            user: "ada".to_owned(),
            visits: vec![3, 1, 2],
        };
        let value = sealed(&newer, data.clone(), T0);
        keys.replace(ring([2, 1]));

        let fresh = visit(&older, &value, at(HOUR)).unwrap();
        assert_eq!(*newer.unseal_at(&fresh, at(HOUR)).unwrap().read(), data);
        assert_eq!(*older.unseal_at(&fresh, at(HOUR)).unwrap().read(), ada());
        let direct = older.reseal_at(&value, at(HOUR)).unwrap().unwrap();
        assert_eq!(*newer.unseal_at(&direct, at(HOUR)).unwrap().read(), data);
    }

    #[test]
    fn copies_the_payload_byte_for_byte() {
        let (sessions, value) = rotated();
        let claims = &open(1, NAME, &value)[..50];
        // Spellings that no serializer of ours would write; spaces at the end are length padding.
        let payload = "{ \"x\": 1.50e+01, \"user\" :\"\\u0061da\", \"x\": [ ] }       ".as_bytes();
        let foreign = forge(1, NAME, &[claims, payload].concat());
        assert_eq!(*load(&sessions, &foreign, T0).read(), ada());

        let fresh = visit(&sessions, &foreign, at(HOUR)).unwrap();
        let plaintext = open(2, NAME, &fresh);
        assert_eq!(&plaintext[50..], payload);
        // Only the offset of `issued_at` differs, bytes 6 to 9.
        assert_eq!((&plaintext[..6], &plaintext[10..50]), (&claims[..6], &claims[10..]));
        assert_eq!(plaintext[6..10], 3600_u32.to_be_bytes());
    }

    #[test]
    fn does_not_follow_a_refusal() {
        let keys = Keys::from(ring([1]));
        let numbers = Sessions::<u32>::new(keys.clone());
        let value = sealed(&numbers, 7, T0);
        keys.replace(ring([2, 1]));
        // Not an `Account`: another type under the same name.
        let accounts = Sessions::<Account>::new(keys);
        assert_eq!(class(&accounts, &value, at(HOUR)), "payload");
        assert_eq!(visit(&accounts, &value, at(HOUR)), None);
    }

    #[test]
    fn a_written_session_is_sealed_under_the_new_key_at_once() {
        let (sessions, value) = rotated();
        let mut session = load(&sessions, &value, at(1));
        session.write(|account| account.user.push('!'));
        let fresh = set_value(&sessions.commit_at(&session, at(1)).unwrap()).unwrap();
        assert_eq!(key_id(&sessions, &fresh, at(1)), 2);
        assert_eq!(sessions.unseal_at(&fresh, at(1)).unwrap().created_at(), Some(T0));
    }
}

mod lagging {
    use super::*;

    #[test]
    fn machine_reads_a_newer_key_and_leaves_its_value_alone() {
        let ahead = Sessions::<Account>::new(ring([2, 1]));
        let value = sealed(&ahead, ada(), T0);
        let pending = [entry(2).not_before(at(100 * HOUR)), entry(1)];
        let lagging = Sessions::<Account>::new(KeyRing::new_at(pending, T0).unwrap());
        for age in [0, HOUR, 99 * HOUR] {
            let session = load(&lagging, &value, at(age));
            assert_eq!(*session.read(), ada());
            assert_eq!(session.key_id(), Some(KeyId::new(2)));
            assert!(!session.is_reseal_due(), "no ping-pong between machines");
            assert!(!lagging.commit_at(&session, at(age)).unwrap().sets_cookies());
            assert_eq!(lagging.reseal_at(&value, at(age)).unwrap(), None);
        }
        // A write has to be sealed, under the key that this machine seals with.
        let mut session = load(&lagging, &value, at(HOUR));
        session.write(|account| account.user.push('!'));
        let written = set_value(&lagging.commit_at(&session, at(HOUR)).unwrap()).unwrap();
        assert_eq!(key_id(&ahead, &written, at(HOUR)), 1);
    }

    #[test]
    fn order_in_the_ring_says_what_is_newer_and_not_the_id() {
        for (ids, under, taken_over) in [
            ([1, 9, 5], 9, true),
            ([1, 9, 5], 5, true),
            ([9, 5, 1], 9, false),
            ([1, 9, 5], 1, false),
        ] {
            let value = sealed(&Sessions::<Account>::new(ring([under])), ada(), T0);
            let sessions = Sessions::<Account>::new(ring(ids));
            let fresh = visit(&sessions, &value, at(HOUR));
            assert_eq!(fresh.is_some(), taken_over, "{under} in {ids:?}");
            if let Some(fresh) = fresh {
                assert_eq!(key_id(&sessions, &fresh, at(HOUR)), u32::from(ids[0]));
            }
        }
    }

    #[test]
    fn key_between_a_pending_one_and_the_sealing_one_is_newer() {
        let future = at(100 * HOUR);
        let entries =
            [entry(4).not_before(future), entry(3).not_before(future), entry(2), entry(1)];
        let sessions = Sessions::<Account>::new(KeyRing::new_at(entries, T0).unwrap());
        for (under, taken_over) in [(4, false), (3, false), (2, false), (1, true)] {
            let value = sealed(&Sessions::<Account>::new(ring([under])), ada(), T0);
            assert_eq!(visit(&sessions, &value, at(HOUR)).is_some(), taken_over, "key {under}");
        }
    }
}

mod refusals {
    use super::*;

    #[test]
    fn unknown_key_is_no_session_and_its_cookie_is_left_alone() {
        let value = sealed(&Sessions::<Account>::new(ring([2])), ada(), T0);
        let sessions = Sessions::<Account>::new(ring([1]));
        let session = load(&sessions, &value, at(HOUR));
        assert!(session.is_new());
        assert_eq!(*session.read(), Account::default());
        assert_eq!(session.refusal().unwrap().class(), "unknown_key");
        assert_eq!(session.refusal().unwrap().to_string(), "key id 2 is not in the key ring");
        let commit = sessions.commit_at(&session, at(HOUR)).unwrap();
        assert!(commit.cookies().is_empty());
        assert!(commit.depends_on_cookie());
    }

    #[test]
    fn same_id_with_another_key_is_not_authentic() {
        let value = sealed(&Sessions::<Account>::new(ring([1])), ada(), T0);
        let other = KeyRing::new_at([KeyEntry::new(1, support::key(2))], T0).unwrap();
        let sessions = Sessions::<Account>::new(other);
        assert_eq!(class(&sessions, &value, T0), "not_authentic");
        assert_eq!(visit(&sessions, &value, at(HOUR)), None);
    }

    #[test]
    fn retired_key_is_refused_from_its_exact_second_on() {
        let value = sealed(&Sessions::<Account>::new(ring([1])), ada(), T0);
        let end = at(2 * HOUR);
        let entries = [entry(2), entry(1).not_after(end)];
        let sessions = Sessions::<Account>::new(KeyRing::new_at(entries, T0).unwrap());
        for now in [T0, end - Duration::SECOND, end - Duration::MILLISECOND] {
            assert_eq!(class(&sessions, &value, now), "live");
        }
        for now in [end, end + Duration::MILLISECOND, end + Duration::DAY] {
            assert_eq!(class(&sessions, &value, now), "retired_key");
            assert_eq!(visit(&sessions, &value, now), None);
        }
    }

    #[test]
    fn what_came_under_a_key_that_retires_during_the_request_is_not_sealed_again() {
        let value = sealed(&Sessions::<Account>::new(ring([1])), ada(), T0);
        let end = at(2 * HOUR);
        let entries = [entry(2), entry(1).not_after(end)];
        let sessions = Sessions::<Account>::new(KeyRing::new_at(entries, T0).unwrap());

        let session = load(&sessions, &value, end - Duration::SECOND);
        assert!(session.is_reseal_due());
        assert_eq!(*session.read(), ada());
        assert!(!sessions.commit_at(&session, end).unwrap().sets_cookies());

        let mut session = load(&sessions, &value, end - Duration::SECOND);
        session.write(|account| account.user.push('!'));
        let refused = sessions.commit_at(&session, end).unwrap_err();
        assert_eq!(refused, SealError::Refused(Box::new(UnsealError::RetiredKey(1.into()))));
    }

    #[test]
    fn pending_key_unseals_before_its_start() {
        let value = sealed(&Sessions::<Account>::new(ring([2])), ada(), T0);
        let entries = [entry(2).not_before(at(60)), entry(1)];
        let sessions = Sessions::<Account>::new(KeyRing::new_at(entries, T0).unwrap());
        for seconds in [0, 59, 60, 61] {
            assert_eq!(class(&sessions, &value, at(seconds)), "live", "after {seconds} s");
        }
        for (seconds, id) in [(59, 1), (60, 2)] {
            let sealed_then = sealed(&sessions, ada(), at(seconds));
            assert_eq!(key_id(&sessions, &sealed_then, at(seconds)), id);
        }
    }

    #[test]
    fn ring_that_has_no_key_yet_seals_nothing_and_reads_on() {
        let value = sealed(&Sessions::<Account>::new(ring([1])), ada(), at(-2 * HOUR));
        let entries = [entry(2).not_before(T0), entry(1).not_before(T0)];
        let sessions = Sessions::<Account>::new(KeyRing::new_at(entries, T0).unwrap());
        let mut session = load(&sessions, &value, at(-1));
        session.write(|account| account.user.push('!'));
        let error = sessions.commit_at(&session, at(-1)).unwrap_err();
        assert_eq!(error, SealError::NoSealingKey);
        assert_eq!(visit(&sessions, &value, at(-1)), None, "a read never fails for it");
        // The session stayed open: the caller may try again.
        assert!(sessions.commit_at(&session, T0).unwrap().sets_cookies());
    }

    #[test]
    fn an_incident_ends_every_session_and_a_laundered_one_too() {
        let keys = Keys::from(ring([1]));
        let sessions = Sessions::<Account>::new(keys.clone());
        let value = sealed(&sessions, ada(), at(99));
        keys.replace(ring([2, 1]));
        let laundered = visit(&sessions, &value, at(99 + HOUR)).unwrap();
        let now = at(2 * HOUR);
        assert_eq!(class(&sessions, &laundered, now), "live");

        keys.replace(ring([3]));
        assert_eq!(class(&sessions, &value, now), "unknown_key");
        assert_eq!(class(&sessions, &laundered, now), "unknown_key");
        assert_eq!(sessions.reseal_at(&laundered, now).unwrap_err().class(), "unknown_key");

        // Who signs in is signed in at once.
        let mut session = load(&sessions, &value, now);
        assert!(session.is_new());
        session.renew();
        session.write(|account| account.user.push_str("ada"));
        let fresh = set_value(&sessions.commit_at(&session, now).unwrap()).unwrap();
        assert_eq!(class(&sessions, &fresh, now), "live");
    }
}

mod replace {
    use super::*;

    #[test]
    fn a_ring_that_comes_between_judging_and_sealing_does_not_seal_what_it_would_refuse() {
        let keys = Keys::from(ring([1]));
        let writer = Sessions::<Account>::new(keys.clone());
        let forged = sealed(&writer, ada(), T0);
        let replaced = keys.clone();
        let asked = AtomicU32::new(0);
        let sessions = Sessions::<Account>::builder(keys)
            .revoke_if(move |_, _| {
                // The second time it is asked at the commit.
                if asked.fetch_add(1, Relaxed) == 1 {
                    replaced.replace(ring([2]));
                }
                false
            })
            .build()
            .unwrap();
        let mut session = load(&sessions, &forged, T0);
        session.write(|account| account.user.push('!'));
        let laundered = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
        assert_eq!(sessions.keys().current().entries()[0].id(), KeyId::new(2));
        assert_eq!(class(&sessions, &laundered, T0), "unknown_key");
    }

    #[test]
    fn each_seal_load_and_commit_uses_the_newest_ring() {
        let keys = Keys::from(ring([1]));
        let sessions = Sessions::<Account>::new(keys.clone());
        let clone = sessions.clone();
        let created = sessions.create_at(ada(), T0).unwrap();
        let first = sessions.seal_at(&created, T0).unwrap();
        let mut loaded = load(&sessions, &first, T0);
        loaded.write(|account| account.user.push('!'));

        sessions.keys().replace(ring([2]));
        assert_eq!(keys.current().entries()[0].id(), KeyId::new(2));
        let second = sessions.seal_at(&created, T0).unwrap();
        assert_eq!(key_id(&clone, &second, T0), 2);
        // What came under a key that is gone by now may be forged.
        let refused = sessions.commit_at(&loaded, T0).unwrap_err();
        assert_eq!(refused, SealError::Refused(Box::new(UnsealError::UnknownKey(1.into()))));
        assert_eq!(class(&clone, &first, T0), "unknown_key");
        assert!(load(&clone, &first, T0).is_new());

        keys.replace(ring([1]));
        assert_eq!(class(&sessions, &first, T0), "live");
        assert_eq!(class(&sessions, &second, T0), "unknown_key");
    }

    #[test]
    fn what_came_under_a_key_that_another_one_of_its_id_replaced_is_not_written() {
        for before in 0..3 {
            let sessions = Sessions::<Account>::new(ring([1]));
            (0..before).for_each(|_| sessions.keys().replace(ring([1])));
            let value = sealed(&sessions, ada(), T0);
            let mut session = load(&sessions, &value, T0);
            session.write(|account| account.user.push('!'));
            let other = KeyEntry::new(1, support::key(2));
            sessions.keys().replace(KeyRing::new_at([other], T0).unwrap());
            let refused = sessions.commit_at(&session, T0).unwrap_err();
            let reason = UnsealError::NotAuthentic(KeyId::new(1));
            assert_eq!(refused, SealError::Refused(Box::new(reason)));
        }
    }

    #[test]
    fn commit_judges_a_reseal_by_the_newest_ring() {
        let (sessions, value) = rotated();
        for (newest, fresh_key) in [
            (ring([2, 1]), Some(2)),
            (ring([3, 2, 1]), Some(3)),
            (ring([1, 2]), None),
            // Another machine may know key 1: the cookie stays.
            (ring([2]), None),
        ] {
            sessions.keys().replace(ring([2, 1]));
            let session = load(&sessions, &value, at(HOUR));
            assert!(session.is_reseal_due());
            let _ = session.read();
            sessions.keys().replace(newest);
            let fresh = set_value(&sessions.commit_at(&session, at(HOUR)).unwrap());
            let under = fresh.map(|value| key_id(&sessions, &value, at(HOUR)));
            assert_eq!(under, fresh_key);
        }
    }

    #[test]
    fn data_read_before_a_replacement_stays() {
        let (sessions, value) = rotated();
        let session = load(&sessions, &value, T0);
        assert_eq!(*session.read(), ada());
        sessions.keys().replace(ring([3]));
        assert_eq!(*session.read(), ada());
        assert!(!session.is_new());
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn under_load_no_request_fails() {
        let keys = Keys::from(ring([1, 2, 3]));
        let sessions = Sessions::<u64>::new(keys.clone());
        let done = AtomicBool::new(false);
        let rings = [ring([2, 3, 1]), ring([3, 1, 2]), ring([1, 2, 3]), ring([2, 1, 3])];
        let rounds = AtomicU32::new(0);
        thread::scope(|scope| {
            let replacer = scope.spawn(|| {
                for ring in rings.iter().cycle().take_while(|_| !done.load(Relaxed)) {
                    keys.replace(ring.clone());
                    rounds.fetch_add(1, Relaxed);
                    thread::yield_now();
                }
            });
            let visitors: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let mut value = sealed(&sessions, 0, T0);
                        let mut seen = [0_u32; 4];
                        // However late a busy machine lets the replacer begin.
                        for count in (0..).take_while(|&n| n < 200 || rounds.load(Relaxed) <= 4) {
                            let mut session = load(&sessions, &value, at(HOUR));
                            assert!(!session.is_new(), "{:?}", session.refusal());
                            assert_eq!(*session.read(), count);
                            seen[session.key_id().unwrap().get() as usize] += 1;
                            session.write(|count| *count += 1);
                            value = set_value(&sessions.commit_at(&session, at(HOUR)).unwrap())
                                .expect("written");
                        }
                        seen
                    })
                })
                .collect();
            let seen: Vec<_> = visitors.into_iter().map(thread::ScopedJoinHandle::join).collect();
            done.store(true, Relaxed);
            replacer.join().unwrap();
            for seen in seen {
                let seen = seen.expect("a request failed");
                assert!(seen.iter().sum::<u32>() >= 200);
                assert_eq!(seen[0], 0, "there is no key 0");
            }
        });
    }
}

mod deploys {
    use super::*;

    /// A machine with a clock that is off by some seconds.
    struct Machine {
        sessions: Sessions<u32>,
        keys: Keys,
        clock: i64,
    }

    impl Machine {
        fn new(ring: KeyRing, clock: i64) -> Self {
            let keys = Keys::from(ring);
            Self { sessions: Sessions::new(keys.clone()), keys, clock }
        }

        /// A request that counts itself where `writes`; returns the value that the browser holds
        /// afterwards, or the class of the refusal.
        fn serve(&self, value: &str, now: i64, writes: bool) -> Result<String, &'static str> {
            let now = at(now + self.clock);
            let mut session = load(&self.sessions, value, now);
            if let Some(refusal) = session.refusal() {
                return Err(refusal.class());
            }
            let _ = session.read();
            if writes {
                session.write(|count| *count += 1);
            }
            let fresh = set_value(&self.sessions.commit_at(&session, now).unwrap());
            Ok(fresh.unwrap_or_else(|| value.to_owned()))
        }
    }

    /// Three machines get their new ring one after the other, two minutes apart; a visitor goes
    /// from one to the next every 20 s. Returns the requests that met a refusal, and the keys
    /// in the order in which the visitor's values were sealed with them.
    fn deploy(before: &KeyRing, after: &KeyRing, minutes: i64) -> (Vec<&'static str>, Vec<u32>) {
        let machines = [0, 25, -25].map(|clock| Machine::new(before.clone(), clock));
        let mut value = sealed(&machines[0].sessions, 0, T0);
        let (mut refusals, mut keys) = (Vec::new(), Vec::new());
        for (step, now) in (0..minutes * 60).step_by(20).enumerate() {
            for (machine, deployed) in machines.iter().zip([120, 240, 360]) {
                if now == deployed {
                    machine.keys.replace(after.clone());
                }
            }
            let machine = &machines[step % 3];
            // Not a multiple of three, so that every machine reads and writes.
            match machine.serve(&value, now, step % 4 == 0) {
                Ok(fresh) => value = fresh,
                Err(class) => refusals.push(class),
            }
            if let Ok(session) = machine.sessions.unseal_at(&value, at(now + machine.clock)) {
                let id = session.key_id().unwrap().get();
                if keys.last() != Some(&id) {
                    keys.push(id);
                }
            }
        }
        (refusals, keys)
    }

    #[test]
    fn key_that_starts_after_the_deploy_loses_nobody() {
        let start = at(20 * 60);
        let after = KeyRing::new_at([entry(2).not_before(start), entry(1)], T0).unwrap();
        let (refusals, keys) = deploy(&ring([1]), &after, 40);
        assert!(refusals.is_empty(), "{refusals:?}");
        // Their clocks differ, so the machines begin with key 2 within a minute of each other.
        assert_eq!((keys[0], *keys.last().unwrap()), (1, 2));
    }

    #[test]
    fn key_that_seals_at_once_meets_machines_that_do_not_know_it() {
        // Why there is a `not_before`.
        let (refusals, _) = deploy(&ring([1]), &ring([2, 1]), 40);
        assert!(!refusals.is_empty());
        assert!(refusals.iter().all(|&class| class == "unknown_key"), "{refusals:?}");
    }

    #[test]
    fn key_deployed_second_and_then_first_loses_nobody() {
        let (refusals, keys) = deploy(&ring([1]), &ring([1, 2]), 20);
        assert!(refusals.is_empty(), "{refusals:?}");
        assert_eq!(keys, [1]);
        let (refusals, keys) = deploy(&ring([1, 2]), &ring([2, 1]), 20);
        assert!(refusals.is_empty(), "{refusals:?}");
        assert_eq!((keys[0], *keys.last().unwrap()), (1, 2));
    }

    #[test]
    fn old_key_is_dropped_when_its_last_session_has_ended() {
        let (refusals, keys) = deploy(&ring([2, 1]), &ring([2]), 20);
        assert!(refusals.is_empty(), "{refusals:?}");
        assert_eq!(keys, [2]);
    }

    #[test]
    fn readers_alone_are_moved_to_the_new_key_before_the_old_one_ends() {
        let start = at(HOUR);
        let end = at(30 * 24 * HOUR);
        let entries = [entry(2).not_before(start), entry(1).not_after(end)];
        let after = KeyRing::new_at(entries, T0).unwrap();
        let sessions =
            Sessions::<u32>::builder(after).absolute_timeout(secs(60 * 24 * 3600)).build().unwrap();
        let mut value = sealed(&sessions, 7, T0);
        let mut reseals = 0;
        for day in 0..=59 {
            let now = at(day * 24 * HOUR);
            assert_eq!(*load(&sessions, &value, now).read(), 7, "day {day}");
            if let Some(fresh) = visit(&sessions, &value, now) {
                value = fresh;
                reseals += 1;
            }
        }
        assert_eq!(reseals, 1);
        assert_eq!(key_id(&sessions, &value, end), 2);
    }
}

#[test]
fn machines_with_different_rings_do_not_pass_a_sliding_session_back_and_forth() {
    let idle =
        |ring: KeyRing| Sessions::<Account>::builder(ring).idle_timeout(secs(480)).build().unwrap();
    let ahead = idle(ring([2, 1]));
    let pending = [entry(2).not_before(at(HOUR)), entry(1)];
    let behind = idle(KeyRing::new_at(pending, T0).unwrap());
    let mut value = sealed(&ahead, ada(), T0);
    for minute in 1..10 {
        let now = at(minute * 60);
        let machine = if minute % 2 == 0 { &ahead } else { &behind };
        value = visit(machine, &value, now).expect("it slides");
        assert_eq!(key_id(&ahead, &value, now), 2, "after {minute} minutes");
    }
}
