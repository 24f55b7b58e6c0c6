//! A request of a session that is bound to its device, beside the same one that is not.

use std::hint::black_box;

use sealed_session::{Bound, KeyRing, Sessions};
use time::OffsetDateTime;

#[expect(dead_code, unused_imports, reason = "the tests use all of it")]
#[path = "../../tests/bound/browser.rs"]
mod browser;

use browser::Browser;

pub(crate) fn cases() -> impl Iterator<Item = (String, usize, fn(usize))> {
    [("request-bound", bound as fn(usize)), ("request-not-bound", not_bound)]
        .into_iter()
        .map(|(name, run)| (name.to_owned(), 0, run))
}

fn bound(_: usize) {
    let (sessions, now) = start();
    request(&sessions, &Browser::bound(&sessions, "ada", now), now);
}

fn not_bound(_: usize) {
    let (sessions, now) = start();
    let mut browser = Browser::default();
    let _ = browser.sign_in(&sessions, "ada", now);
    request(&sessions, &browser, now);
}

fn start() -> (Sessions<String>, OffsetDateTime) {
    let ring = KeyRing::ephemeral().expect("the system has randomness");
    let sessions =
        Sessions::builder(ring).bound(Bound::new()).build().expect("it follows the rules");
    (sessions, OffsetDateTime::now_utc())
}

/// Loads the session, reads it and commits.
fn request(sessions: &Sessions<String>, browser: &Browser, now: OffsetDateTime) {
    let header = browser.header(now);
    crate::count(&|| {
        let session = sessions.load_at([black_box(&header)], now);
        assert_eq!(*session.read(), "ada");
        let commit = sessions.commit_at(&session, now).expect("nothing is written");
        assert!(!commit.sets_cookies());
        1
    });
}
