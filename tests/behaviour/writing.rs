//! Writes that are more than a write: taken once, only where something differs, with a sign-in.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use sealed_session::{ConfigError, Lifetime, SealError, Session, Sessions};
use serde::{Deserialize, Serialize};

use crate::common::{NOW, header, sealed, sessions, set_cookies, value_of};

#[derive(Clone, Default, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    user: Option<String>,
    flash: Option<String>,
    cart: Vec<u32>,
}

fn account(user: &str, flash: Option<&str>) -> Account {
    Account { user: Some(user.to_owned()), flash: flash.map(str::to_owned), cart: vec![] }
}

fn of(sessions: &Sessions<Account>, account: Account) -> Session<Account> {
    sessions.load_at([header(sessions, &sealed(sessions, account, NOW))], NOW)
}

fn flash(session: &mut Session<Account>) -> Option<String> {
    session.take(|account| account.flash.take())
}

#[test]
fn a_message_is_taken_once_and_is_gone_with_the_next_request() {
    let sessions = sessions::<Account>();
    let mut session = of(&sessions, account("ada", Some("Saved.")));
    assert_eq!(flash(&mut session).as_deref(), Some("Saved."));
    assert_eq!(flash(&mut session), None);
    let commit = sessions.commit_at(&session, NOW).unwrap();
    let mut next = sessions.load_at([header(&sessions, &value_of(&commit))], NOW);
    assert_eq!(flash(&mut next), None);
    assert_eq!(*next.read(), account("ada", None));
}

#[test]
fn where_no_message_is_there_nothing_is_set() {
    let sessions = sessions::<Account>();
    for mut session in [sessions.load_at([""], NOW), of(&sessions, account("ada", None))] {
        assert_eq!(flash(&mut session), None);
        assert!(!session.is_changed());
        let commit = sessions.commit_at(&session, NOW).unwrap();
        assert_eq!(set_cookies(&commit), [""; 0]);
        // It was looked at all the same.
        assert!(commit.depends_on_cookie());
    }
}

#[test]
fn what_a_closure_changes_without_taking_anything_is_not_kept() {
    let sessions = sessions::<Account>();
    let mut session = of(&sessions, account("ada", None));
    let taken = session.take(|account| {
        account.user = None;
        None::<()>
    });
    assert_eq!(taken, None);
    assert_eq!(*session.read(), account("ada", None));
}

#[test]
fn a_write_that_changes_nothing_is_none() {
    let sessions = sessions::<Account>();
    for (before, user, differs) in
        [(account("ada", None), "ada", false), (account("ada", None), "grace", true)]
    {
        let mut session = of(&sessions, before);
        let write = |account: &mut Account| account.user.replace(user.to_owned());
        assert_eq!(session.write_if_changed(write), (Some("ada".to_owned()), differs));
        assert_eq!(session.is_changed(), differs);
        let commit = sessions.commit_at(&session, NOW).unwrap();
        assert_eq!(commit.sets_cookies(), differs);
        // Too late, and it says so.
        let late = session.write_if_changed(|account| account.cart.push(7));
        assert_eq!(late, ((), false));
    }
    // A guest's default needs no session.
    let mut guest = sessions.load_at([""], NOW);
    assert_eq!(guest.write_if_changed(|account| account.flash = None), ((), false));
    assert!(!sessions.commit_at(&guest, NOW).unwrap().sets_cookies());
}

#[test]
fn sign_in_is_a_renewal_and_a_write() {
    let sessions = sessions::<Account>();
    let guest = Account { cart: vec![7], ..Account::default() };
    for mut session in [sessions.load_at([""], NOW), of(&sessions, guest)] {
        let cart = session.read().cart.clone();
        let (id, family) = (session.id(), session.family());
        let greeting = session.sign_in(|account| {
            account.user = Some("ada".to_owned());
            "Hello"
        });
        assert_eq!(greeting, "Hello");
        assert!(session.id() != id && session.family() != family);
        assert_eq!(session.authenticated_at(), Some(NOW));
        let commit = sessions.commit_at(&session, NOW).unwrap();
        let next = sessions.load_at([header(&sessions, &value_of(&commit))], NOW);
        assert_eq!(*next.read(), Account { cart, ..account("ada", None) });
        // What came is dead in this browser.
        let tombstones = commit.cookies().iter().filter(|c| c.name().contains("-ended-")).count();
        assert_eq!(tombstones, usize::from(id.is_some()));
    }
}

#[test]
fn sign_in_has_the_lifetime_that_it_is_given() {
    let sessions = sessions::<Account>();
    let mut session = sessions.load_at([""], NOW);
    let hour = Lifetime::browser_session(Duration::from_secs(3600));
    session.sign_in_with(hour, |account| account.user = Some("ada".to_owned())).unwrap();
    assert_eq!(session.expires_at(), Some(NOW + time::Duration::HOUR));
    assert_eq!(session.is_persistent(), Some(false));

    let year = Lifetime::persistent(Duration::from_secs(366 * 24 * 3600));
    let mut session = sessions.load_at([""], NOW);
    let refused = session.sign_in_with(year, |_| panic!("must not run"));
    assert!(matches!(refused, Err(ConfigError::Lifetime { .. })));
    assert!(!session.is_changed());
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs a panic that can be caught")]
fn a_panic_within_a_sign_in_leaves_neither_half_of_it() {
    let sessions = sessions::<Account>();
    let mut session = of(&sessions, account("ada", None));
    let id = session.id();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        session.sign_in(|account| {
            account.user = Some("mallory".to_owned());
            panic!("the database is away")
        })
    }));
    assert!(panicked.is_err());
    assert!(!session.is_changed() && session.id() == id);
    assert_eq!(*session.read(), account("ada", None));
}

#[test]
fn a_sign_in_after_the_commit_is_too_late() {
    let sessions = sessions::<Account>();
    let mut session = of(&sessions, account("ada", None));
    let id = session.id();
    let _ = sessions.commit_at(&session, NOW).unwrap();
    session.sign_in(|account| account.user = Some("grace".to_owned()));
    assert_eq!((session.id(), &*session.read()), (id, &account("ada", None)));
}

#[test]
fn the_room_that_is_left_is_what_fits() {
    let sessions = sessions::<String>();
    let mut session = sessions.load_at([""], NOW);
    session.write(|text| "x".repeat(100).clone_into(text));
    let left = session.room_left();
    assert_eq!(left, session.room() - 102);
    let more = |session: &mut Session<String>, bytes| {
        session.try_write(|text| text.push_str(&"y".repeat(bytes)))
    };
    assert!(matches!(more(&mut session, left + 1), Err(SealError::TooLarge { .. })));
    assert_eq!(session.room_left(), left);
    more(&mut session, left).unwrap();
    assert_eq!(session.room_left(), 0);
    let _ = sessions.commit_at(&session, NOW).unwrap();
}

#[test]
fn a_snapshot_shows_itself_as_its_data_and_gives_it_away() {
    let sessions = sessions::<String>();
    let mut session = sessions.create_at("came".to_owned(), NOW).unwrap();
    let came = session.read();
    session.write(|text| text.push_str(" and was written"));
    let written = session.read();
    assert_eq!(format!("{came:>6}|{written}"), "  came|came and was written");
    assert_eq!(came.into_inner(), "came");
    assert_eq!(written.clone().into_inner(), "came and was written");
    assert_eq!(*written, "came and was written");
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "needs a panic that can be caught")]
fn the_panic_of_a_nested_write_names_the_callers_line() {
    type Write = fn(&mut Session<Account>);
    let nested: [(Write, u32); 5] = [
        (|session| session.write(|_| {}), line!()),
        (|session| _ = session.write_if_changed(|_| {}), line!()),
        (|session| _ = session.take(|_| Some(())), line!()),
        (|session| _ = session.try_write(|_| {}), line!()),
        (|session| session.sign_in(|_| {}), line!()),
    ];
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = std::panic::take_hook();
    let lines = Arc::clone(&seen);
    std::panic::set_hook(Box::new(move |info| {
        let place = |at: &Location<'_>| (at.file().to_owned(), at.line());
        lines.lock().unwrap().extend(info.location().map(place));
        hook(info);
    }));
    for (write, line) in nested {
        let sessions = sessions::<Account>();
        let mut session = sessions.load_at([""], NOW);
        let mut inner = session.clone();
        let nested = AssertUnwindSafe(|| session.write(|_| write(&mut inner)));
        assert!(catch_unwind(nested).is_err());
        // Other tests panic at the same time.
        assert!(seen.lock().unwrap().contains(&(file!().to_owned(), line)), "line {line}");
    }
}
