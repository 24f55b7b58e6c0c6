//! The list of revocations: what one machine does with it.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
};

use sealed_session::{
    ConfigError, Family, Lifetime, Position, Revocation, Revocations, RevokeError, SealError,
    Session, Sessions, Subject, UnsealError,
};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::support::{T0, at, load, ring, sealed, secs, set_value, visit};

// Machines that follow an engine do that in threads.
#[cfg(not(target_family = "wasm"))]
mod engine;
#[cfg(not(target_family = "wasm"))]
mod fleet;
#[cfg(not(target_family = "wasm"))]
mod following;
#[cfg(not(target_family = "wasm"))]
mod hostile;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Account {
    user: Option<String>,
    visits: u32,
}

fn user(name: &str) -> Account {
    Account { user: Some(name.to_owned()), visits: 0 }
}

const DAY: u64 = 24 * 60 * 60;

fn list() -> Revocations {
    Revocations::in_memory_at(secs(14 * DAY), T0)
}

fn sessions(list: &Revocations) -> Sessions<Account> {
    Sessions::builder(ring([1]))
        .revocations(list, |account: &Account| account.user.as_deref().map(Subject::from))
        .build()
        .unwrap()
}

fn revoke(list: &Revocations, name: &str) -> Position {
    list.revoke_all(name).wait().unwrap()
}

fn is_revoked(sessions: &Sessions<Account>, value: &str) -> bool {
    match sessions.unseal_at(value, T0) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error, UnsealError::Revoked);
            true
        }
    }
}

fn refused() -> SealError {
    SealError::Refused(Box::new(UnsealError::Revoked))
}

#[test]
fn everywhere_is_every_earlier_session_of_that_user_and_nothing_else() {
    let list = list();
    let sessions = sessions(&list);
    let values = [(); 3].map(|()| sealed(&sessions, user("ada"), T0));
    let others = [user("bob"), user("ad"), user("adaa"), user(""), Account::default()];
    let others = others.map(|data| sealed(&sessions, data, T0));
    revoke(&list, "ada");
    assert!(values.iter().all(|value| is_revoked(&sessions, value)));
    assert!(others.iter().all(|value| !is_revoked(&sessions, value)));
    // Of the same second, and of a clock that is a minute behind or ahead.
    for now in [T0, at(-60), at(60)] {
        let later = sealed(&sessions, user("ada"), now);
        assert!(!is_revoked(&sessions, &later));
    }
    assert_eq!(list.len(), 1);
}

#[test]
fn revoked_visitor_is_anonymous_and_gets_no_cookie() {
    let list = list();
    let sessions = sessions(&list);
    let value = sealed(&sessions, user("ada"), T0);
    revoke(&list, "ada");
    let session = load(&sessions, &value, at(7200));
    assert!(session.is_new());
    assert_eq!(session.refusal(), Some(&UnsealError::Revoked));
    assert_eq!(*session.read(), Account::default());
    assert_eq!(visit(&sessions, &value, at(7200)), None);
    assert_eq!(sessions.reseal_at(&value, at(7200)), Err(UnsealError::Revoked));
}

#[test]
fn family_is_refused_whatever_its_sessions_have_seen() {
    let list = list();
    let sessions = sessions(&list);
    let (phone, laptop) = (sealed(&sessions, user("ada"), T0), sealed(&sessions, user("ada"), T0));
    let family = sessions.unseal_at(&phone, T0).unwrap().family().unwrap();
    // Another id of the family, sealed anew, and a value from before.
    let mut session = load(&sessions, &phone, T0);
    session.regenerate_id();
    let again = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    list.revoke_family(family).wait().unwrap();
    assert!(is_revoked(&sessions, &phone) && is_revoked(&sessions, &again));
    assert!(!is_revoked(&sessions, &laptop));
    // A sign-in on that device has a family of its own.
    assert!(!is_revoked(&sessions, &sealed(&sessions, user("ada"), T0)));
}

#[test]
fn neither_write_nor_new_id_nor_step_up_nor_reseal_counts_as_a_sign_in() {
    let list = list();
    let lagging = Revocations::in_memory_at(secs(14 * DAY), at(1_000_000));
    let builder = || Sessions::<Account>::builder(ring([1])).idle_timeout(secs(7200));
    let here = builder()
        .revocations(&list, |account| account.user.as_deref().map(Subject::from))
        .build()
        .unwrap();
    // It has heard of greater positions, and not of the revocation.
    let there = builder().revocations(&lagging, |_| None).build().unwrap();
    let value = sealed(&here, user("ada"), T0);
    let changes: [fn(&mut Session<Account>); 4] = [
        |session| session.write(|account| account.visits += 1),
        Session::regenerate_id,
        Session::reauthenticate,
        |session| _ = session.read(),
    ];
    let laundered = changes.map(|change| {
        let mut session = load(&there, &value, at(3600));
        change(&mut session);
        set_value(&there.commit_at(&session, at(3600)).unwrap()).unwrap()
    });
    revoke(&list, "ada");
    for value in laundered {
        assert_eq!(here.unseal_at(&value, at(3600)).unwrap_err(), UnsealError::Revoked);
    }
}

#[test]
fn what_is_under_way_when_its_user_is_revoked_does_not_escape() {
    let list = list();
    let sessions = sessions(&list);
    let value = sealed(&sessions, user("ada"), T0);
    let changes: [fn(&mut Session<Account>); 4] = [
        |session| session.write(|account| account.visits += 1),
        Session::regenerate_id,
        Session::reauthenticate,
        Session::renew,
    ];
    for change in changes {
        // Looked at before the revocation, changed before it, or changed after it.
        for is_late in [false, true] {
            let value = sealed(&sessions, user("ada"), T0);
            let mut session = load(&sessions, &value, T0);
            assert!(!session.is_new());
            if is_late {
                revoke(&list, "ada");
                change(&mut session);
            } else {
                change(&mut session);
                revoke(&list, "ada");
            }
            assert_eq!(sessions.commit_at(&session, T0).unwrap_err(), refused());
        }
    }
    assert!(is_revoked(&sessions, &value));
}

#[test]
fn sign_in_that_began_before_the_revocation_is_refused_at_its_commit_or_at_the_next_request() {
    let list = list();
    let sessions = sessions(&list);
    let guest = sealed(&sessions, Account::default(), T0);
    for header in [String::new(), format!("__Host-session={guest}")] {
        // The request comes; the old password is found right; the password is changed elsewhere.
        let mut session = sessions.load_at([&header], T0);
        revoke(&list, "ada");
        session.renew();
        session.write(|account| account.user = Some("ada".to_owned()));
        assert_eq!(sessions.commit_at(&session, T0).unwrap_err(), refused(), "{header}");

        // The revocation comes after the commit: it is the greater.
        let mut session = sessions.load_at([&header], T0);
        session.renew();
        session.write(|account| account.user = Some("ada".to_owned()));
        let value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
        assert!(!is_revoked(&sessions, &value));
        revoke(&list, "ada");
        assert!(is_revoked(&sessions, &value));
    }
    // By hand it is the same.
    let mut session = sessions.create_at(user("ada"), T0).unwrap();
    revoke(&list, "ada");
    assert_eq!(sessions.seal_at(&session, T0).unwrap_err(), refused());
    session.renew();
    assert_eq!(sessions.seal_at(&session, T0).unwrap_err(), refused());
}

#[test]
fn another_user_may_sign_in_over_one_who_is_revoked_meanwhile() {
    let list = list();
    let sessions = sessions(&list);
    let mut session = load(&sessions, &sealed(&sessions, user("ada"), T0), T0);
    session.renew();
    session.write(|account| *account = user("bob"));
    revoke(&list, "ada");
    let value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert!(!is_revoked(&sessions, &value));

    // But not out of a device that is.
    let value = sealed(&sessions, user("ada"), T0);
    let mut session = load(&sessions, &value, T0);
    session.renew();
    list.revoke_family(sessions.unseal_at(&value, T0).unwrap().family().unwrap()).wait().unwrap();
    assert_eq!(sessions.commit_at(&session, T0).unwrap_err(), refused());
}

#[test]
fn destroy_is_not_held_up() {
    let list = list();
    let sessions = sessions(&list);
    let mut session = load(&sessions, &sealed(&sessions, user("ada"), T0), T0);
    assert!(!session.is_new());
    revoke(&list, "ada");
    session.destroy();
    assert!(sessions.commit_at(&session, T0).unwrap().sets_cookies());
}

#[test]
fn who_changed_the_password_goes_on_and_is_revoked_by_the_next() {
    let list = list();
    let sessions = sessions(&list);
    let (here, elsewhere) =
        (sealed(&sessions, user("ada"), T0), sealed(&sessions, user("ada"), T0));
    let mut session = load(&sessions, &here, T0);
    assert_eq!(session.read().user.as_deref(), Some("ada"));
    let position = revoke(&list, "ada");
    session.renew_after(position);
    let renewed = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert!(!is_revoked(&sessions, &renewed));
    assert!(is_revoked(&sessions, &here) && is_revoked(&sessions, &elsewhere));
    // Another "everywhere", made while the first was under way.
    let mut session = load(&sessions, &renewed, T0);
    assert!(!session.is_new());
    let position = revoke(&list, "ada");
    revoke(&list, "ada");
    session.renew_after(position);
    assert_eq!(sessions.commit_at(&session, T0).unwrap_err(), refused());
}

#[test]
fn a_change_of_password_makes_no_session_last_longer() {
    let list = list();
    let sessions = sessions(&list);
    let hour = std::time::Duration::from_secs(3600);
    let chosen = Lifetime::browser_session(8 * hour).idle(hour);
    let mut session = load(&sessions, "", T0);
    session.sign_in_with(chosen, |account| *account = user("ada")).unwrap();
    let value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();

    let later = at(1800);
    let mut session = load(&sessions, &value, later);
    assert_eq!(session.read().user.as_deref(), Some("ada"));
    session.renew_after(revoke(&list, "ada"));
    let commit = sessions.commit_at(&session, later).unwrap();
    assert_eq!(commit.cookies()[0].max_age(), None, "it still ends with the browser");
    let renewed = set_value(&commit).unwrap();
    let session = load(&sessions, &renewed, later);
    assert_eq!(session.expires_at(), Some(later + Duration::HOUR));
    // Used until its end, which is where it was.
    let end = at(8 * 3600);
    let mut value = renewed;
    let mut now = later;
    while now < end - Duration::HOUR {
        now += Duration::minutes(50);
        let mut session = load(&sessions, &value, now);
        session.write(|account| account.user = Some("ada".to_owned()));
        value = set_value(&sessions.commit_at(&session, now).unwrap()).unwrap();
    }
    assert_eq!(load(&sessions, &value, now).expires_at(), Some(end));

    // At a sign-in the lifetime is the one that is given.
    let mut session = load(&sessions, &value, now);
    let position = revoke(&list, "ada");
    session.renew_after_with(position, Lifetime::persistent(9 * hour)).unwrap();
    session.write(|account| account.user = Some("ada".to_owned()));
    let commit = sessions.commit_at(&session, now).unwrap();
    assert_eq!(commit.cookies()[0].max_age(), Some(Duration::hours(9)));
}

#[test]
fn guest_who_signs_in_without_a_renew_is_not_refused_for_what_was_before() {
    let list = list();
    let sessions = sessions(&list);
    let guest = sealed(&sessions, Account::default(), T0);
    revoke(&list, "ada");
    let mut session = load(&sessions, &guest, T0);
    session.write(|account| account.user = Some("ada".to_owned()));
    let value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert!(!is_revoked(&sessions, &value));
    revoke(&list, "ada");
    assert!(is_revoked(&sessions, &value));
}

#[test]
fn visitor_whose_session_begins_after_a_revocation_of_everybody_is_not_revoked() {
    let list = list();
    let sessions = Sessions::<Account>::builder(ring([1]))
        .revocations(&list, |_| Some(Subject::from("everybody")))
        .build()
        .unwrap();
    let before = sealed(&sessions, user("ada"), T0);
    revoke(&list, "everybody");
    assert!(is_revoked(&sessions, &before));
    let mut guest = sessions.load_at([""], T0);
    guest.write(|account| account.visits += 1);
    let value = set_value(&sessions.commit_at(&guest, T0).unwrap()).unwrap();
    assert!(!is_revoked(&sessions, &value));
}

#[test]
fn one_list_is_for_sessions_of_several_kinds() {
    let list = list();
    let sessions = sessions(&list);
    let admins = Sessions::<(u64, String)>::builder(ring([1]))
        .cookie_name("__Host-admin")
        .revocations(&list, |admin| Some(Subject::from(&admin.1)))
        .build()
        .unwrap();
    let numbers = Sessions::<u64>::builder(ring([1]))
        .cookie_name("__Host-number")
        .revocations(&list, |number| Some(Subject::from(*number)))
        .build()
        .unwrap();
    let value = sealed(&sessions, user("ada"), T0);
    let admin = sealed(&admins, (1, "ada".to_owned()), T0);
    let number = sealed(&numbers, 42, T0);
    revoke(&list, "ada");
    assert!(is_revoked(&sessions, &value));
    assert_eq!(admins.unseal_at(&admin, T0).unwrap_err(), UnsealError::Revoked);
    assert!(numbers.unseal_at(&number, T0).is_ok());
    list.revoke_all(42_u64).wait().unwrap();
    assert_eq!(numbers.unseal_at(&number, T0).unwrap_err(), UnsealError::Revoked);
}

#[test]
fn hook_and_list_both_have_their_say() {
    let list = list();
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let sessions = Sessions::<Account>::builder(ring([1]))
        .revocations(&list, |account| account.user.as_deref().map(Subject::from))
        .revoke_if(move |_, _| closed.load(SeqCst))
        .build()
        .unwrap();
    let values = [sealed(&sessions, user("ada"), T0), sealed(&sessions, user("bob"), T0)];
    revoke(&list, "ada");
    assert_eq!(values.each_ref().map(|value| is_revoked(&sessions, value)), [true, false]);
    is_closed.store(true, SeqCst);
    assert!(values.iter().all(|value| is_revoked(&sessions, value)));
}

#[test]
fn subject_that_cannot_be_kept_is_an_error_to_the_caller() {
    let list = list();
    for length in [0, 256, 10_000] {
        let error = list.revoke_all("x".repeat(length)).wait().unwrap_err();
        assert!(matches!(error, RevokeError::Subject { length: said } if said == length));
    }
    assert!(list.revoke_all("x".repeat(255)).wait().is_ok());
    assert_eq!(list.len(), 1);
}

#[test]
fn list_that_forgets_too_early_is_refused_when_built() {
    let list = Revocations::in_memory(secs(3600));
    let build = |timeout| {
        Sessions::<u32>::builder(ring([1]))
            .absolute_timeout(secs(timeout))
            .revocations(&list, |_| None)
            .build()
    };
    assert!(build(3600).is_ok());
    let error = build(3601).unwrap_err();
    assert_eq!(error, ConfigError::Revocations { kept: 3600, configured: 3601 });
    assert!(error.to_string().contains("longest absolute timeout"));
}

#[test]
fn positions_grow_also_over_a_restart() {
    let list = list();
    let positions: Vec<_> =
        (0..1000).map(|n| list.revoke_all(n % 10_u64).wait().unwrap()).collect();
    assert!(positions.is_sorted_by(|one, other| one < other));
    assert_eq!(list.position(), *positions.last().unwrap());
    assert_eq!(list.position().to_string(), list.position().get().to_string());
    assert_eq!(list.len(), 10);
    // A second later.
    let restarted = Revocations::in_memory_at(secs(14 * DAY), at(1));
    assert!(restarted.position() > list.position());
}

#[test]
fn same_targets_over_and_over_take_no_more_memory() {
    let list = list();
    for number in 0..100_000_u32 {
        list.revoke_all(number % 100).wait().unwrap();
        let family = Family::from_bytes(u64::from(number % 100).to_be_bytes());
        list.revoke_family(family).wait().unwrap();
    }
    assert_eq!(list.len(), 200);
    assert!(list.memory() < 500_000, "{}", list.memory());
}

#[test]
fn a_million_entries_are_small_and_each_is_found() {
    let list = list();
    let id = |number: u32| format!("{number:08x}-0000-4000-8000-000000000000");
    // All of them take their time without optimization.
    let count = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    for number in 0..count {
        list.revoke_all(id(number)).wait().unwrap();
    }
    assert_eq!(list.len(), count as usize);
    // With ids of 36 characters.
    assert!((8 * list.len()..=100 * list.len()).contains(&list.memory()), "{}", list.memory());
    let sessions = Sessions::<String>::builder(ring([1]))
        .revocations(&list, |id| Some(Subject::from(id)))
        .build()
        .unwrap();
    let older = Sessions::<String>::new(ring([1]));
    for number in (0..count + 1000).step_by(97) {
        let value = sealed(&older, id(number), T0);
        assert_eq!(sessions.unseal_at(&value, T0).is_err(), number < count, "{number}");
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs threads")]
fn readers_of_a_growing_list_miss_nothing_that_was_confirmed() {
    let list = list();
    let sessions = Sessions::<u64>::builder(ring([1]))
        .revocations(&list, |number| Some(Subject::from(*number)))
        .build()
        .unwrap();
    let older = Sessions::<u64>::new(ring([1]));
    let values: Vec<_> = (0..2000).map(|number| sealed(&older, number, T0)).collect();
    let done = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..2000_u64 {
                list.revoke_all(number).wait().unwrap();
                done.fetch_add(1, SeqCst);
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while done.load(SeqCst) < 2000 {
                    let count = done.load(SeqCst);
                    for place in [count / 2, count.saturating_sub(1)] {
                        let is_revoked = sessions.unseal_at(&values[place], T0).is_err();
                        assert!(is_revoked || place >= count, "{place}");
                    }
                }
            });
        }
    });
}

#[test]
fn revoking_can_be_awaited_and_shows_nothing() {
    let list = list();
    let mut revoking = pin!(list.revoke_all("ada"));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(revoking.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
    let shown = format!("{list:?} {:?} {:?}", Subject::from("ada"), sessions(&list));
    assert!(!shown.contains("ada"), "{shown}");
    assert!(shown.contains("Subject(3 bytes)"), "{shown}");
    let number = list.position().get();
    let of_list =
        format!("Revocations {{ position: Position({number}), len: 1, age: Some(0ns), .. }}");
    assert!(shown.starts_with(&of_list) && shown.contains(&format!("Some({of_list})")), "{shown}");
}

#[test]
fn list_is_empty_until_something_is_revoked() {
    let list = list();
    assert!(list.is_empty());
    revoke(&list, "ada");
    assert!(!list.is_empty());
}

#[test]
fn revocation_is_kept_as_bytes_and_read_back() {
    for revocation in [b"sada".as_slice(), b"s\0\xff", b"f\0\0\0\0\0\0\0\x01"] {
        assert_eq!(Revocation::from_bytes(revocation).unwrap().to_bytes(), revocation);
    }
    for junk in [b"".as_slice(), b"s", b"f1234567", b"f123456789", b"xada", &[b's'; 257]] {
        assert_eq!(Revocation::from_bytes(junk), None);
    }
}
