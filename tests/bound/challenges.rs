//! What a refresh is refused for, and how: a challenge that is too old or too new, and a session that
//! this machine cannot read.

use sealed_session::{Bound, DeviceRequest, Sessions};
use time::OffsetDateTime;

use crate::{
    DAY, MINUTE,
    browser::{Browser, header, jwt, key, read_offer},
    fleet, machine, machine_with,
    support::{T0, at, flipped, ring, secs},
};

/// Asks for a challenge, and returns it.
fn challenge(sessions: &Sessions<String>, browser: &Browser, seconds: i64) -> String {
    let id = [("sec-secure-session-id", &*browser.device[0].id)];
    let answer = browser.post(sessions, REFRESH, &id, at(seconds));
    assert_eq!(answer.status(), 403);
    let challenge = header(&answer, "secure-session-challenge").expect("a challenge");
    challenge.split('"').nth(1).expect("quotation marks").to_owned()
}

#[test]
fn a_challenge_of_which_the_bound_cookie_would_hardly_last_is_not_taken() {
    let sessions = machine_with(ring([1]), Bound::new().lifetime(secs(30)));
    let mut browser = Browser::bound(&sessions, "ada", T0);
    let asked = challenge(&sessions, &browser, 60);
    for (answered, status) in [(74, 200), (75, 403), (100, 403)] {
        assert_eq!(browser.answer(&sessions, 0, &asked, at(answered)), status, "{answered}");
    }
    // With a new one, or the browser would give up.
    assert_eq!(browser.refresh(&sessions, 0, at(100)), 200);
}

#[test]
fn a_challenge_of_a_machine_that_is_more_than_a_minute_ahead_is_not_taken() {
    let [ahead, other] = fleet();
    let mut browser = Browser::bound(&ahead, "ada", T0);
    let asked = challenge(&ahead, &browser, 20 * MINUTE);
    for (behind, status) in [(60, 200), (61, 403)] {
        assert_eq!(browser.answer(&other, 0, &asked, at(20 * MINUTE - behind)), status, "{behind}");
    }
    // Nor for a registration, which can be tried again where the clock is right.
    let mut browser = Browser::default();
    let offer = browser.sign_in(&ahead, "ada", at(61));
    let (path, asked) = read_offer(&offer);
    let proof = jwt(&key(1), true, &asked);
    let status = |seconds: i64| {
        let headers = [("secure-session-response", &*proof)];
        browser.post(&other, &path, &headers, at(seconds)).status()
    };
    assert_eq!(status(0), 503);
    assert_eq!(status(1), 200);
}

#[test]
fn a_session_of_a_newer_type_or_version_is_not_over() {
    let [sessions, _] = fleet();
    let browser = Browser::bound(&sessions, "ada", T0);
    let id = [("sec-secure-session-id", browser.device[0].id.as_bytes())];
    let request = DeviceRequest { method: "POST", target: REFRESH, headers: &id };
    let jar = browser.header(at(1));

    // A machine whose type is older.
    let older = Sessions::<u32>::builder(ring([1]))
        .absolute_timeout(secs(DAY.unsigned_abs()))
        .bound(Bound::new())
        .build()
        .unwrap();
    let answer = older.answer_device_at(&older.load_at([&jar], at(1)), &request, at(1)).unwrap();
    assert_eq!((answer.status(), answer.body()), (503, ""));

    // The device's own session is of a newer version, beside one of another sign-in.
    let mut guest = Browser::default();
    guest.visit(&sessions, T0, |session| session.write(|data| "guest".clone_into(data)));
    let newer = format!("Ag{}", &browser.jar["__Host-session"].0[2..]);
    for (other, status) in [(&*newer, 503), ("junk", 200)] {
        let twins = format!("__Host-session={other}; {}", guest.header(at(1)));
        let session = sessions.load_at([&twins], at(1));
        let answer = sessions.answer_device_at(&session, &request, at(1)).unwrap();
        assert_eq!(answer.status(), status, "{other:.4}");
        assert_eq!(answer.body().contains("\"continue\":false"), status == 200);
    }
}

#[test]
fn a_session_that_a_machine_ahead_has_written_is_not_over() {
    let [ahead, other] = fleet();
    let mut browser = Browser::bound(&ahead, "ada", T0);
    browser.visit(&ahead, at(5 * MINUTE), |session| session.write(|data| data.push('!')));
    assert_eq!(browser.refresh(&other, 0, at(4 * MINUTE - 1)), 503);
    assert_eq!(browser.refresh(&other, 0, at(4 * MINUTE)), 200);
    assert_eq!(browser.read(&other, at(4 * MINUTE)), "ada!");
}

#[test]
fn a_device_is_registered_once_a_machine_can_read_the_session_and_never_if_none_will() {
    let [ahead, behind] = [ring([2, 1]), ring([1])].map(machine);
    let mut browser = Browser::default();
    let (path, asked) = read_offer(&browser.sign_in(&behind, "ada", T0));
    browser.visit(&ahead, at(1), |session| session.write(|data| data.push('!')));
    let proof = jwt(&key(1), true, &asked);
    let headers = [("secure-session-response", &*proof)];
    let status =
        |sessions, browser: &Browser| browser.post(sessions, &path, &headers, at(2)).status();
    assert_eq!(status(&behind, &browser), 503);
    assert_eq!(status(&ahead, &browser), 200);
    let mut spoilt = browser.copied();
    let (value, _) = spoilt.jar.get_mut("__Host-session").unwrap();
    *value = flipped(value);
    assert_eq!(status(&ahead, &spoilt), 403);
    assert_eq!(status(&ahead, &Browser::default()), 403);
}

#[cfg(feature = "tracing")]
#[test]
fn every_refresh_begins_without_a_proof_and_only_a_bad_one_is_told() {
    let [sessions, _] = fleet();
    let mut browser = Browser::bound(&sessions, "ada", T0);
    let log = crate::log::Log::default();
    let _guard = log.listen();
    let asked = challenge(&sessions, &browser, 1);
    assert_eq!(log.take(), [""; 0]);
    assert_eq!(browser.answer(&sessions, 0, &asked, at(121)), 403);
    let events = log.take();
    assert_eq!(events.len(), 1, "{events:?}");
    let said = "device refused cookie=\"__Host-session\" what=\"refresh\" reason=the challenge: ";
    assert!(events[0].contains(said), "{events:?}");
}

#[test]
fn without_a_time_that_is_given_the_clock_counts() {
    let [sessions, _] = fleet();
    let now = OffsetDateTime::now_utc();
    let mut browser = Browser::default();
    let (path, asked) = read_offer(&browser.sign_in(&sessions, "ada", now));
    let proof = jwt(&key(1), true, &asked);
    let headers = [("secure-session-response", proof.as_bytes())];
    let request = DeviceRequest { method: "POST", target: &path, headers: &headers };
    let answer = sessions.answer_device(&browser.load(&sessions, now), &request).unwrap();
    assert_eq!(answer.status(), 200);
    let page = DeviceRequest { target: "/", ..request };
    assert!(sessions.answer_device(&browser.load(&sessions, now), &page).is_none());
    // Of an hour ago.
    let mut late = Browser::default();
    let (_, asked) = read_offer(&late.sign_in(&sessions, "ada", now - secs(3600)));
    let proof = jwt(&key(1), true, &asked);
    let headers = [("secure-session-response", proof.as_bytes())];
    let request = DeviceRequest { headers: &headers, ..request };
    let answer = sessions.answer_device(&late.load(&sessions, now), &request).unwrap();
    assert_eq!(answer.status(), 403);
}

const REFRESH: &str = "/session-binding/session/refresh";
