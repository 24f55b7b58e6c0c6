//! Late responses, two sign-ins, lagging machines, and what is refused for now.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use sealed_session::{Bound, SealError, Sessions};

use crate::{
    DAY, MINUTE,
    browser::Browser,
    fleet, machine,
    support::{T0, at, key, ring, secs},
};

#[test]
fn a_late_write_without_the_bond_heals() {
    let [one, other] = fleet();
    let mut browser = Browser::default();
    let offer = browser.sign_in(&one, "ada", T0);
    let mut slow = browser.load(&other, T0);
    assert!(browser.register(&one, &offer, at(1)));
    assert_eq!(browser.read(&one, at(2)), "ada");
    assert!(browser.load(&one, at(2)).is_bound());
    slow.write(|data| data.push_str(" of the slow response"));
    browser.take(&other.commit_at(&slow, T0).unwrap(), at(3));
    let mut thief = browser.copied();
    assert_eq!(browser.read(&one, at(4)), "ada of the slow response");
    thief.jar.insert("__Host-session".into(), browser.jar["__Host-session"].clone());
    thief.jar.retain(|name, _| name == "__Host-session");
    assert_eq!(thief.visit_without(&one, at(5), |_| {}), "", "it is bound again");
}

#[test]
fn a_second_sign_in_ends_the_first_ones_device_and_not_its_own() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let first = browser.device[0].cookie.clone();
    let offer = browser.sign_in(&other, "grace", at(MINUTE));
    assert!(browser.register(&one, &offer, at(MINUTE + 1)));
    assert!(!browser.has(&first, at(MINUTE + 1)), "removed with its session");
    assert_eq!(browser.read(&other, at(MINUTE + 2)), "grace");
    assert_eq!(browser.device.len(), 1, "the first one is told to end");
    assert_eq!(browser.read(&one, at(40 * MINUTE)), "grace");
}

#[test]
fn a_late_refresh_of_the_sign_in_before_locks_nobody_out() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let mut behind = browser.clone();
    assert_eq!(behind.refresh(&one, 0, at(30 * MINUTE)), 200);
    let offer = browser.sign_in(&other, "grace", at(30 * MINUTE));
    assert!(browser.register(&one, &offer, at(30 * MINUTE)));
    assert_eq!(browser.read(&one, at(30 * MINUTE)), "grace");
    // The response of the refresh comes last.
    for (name, cookie) in behind.jar.iter().filter(|(name, _)| name.contains("-bound-")) {
        browser.jar.insert(name.clone(), cookie.clone());
    }
    for minute in 31..60 {
        assert_eq!(browser.read(&other, at(minute * MINUTE)), "grace", "{minute}");
    }
}

#[test]
fn a_sign_out_while_the_bound_cookie_has_lapsed_stays_whatever_comes_late() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let late = browser.jar["__Host-session"].clone();
    // The refresh failed, and the page's request went out without.
    browser.visit_without(&other, at(30 * MINUTE), sealed_session::Session::destroy);
    assert!(!browser.jar.contains_key("__Host-session"));
    browser.jar.insert("__Host-session".into(), late);
    assert_eq!(browser.read(&one, at(30 * MINUTE + 1)), "");
    assert!(browser.device.is_empty(), "the refresh learns of the sign-out too");
}

#[test]
fn a_sign_in_over_a_lapsed_session_ends_that_whatever_comes_late() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let late = browser.jar["__Host-session"].clone();
    let offer = browser.sign_in(&other, "grace", at(30 * MINUTE));
    assert!(browser.register(&other, &offer, at(30 * MINUTE)));
    browser.jar.insert("__Host-session".into(), late);
    assert_eq!(browser.read(&one, at(30 * MINUTE + 1)), "");
}

#[test]
fn nothing_that_the_visitor_did_not_ask_for_overwrites_a_session_without_its_device() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let jar = browser.header(at(30 * MINUTE));
    // `Secure-Session-Skipped`: the visitor is anonymous.
    let mut session = browser.load(&other, at(30 * MINUTE));
    assert!(session.is_new() && !session.is_bound());
    let token = session.csrf_token().unwrap();
    let commit = other.commit_at(&session, at(30 * MINUTE)).unwrap();
    assert!(!commit.sets_cookies());
    let mut session = browser.load(&one, at(30 * MINUTE));
    session.write(|data| "cart".clone_into(data));
    let error = one.commit_at(&session, at(30 * MINUTE)).unwrap_err();
    assert!(matches!(error, SealError::NotReadable(_)), "{error}");
    assert_eq!(browser.header(at(30 * MINUTE)), jar);
    // Once the refresh succeeds, all is as it was.
    assert_eq!(browser.read(&other, at(31 * MINUTE)), "ada");
    // And who lost the key can sign in again, by a form with a token.
    let mut lost = browser.copied();
    let session = lost.load(&one, at(60 * MINUTE));
    assert!(session.is_new() && session.verify_csrf(&token).is_ok());
    let _ = lost.sign_in(&one, "ada", at(60 * MINUTE));
    assert_eq!(lost.read(&other, at(60 * MINUTE)), "ada");
}

#[test]
fn a_token_of_a_session_that_waits_for_its_device_is_none_after_a_sign_out() {
    let [one, other] = fleet();
    let browser = Browser::bound(&one, "ada", T0);
    let lapsed = at(30 * MINUTE);
    let token = browser.load(&one, lapsed).csrf_token().unwrap();
    let mut session = browser.load(&other, lapsed);
    assert!(session.verify_csrf(&token).is_ok());
    session.destroy();
    assert!(session.verify_csrf(&token).is_err());
}

#[test]
fn a_session_that_has_ended_ends_the_browsers() {
    let [one, _] = fleet();
    let mut gone = Browser::bound(&one, "ada", T0);
    gone.jar.clear();
    assert_eq!(gone.refresh(&one, 0, at(30 * MINUTE)), 0);

    let idle = || {
        Sessions::builder(ring([1]))
            .absolute_timeout(secs(DAY.unsigned_abs()))
            .idle_timeout(secs(3600))
            .bound(Bound::new())
            .build()
            .unwrap()
    };
    let mut browser = Browser::bound(&idle(), "ada", T0);
    assert_eq!(browser.refresh(&idle(), 0, at(59 * MINUTE)), 200);
    assert_eq!(browser.refresh(&idle(), 0, at(61 * MINUTE)), 0);
}

#[test]
fn a_revoked_session_is_not_refreshed() {
    let revoked = Arc::new(AtomicBool::new(false));
    let known = Arc::clone(&revoked);
    let sessions = Sessions::builder(ring([1]))
        .revoke_if(move |user: &String, _| user == "ada" && known.load(Relaxed))
        .bound(Bound::new())
        .build()
        .unwrap();
    let mut browser = Browser::bound(&sessions, "ada", T0);
    assert_eq!(browser.refresh(&sessions, 0, at(20 * MINUTE)), 200);
    revoked.store(true, Relaxed);
    assert_eq!(browser.refresh(&sessions, 0, at(40 * MINUTE)), 0);
    assert_eq!(browser.read(&sessions, at(40 * MINUTE)), "");
}

#[test]
fn a_machine_that_does_not_know_the_key_yet_is_asked_again() {
    let ahead = machine(ring([2, 1]));
    let behind = machine(ring([1]));
    let mut browser = Browser::bound(&ahead, "ada", T0);
    assert_eq!(browser.refresh(&behind, 0, at(30 * MINUTE)), 503);
    assert_eq!(browser.device.len(), 1, "which ends nothing");
    assert_eq!(browser.read(&ahead, at(30 * MINUTE)), "ada");

    // The identifier can be read, the session cannot.
    let mut browser = Browser::bound(&behind, "ada", T0);
    browser.visit(&ahead, at(1), |session| session.write(|data| data.push('!')));
    assert_eq!(browser.refresh(&behind, 0, at(30 * MINUTE)), 503);
    assert_eq!(browser.read(&ahead, at(30 * MINUTE)), "ada!");
    // A sign-in that it cannot read is not registered there.
    let mut browser = Browser::default();
    let offer = browser.sign_in(&ahead, "ada", T0);
    assert!(!browser.register(&behind, &offer, at(1)));
    assert!(browser.register(&ahead, &offer, at(2)));
}

#[test]
fn an_incident_ends_the_browsers_session_too() {
    let [sessions, _] = fleet();
    let mut browser = Browser::bound(&sessions, "ada", T0);
    let entry = sealed_session::KeyEntry::new(2, key(2));
    let fresh = machine(sealed_session::KeyRing::new_at([entry], T0).unwrap());
    assert_eq!(browser.refresh(&fresh, 0, at(1)), 0);
    assert_eq!(browser.read(&fresh, at(2)), "");
}

#[test]
fn a_clock_that_lags_is_no_end_and_one_that_is_off_by_a_minute_is_no_matter() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", at(600));
    assert_eq!(browser.refresh(&other, 0, at(600 - 60)), 200);
    assert_eq!(browser.refresh(&other, 0, at(600 - 61)), 503);
    assert_eq!(browser.device.len(), 1);

    // Where it is the device alone that comes from the future.
    let mut browser = Browser::default();
    let offer = browser.sign_in(&one, "ada", T0);
    assert!(browser.register(&one, &offer, at(119)));
    assert_eq!(browser.refresh(&other, 0, at(119 - 61)), 503);
    assert_eq!(browser.refresh(&other, 0, at(119 - 60)), 200);
}

#[test]
fn a_slow_handler_keeps_what_it_writes_though_the_bound_cookie_ends_meanwhile() {
    let [one, other] = fleet();
    let browser = Browser::bound(&one, "ada", T0);
    let mut session = browser.copied().load(&other, at(11 * MINUTE - 1));
    assert_eq!(*session.read(), "ada");
    session.write(|data| data.push('!'));
    assert!(other.commit_at(&session, at(11 * MINUTE + 5)).unwrap().sets_cookies());
}

#[test]
fn a_renamed_cookie_takes_its_device_along_until_the_date() {
    let [old, _] = fleet();
    let renamed = Sessions::builder(ring([1]))
        .cookie_name("__Host-shop")
        .former_name("__Host-session", at(DAY))
        .bound(Bound::new().path("/session-binding/session"))
        .build()
        .unwrap();
    let mut browser = Browser::bound(&old, "ada", T0);
    assert_eq!(browser.read(&renamed, at(1)), "ada");
    assert!(browser.jar.contains_key("__Host-shop"));
    assert_eq!(browser.read(&renamed, at(30 * MINUTE)), "ada");
    assert!(browser.load(&renamed, at(30 * MINUTE)).is_bound());
}

#[test]
fn many_bound_cookies_cost_eight_decryptions_and_hide_nothing_behind_others() {
    let [one, other] = fleet();
    let browser = Browser::bound(&one, "ada", T0);
    let name = browser.bound_name().unwrap();
    let junk = format!("{name}={}", "A".repeat(78));
    let with = |count: usize| {
        let header = format!("{}; {}", vec![junk.clone(); count].join("; "), browser.header(at(1)));
        let session = other.load_at([header], at(1));
        session.read().to_string()
    };
    // The jar's own order puts them behind.
    assert_eq!(with(7), "ada");
    assert_eq!(with(8), "");
    // Of all that come, the first 64 are read.
    for (others, user) in [(63, "ada"), (64, "")] {
        let others = (0..others).map(|n| format!("__Host-session-bound-AAAAAA{n:02}=x; "));
        let header = others.collect::<String>() + &browser.header(at(1));
        assert_eq!(*other.load_at([header], at(1)).read(), user);
    }
}

#[test]
fn cookies_of_a_former_name_take_no_room_of_bound_ones_whose_names_they_resemble() {
    let [one, _] = fleet();
    let browser = Browser::bound(&one, "ada", T0);
    let former = "__Host-session-bound-AAAAAAAA";
    let other: Sessions<String> = Sessions::builder(ring([1]))
        .absolute_timeout(secs(DAY.unsigned_abs()))
        .former_name(former, at(DAY))
        .bound(Bound::new())
        .build()
        .unwrap();
    let junk = vec![format!("{former}=x"); 64].join("; ");
    let header = format!("{junk}; {}", browser.header(at(1)));
    assert_eq!(*other.load_at([header], at(1)).read(), "ada");
}

#[cfg(feature = "tracing")]
#[test]
fn a_refused_bound_cookie_is_told_with_the_reason() {
    let [one, other] = fleet();
    let browser = Browser::bound(&one, "ada", T0);
    let log = crate::log::Log::default();
    let _guard = log.listen();
    let read = |header: String| {
        let _ = other.load_at([header], at(1)).read();
        log.take().join("\n")
    };
    let junk = format!("{}={}", browser.bound_name().unwrap(), "A".repeat(78));
    let told = read(format!("{junk}; {}", browser.header(at(1))));
    for part in [
        "DEBUG sealed_session: bound cookie refused",
        "cookie=\"__Host-session\"",
        "class=\"unsupported_version\"",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(read(browser.header(at(1))), "");
}

#[test]
fn a_session_that_was_ended_or_revoked_does_not_wait_for_its_device() {
    // Signed out, and a late response puts the session back.
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let late = browser.jar["__Host-session"].clone();
    browser.visit(&one, at(1), sealed_session::Session::destroy);
    browser.jar.insert("__Host-session".into(), late);
    let later = at(30 * MINUTE);
    let session = browser.load(&other, later);
    assert_eq!(session.refusal().map(sealed_session::UnsealError::class), Some("ended"));
    // So the guest that the visitor is now can fill a cart.
    browser.visit(&other, later, |session| session.write(|data| "cart".clone_into(data)));
    assert_eq!(browser.read(&one, later), "cart");

    let revoking = Sessions::builder(ring([1]))
        .revoke_if(|user: &String, _| user == "ada")
        .bound(Bound::new())
        .build()
        .unwrap();
    let mut browser = Browser::bound(&one, "ada", T0);
    let session = browser.load(&revoking, later);
    assert_eq!(session.refusal().map(sealed_session::UnsealError::class), Some("revoked"));
    browser.visit(&revoking, later, |session| session.write(|data| "cart".clone_into(data)));
    assert_eq!(browser.read(&revoking, later), "cart");
    assert!(browser.device.is_empty());
}
