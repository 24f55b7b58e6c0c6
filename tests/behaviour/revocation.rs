//! Revocation without a store: the application's hook, and a look-up now and then.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use sealed_session::{Keys, SealError, SessionInfo, Sessions, UnsealError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::support::{self, T0, at, load, ring, sealed, secs, set_value, visit};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Account {
    user: Option<String>,
    /// That of the user when the session was begun or last looked up.
    generation: u32,
    /// When the user was last looked up, in Unix seconds.
    checked_at: i64,
}

fn ada(generation: u32) -> Account {
    Account { user: Some("ada".to_owned()), generation, checked_at: T0.unix_timestamp() }
}

/// The accounts of an application, which counts its look-ups.
#[derive(Clone, Default)]
struct Directory(Arc<(Mutex<HashMap<String, u32>>, AtomicUsize)>);

impl Directory {
    fn with(user: &str, generation: u32) -> Self {
        let directory = Self::default();
        directory.set(user, Some(generation));
        directory
    }

    fn set(&self, user: &str, generation: Option<u32>) {
        let mut users = self.0.0.lock().unwrap();
        match generation {
            Some(generation) => users.insert(user.to_owned(), generation),
            None => users.remove(user),
        };
    }

    fn generation(&self, user: &str) -> Option<u32> {
        self.0.1.fetch_add(1, SeqCst);
        self.0.0.lock().unwrap().get(user).copied()
    }

    fn lookups(&self) -> usize {
        self.0.1.load(SeqCst)
    }
}

/// Looks the user up on every request.
fn strict(directory: &Directory) -> Sessions<Account> {
    let directory = directory.clone();
    Sessions::builder(ring([1]))
        .revoke_if(move |account: &Account, _| match &account.user {
            Some(user) => directory.generation(user) != Some(account.generation),
            None => false,
        })
        .build()
        .unwrap()
}

const RECHECK: i64 = 300;

/// Looks the user up when the last look-up is older than five minutes.
fn at_its_own_pace(directory: &Directory) -> Sessions<Account> {
    let directory = directory.clone();
    Sessions::builder(ring([1]))
        .revoke_if(move |account: &Account, info: &SessionInfo| match &account.user {
            Some(user) if is_due(account, info.now()) => {
                directory.generation(user) != Some(account.generation)
            }
            _ => false,
        })
        .build()
        .unwrap()
}

fn is_due(account: &Account, now: OffsetDateTime) -> bool {
    now.unix_timestamp() - account.checked_at >= RECHECK
}

/// A request under [`at_its_own_pace`]: who passed the hook was just looked up, if that was due.
fn request(
    sessions: &Sessions<Account>,
    value: &str,
    now: OffsetDateTime,
) -> (bool, Option<String>) {
    let mut session = load(sessions, value, now);
    if session.is_new() {
        return (false, set_value(&sessions.commit_at(&session, now).unwrap()));
    }
    if is_due(&session.read(), now) {
        session.write(|account| account.checked_at = now.unix_timestamp());
    }
    (true, set_value(&sessions.commit_at(&session, now).unwrap()))
}

#[test]
fn log_out_everywhere_ends_every_session_of_that_user_and_of_no_other() {
    let directory = Directory::with("ada", 1);
    directory.set("bob", Some(1));
    let sessions = strict(&directory);
    let values = [sealed(&sessions, ada(1), T0), sealed(&sessions, ada(1), T0)];
    let bob = Account { user: Some("bob".to_owned()), ..ada(1) };
    let bob = sealed(&sessions, bob, T0);
    let anonymous = sealed(&sessions, Account::default(), T0);
    for value in &values {
        assert!(!load(&sessions, value, T0).is_new());
    }

    directory.set("ada", Some(2));
    for value in &values {
        let session = load(&sessions, value, T0);
        assert!(session.is_new());
        assert_eq!(session.refusal(), Some(&UnsealError::Revoked));
        assert_eq!(*session.read(), Account::default());
    }
    assert!(!load(&sessions, &bob, T0).is_new());
    assert!(!load(&sessions, &anonymous, T0).is_new());
}

#[test]
fn new_password_ends_all_sessions_but_the_one_that_changed_it() {
    let directory = Directory::with("ada", 1);
    let sessions = strict(&directory);
    let (here, elsewhere) = (sealed(&sessions, ada(1), T0), sealed(&sessions, ada(1), T0));

    let mut session = load(&sessions, &here, at(5));
    assert!(!session.is_new());
    directory.set("ada", Some(2));
    session.renew();
    session.write(|account| account.generation = 2);
    let here_now = set_value(&sessions.commit_at(&session, at(5)).unwrap()).unwrap();

    assert!(!load(&sessions, &here_now, at(6)).is_new());
    assert!(load(&sessions, &here, at(6)).is_new());
    assert!(load(&sessions, &elsewhere, at(6)).is_new());
}

#[test]
fn deleted_user_has_no_session_even_if_the_name_is_given_away_again() {
    let directory = Directory::with("ada", 7);
    let sessions = strict(&directory);
    let value = sealed(&sessions, ada(7), T0);
    directory.set("ada", None);
    assert!(load(&sessions, &value, T0).is_new());
    // A generation is never used twice, so a new account goes on counting.
    directory.set("ada", Some(8));
    assert!(load(&sessions, &value, T0).is_new());
}

#[test]
fn refused_wherever_a_value_is_opened() {
    let directory = Directory::with("ada", 1);
    let sessions = strict(&directory);
    let value = sealed(&sessions, ada(1), T0);
    directory.set("ada", Some(2));
    assert_eq!(sessions.unseal_at(&value, T0).unwrap_err(), UnsealError::Revoked);
    assert_eq!(sessions.reseal_at(&value, T0).unwrap_err(), UnsealError::Revoked);
    assert_eq!(UnsealError::Revoked.class(), "revoked");
    // With no Set-Cookie, as for every refusal.
    assert_eq!(visit(&sessions, &value, T0), None);
}

#[test]
fn rotation_does_not_launder_a_revoked_session() {
    let directory = Directory::with("ada", 1);
    let keys = Keys::from(ring([1]));
    let known = directory.clone();
    let sessions = Sessions::<Account>::builder(keys.clone())
        .revoke_if(move |account: &Account, _| {
            known.generation(account.user.as_deref().unwrap_or_default())
                != Some(account.generation)
        })
        .build()
        .unwrap();
    let value = sealed(&sessions, ada(1), T0);
    keys.replace(ring([2, 1]));
    assert!(sessions.reseal_at(&value, at(4000)).unwrap().is_some(), "it is due");

    // Revoked between the first look and the commit.
    let session = load(&sessions, &value, at(4000));
    assert!(!session.is_new() && session.is_reseal_due());
    let _ = session.read();
    directory.set("ada", Some(2));
    assert!(!sessions.commit_at(&session, at(4000)).unwrap().sets_cookies());

    assert_eq!(sessions.reseal_at(&value, at(4000)).unwrap_err(), UnsealError::Revoked);
}

#[test]
fn write_to_a_session_that_is_revoked_meanwhile_does_not_revive_it() {
    let directory = Directory::with("ada", 1);
    let sessions = strict(&directory);
    let mut session = load(&sessions, &sealed(&sessions, ada(1), T0), at(1));
    session.write(|account| account.checked_at = 0);
    directory.set("ada", Some(2));
    let refused = sessions.commit_at(&session, at(1)).unwrap_err();
    assert_eq!(refused, SealError::Refused(Box::new(UnsealError::Revoked)));
}

#[test]
fn hook_is_asked_last_and_told_what_the_session_tells() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let sessions = Sessions::<u32>::builder(ring([1]))
        .absolute_timeout(secs(1000))
        .idle_timeout(secs(100))
        .revoke_if(move |data, info| {
            seen.lock().unwrap().push((*data, *info));
            false
        })
        .build()
        .unwrap();
    let value = sealed(&sessions, 7, T0);
    assert!(calls.lock().unwrap().is_empty(), "sealing asks nobody");

    for (value, now) in [
        (value.clone(), at(100)),
        (value.clone(), at(-61)),
        (value[1..].to_owned(), at(0)),
        (support::forge(1, "__Host-session", b"junk"), at(0)),
        (sealed(&Sessions::<String>::new(ring([1])), "x".to_owned(), T0), at(0)),
    ] {
        assert!(sessions.unseal_at(&value, now).is_err());
    }
    assert!(calls.lock().unwrap().is_empty(), "refused before");

    let session = load(&sessions, &value, at(50));
    assert!(calls.lock().unwrap().is_empty(), "nobody looked");
    assert_eq!(*session.read(), 7);
    let [(7, info)] = calls.lock().unwrap()[..] else { panic!("one call") };
    assert_eq!(Some(info.id()), session.id());
    assert_eq!(Some(info.family()), session.family());
    assert_eq!(info.created_at(), session.created_at());
    assert_eq!(Some(info.issued_at()), session.issued_at());
    assert_eq!(Some(info.expires_at()), session.expires_at());
    assert_eq!(info.key_id(), session.key_id());
    assert!(info.key_id().is_some());
    assert_eq!(info.now(), at(50));
    assert_eq!(info.expires_at(), at(100));
}

#[test]
fn a_revoked_twin_does_not_hide_a_live_session() {
    let directory = Directory::with("ada", 2);
    let sessions = strict(&directory);
    // The revoked one was issued later, and comes on either side.
    let (live, revoked) = (sealed(&sessions, ada(2), T0), sealed(&sessions, ada(1), at(9)));
    for header in [
        format!("__Host-session={live}; __Host-session={revoked}"),
        format!("__Host-session={revoked}; __Host-session={live}"),
    ] {
        assert_eq!(*sessions.load_at([header], at(9)).read(), ada(2));
    }
}

#[test]
fn lookup_at_its_own_pace_asks_every_five_minutes_and_revokes_within_them() {
    let directory = Directory::with("ada", 1);
    let sessions = at_its_own_pace(&directory);
    let mut value = sealed(&sessions, ada(1), T0);
    for now in (0..3000).step_by(10) {
        let (is_live, fresh) = request(&sessions, &value, at(now));
        assert!(is_live);
        value = fresh.unwrap_or(value);
    }
    // Each look-up is followed by a write, before which the session that came is judged once more.
    assert_eq!(directory.lookups(), 2 * 9);

    // Signed out everywhere right after the look-up at 2700: live until the next is due.
    directory.set("ada", Some(2));
    assert!(request(&sessions, &value, at(2999)).0);
    assert_eq!(request(&sessions, &value, at(3000)), (false, None));
    assert_eq!(request(&sessions, &value, at(3001)), (false, None), "and stays out");
}

#[test]
fn neither_reseal_nor_other_writes_count_as_a_lookup() {
    let directory = Directory::with("ada", 1);
    let known = directory.clone();
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<Account>::builder(keys.clone())
        .revoke_if(move |account: &Account, info: &SessionInfo| {
            is_due(account, info.now())
                && known.generation(account.user.as_deref().unwrap()) != Some(account.generation)
        })
        .build()
        .unwrap();
    let mut session = load(&sessions, &sealed(&sessions, ada(1), T0), at(200));
    session.write(|_| ());
    let written = set_value(&sessions.commit_at(&session, at(200)).unwrap()).unwrap();
    keys.replace(ring([2, 1]));
    let resealed = sessions.reseal_at(&written, at(4000)).unwrap().unwrap();
    assert_eq!(sessions.unseal_at(&resealed, at(4000)).unwrap().issued_at(), Some(at(4000)));

    directory.set("ada", Some(2));
    assert!(load(&sessions, &written, at(4001)).is_new());
    assert!(load(&sessions, &resealed, at(4001)).is_new());
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs a panic that can be caught")]
fn panic_in_the_hook_shows_no_session() {
    let sessions = Sessions::<u32>::builder(ring([1]))
        .revoke_if(|_, _| panic!("the directory is gone"))
        .build()
        .unwrap();
    let session = load(&sessions, &sealed(&sessions, 7, T0), T0);
    for _ in 0..2 {
        let look = std::panic::AssertUnwindSafe(|| *session.read());
        assert!(std::panic::catch_unwind(look).is_err());
    }
}
