//! The session of one request, as handlers and middleware use it.

use std::{
    any::type_name,
    cell::RefCell,
    collections::BTreeMap,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration as StdDuration,
};

use sealed_session::{
    Builder, Commit, ConfigError, Cookie, Key, KeyEntry, KeyId, KeyRing, Keys, Lifetime, Misfit,
    Scope, SealError, Session, SessionId, Sessions, SignedInData, Snapshot, UnsealError,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::common::{NOW, header, key, ring, ring_of, sealed, sessions, set_cookies, value_of};

const SECOND: Duration = Duration::SECOND;
const LIFETIME: Duration = Duration::days(14);
/// What should not wait is given this long before it counts as hanging.
const PATIENCE: StdDuration = StdDuration::from_secs(10);

type Cart = Vec<u32>;

fn anonymous(sessions: &Sessions<Cart>) -> Session<Cart> {
    sessions.load_at([""], NOW)
}

/// A visitor whose cookie holds `[1]` and was sealed a minute ago.
fn returning(sessions: &Sessions<Cart>) -> Session<Cart> {
    let value = sealed(sessions, vec![1], NOW - SECOND * 60);
    sessions.load_at([header(sessions, &value)], NOW)
}

/// The session of the next request of a browser that took `commit`.
fn next(sessions: &Sessions<Cart>, commit: &Commit) -> Session<Cart> {
    sessions.load_at([header(sessions, &value_of(commit))], NOW)
}

/// Runs `f` in a thread of its own, and fails in place of hanging.
fn within_patience<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(f()));
    receiver.recv_timeout(PATIENCE).expect("must not wait, nor panic")
}

// Reading

#[test]
fn snapshot_stays_what_it_was() {
    let sessions = sessions();
    for mut session in [anonymous(&sessions), returning(&sessions)] {
        let before = session.read();
        let was = before.to_vec();
        session.write(|cart| cart.push(7));
        let between = session.peek();
        session.write(Vec::clear);
        assert_eq!((&*before, between.last(), session.read().len()), (&was, Some(&7), 0));
        session.destroy();
        assert_eq!((before.len(), between.len()), (was.len(), was.len() + 1));
        drop(session);
        assert_eq!(before.clone().to_vec(), was, "outlives the session");
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn snapshot_crosses_threads() {
    let sessions = sessions();
    let snapshot = returning(&sessions).read();
    let shared = snapshot.clone();
    assert_eq!(thread::spawn(move || shared.len()).join().unwrap(), 1);
    thread::scope(|scope| scope.spawn(|| assert_eq!(*snapshot, [1])).join()).unwrap();
}

#[test]
fn peek_sees_what_read_sees_and_does_not_slide() {
    let sessions =
        Sessions::builder(ring()).idle_timeout(StdDuration::from_secs(600)).build().unwrap();
    let at = NOW + SECOND * 75;
    let ours = header(&sessions, &sealed(&sessions, vec![1], NOW));
    let (peeked, read) = (sessions.load_at([&ours], at), sessions.load_at([&ours], at));
    assert_eq!((&*peeked.peek(), &*read.read()), (&vec![1], &vec![1]));
    assert!(peeked.is_reseal_due() && read.is_reseal_due());
    assert!(sessions.commit_at(&peeked, at).unwrap().cookies().is_empty());
    assert_eq!(sessions.commit_at(&read, at).unwrap().cookies().len(), 1);
}

#[test]
fn clones_are_the_same_session() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    let mut other = session.clone();
    session.write(|cart| cart.push(1));
    other.write(|cart| cart.push(2));
    assert_eq!((&*session.read(), session.id()), (&vec![1, 2], other.id()));
    let commit = sessions.commit_at(&other, NOW).unwrap();
    assert_eq!(*next(&sessions, &commit).read(), [1, 2]);
    assert!(sessions.commit_at(&session, NOW).unwrap().cookies().is_empty());
}

// States

#[test]
fn anonymous_visitor_has_the_default_and_nothing_else() {
    let session = anonymous(&sessions());
    assert!(session.is_new() && !session.is_changed() && !session.is_reseal_due());
    assert_eq!((session.id(), session.key_id(), session.refusal()), (None, None, None));
    assert_eq!(
        (session.created_at(), session.issued_at(), session.expires_at()),
        (None, None, None)
    );
    assert_eq!((session.is_persistent(), session.read().len()), (None, 0));
}

#[test]
fn anonymous_visitor_who_is_not_written_to_gets_no_cookie() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    session.read();
    session.regenerate_id();
    assert!(!session.is_changed());
    let commit = sessions.commit_at(&session, NOW).unwrap();
    assert!(!commit.sets_cookies() && commit.into_cookies().is_empty());
}

#[test]
fn only_who_came_with_a_live_session_has_an_existing_one() {
    let sessions = sessions();
    assert!(anonymous(&sessions).existing().is_none());
    let mut begun = anonymous(&sessions);
    begun.write(|cart| cart.push(1));
    assert!(begun.existing().is_none(), "it did not come with the request");

    let session = returning(&sessions);
    let mut existing = session.clone().existing().unwrap();
    assert_eq!(existing.id(), session.id());
    existing.write(|cart| cart.push(7));
    assert_eq!((&*existing.clone().read(), &*session.read()), (&vec![1, 7], &vec![1, 7]));
    existing.destroy();
    assert!(session.existing().is_none());
}

#[test]
fn first_write_begins_a_session() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    assert_eq!(session.write(|cart| (cart.push(7), cart.len()).1), 1);
    assert!(session.is_new() && session.is_changed());
    assert_eq!((session.created_at(), session.issued_at()), (Some(NOW), Some(NOW)));
    assert_eq!(session.expires_at(), Some(NOW + LIFETIME));
    assert_eq!((session.is_persistent(), session.key_id()), (Some(true), None));
    let id = session.id();
    assert!(id.is_some());
    session.write(|cart| cart.push(8));
    assert_eq!(session.id(), id, "a second write keeps the id");

    let next = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    assert_eq!((&*next.read(), next.id(), next.is_new()), (&vec![7, 8], id, false));
}

#[test]
fn write_keeps_id_and_times_and_moves_issued_at() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    assert!(!session.is_new() && !session.is_changed());
    assert_eq!(session.issued_at(), Some(NOW - SECOND * 60));
    let (id, created_at, expires_at) = (session.id(), session.created_at(), session.expires_at());
    session.write(|cart| cart.push(2));
    assert!(!session.is_new() && session.is_changed());

    let next = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    assert_eq!(*next.read(), [1, 2]);
    assert_eq!((next.id(), next.created_at(), next.expires_at()), (id, created_at, expires_at));
    assert_eq!((next.issued_at(), next.key_id()), (Some(NOW), Some(KeyId::new(1))));
}

#[test]
fn write_that_changes_nothing_still_counts() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    session.write(|_| ());
    assert!(session.is_changed());
    assert_eq!(*next(&sessions, &sessions.commit_at(&session, NOW).unwrap()).read(), [1]);
}

#[test]
fn renew_keeps_the_data_under_a_new_id_and_new_times() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    let (id, created_at) = (session.id(), session.created_at());
    session.renew();
    assert!(session.is_changed() && !session.is_new());
    assert_ne!(session.id(), id);
    assert_eq!(created_at, Some(NOW - SECOND * 60));

    let next = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    assert_eq!((&*next.read(), next.id()), (&vec![1], session.id()));
    assert_eq!((next.created_at(), next.issued_at()), (Some(NOW), Some(NOW)));
    assert_eq!(next.expires_at(), Some(NOW + LIFETIME));
}

#[test]
fn renew_begins_a_session_for_an_anonymous_visitor() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    session.renew();
    let next = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    assert_eq!((next.is_new(), next.read().len(), next.id()), (false, 0, session.id()));
    assert!(next.id().is_some());
}

#[test]
fn renew_does_not_make_a_session_look_older_than_its_last_value() {
    let sessions = sessions();
    let ahead = sealed(&sessions, vec![1], NOW + SECOND * 50);
    let mut session = sessions.load_at([header(&sessions, &ahead)], NOW);
    session.renew();
    let renewed = value_of(&sessions.commit_at(&session, NOW).unwrap());
    let both = [header(&sessions, &renewed), header(&sessions, &ahead)];
    // The later of two values issued in the same second is taken.
    let (first, last) = (sessions.load_at(&both, NOW), sessions.load_at(both.iter().rev(), NOW));
    assert_eq!(first.issued_at(), last.issued_at());
    assert_eq!(last.id(), session.id());
    assert_eq!(last.created_at(), Some(NOW));
}

#[test]
fn renew_with_holds_for_this_session_until_it_is_renewed() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    let hour = StdDuration::from_secs(3600);
    session.renew_with(Lifetime::browser_session(hour)).unwrap();
    let mut session = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    session.write(|cart| cart.push(2));
    let mut session = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    assert_eq!((session.is_persistent(), session.expires_at()), (Some(false), Some(NOW + hour)));
    session.renew();
    assert_eq!((session.is_persistent(), session.expires_at()), (Some(true), Some(NOW + LIFETIME)));
}

#[test]
fn renew_with_refuses_a_lifetime_out_of_range_and_changes_nothing() {
    let sessions = sessions();
    let limit = StdDuration::from_secs(14 * 86_400);
    for bad in [
        StdDuration::ZERO,
        StdDuration::from_millis(1500),
        limit + StdDuration::from_secs(1),
        StdDuration::MAX,
    ] {
        let expected = match bad > limit {
            true => ConfigError::Lifetime { asked: bad.as_secs(), configured: 1_209_600 },
            false => ConfigError::Timeout { what: "a lifetime", limit: 1_209_600 },
        };
        let mut session = returning(&sessions);
        let id = session.id();
        for lifetime in [Lifetime::persistent(bad), Lifetime::browser_session(bad)] {
            let error = session.renew_with(lifetime).unwrap_err();
            assert_eq!(error, expected);
        }
        assert_eq!((session.id(), session.is_changed()), (id, false));
    }
    returning(&sessions).renew_with(Lifetime::persistent(limit)).unwrap();
}

#[test]
fn renew_with_refuses_an_idle_timeout_longer_than_the_lifetime_and_changes_nothing() {
    let sessions = sessions();
    let hour = StdDuration::from_secs(3600);
    let mut session = returning(&sessions);
    let id = session.id();
    let longer = hour + StdDuration::from_secs(1);
    for lifetime in [Lifetime::persistent(hour), Lifetime::browser_session(hour)] {
        let error = session.renew_with(lifetime.idle(longer)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the idle timeout of a lifetime, 3601 s, is longer than the lifetime, 3600 s, so it would \
             never end a session: shorten the first, leave it out, or raise the second"
        );
    }
    assert_eq!((session.id(), session.is_changed()), (id, false));
    // A configured one may be longer: the lifetime ends the session before.
    session.renew_with(Lifetime::persistent(StdDuration::from_secs(60))).unwrap();
    returning(&sessions).renew_with(Lifetime::persistent(hour).idle(hour)).unwrap();
}

#[test]
fn regenerate_id_keeps_data_and_times() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    let (id, created_at, expires_at) = (session.id(), session.created_at(), session.expires_at());
    session.regenerate_id();
    assert!(session.is_changed());
    assert_ne!(session.id(), id);

    let next = next(&sessions, &sessions.commit_at(&session, NOW).unwrap());
    assert_eq!((&*next.read(), next.id()), (&vec![1], session.id()));
    assert_eq!((next.created_at(), next.expires_at()), (created_at, expires_at));
}

#[test]
fn ids_do_not_repeat() {
    let sessions = sessions();
    let mut ids: Vec<_> = (0..100)
        .map(|_| {
            let mut session = anonymous(&sessions);
            session.renew();
            session.id().unwrap().to_string()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())));
}

// Committing

#[test]
fn write_then_commit_gives_one_cookie_and_a_second_commit_none() {
    let sessions = sessions();
    for mut session in [anonymous(&sessions), returning(&sessions)] {
        session.write(|cart| cart.push(7));
        let commit = sessions.commit_at(&session, NOW).unwrap();
        assert_eq!((commit.cookies().len(), commit.sets_cookies()), (1, true));
        assert_eq!(commit.cookies()[0].name(), "__Host-session");
        let again = sessions.commit_at(&session, NOW).unwrap();
        assert!(again.cookies().is_empty() && again.depends_on_cookie());
        assert_eq!(commit.clone().into_cookies(), commit.cookies());
    }
}

#[test]
fn changes_after_the_commit_are_ignored() {
    let sessions = sessions();
    for mut session in [anonymous(&sessions), returning(&sessions)] {
        session.write(|cart| cart.push(7));
        let commit = sessions.commit_at(&session, NOW).unwrap();
        let (data, id) = (session.read().to_vec(), session.id());
        let seen = session.write(|cart| {
            cart.push(8);
            cart.len()
        });
        assert_eq!(seen, data.len() + 1, "the closure runs");
        session.renew();
        session.renew_with(Lifetime::persistent(StdDuration::from_secs(60))).unwrap();
        session.regenerate_id();
        session.destroy();
        assert_eq!((session.read().to_vec(), session.id()), (data.clone(), id));
        assert!(sessions.commit_at(&session, NOW).unwrap().cookies().is_empty());
        assert_eq!(*next(&sessions, &commit).read(), data);
    }
}

#[test]
fn write_after_the_commit_of_an_untouched_session_is_ignored() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    assert!(sessions.commit_at(&session, NOW).unwrap().cookies().is_empty());
    session.write(|cart| cart.push(8));
    assert!(!session.is_changed() && session.read().is_empty());
    assert!(sessions.commit_at(&session, NOW).unwrap().cookies().is_empty());
}

#[test]
fn destroy_is_final() {
    let sessions = sessions();
    let after: [fn(&mut Session<Cart>); 6] = [
        |_| (),
        |session| session.write(|cart| cart.push(8)),
        Session::renew,
        |session| session.renew_with(Lifetime::persistent(StdDuration::from_secs(60))).unwrap(),
        Session::regenerate_id,
        Session::destroy,
    ];
    for session in [anonymous, returning] {
        for change in after {
            let mut session = session(&sessions);
            session.write(|cart| cart.push(7));
            session.destroy();
            change(&mut session);
            assert!(session.is_new() && session.is_changed() && session.read().is_empty());
            assert_eq!(
                (session.id(), session.created_at(), session.expires_at()),
                (None, None, None)
            );
            assert_eq!(sessions.seal_at(&session, NOW), Err(SealError::Expired));
            assert_eq!(
                set_cookies(&sessions.commit_at(&session, NOW).unwrap()),
                ["__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; \
                  Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
            );
        }
    }
}

#[test]
fn destroy_removes_even_if_nothing_was_loaded() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    session.destroy();
    let commit = sessions.commit_at(&session, NOW).unwrap();
    assert_eq!(commit.cookies()[0].max_age(), Some(Duration::ZERO));
    assert_eq!(sessions.commit_at(&session, NOW).unwrap().cookies().len(), 0);
}

#[test]
fn destroy_within_a_write_wins_over_the_write() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    let mut other = session.clone();
    session.write(|cart| {
        cart.push(7);
        other.destroy();
    });
    assert!(session.read().is_empty());
    assert_eq!(value_of(&sessions.commit_at(&session, NOW).unwrap()), "");
}

#[test]
fn session_that_expires_before_its_commit_sets_nothing() {
    let sessions = sessions();
    let mut session = anonymous(&sessions);
    session.renew_with(Lifetime::persistent(StdDuration::from_secs(5))).unwrap();
    let at = NOW + SECOND * 5;
    assert_eq!(sessions.commit_at(&session, at).map(drop), Err(SealError::Expired));
    assert_eq!(sessions.seal_at(&session, at), Err(SealError::Expired));
}

// Writers and readers at the same time

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn write_within_a_write_panics_and_does_not_hang() {
    let sessions = sessions();
    let session = returning(&sessions);
    within_patience(move || {
        let (mut outer, mut inner) = (session.clone(), session);
        let nested = catch_unwind(AssertUnwindSafe(|| {
            outer.write(|cart| {
                cart.push(7);
                inner.write(|cart| cart.push(8));
            });
        }));
        let panic = nested.unwrap_err();
        let message = panic.downcast_ref::<String>().expect("a formatted message");
        assert!(
            message.contains("inside the closure of another write to the same session"),
            "{message}"
        );
        assert!(
            message.contains(type_name::<Cart>()) && message.contains("in one closure"),
            "{message}"
        );
        assert_eq!((&*outer.read(), outer.is_changed()), (&vec![1], false));

        outer.write(|cart| cart.push(2));
        inner.write(|cart| cart.push(3));
        assert_eq!(*outer.read(), [1, 2, 3]);
        assert_eq!(sessions.commit_at(&outer, NOW).unwrap().cookies().len(), 1);
    });
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn caught_nested_write_spoils_neither_the_outer_one_nor_the_next() {
    let session = returning(&sessions());
    within_patience(move || {
        let (mut outer, mut inner) = (session.clone(), session);
        outer.write(|cart| {
            for _ in 0..2 {
                catch_unwind(AssertUnwindSafe(|| inner.write(Vec::clear))).unwrap_err();
            }
            cart.push(2);
        });
        inner.write(|cart| cart.push(3));
        assert_eq!(*inner.read(), [1, 2, 3]);
    });
}

#[test]
fn write_to_another_session_within_a_write_is_allowed() {
    let sessions = sessions();
    let (mut a, mut b) = (returning(&sessions), returning(&sessions));
    a.write(|cart| b.write(|other| cart.append(other)));
    assert_eq!((&*a.read(), b.read().len()), (&vec![1, 1], 0));
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs a panic that can be caught")]
fn panic_within_a_write_publishes_nothing() {
    let sessions = sessions();
    for mut session in [anonymous(&sessions), returning(&sessions)] {
        let was = session.read().to_vec();
        let result = catch_unwind(AssertUnwindSafe(|| {
            session.write(|cart| {
                cart.push(666);
                panic!("half-written");
            });
        }));
        assert!(result.is_err());
        assert_eq!((session.read().to_vec(), session.is_changed()), (was.clone(), false));
        session.write(|cart| cart.push(2));
        assert_eq!(session.read().to_vec(), [was, vec![2]].concat());
        assert_eq!(sessions.commit_at(&session, NOW).unwrap().cookies().len(), 1);
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn concurrent_writers_lose_no_update() {
    let sessions = sessions::<u32>();
    let session = sessions.load_at([""], NOW);
    thread::scope(|scope| {
        for _ in 0..8 {
            let mut session = session.clone();
            scope.spawn(move || {
                for _ in 0..200 {
                    session.write(|count| {
                        let read = *count;
                        thread::yield_now();
                        *count = read + 1;
                    });
                }
            });
        }
    });
    assert_eq!(*session.read(), 1600);
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn concurrent_first_looks_see_one_session() {
    let sessions = sessions();
    let session = returning(&sessions);
    let id = returning(&sessions).id();
    thread::scope(|scope| {
        let looks: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (session.id(), session.read().len()))).collect();
        let seen: Vec<_> = looks.into_iter().map(|look| look.join().unwrap()).collect();
        assert!(seen.iter().all(|look| *look == seen[0] && look.1 == 1));
        assert_ne!(seen[0].0, id, "two sessions have two ids");
    });
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn reader_does_not_wait_for_a_writer_and_sees_what_was_published() {
    let session = returning(&sessions());
    let (started, has_started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let mut writer = session.clone();
    let writing = thread::spawn(move || {
        writer.write(|cart| {
            cart.push(2);
            started.send(()).unwrap();
            released.recv().unwrap();
        });
    });
    has_started.recv_timeout(PATIENCE).unwrap();
    let reader = session.clone();
    let seen = within_patience(move || {
        (
            reader.read().to_vec(),
            reader.peek().len(),
            reader.is_changed(),
            reader.is_new(),
            reader.id().is_some(),
        )
    });
    assert_eq!(seen, (vec![1], 1, false, false, true));
    release.send(()).unwrap();
    writing.join().unwrap();
    assert_eq!(*session.read(), [1, 2]);
}

// Size

/// The longest string that `sessions` can seal, by bisection.
fn longest_that_fits(sessions: &Sessions<String>) -> usize {
    let fits = |length: &usize| {
        let mut session = sessions.load_at([""], NOW);
        session.write(|text| *text = "x".repeat(*length));
        sessions.commit_at(&session, NOW).is_ok()
    };
    let (mut fitting, mut too_long) = (0, 8192);
    assert!(fits(&fitting) && !fits(&too_long));
    while too_long - fitting > 1 {
        let middle = usize::midpoint(fitting, too_long);
        match fits(&middle) {
            true => fitting = middle,
            false => too_long = middle,
        }
    }
    fitting
}

#[test]
fn name_and_value_fill_4096_bytes_and_no_more() {
    let sessions = sessions::<String>();
    let longest = longest_that_fits(&sessions);
    assert!(longest > 2900, "{longest}");
    let mut session = sessions.load_at([""], NOW);
    session.write(|text| *text = "x".repeat(longest));
    let commit = sessions.commit_at(&session, NOW).unwrap();
    let value = value_of(&commit);
    assert_eq!(sessions.cookie_name().len() + value.len(), 4096);
    assert_eq!(sessions.load_at([header(&sessions, &value)], NOW).read().len(), longest);

    let mut session = sessions.load_at([""], NOW);
    session.write(|text| *text = "x".repeat(longest + 1));
    let error = sessions.commit_at(&session, NOW).unwrap_err();
    assert_eq!(error, SealError::TooLarge { size: 4097, limit: 4096 });
    assert!(error.to_string().contains("4097") && error.to_string().contains("4096"));
}

#[test]
fn a_longer_name_leaves_less_room() {
    let longest = |name: &str| {
        longest_that_fits(&Sessions::builder(ring()).cookie_name(name).build().unwrap())
    };
    assert_eq!(longest("__Host-session") - longest("__Host-session12"), 1);
    assert_eq!(longest("__Host-session") - longest("__Host-session1234"), 3);
}

#[test]
fn session_too_large_stays_open_and_fits_when_trimmed() {
    let sessions = sessions::<String>();
    let value = sealed(&sessions, "before".to_owned(), NOW - SECOND);
    let mut session = sessions.load_at([header(&sessions, &value)], NOW);
    session.write(|text| *text = "x".repeat(100_000));
    for _ in 0..2 {
        let error = sessions.commit_at(&session, NOW).unwrap_err();
        assert!(matches!(error, SealError::TooLarge { size: 133_000.., limit: 4096 }), "{error}");
    }
    session.write(|text| text.truncate(10));
    let commit = sessions.commit_at(&session, NOW).unwrap();
    let next = sessions.load_at([header(&sessions, &value_of(&commit))], NOW);
    assert_eq!((next.read().as_str(), next.id()), ("xxxxxxxxxx", session.id()));
}

#[test]
fn session_too_large_can_be_destroyed() {
    let sessions = sessions::<String>();
    let mut session = sessions.load_at([""], NOW);
    session.write(|text| *text = "x".repeat(5000));
    sessions.commit_at(&session, NOW).unwrap_err();
    session.destroy();
    assert_eq!(value_of(&sessions.commit_at(&session, NOW).unwrap()), "");
}

// Types

#[test]
fn data_that_does_not_serialize_is_an_error_that_names_the_type() {
    type Unserializable = BTreeMap<(u8, u8), u8>;
    let sessions = sessions::<Unserializable>();
    let mut session = sessions.load_at([""], NOW);
    session.write(|map| map.insert((1, 2), 3));
    let error = sessions.commit_at(&session, NOW).unwrap_err();
    let SealError::Payload { type_name, reason } = &error else { panic!("{error}") };
    assert_eq!(*type_name, std::any::type_name::<Unserializable>());
    assert!(reason.contains("does not serialize"), "{reason}");
    assert_eq!(sessions.seal_at(&session, NOW), Err(error));
    session.write(BTreeMap::clear);
    assert_eq!(sessions.commit_at(&session, NOW).unwrap().cookies().len(), 1, "stays open");
}

#[test]
fn payload_of_another_type_is_refused_with_its_column() {
    let text = sealed(&sessions::<Vec<String>>(), vec!["abc".to_owned()], NOW);
    let sessions = sessions::<Cart>();
    let error = sessions.unseal_at(&text, NOW).unwrap_err();
    let misfit = Misfit::WrongType;
    assert_eq!(error, UnsealError::Payload { type_name: type_name::<Cart>(), column: 6, misfit });
    let session = sessions.load_at([header(&sessions, &text)], NOW);
    assert_eq!((session.is_new(), session.refusal()), (true, Some(&error)));
    assert!(error.to_string().contains("give the field the type that was written"), "{error}");
}

#[test]
fn payload_without_a_field_that_the_type_asks_for_is_refused_with_the_remedy() {
    #[derive(Clone, Default, Serialize, Deserialize)]
    struct Grown {
        user: String,
    }
    #[derive(Clone, Default, Serialize, Deserialize)]
    struct Bare {}

    let text = sealed(&sessions::<Bare>(), Bare {}, NOW);
    let error = sessions::<Grown>().unseal_at(&text, NOW).unwrap_err();
    let missing = UnsealError::Payload {
        type_name: type_name::<Grown>(),
        column: 2,
        misfit: Misfit::Missing,
    };
    assert_eq!(error, missing);
    assert!(error.to_string().contains("give it `#[serde(default)]`"), "{error}");
}

#[test]
fn new_fields_with_a_default_read_old_sessions() {
    #[derive(Clone, Default, Serialize, Deserialize)]
    struct Old {
        user: String,
    }
    #[derive(Clone, Default, Serialize, Deserialize)]
    struct New {
        user: String,
        #[serde(default)]
        theme: String,
    }
    let value = sealed(&sessions::<Old>(), Old { user: "ada".to_owned() }, NOW);
    let session = sessions::<New>().unseal_at(&value, NOW).unwrap();
    assert_eq!((&*session.read().user, &*session.read().theme), ("ada", ""));
}

#[test]
fn written_session_moves_to_the_sealing_key() {
    let old = sessions::<Cart>();
    let value = sealed(&old, vec![1], NOW);
    let rotated = Sessions::<Cart>::new(ring_of([2, 1]));
    let mut session = rotated.load_at([header(&rotated, &value)], NOW);
    assert_eq!(session.key_id(), Some(KeyId::new(1)));
    session.write(|cart| cart.push(2));
    let next = next(&rotated, &rotated.commit_at(&session, NOW).unwrap());
    assert_eq!((next.key_id(), &*next.read()), (Some(KeyId::new(2)), &vec![1, 2]));
}

/// Can be kept in statics, moved into tasks and shared among them.
const fn assert_shareable<T: Send + Sync + 'static>() {}
const fn assert_debug_and_clone<T: Debug + Clone>() {}

const _: () = {
    // No auto trait of the handle may hang on `T: Sync` alone: a session's data is both.
    assert_shareable::<Session<Cart>>();
    assert_shareable::<Snapshot<Cart>>();
    assert_shareable::<Sessions<Cart>>();
    assert_shareable::<Builder<Cart>>();
    assert_shareable::<Commit>();
    assert_shareable::<Cookie<'static>>();
    assert_shareable::<Keys>();
    assert_shareable::<KeyRing>();
    assert_shareable::<KeyEntry>();
    assert_shareable::<Key>();
    assert_shareable::<KeyId>();
    assert_shareable::<Scope>();
    assert_shareable::<Lifetime>();
    assert_shareable::<SessionId>();
    assert_shareable::<ConfigError>();
    assert_shareable::<SealError>();
    assert_shareable::<UnsealError>();

    assert_debug_and_clone::<Sessions<Cart>>();
    assert_debug_and_clone::<Session<Cart>>();
    assert_debug_and_clone::<Snapshot<Cart>>();
    assert_debug_and_clone::<Commit>();
    assert_debug_and_clone::<Keys>();
    assert_debug_and_clone::<KeyRing>();
    assert_debug_and_clone::<KeyEntry>();
    assert_debug_and_clone::<Key>();
    assert_debug_and_clone::<Scope>();
    assert_debug_and_clone::<Lifetime>();
    assert_debug_and_clone::<ConfigError>();
    assert_debug_and_clone::<SealError>();
    assert_debug_and_clone::<UnsealError>();
};

#[test]
fn data_need_not_be_debug() {
    #[derive(Clone, Default, Serialize, Deserialize)]
    struct NoDebug;
    assert_debug_and_clone::<Session<NoDebug>>();
    assert_debug_and_clone::<Sessions<NoDebug>>();
    assert_debug_and_clone::<Snapshot<NoDebug>>();
    let ring = KeyRing::new([KeyEntry::new(1, key(1))]).unwrap();
    let clone = Sessions::<NoDebug>::new(ring).clone();
    assert!(clone.load_at([""], NOW).clone().is_new());
}

#[test]
fn a_session_that_idled_out_is_not_revived_by_sealing_it() {
    let sessions = Sessions::<u32>::builder(KeyRing::ephemeral().unwrap())
        .idle_timeout(std::time::Duration::from_secs(60))
        .build()
        .unwrap();
    let start = time::macros::datetime!(2026-11-21 12:00 UTC);
    let value = sessions.seal_at(&sessions.create_at(7, start).unwrap(), start).unwrap();
    let mut session = sessions.unseal_at(&value, start + time::Duration::seconds(1)).unwrap();
    session.write(|count| *count += 1);
    let last = start + time::Duration::seconds(59);
    assert!(sessions.seal_at(&session, last).is_ok());
    let late = start + time::Duration::seconds(60);
    assert_eq!(sessions.seal_at(&session, late), Err(sealed_session::SealError::Expired));
    assert_eq!(sessions.commit_at(&session, late).map(drop), Err(SealError::Expired));
}

#[test]
fn a_destroyed_session_stays_destroyed_after_its_commit() {
    let sessions = sessions();
    let mut session = returning(&sessions);
    session.destroy();
    assert!(sessions.commit_at(&session, NOW).unwrap().sets_cookies());
    assert!(session.is_new() && session.is_changed());
    assert_eq!((session.read().len(), session.id()), (0, None));
    assert_eq!(sessions.seal_at(&session, NOW), Err(SealError::Expired));
}

#[test]
fn a_session_is_not_sealed_by_sessions_of_another_audience() {
    let of = |audience: &str| Sessions::<Cart>::builder(ring()).audience(audience).build().unwrap();
    let (a, b) = (of("a"), of("b"));
    let mut session = anonymous(&a);
    session.write(|cart| cart.push(7));
    assert_eq!(b.commit_at(&session, NOW).unwrap_err(), SealError::OtherOrigin);
    assert_eq!(b.seal_at(&session, NOW), Err(SealError::OtherOrigin));
    assert!(a.clone().commit_at(&session, NOW).unwrap().sets_cookies());
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn what_data_does_when_it_is_cloned_or_dropped_cannot_hang_the_session() {
    #[derive(Default, Serialize, Deserialize)]
    struct Entangled {
        #[serde(skip)]
        session: Option<Session<Entangled>>,
    }
    impl Clone for Entangled {
        fn clone(&self) -> Self {
            assert!(self.session.as_ref().is_none_or(|session| session.peek().session.is_some()));
            Self { session: self.session.clone() }
        }
    }
    impl Drop for Entangled {
        fn drop(&mut self) {
            drop(self.session.take().map(|session| session.peek()));
        }
    }
    within_patience(|| {
        let sessions = Sessions::<Entangled>::new(ring());
        let mut session = sessions.load_at([""], NOW);
        let handle = session.clone();
        session.write(|data| data.session = Some(handle.clone()));
        session.write(|data| data.session = Some(handle));
        session.destroy();
        assert!(session.read().session.is_none());
    });
}

#[test]
fn a_change_while_the_session_is_being_sealed_is_too_late_and_does_not_spoil_it() {
    use std::sync::{Mutex, OnceLock};
    static HANDLE: OnceLock<Mutex<Session<Destroyer>>> = OnceLock::new();
    #[derive(Clone, Default, Deserialize)]
    struct Destroyer;
    impl Serialize for Destroyer {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut session = HANDLE.get().unwrap().lock().unwrap();
            session.destroy();
            assert_eq!(session.csrf_token(), Err(SealError::NoSession));
            serializer.serialize_unit()
        }
    }
    let sessions = Sessions::<Destroyer>::new(ring());
    let mut session = sessions.load_at([""], NOW);
    session.renew();
    assert!(HANDLE.set(Mutex::new(session.clone())).is_ok());
    let commit = sessions.commit_at(&session, NOW).unwrap();
    assert_eq!(commit.cookies()[0].max_age(), Some(LIFETIME));
    assert!(!sessions.commit_at(&session, NOW).unwrap().sets_cookies());
    assert!(session.id().is_some());
}

#[test]
fn the_present_is_now_where_it_is_not_given() {
    let is_now = |time: Option<OffsetDateTime>| {
        (OffsetDateTime::now_utc() - time.unwrap()).abs() < Duration::minutes(5)
    };
    let sessions = sessions::<Cart>();
    let mut session = sessions.load([""]);
    session.write(|cart| cart.push(1));
    assert!(is_now(session.created_at()));
    let value = value_of(&sessions.commit(&session).unwrap());
    let session = sessions.load([header(&sessions, &value)]);
    assert_eq!(*session.read(), [1]);
    assert!(is_now(session.issued_at()));

    let created = sessions.create(vec![2]).unwrap();
    assert!(is_now(created.created_at()));
    let session = sessions.unseal(&sessions.seal(&created).unwrap()).unwrap();
    assert_eq!((&*session.read(), session.id()), (&vec![2], created.id()));

    let today = OffsetDateTime::now_utc();
    let old = sealed(&sessions, vec![3], today - LIFETIME - SECOND);
    assert_eq!(sessions.unseal(&old).unwrap_err(), UnsealError::Expired);
    assert_eq!(sessions.reseal(&old), Err(UnsealError::Expired));
    assert!(sessions.load([header(&sessions, &old)]).is_new());

    let newest = Sessions::<Cart>::new(ring_of([2, 1]));
    let value = sealed(&sessions, vec![4], today - Duration::hours(2));
    let fresh = newest.reseal(&value).unwrap().expect("its key is superseded");
    assert!(is_now(newest.unseal(&fresh).unwrap().issued_at()));
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn sessions_of_many_threads_are_those_of_one_sessions_and_outlive_both() {
    let sessions = sessions::<Cart>();
    let value = sealed(&sessions, vec![7], NOW);
    // More than have a reference count of their own.
    let loaded: Vec<_> = (0..40)
        .map(|_| {
            let (sessions, cookie) = (sessions.clone(), header(&sessions, &value));
            thread::spawn(move || sessions.load_at([cookie], NOW)).join().unwrap()
        })
        .collect();
    for session in &loaded {
        let mut session = session.clone();
        session.write(|cart| cart.push(8));
        assert!(sessions.commit_at(&session, NOW).unwrap().sets_cookies());
    }
    drop(sessions);
    for mut session in loaded {
        assert_eq!(*session.read(), [7, 8]);
        assert_eq!(session.csrf_token(), Err(SealError::NoSession), "the response is on its way");
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn sessions_can_be_made_to_the_very_end_of_a_thread() {
    struct AtExit(mpsc::Sender<Cart>);
    impl Drop for AtExit {
        fn drop(&mut self) {
            let sessions = sessions::<Cart>();
            let value = sealed(&sessions, vec![7], NOW);
            let session = sessions.load_at([header(&sessions, &value)], NOW);
            self.0.send(session.read().to_vec()).unwrap();
        }
    }
    thread_local! {
        static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }

    let (sender, receiver) = mpsc::channel();
    // Known to the thread before any session, so that it is dropped after what these bring.
    thread::spawn(|| AT_EXIT.set(Some(AtExit(sender)))).join().unwrap();
    assert_eq!(receiver.recv_timeout(PATIENCE), Ok(vec![7]));
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Visitor(Option<String>);

impl SignedInData for Visitor {
    fn is_signed_in(&self) -> bool {
        self.0.is_some()
    }
}

#[test]
fn who_is_signed_in_has_one_session_under_all_its_handles() {
    let sessions = sessions::<Visitor>();
    let load = |name: Option<&str>| {
        let value = sealed(&sessions, Visitor(name.map(str::to_owned)), NOW);
        sessions.load_at([header(&sessions, &value)], NOW)
    };
    assert!(load(None).signed_in().is_none() && load(None).peek_signed_in().is_none());
    let session = load(Some("ada"));
    let peek = session.peek_signed_in().expect("is signed in");
    assert_eq!(peek.clone().0.as_deref(), Some("ada"));
    let mut signed_in = session.signed_in().expect("is signed in");
    for shown in [format!("{signed_in:?}"), format!("{peek:?}")] {
        assert!(shown.starts_with("SignedIn") && !shown.contains("ada"), "{shown}");
    }
    let other = signed_in.clone();
    signed_in.write(|visitor| visitor.0 = Some("grace".to_owned()));
    assert_eq!(other.into_inner().read().0.as_deref(), Some("grace"));
}
