//! The list of revocations under attack: by interleavings, by broken sources and by a wrong clock.

use std::{
    fmt,
    future::Future as _,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use sealed_session::{
    Changes, Family, Position, Revocation, RevocationSource, Revocations, RevokeError, Sessions,
    SourceError, Subject, UnsealError,
};
use time::OffsetDateTime;

use super::{
    engine::{Engine, Link},
    fleet::{RETENTION, sessions, soon},
};
use crate::support::{T0, at, load, ring, sealed, secs, set_value};

/// A connection that can be made to misbehave.
struct Odd {
    link: Link,
    /// The next look for changes fails, with an error that cannot be shown.
    is_unspeakable: Arc<AtomicBool>,
    /// Changes are lost, whenever they are looked for.
    loses: bool,
    starts: Arc<AtomicU32>,
    /// A position to give in place of the next, if not 0.
    gives: Arc<AtomicU64>,
    /// Gives no position at all.
    gives_nothing: bool,
    /// Nothing is spread while somebody has this.
    gate: Arc<Mutex<()>>,
}

impl Odd {
    fn of(engine: &Engine) -> Self {
        let (is_unspeakable, starts, gives, gate) = Default::default();
        let (loses, gives_nothing) = (false, false);
        Self { link: engine.link(), is_unspeakable, loses, starts, gives, gives_nothing, gate }
    }
}

struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("an error of its own")
    }
}

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("an error of its own")
    }
}

impl std::error::Error for Unspeakable {}

impl RevocationSource for Odd {
    fn publish(&self, all: &[Revocation], floor: Position) -> Result<Vec<Position>, SourceError> {
        drop(self.gate.lock().unwrap());
        match self.gives.load(SeqCst) {
            _ if self.gives_nothing => Ok(Vec::new()),
            0 => self.link.publish(all, floor),
            number => Ok(vec![Position::new(number).unwrap(); all.len()]),
        }
    }

    fn start(&self) -> Result<Position, SourceError> {
        self.starts.fetch_add(1, SeqCst);
        self.link.start()
    }

    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        self.link.entries(entry)
    }

    fn changes(
        &self,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        if self.is_unspeakable.swap(false, SeqCst) {
            return Err(Box::new(Unspeakable));
        }
        match self.loses {
            true => Ok(Changes::Lost),
            false => self.link.changes(wait, entry),
        }
    }

    fn restore(
        &self,
        entries: &[(Revocation, Position)],
        floor: Position,
    ) -> Result<(), SourceError> {
        self.link.restore(entries, floor)
    }

    fn prune(&self, up_to: Position) -> Result<(), SourceError> {
        self.link.prune(up_to)
    }
}

fn following(source: impl RevocationSource) -> Revocations {
    let list = Revocations::following(source, RETENTION).start().unwrap();
    assert!(list.wait_until_read(secs(10)), "{:?}", list.trouble());
    list
}

/// A list whose source answers nothing while the gate is held.
fn behind_a_gate() -> (Revocations, Arc<Mutex<()>>) {
    let odd = Odd::of(&Engine::default());
    let gate = Arc::clone(&odd.gate);
    (following(odd), gate)
}

#[test]
fn revocation_is_not_confirmed_where_the_source_gives_no_position() {
    let engine = Engine::default();
    let list = following(Odd { gives_nothing: true, ..Odd::of(&engine) });
    let before = list.position();
    let told = list.revoke_all("ada").wait().unwrap_err();
    assert!(matches!(&told, RevokeError::Unconfirmed(_)), "{told}");
    assert_eq!(list.position(), before);
}

#[test]
fn nothing_is_revoked_above_the_last_position() {
    let engine = Engine::default();
    let odd = Odd::of(&engine);
    odd.gives.store((1 << 48) - 1, SeqCst);
    let list = following(odd);
    list.revoke_all("ada").wait().unwrap();
    let told = list.revoke_all("grace").wait().unwrap_err();
    assert!(matches!(told, RevokeError::Exhausted), "{told}");
}

#[test]
fn who_awaits_a_revocation_is_woken_when_it_is_confirmed() {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, SeqCst);
        }
    }

    let (list, gate) = behind_a_gate();
    let held = gate.lock().unwrap();
    let mut revoking = pin!(list.revoke_all("ada"));
    assert_eq!(format!("{revoking:?}"), "Revoking { .. }");
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    assert!(revoking.as_mut().poll(&mut context).is_pending());
    assert!(!woken.0.load(SeqCst));
    drop(held);
    soon("it is confirmed", || woken.0.load(SeqCst));
    assert!(matches!(revoking.poll(&mut context), Poll::Ready(Ok(_))));
}

#[test]
fn waker_that_panics_keeps_nobody_else_from_revoking() {
    struct Broken;

    impl Wake for Broken {
        fn wake(self: Arc<Self>) {
            panic!("a runtime that is gone")
        }
    }

    let (list, gate) = behind_a_gate();
    let held = gate.lock().unwrap();
    let mut revoking = pin!(list.revoke_all("ada"));
    let waker = Waker::from(Arc::new(Broken));
    assert!(revoking.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(held);
    list.revoke_all("bob").wait().unwrap();
    list.revoke_all("carl").wait().unwrap();
    assert_eq!(list.len(), 3);
}

#[test]
fn bound_on_the_age_holds_also_where_the_list_was_never_read() {
    let link = Engine::default().link();
    *link.is_cut.lock().unwrap() = true;
    let list = Revocations::following(link, RETENTION)
        .serve_unread()
        .refuse_after(secs(2))
        .start()
        .unwrap();
    let sessions = sessions(&list);
    let value = sealed(&Sessions::new(ring([1])), "ada".to_owned(), T0);
    assert!(sessions.unseal_at(&value, T0).is_ok(), "for a while");
    soon("nobody has heard for too long", || sessions.unseal_at(&value, T0).is_err());
    let unknown = UnsealError::RevocationsUnknown { read_before: false };
    assert_eq!(sessions.unseal_at(&value, T0).unwrap_err(), unknown);
}

#[test]
fn list_that_began_before_the_clock_was_set_revokes_what_is_from_before_the_restart() {
    // The process starts, and the clock is set afterwards: here by some milliseconds.
    let list = Revocations::in_memory(RETENTION);
    thread::sleep(Duration::from_millis(30));
    let now = OffsetDateTime::now_utc();
    let earlier = Revocations::in_memory_at(RETENTION, now);
    let value = sealed(&sessions(&earlier), "ada".to_owned(), now);
    thread::sleep(Duration::from_millis(30));
    assert!(list.position() < earlier.position());
    list.revoke_all("ada").wait().unwrap();
    assert_eq!(sessions(&list).unseal_at(&value, now).unwrap_err(), UnsealError::Revoked);
}

#[test]
fn positions_go_on_above_those_that_sessions_have_seen() {
    // Of a time when some clock was a year ahead. Since then everything was lost.
    let earlier = Revocations::in_memory_at(RETENTION, at(365 * 24 * 3600));
    let value = sealed(&sessions(&earlier), "ada".to_owned(), T0);
    let list = Revocations::in_memory_at(RETENTION, T0);
    let sessions = sessions(&list);
    assert!(sessions.unseal_at(&value, T0).is_ok());
    list.revoke_all("ada").wait().unwrap();
    assert_eq!(sessions.unseal_at(&value, T0).unwrap_err(), UnsealError::Revoked);
    let later = sealed(&sessions, "ada".to_owned(), T0);
    assert!(sessions.unseal_at(&later, T0).is_ok());
}

#[test]
fn position_out_of_the_blue_leaves_room_for_others() {
    let list = Revocations::in_memory_at(RETENTION, T0);
    let sessions = sessions(&list);
    let mut session = load(&sessions, "", T0);
    session.renew_after(Position::MAX);
    session.write(|user| *user = "ada".to_owned());
    let value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert!(sessions.unseal_at(&value, T0).is_ok());
    assert!(list.revoke_all("bob").wait().is_ok());
}

#[test]
fn follower_outlives_an_error_that_cannot_be_shown() {
    let engine = Engine::default();
    let odd = Odd::of(&engine);
    let is_unspeakable = Arc::clone(&odd.is_unspeakable);
    let list = following(odd);
    let value = sealed(&sessions(&list), "ada".to_owned(), T0);
    is_unspeakable.store(true, SeqCst);
    soon("it is met", || !is_unspeakable.load(SeqCst));
    following(engine.link()).revoke_all("ada").wait().unwrap();
    soon("it has heard", || sessions(&list).unseal_at(&value, T0).is_err());
}

#[test]
fn position_that_sessions_may_have_seen_confirms_nothing() {
    let engine = Engine::default();
    let odd = Odd::of(&engine);
    let gives = Arc::clone(&odd.gives);
    let list = following(odd);
    let position = list.revoke_all("bob").wait().unwrap();
    let value = sealed(&sessions(&list), "ada".to_owned(), T0);
    gives.store(position.get(), SeqCst);
    let error = list.revoke_all("ada").wait().unwrap_err();
    assert!(matches!(error, RevokeError::Unconfirmed(_)), "{error}");
    assert!(error.to_string().contains("position"), "{error}");
    gives.store(0, SeqCst);
    list.revoke_all("ada").wait().unwrap();
    assert!(sessions(&list).unseal_at(&value, T0).is_err());
}

#[test]
fn source_that_loses_its_changes_again_and_again_is_left_alone_for_a_while() {
    let odd = Odd { loses: true, ..Odd::of(&Engine::default()) };
    let starts = Arc::clone(&odd.starts);
    let list = following(odd);
    soon("the trouble shows", || list.trouble().is_some());
    let before = starts.load(SeqCst);
    thread::sleep(secs(1));
    let again = starts.load(SeqCst) - before;
    assert!((1..40).contains(&again), "read {again} times in a second");
}

#[test]
fn subject_that_cannot_be_told_lets_nobody_in() {
    let list = Revocations::in_memory_at(RETENTION, T0);
    let is_broken = Arc::new(AtomicBool::new(false));
    let its = Arc::clone(&is_broken);
    let sessions = Sessions::<String>::builder(ring([1]))
        .revocations(&list, move |user| {
            assert!(!its.load(SeqCst), "no subject");
            Some(Subject::from(user))
        })
        .build()
        .unwrap();
    let value = sealed(&sessions, "ada".to_owned(), T0);
    list.revoke_all("bob").wait().unwrap();
    let mut session = load(&sessions, &value, T0);
    session.write(|user| user.push('!'));
    is_broken.store(true, SeqCst);
    let is_panic = |call: &dyn Fn()| catch_unwind(AssertUnwindSafe(call)).is_err();
    assert!(is_panic(&|| drop(sessions.unseal_at(&value, T0))));
    assert!(is_panic(&|| drop(sessions.commit_at(&session, T0))));
    assert!(is_panic(&|| drop(load(&sessions, &value, T0).read())));
    // No lock is poisoned, and nothing is forgotten.
    is_broken.store(false, SeqCst);
    assert!(sessions.unseal_at(&value, T0).is_ok());
    list.revoke_all("ada").wait().unwrap();
    assert_eq!(sessions.unseal_at(&value, T0).unwrap_err(), UnsealError::Revoked);
}

#[test]
fn subject_and_family_of_the_same_bytes_are_two() {
    let list = Revocations::in_memory_at(RETENTION, T0);
    let sessions = Sessions::<Vec<u8>>::builder(ring([1]))
        .revocations(&list, |bytes| Some(Subject::from(bytes.as_slice())))
        .build()
        .unwrap();
    let family = |value: &str| sessions.unseal_at(value, T0).unwrap().family().unwrap();
    let first = sealed(&sessions, b"a user".to_vec(), T0);
    let bytes = *family(&first).as_bytes();
    // Its subject is the first one's family, with and without the byte that stands for its kind.
    let subjects = [bytes.to_vec(), [b"f".as_slice(), &bytes].concat()];
    let others = subjects.clone().map(|subject| sealed(&sessions, subject, T0));
    list.revoke_family(Family::from_bytes(bytes)).wait().unwrap();
    assert!(sessions.unseal_at(&first, T0).is_err());
    assert!(others.iter().all(|value| sessions.unseal_at(value, T0).is_ok()));
    let second = sealed(&sessions, b"a user".to_vec(), T0);
    list.revoke_all(family(&second).as_bytes()).wait().unwrap();
    assert!(sessions.unseal_at(&second, T0).is_ok());
}

#[test]
fn subjects_that_differ_in_their_last_byte_or_in_their_length_are_two() {
    let list = Revocations::in_memory_at(RETENTION, T0);
    let sessions = Sessions::<Vec<u8>>::builder(ring([1]))
        .revocations(&list, |bytes| Some(Subject::from(bytes.as_slice())))
        .build()
        .unwrap();
    let older = Sessions::<Vec<u8>>::new(ring([1]));
    // Those of even length are revoked, and each is a prefix of the next.
    for length in 1..=200_usize {
        if length % 2 == 0 {
            list.revoke_all(vec![0; length].as_slice()).wait().unwrap();
        }
    }
    for length in 1..=200_usize {
        let value = sealed(&older, vec![0; length], T0);
        assert_eq!(sessions.unseal_at(&value, T0).is_err(), length % 2 == 0, "{length}");
        let mut other = vec![0; length];
        other[length - 1] = 1;
        let value = sealed(&older, other, T0);
        assert!(sessions.unseal_at(&value, T0).is_ok(), "{length}");
    }
}

#[test]
fn tokens_and_values_under_former_names_and_audiences_are_held_against_the_list() {
    let list = Revocations::in_memory_at(RETENTION, T0);
    let build = |name: &str, audience: &str| {
        let until = at(100_000);
        Sessions::<String>::builder(ring([1]))
            .cookie_name(name.to_owned())
            .audience(audience.to_owned())
            .former_name("__Host-former", until)
            .former_audience(Some("before"), until)
            .revocations(&list, |user| Some(Subject::from(user)))
            .build()
            .unwrap()
    };
    let sessions = build("__Host-session", "now");
    let earlier = Sessions::<String>::builder(ring([1]))
        .cookie_name("__Host-former")
        .audience("before")
        .build()
        .unwrap();
    let former = sealed(&earlier, "ada".to_owned(), T0);
    let header = format!("__Host-former={former}");
    let session = sessions.create_at("ada".to_owned(), T0).unwrap();
    let token = sessions.bearer_token_at(&session, T0).unwrap();
    let bearer = format!("Bearer {token}");
    let is_live = || {
        let by_cookie = !sessions.load_at([&header], T0).is_new();
        let by_token = sessions.load_bearer_at([&bearer], T0).is_some();
        assert_eq!(sessions.unseal_bearer_at(&token, T0).is_ok(), by_token);
        [by_cookie, by_token]
    };
    assert_eq!(is_live(), [true; 2]);
    let loaded = sessions.unseal_bearer_at(&token, T0).unwrap();
    list.revoke_all("ada").wait().unwrap();
    assert_eq!(is_live(), [false; 2]);
    // One that was loaded before gets no successor.
    assert!(sessions.bearer_token_at(&loaded, T0).is_err());
}
