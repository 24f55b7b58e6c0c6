//! From the sign-in to the sign-out, as a browser goes through it.

use sealed_session::{Bound, Lifetime, Sessions};

use crate::{
    DAY, MINUTE,
    browser::{Browser, header, key, read_offer},
    fleet, machine, machine_with,
    support::{T0, at, ring, secs},
};

#[test]
fn each_step_goes_to_another_machine_and_the_visitor_notices_nothing() {
    let [one, other] = fleet();
    let mut browser = Browser::default();
    let offer = browser.sign_in(&one, "ada", T0);
    assert!(browser.register(&other, &offer, at(1)));
    assert_eq!(browser.read(&one, at(2)), "ada");
    assert!(browser.load(&other, at(3)).is_bound());
    for round in 1..100 {
        let machine = if round % 2 == 0 { &one } else { &other };
        assert_eq!(browser.read(machine, at(round * 7 * MINUTE)), "ada", "{round}");
    }
    assert!(browser.signed < 100, "one signature for each refresh: {}", browser.signed);
    browser.visit(&one, at(12 * 60 * MINUTE), sealed_session::Session::destroy);
    assert_eq!(browser.read(&other, at(12 * 60 * MINUTE + 1)), "");
    assert_eq!(browser.device.len(), 0, "the browser was told");
}

#[test]
fn registration_sets_the_bound_cookie_alone_and_says_what_browsers_need() {
    let [sessions, _] = fleet();
    let mut browser = Browser::default();
    let offer = browser.sign_in(&sessions, "ada", T0);
    let (path, challenge) = read_offer(&offer);
    assert_eq!(path, "/session-binding/session/register");
    let proof = crate::browser::jwt(&key(9), true, &challenge);
    let answer = browser.post(&sessions, &path, &[("secure-session-response", &proof)], at(1));
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().filter(|(name, _)| *name == "set-cookie").count(), 1);
    let cookie = header(&answer, "set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-session-bound-"), "{cookie}");
    // Counted from the challenge, a second ago.
    assert!(attributes.contains("Max-Age=599"), "{cookie}");
    let config: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(config["refresh_url"], "/session-binding/session/refresh");
    assert_eq!(config["scope"]["include_site"], false);
    let credential = &config["credentials"][0];
    assert_eq!(credential["type"], "cookie");
    assert_eq!(credential["name"], pair.split_once('=').unwrap().0);
    let told = credential["attributes"].as_str().unwrap();
    assert_eq!(told, "HttpOnly; SameSite=Lax; Secure; Path=/");
    assert_eq!(attributes, format!("{told}; Max-Age=599"));
}

#[test]
fn a_rotation_between_any_two_steps_signs_nobody_out() {
    let [before, after] = [machine(ring([1])), machine(ring([2, 1]))];
    let mut browser = Browser::default();
    let offer = browser.sign_in(&before, "ada", T0);
    assert!(browser.register(&after, &offer, at(1)));
    assert_eq!(browser.read(&before, at(2)), "ada");
    assert_eq!(browser.read(&after, at(20 * MINUTE)), "ada");
    // The identifier is under the key of the registration, and lives as long as the session.
    let mut old = Browser::bound(&before, "ada", T0);
    assert_eq!(old.read(&after, at(DAY - 1)), "ada");
    assert_eq!(old.read(&after, at(DAY)), "");
}

#[test]
fn only_a_proof_of_the_user_is_an_offer() {
    let [sessions, _] = fleet();
    let mut browser = Browser::default();
    let mut session = browser.load(&sessions, T0);
    session.write(|data| "guest".clone_into(data));
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(commit.registration(), None, "a guest");
    browser.take(&commit, T0);

    let mut session = browser.load(&sessions, T0);
    session.regenerate_id();
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(commit.registration(), None, "a new id");
    browser.take(&commit, T0);

    let mut session = browser.load(&sessions, T0);
    session.reauthenticate();
    let commit = sessions.commit_at(&session, T0).unwrap();
    let offer = commit.registration().expect("a step-up").to_owned();
    browser.take(&commit, T0);
    assert!(browser.register(&sessions, &offer, T0));
    assert_eq!(browser.read(&sessions, at(1)), "guest");

    // A bound session has its device.
    let mut session = browser.load(&sessions, at(2));
    session.reauthenticate();
    let commit = sessions.commit_at(&session, at(2)).unwrap();
    assert_eq!(commit.registration(), None, "it is bound");
    browser.take(&commit, at(2));
    assert_eq!(browser.read(&sessions, at(30 * MINUTE)), "guest", "and stays bound");
    assert!(browser.load(&sessions, at(30 * MINUTE)).is_bound());
}

#[test]
fn browsers_without_the_protocol_have_what_they_had() {
    let [one, other] = fleet();
    let mut browser = Browser::default();
    let _ = browser.sign_in(&one, "ada", T0);
    for hour in 0..24 {
        assert_eq!(browser.read(&other, at(hour * 60 * MINUTE)), "ada");
        assert!(!browser.load(&one, at(hour * 60 * MINUTE)).is_bound());
    }
}

#[test]
fn what_is_bound_goes_on_where_nothing_new_is_offered() {
    let offers = machine(ring([1]));
    let reads = machine_with(ring([1]), Bound::new().offer(false));
    let mut browser = Browser::bound(&offers, "ada", T0);
    assert_eq!(browser.read(&reads, at(20 * MINUTE)), "ada");
    let mut session = browser.load(&reads, at(20 * MINUTE));
    session.renew();
    assert_eq!(reads.commit_at(&session, at(20 * MINUTE)).unwrap().registration(), None);
}

#[test]
fn a_machine_that_binds_nothing_refuses_what_is_bound_and_leaves_it() {
    let plain = Sessions::<String>::new(ring([1]));
    let [sessions, _] = fleet();
    let mut browser = Browser::bound(&sessions, "ada", T0);
    let jar = browser.header(at(1));
    let session = browser.load(&plain, at(1));
    assert_eq!(session.refusal().map(sealed_session::UnsealError::class), Some("bound"));
    assert_eq!(browser.visit_without(&plain, at(1), |_| {}), "");
    assert_eq!(browser.header(at(1)), jar);
    assert_eq!(browser.read(&sessions, at(2)), "ada");
}

#[test]
fn a_sign_in_keeps_its_own_lifetime_when_it_becomes_bound() {
    let [sessions, _] = fleet();
    let mut browser = Browser::default();
    let mut session = browser.load(&sessions, T0);
    session.renew_with(Lifetime::browser_session(secs(3600))).unwrap();
    session.write(|data| "ada".clone_into(data));
    let commit = sessions.commit_at(&session, T0).unwrap();
    browser.take(&commit, T0);
    assert!(browser.register(&sessions, commit.registration().unwrap(), T0));
    assert_eq!(browser.read(&sessions, at(1)), "ada");
    let session = browser.load(&sessions, at(2));
    assert_eq!(session.expires_at(), Some(at(3600)));
    assert_eq!(session.is_persistent(), Some(false));
    assert_eq!(browser.read(&sessions, at(3599)), "ada");
    assert_eq!(browser.read(&sessions, at(3600)), "");
    browser.refresh(&sessions, 0, at(3600));
    assert!(browser.device.is_empty());
}
