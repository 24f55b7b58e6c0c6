//! The handles of one session, in many of the orders in which threads can take turns.
//!
//! A scheduler runs the threads one at a time, and may change over wherever one takes or gives
//! back a lock or reads or writes a flag. It chooses at random, and by PCT, which finds any fault
//! that takes three changes at the right places with a known probability. It holds all orders to be
//! sequentially consistent, and to replace the ring to be one step, which is what `arc-swap` promises.
//!
//! `.ci/interleavings` runs this: it needs `--cfg shuttle`.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use shuttle::{
    Config, FailurePersistence, Runner,
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
    thread,
};
use time::{OffsetDateTime, macros::datetime};

use super::Sessions;
use crate::{
    error::{SealError, UnsealError},
    http::Commit,
    key_id::KeyId,
    keys::{Key, KeyEntry, KeyRing, Keys},
    session::Session,
};

const NOW: OffsetDateTime = datetime!(2031-05-06 07:08:09 UTC);
/// Orders that are tried at random, for each test.
const ORDERS: usize = 2_000;

type Cart = Vec<u32>;

fn run(scheduler: impl Scheduler + 'static, test: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    // A value is sealed and opened on the stack.
    config.stack_size = 512 * 1024;
    config.failure_persistence = FailurePersistence::Print;
    Runner::new(scheduler, config).run(test);
}

fn in_many_orders(test: impl Fn() + Send + Sync + Clone + 'static) {
    run(RandomScheduler::new(ORDERS), test.clone());
    run(PctScheduler::new(3, ORDERS), test);
}

fn ring(ids: &[u8]) -> KeyRing {
    let key = |id: u8| {
        let mut byte = id;
        let bytes = [(); Key::LENGTH].map(|()| {
            byte = byte.wrapping_mul(5).wrapping_add(211);
            byte
        });
        Key::from_bytes(&bytes).unwrap()
    };
    KeyRing::new(ids.iter().map(|&id| KeyEntry::new(u32::from(id), key(id)))).unwrap()
}

fn sessions() -> Sessions<Cart> {
    Sessions::new(ring(&[1]))
}

/// A visitor whose cookie holds `[0]`.
fn returning(sessions: &Sessions<Cart>) -> Session<Cart> {
    let session = sessions.create_at(vec![0], NOW).unwrap();
    let value = sessions.seal_at(&session, NOW).unwrap();
    sessions.load_at([format!("{}={value}", sessions.cookie_name())], NOW)
}

fn anonymous(sessions: &Sessions<Cart>) -> Session<Cart> {
    sessions.load_at([""], NOW)
}

/// What the browser then holds: a value, or, where the cookie was removed, nothing.
fn sent(sessions: &Sessions<Cart>, commit: &Commit) -> Option<Session<Cart>> {
    // Besides it there may be tombstones.
    let mut own = commit.cookies().iter().filter(|c| c.name() == sessions.cookie_name());
    let (Some(cookie), None) = (own.next(), own.next()) else { panic!("{commit:?}") };
    (!cookie.value().is_empty()).then(|| sessions.unseal_at(cookie.value(), NOW).unwrap())
}

/// The response carries what the session is for whoever looks afterwards.
fn assert_committed(sessions: &Sessions<Cart>, session: &Session<Cart>, commit: &Commit) {
    if !commit.sets_cookies() {
        assert!(!session.is_changed());
        return;
    }
    match sent(sessions, commit) {
        Some(sent) => assert_eq!((&*sent.read(), sent.id()), (&*session.read(), session.id())),
        None => assert!(session.is_new() && session.is_changed() && session.read().is_empty()),
    }
}

/// Writes, and returns whether the writer then sees it.
fn pushes(session: &Session<Cart>, item: u32) -> impl FnOnce() -> bool + 'static {
    let mut session = session.clone();
    move || {
        session.write(|cart| cart.push(item));
        session.read().contains(&item)
    }
}

#[test]
fn a_writer_sees_its_write_exactly_if_the_commit_sends_it() {
    for visitor in [anonymous, returning] {
        in_many_orders(move || {
            let sessions = sessions();
            let session = visitor(&sessions);
            let writer = thread::spawn(pushes(&session, 1));
            let commit = sessions.commit_at(&session, NOW).unwrap();
            let is_seen = writer.join().unwrap();
            assert_eq!(commit.sets_cookies(), is_seen);
            assert_committed(&sessions, &session, &commit);
        });
    }
}

#[test]
fn of_two_commits_one_sets_the_cookie() {
    in_many_orders(|| {
        let sessions = sessions();
        let mut session = anonymous(&sessions);
        session.write(|cart| cart.push(1));
        let (other_sessions, other) = (sessions.clone(), session.clone());
        let other = thread::spawn(move || other_sessions.commit_at(&other, NOW).unwrap());
        let commits = [sessions.commit_at(&session, NOW).unwrap(), other.join().unwrap()];
        assert_eq!(commits.iter().filter(|commit| commit.sets_cookies()).count(), 1);
    });
}

#[test]
fn a_session_is_destroyed_and_removed_or_neither() {
    in_many_orders(|| {
        let sessions = sessions();
        let mut session = returning(&sessions);
        session.write(|cart| cart.push(1));
        let mut other = session.clone();
        let destroyer = thread::spawn(move || {
            other.destroy();
            other.is_new()
        });
        let commit = sessions.commit_at(&session, NOW).unwrap();
        let is_destroyed = destroyer.join().unwrap();
        assert_eq!(sent(&sessions, &commit).is_none(), is_destroyed);
        assert_eq!(commit.cookies().len(), 1 + usize::from(is_destroyed), "a tombstone");
        assert_committed(&sessions, &session, &commit);
    });
}

#[test]
fn two_first_writes_begin_one_session_and_lose_nothing() {
    in_many_orders(|| {
        let sessions = sessions();
        let session = anonymous(&sessions);
        let writers = [1, 2].map(|item| thread::spawn(pushes(&session, item)));
        let seen = writers.map(|writer| writer.join().unwrap());
        assert_eq!((seen, session.read().len()), ([true, true], 2));
        let commit = sessions.commit_at(&session, NOW).unwrap();
        assert_committed(&sessions, &session, &commit);
    });
}

#[test]
fn readers_see_whole_versions_one_after_the_other() {
    in_many_orders(|| {
        let sessions = sessions();
        let session = returning(&sessions);
        let mut handle = session.clone();
        let writer = thread::spawn(move || {
            for item in [1, 3] {
                handle.write(|cart| {
                    cart.push(item);
                    thread::yield_now();
                    cart.push(item + 1);
                });
            }
        });
        let mut last = 0;
        for _ in 0..3 {
            let cart = session.read();
            assert!([1, 3, 5].contains(&cart.len()) && last <= cart.len());
            last = cart.len();
        }
        writer.join().unwrap();
        assert_eq!(*session.read(), [0, 1, 2, 3, 4]);
    });
}

#[test]
fn a_closure_that_panics_publishes_nothing_and_keeps_no_one_out() {
    in_many_orders(|| {
        let sessions = sessions();
        let session = anonymous(&sessions);
        let mut handle = session.clone();
        let panicking = thread::spawn(move || {
            let panic = |cart: &mut Cart| {
                cart.push(13);
                thread::yield_now();
                resume_unwind(Box::new("part of the test"))
            };
            catch_unwind(AssertUnwindSafe(|| handle.write(panic))).unwrap_err();
        });
        let writers = [1, 2].map(|item| thread::spawn(pushes(&session, item)));
        panicking.join().unwrap();
        assert!(writers.into_iter().all(|writer| writer.join().unwrap()));
        let mut cart = session.read().to_vec();
        cart.sort_unstable();
        assert_eq!(cart, [1, 2]);
    });
}

#[test]
fn only_the_thread_that_is_writing_counts_as_nested() {
    in_many_orders(|| {
        let sessions = sessions();
        let session = anonymous(&sessions);
        let mut handle = session.clone();
        let nesting = thread::spawn(move || {
            let mut inner = handle.clone();
            handle.write(|cart| {
                let nested = || inner.write(|cart| cart.push(13));
                catch_unwind(AssertUnwindSafe(nested)).unwrap_err();
                cart.push(1);
            });
        });
        let other = thread::spawn(pushes(&session, 2));
        nesting.join().unwrap();
        assert!(other.join().unwrap());
        let mut cart = session.read().to_vec();
        cart.sort_unstable();
        assert_eq!(cart, [1, 2]);
    });
}

#[test]
fn a_commit_that_failed_leaves_the_session_open() {
    in_many_orders(|| {
        let sessions = sessions();
        let mut session = anonymous(&sessions);
        session.write(|cart| *cart = vec![u32::MAX; 1000]);
        let writer = thread::spawn(pushes(&session, 1));
        let error = sessions.commit_at(&session, NOW).unwrap_err();
        assert!(matches!(error, SealError::TooLarge { .. }));
        writer.join().unwrap();
        session.write(|cart| cart.truncate(10));
        let commit = sessions.commit_at(&session, NOW).unwrap();
        assert_committed(&sessions, &session, &commit);
        assert_eq!(session.read().len(), 10);
    });
}

#[test]
fn a_ring_replaced_at_any_step_of_a_request_seals_under_one_of_its_keys_or_refuses() {
    in_many_orders(|| {
        let keys = Keys::from(ring(&[1]));
        let sessions = Sessions::<Cart>::new(keys.clone());
        let reference = Sessions::<Cart>::new(ring(&[3, 2, 1]));
        let mut session = returning(&sessions);
        let operator = thread::spawn(move || {
            for ids in [&[2, 1][..], &[2], &[3, 2]] {
                keys.replace(ring(ids));
                thread::yield_now();
            }
        });
        session.write(|cart| cart.push(1));
        let came = session.key_id().map(KeyId::get);
        let commit = sessions.commit_at(&session, NOW);
        operator.join().unwrap();
        let commit = match commit {
            Ok(commit) => commit,
            // Judged again at the commit: what came under key 1 is not sealed once that is dropped.
            Err(SealError::Refused(reason)) => {
                assert!(matches!(*reason, UnsealError::UnknownKey(_)), "{reason}");
                assert_eq!(came, Some(1));
                return;
            }
            Err(error) => panic!("{error}"),
        };
        // Read under key 1 or, once that is retired, not at all.
        let expected: &[u32] = if came == Some(1) { &[0, 1] } else { &[1] };
        let sent = sent(&reference, &commit).unwrap();
        assert_eq!(*sent.read(), expected);
        assert!(sent.key_id().map(KeyId::get) >= came);
    });
}

#[test]
fn everything_at_once_comes_to_one_commit() {
    in_many_orders(|| {
        let sessions = sessions();
        let session = anonymous(&sessions);
        let writers = [1, 2].map(|item| thread::spawn(pushes(&session, item)));
        let (mut renewed, mut destroyed) = (session.clone(), session.clone());
        let renewer = thread::spawn(move || {
            renewed.renew();
            renewed.regenerate_id();
        });
        let destroyer = thread::spawn(move || destroyed.destroy());
        let (other_sessions, other) = (sessions.clone(), session.clone());
        let other = thread::spawn(move || other_sessions.commit_at(&other, NOW).unwrap());
        let commit = sessions.commit_at(&session, NOW).unwrap();
        let other = other.join().unwrap();
        let seen = writers.map(|writer| writer.join().unwrap());
        renewer.join().unwrap();
        destroyer.join().unwrap();
        assert!(!(commit.sets_cookies() && other.sets_cookies()));
        let commit = if other.sets_cookies() { other } else { commit };
        assert_committed(&sessions, &session, &commit);
        if commit.sets_cookies() && session.id().is_some() {
            let cart = session.read();
            assert_eq!(seen, [1, 2].map(|item| cart.contains(&item)));
        }
    });
}
