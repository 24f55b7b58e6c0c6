//! Who steals what, works how long. SECURITY.md has the table.

use sealed_session::Sessions;

use crate::{
    DAY, MINUTE,
    browser::{Browser, jwt, key, read_offer},
    fleet,
    support::{T0, at},
};

/// Who is signed in, to whoever sends these cookies and has no key.
fn seen(thief: &mut Browser, sessions: &Sessions<String>, seconds: i64) -> String {
    thief.visit_without(sessions, at(seconds), |_| {})
}

#[test]
fn a_copied_session_cookie_alone_never_works() {
    let [one, other] = fleet();
    let victim = Browser::bound(&one, "ada", T0);
    let mut thief = victim.copied();
    thief.jar.retain(|name, _| name == "__Host-session");
    for seconds in [0, 1, MINUTE, 11 * MINUTE, 60 * MINUTE, DAY - 1] {
        assert_eq!(seen(&mut thief, &other, seconds), "");
    }
}

#[test]
fn a_copied_jar_works_until_the_bound_cookie_ends_and_never_again() {
    let [one, other] = fleet();
    let victim = Browser::bound(&one, "ada", T0);
    let mut thief = victim.copied();
    for seconds in [0, 5 * MINUTE, 11 * MINUTE - 1] {
        assert_eq!(seen(&mut thief, &other, seconds), "ada");
        // What the thief writes does not make it last longer.
        let _ = thief.visit_without(&one, at(seconds), |session| session.write(|_| ()));
    }
    for seconds in [11 * MINUTE, 12 * MINUTE, 60 * MINUTE, DAY - 1] {
        assert_eq!(seen(&mut thief, &other, seconds), "", "{seconds}");
        assert_eq!(seen(&mut thief, &one, seconds), "", "{seconds}");
    }
}

#[test]
fn a_bound_cookie_that_was_refreshed_ends_eleven_minutes_after_its_challenge() {
    let [one, other] = fleet();
    let mut victim = Browser::bound(&one, "ada", T0);
    let start = 30 * MINUTE;
    assert_eq!(victim.refresh(&other, 0, at(start)), 200);
    let mut thief = victim.copied();
    assert_eq!(seen(&mut thief, &one, start + 11 * MINUTE - 1), "ada");
    assert_eq!(seen(&mut thief, &one, start + 11 * MINUTE), "");
}

#[test]
fn a_captured_proof_adds_nothing_to_eleven_minutes_from_its_challenge() {
    let [one, other] = fleet();
    let mut victim = Browser::bound(&one, "ada", T0);
    let start = 30 * MINUTE;
    victim.refresh(&one, 0, at(start));
    // The whole request: cookies, identifier, proof. It is sent as late as it is good.
    let mut thief = victim.clone();
    for (_, end) in thief.jar.values_mut() {
        *end = None;
    }
    let late = start + 119;
    let id = thief.device[0].id.clone();
    let proof = thief.device[0].proof.clone().unwrap();
    let path = "/session-binding/session/refresh";
    let headers = [("sec-secure-session-id", &*id), ("secure-session-response", &*proof)];
    let answer = thief.post(&other, path, &headers, at(late));
    assert_eq!(answer.status(), 200);
    for (_, text) in answer.headers().filter(|(name, _)| *name == "set-cookie") {
        thief.keep(&sealed_session::Cookie::parse(text.to_owned()).unwrap(), at(late));
    }
    let mut thief = thief.copied();
    assert_eq!(seen(&mut thief, &one, start + 11 * MINUTE - 1), "ada");
    assert_eq!(seen(&mut thief, &one, start + 11 * MINUTE), "");
    // A second later the proof is refused.
    assert_eq!(thief.post(&other, path, &headers, at(start + 120)).status(), 403);
}

#[test]
fn an_identifier_and_all_cookies_refresh_nothing_without_the_key() {
    let [one, other] = fleet();
    let victim = Browser::bound(&one, "ada", T0);
    let mut thief = victim.copied();
    thief.device = victim.device.clone();
    let (path, id) = ("/session-binding/session/refresh", victim.device[0].id.clone());
    let asked = thief.post(&one, path, &[("sec-secure-session-id", &id)], at(1));
    assert_eq!(asked.status(), 403);
    let challenge = crate::browser::header(&asked, "secure-session-challenge").unwrap();
    let challenge = challenge.split('"').nth(1).unwrap();
    for brings_key in [true, false] {
        let forged = jwt(&key(200), brings_key, challenge);
        let headers = [("sec-secure-session-id", &*id), ("secure-session-response", &*forged)];
        // Nor does a challenge of a refresh register another device.
        for path in [path, "/session-binding/session/register"] {
            let answer = thief.post(&other, path, &headers, at(2));
            assert_eq!(answer.status(), 403);
            assert!(answer.headers().all(|(name, _)| name != "set-cookie"));
        }
    }
}

#[test]
fn who_copies_the_cookie_before_it_was_bound_cannot_bind_another_device() {
    let [one, other] = fleet();
    let mut victim = Browser::default();
    let offer = victim.sign_in(&one, "ada", T0);
    let mut thief = victim.copied();
    assert!(victim.register(&one, &offer, at(1)));
    // That copy is a whole session until it expires, which strict mode is for. It gets no offer.
    assert_eq!(seen(&mut thief, &other, DAY - 1), "ada");
    let mut session = thief.load(&other, at(2));
    session.write(|_| ());
    session.regenerate_id();
    let commit = other.commit_at(&session, at(2)).unwrap();
    assert_eq!(commit.registration(), None);
    // Nor does a challenge of the thief's own sign-in serve for the victim's session.
    let own = Browser::default().sign_in(&one, "mallory", at(3));
    assert!(!thief.register(&other, &own, at(4)));
    // And the victim's is good for two minutes.
    assert!(!thief.register(&other, &offer, at(120)));
}

#[test]
fn who_copies_the_whole_response_of_a_sign_in_has_two_minutes_to_bind_a_device() {
    let [one, other] = fleet();
    let mut victim = Browser::default();
    let offer = victim.sign_in(&one, "ada", T0);
    let mut late = victim.copied();
    assert!(!late.register(&other, &offer, at(120)));
    let mut thief = victim.copied();
    assert!(thief.register(&other, &offer, at(119)), "as said in SECURITY.md");
}

#[test]
fn a_fixated_guest_session_gives_no_hold_on_the_sign_in_that_follows() {
    let [one, other] = fleet();
    // The attacker's own, signed in and bound, and planted whole.
    let attacker = Browser::bound(&one, "mallory", T0);
    let mut victim = attacker.copied();
    let mut guest = Browser::default();
    guest.visit(&one, T0, |session| session.write(|data| "guest".clone_into(data)));
    for mut planted in [std::mem::take(&mut victim), guest.copied()] {
        let offer = planted.sign_in(&other, "ada", at(MINUTE));
        let (_, challenge) = read_offer(&offer);
        let copy = planted.copied();
        assert!(planted.register(&one, &offer, at(MINUTE + 1)));
        assert_eq!(planted.read(&other, at(MINUTE + 2)), "ada");
        assert!(planted.load(&other, at(MINUTE + 2)).is_bound());
        // The attacker's device is of another family.
        let mut attackers = copy;
        attackers.device = attacker.device.clone();
        attackers
            .jar
            .insert("__Host-session".to_owned(), (planted.jar["__Host-session"].0.clone(), None));
        assert_eq!(attackers.refresh(&one, 0, at(MINUTE + 3)), 0);
        assert_ne!(challenge, "");
        assert_eq!(attackers.visit_without(&one, at(MINUTE + 3), |_| {}), "");
    }
}

#[test]
fn a_bound_cookie_of_another_family_proves_nothing() {
    let [one, other] = fleet();
    let victim = Browser::bound(&one, "ada", T0);
    let attacker = Browser::bound(&one, "mallory", T0);
    let mut thief = victim.copied();
    let own = attacker.jar[&attacker.bound_name().unwrap()].clone();
    let name = victim.bound_name().unwrap();
    // Under its own name and under that of the victim's.
    thief.jar.insert(name, own.clone());
    thief.jar.insert(attacker.bound_name().unwrap(), own);
    assert_eq!(seen(&mut thief, &other, 1), "");
}

#[test]
fn a_thief_gets_no_token_of_the_victims_session() {
    let [one, other] = fleet();
    let victim = Browser::bound(&one, "ada", T0);
    let mut thief = victim.copied();
    thief.jar.retain(|name, _| name == "__Host-session");
    let mut session = thief.load(&other, at(1));
    let token = session.csrf_token().unwrap();
    assert!(victim.load(&one, at(1)).verify_csrf(&token).is_err());
    // It is for the thief's own sign-in form, while the cookie stays as it is.
    let commit = other.commit_at(&session, at(1)).unwrap();
    assert!(!commit.sets_cookies() && commit.forbids_storing());
    assert!(thief.load(&one, at(2)).verify_csrf(&token).is_ok());
    let own = victim.load(&one, at(2)).csrf_token().unwrap();
    assert!(thief.load(&one, at(2)).verify_csrf(&own).is_err());
}
