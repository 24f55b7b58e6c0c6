//! What a refresh is refused for, and how: a challenge that is too old or too new, and a session that
//! this machine cannot read.

use sealed_session::{Bound, DeviceRequest, Sessions};

use crate::{
    DAY, MINUTE,
    browser::{Browser, header, jwt, key, read_offer},
    fleet, machine_with,
    support::{T0, at, ring, secs},
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

const REFRESH: &str = "/session-binding/session/refresh";
