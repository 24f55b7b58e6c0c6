//! A sign-out that a response under way cannot undo.

use sealed_session::{
    Commit, ConfigError, Cookie, KeyRing, Keys, SameSite, Scope, Sessions, UnsealError,
};
use time::OffsetDateTime;

use crate::support::{self, T0, at, load, ring, sealed, secs, set_value};

fn sessions() -> Sessions<u32> {
    with(ring([1]), 300)
}

fn with(keys: impl Into<Keys>, lifetime: u64) -> Sessions<u32> {
    Sessions::builder(keys).tombstone(secs(lifetime)).build().unwrap()
}

/// Signs out with this Cookie header.
fn destroy(sessions: &Sessions<u32>, header: &str, now: OffsetDateTime) -> Commit {
    let mut session = sessions.load_at([header], now);
    session.destroy();
    sessions.commit_at(&session, now).unwrap()
}

/// The removal and the tombstone of a response.
fn split(commit: &Commit) -> (&Cookie<'static>, &Cookie<'static>) {
    let [removal, tombstone] = commit.cookies() else { panic!("{commit:?}") };
    (removal, tombstone)
}

fn pair(cookie: &Cookie<'_>) -> String {
    format!("{}={}", cookie.name(), cookie.value())
}

#[test]
fn response_that_was_under_way_does_not_bring_the_session_back() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, T0);
    let header = format!("__Host-session={value}");

    // Two requests at once: one writes and takes its time, the other signs out.
    let mut slow = sessions.load_at([&header], at(10));
    slow.write(|n| *n += 1);
    let signed_out = destroy(&sessions, &header, at(11));
    let (removal, tombstone) = split(&signed_out);
    assert_eq!(removal.value(), "");
    let came_late = set_value(&sessions.commit_at(&slow, at(12)).unwrap()).unwrap();

    // The browser now holds the session again, and the tombstone.
    for now in [12, 100, 310] {
        let headers = [format!("__Host-session={came_late}; {}", pair(tombstone))];
        let session = sessions.load_at(headers, at(now));
        assert!(session.is_new(), "at {now}");
        assert_eq!(session.refusal(), Some(&UnsealError::Ended));
        assert_eq!(*session.read(), 0);
        // Like every refusal it sets and removes nothing.
        assert!(!sessions.commit_at(&session, at(now)).unwrap().sets_cookies());
    }
    // Without the tombstone, in another browser, the copy is good until it expires.
    assert!(!load(&sessions, &came_late, at(12)).is_new());
}

#[test]
fn tombstone_also_ends_a_value_that_a_reseal_sets_late() {
    let keys = Keys::from(ring([1]));
    let sessions = with(keys.clone(), 300);
    let header = format!("__Host-session={}", sealed(&sessions, 7, T0));
    keys.replace(ring([2, 1]));
    let slow = sessions.load_at([&header], at(4000));
    let _ = slow.read();
    let signed_out = destroy(&sessions, &header, at(4000));
    let came_late = set_value(&sessions.commit_at(&slow, at(4001)).unwrap()).unwrap();
    let header = format!("{}; __Host-session={came_late}", pair(split(&signed_out).1));
    assert!(sessions.load_at([header], at(4001)).is_new());
}

#[test]
fn tombstone_has_the_attributes_of_the_session_and_its_own_max_age() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, T0);
    let commit = destroy(&sessions, &format!("__Host-session={value}"), T0);
    let (_, tombstone) = split(&commit);
    assert_eq!(tombstone.name(), "__Host-session-ended");
    assert_eq!(tombstone.value().len(), 110);
    assert!(
        tombstone.to_string().ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=300"),
        "{tombstone}"
    );
    assert!(commit.forbids_storing());

    let shared = Sessions::<u32>::builder(ring([1]))
        .cookie_name("__Secure-s")
        .domain("example.org")
        .path("/app")
        .same_site(SameSite::None)
        .partitioned(true)
        .former_scope(Scope::new())
        .tombstone(secs(300))
        .build()
        .unwrap();
    let header = format!("__Secure-s={}", sealed(&shared, 7, T0));
    let commit = destroy(&shared, &header, T0);
    let [_, _, tombstone] = commit.cookies() else { panic!("{commit:?}") };
    assert_eq!(tombstone.name(), "__Secure-s-ended");
    let text = tombstone.to_string();
    for attribute in [
        "HttpOnly",
        "SameSite=None",
        "Partitioned",
        "Secure",
        "Path=/app",
        "Domain=example.org",
        "Max-Age=300",
    ] {
        assert!(text.contains(&format!("; {attribute}")), "{text}");
    }
}

#[test]
fn tombstone_lives_as_long_as_configured_but_no_longer_than_the_session_could() {
    for (timeout, lifetime, now, max_age) in [
        (1000, 300, 0, 300),
        (1000, 300, 699, 300),
        (1000, 300, 701, 299),
        (1000, 9999, 10, 990),
        (1000, 300, 999, 1),
    ] {
        let sessions = Sessions::<u32>::builder(ring([1]))
            .absolute_timeout(secs(timeout))
            .tombstone(secs(lifetime))
            .build()
            .unwrap();
        let value = sealed(&sessions, 7, T0);
        let commit = destroy(&sessions, &format!("__Host-session={value}"), at(now));
        let (_, tombstone) = split(&commit);
        assert_eq!(tombstone.max_age(), Some(time::Duration::seconds(max_age)));

        // A browser that keeps it longer changes nothing.
        let header = format!("__Host-session={value}; {}", pair(tombstone));
        let end = now + max_age;
        assert_eq!(sessions.load_at([&header], at(end - 1)).refusal(), Some(&UnsealError::Ended));
        assert_ne!(sessions.load_at([&header], at(end)).refusal(), Some(&UnsealError::Ended));
    }
}

#[test]
fn sign_in_right_after_the_sign_out_is_not_hindered() {
    let sessions = sessions();
    let old = sealed(&sessions, 7, T0);
    let signed_out = destroy(&sessions, &format!("__Host-session={old}"), at(1));
    let tombstone = pair(split(&signed_out).1);

    let mut session = sessions.load_at([&tombstone], at(2));
    assert!(session.is_new());
    session.renew();
    session.write(|n| *n = 8);
    let new = set_value(&sessions.commit_at(&session, at(2)).unwrap()).unwrap();
    let session = sessions.load_at([format!("__Host-session={new}; {tombstone}")], at(3));
    assert_eq!(*session.read(), 8);
    // Neither by a twin of the old session beside it.
    let header = format!("__Host-session={new}; __Host-session={old}; {tombstone}");
    assert_eq!(*sessions.load_at([header], at(3)).read(), 8);
}

#[test]
fn session_that_was_ended_can_be_started_over_by_a_write() {
    let sessions = sessions();
    let old = sealed(&sessions, 7, T0);
    let signed_out = destroy(&sessions, &format!("__Host-session={old}"), at(1));
    let tombstone = pair(split(&signed_out).1);
    let mut session = sessions.load_at([format!("__Host-session={old}; {tombstone}")], at(2));
    session.write(|n| *n += 1);
    let new = set_value(&sessions.commit_at(&session, at(2)).unwrap()).unwrap();
    let session = sessions.load_at([format!("__Host-session={new}; {tombstone}")], at(3));
    assert_eq!(*session.read(), 1, "from the default, under a new id");
}

#[test]
fn tombstone_names_the_session_that_came_whatever_the_handler_did_before() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, T0);
    let header = format!("__Host-session={value}");
    let mut session = sessions.load_at([&header], at(1));
    session.renew();
    session.write(|n| *n += 1);
    session.regenerate_id();
    session.destroy();
    let commit = sessions.commit_at(&session, at(1)).unwrap();
    let header = format!("{header}; {}", pair(split(&commit).1));
    assert!(sessions.load_at([header], at(2)).is_new());
}

#[test]
fn no_tombstone_without_a_live_session_or_without_the_option() {
    let ours = sessions();
    for header in ["", "__Host-session=junk"] {
        assert_eq!(destroy(&ours, header, T0).cookies().len(), 1);
    }
    let off = Sessions::<u32>::new(ring([1]));
    let value = sealed(&off, 7, T0);
    let header = format!("__Host-session={value}");
    let tombstone = pair(split(&destroy(&ours, &header, T0)).1);
    assert_eq!(destroy(&off, &header, T0).cookies().len(), 1);
    assert!(!off.load_at([format!("{header}; {tombstone}")], T0).is_new());
}

#[test]
fn signing_out_twice_keeps_the_first_tombstone() {
    let sessions = sessions();
    let header = format!("__Host-session={}", sealed(&sessions, 7, T0));
    let tombstone = pair(split(&destroy(&sessions, &header, at(1))).1);
    // The browser still has it, so none is set in its place.
    let again = destroy(&sessions, &format!("{header}; {tombstone}"), at(2));
    assert_eq!(again.cookies().len(), 1);
    assert_eq!(again.cookies()[0].name(), "__Host-session");
}

#[test]
fn forged_expired_and_foreign_tombstones_are_no_tombstones() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, T0);
    let other = sealed(&sessions, 7, T0);
    let header = format!("__Host-session={value}");
    let mine = split(&destroy(&sessions, &header, T0)).1.value().to_owned();
    let others =
        split(&destroy(&sessions, &format!("__Host-session={other}"), T0)).1.value().to_owned();
    let token = load(&sessions, &value, T0).csrf_token().unwrap();
    let elsewhere =
        Sessions::<u32>::builder(ring([1])).audience("x").tombstone(secs(300)).build().unwrap();
    let claims = &support::open(1, "__Host-session", &value)[..37];
    let other_end = if mine.ends_with('A') { 'Q' } else { 'A' };
    let forged = format!("{}{other_end}", &mine[..mine.len() - 1]);
    for (what, candidate) in [
        ("junk", "junk"),
        ("another session's", &others),
        ("a CSRF token", &token),
        ("the session", &value),
        ("a forged one", &forged),
        (
            "one with a payload",
            &support::forge_for(3, 1, "__Host-session", &[claims, b"7"].concat()),
        ),
        (
            "one for the tombstone's own name",
            &support::forge_for(3, 1, "__Host-session-ended", claims),
        ),
        ("one under an unknown key", &support::forge_for(3, 9, "__Host-session", claims)),
    ] {
        let session = sessions.load_at([format!("{header}; __Host-session-ended={candidate}")], T0);
        assert!(!session.is_new(), "{what}");
    }
    let not_text =
        [header.as_bytes(), b"; __Host-session-ended=", mine.as_bytes(), b"\xff"].concat();
    assert!(!sessions.load_at([not_text], T0).is_new());
    let at_elsewhere = format!("__Host-session={}", sealed(&elsewhere, 7, T0));
    assert!(
        !elsewhere.load_at([format!("{at_elsewhere}; __Host-session-ended={mine}")], T0).is_new()
    );
    assert!(sessions.load_at([format!("{header}; __Host-session-ended={mine}")], T0).is_new());
    // A tombstone is neither a session nor a token.
    assert_eq!(sessions.unseal_at(&mine, T0).unwrap_err().class(), "not_authentic");
    assert_eq!(
        load(&sessions, &value, T0).verify_csrf(&mine).unwrap_err().class(),
        "not_authentic"
    );
}

#[test]
fn up_to_eight_tombstones_are_read() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, T0);
    let header = format!("__Host-session={value}");
    let tombstone = pair(split(&destroy(&sessions, &header, T0)).1);
    let junk = "; __Host-session-ended=junk";
    let live = |n| {
        sessions.load_at([format!("{header}{}; {tombstone}", junk.repeat(n))], T0).id().is_some()
    };
    assert!(!live(7));
    assert!(live(8), "planted tombstones can hide one, where the name has no __Host-");
}

#[test]
fn sign_out_removes_the_session_even_if_the_tombstone_cannot_be_sealed() {
    let keys = Keys::from(ring([1]));
    let sessions = with(keys.clone(), 300);
    let header = format!("__Host-session={}", sealed(&sessions, 7, T0));
    // A ring whose only sealing key begins after the present: a machine whose clock lags.
    let gap = support::entry(1).not_before(at(98)).not_after(at(99));
    let late = support::entry(2).not_before(at(100));
    keys.replace(KeyRing::new_at([late, gap], at(100)).unwrap());
    let mut session = sessions.load_at([&header], at(50));
    session.destroy();
    let commit = sessions.commit_at(&session, at(50)).unwrap();
    assert_eq!(commit.cookies().len(), 1);
    assert_eq!(commit.cookies()[0].value(), "");
}

#[test]
fn lifetime_and_name_are_checked_when_built() {
    let build = |lifetime, name: &str| {
        Sessions::<u32>::builder(ring([1]))
            .cookie_name(name)
            .tombstone(lifetime)
            .build()
            .map(|_| ())
    };
    assert_eq!(build(secs(1), "__Host-s"), Ok(()));
    for lifetime in [secs(0), std::time::Duration::from_millis(1500), secs(u64::MAX)] {
        let error = build(lifetime, "__Host-s").unwrap_err();
        assert!(matches!(error, ConfigError::Timeout { what: "tombstone", .. }), "{error}");
    }
    let long = format!("__Host-{}", "s".repeat(243));
    assert!(matches!(build(secs(1), &long).unwrap_err(), ConfigError::CookieName { .. }));
    let development = Sessions::<u32>::builder(ring([1]))
        .insecure_plain_http_for_development()
        .tombstone(secs(300))
        .build()
        .unwrap();
    let header = format!("session={}", sealed(&development, 7, T0));
    assert_eq!(split(&destroy(&development, &header, T0)).1.name(), "session-ended");
}
