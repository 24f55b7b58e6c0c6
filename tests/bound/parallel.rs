//! Requests of one browser that are under way at once, whose responses arrive in every order.

use sealed_session::{Cookie, DeviceRequest, Session, Sessions};

use crate::{
    DAY, MINUTE,
    browser::{Browser, jwt, key, read_offer},
    fleet,
    support::{T0, at},
};

/// What a tab asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Write,
    NewId,
    StepUp,
    SignOut,
    SignIn,
    Refresh,
}

const ALL: [Ask; 6] =
    [Ask::Write, Ask::NewId, Ask::StepUp, Ask::SignOut, Ask::SignIn, Ask::Refresh];

/// What a response brings: cookies, and an offer.
#[derive(Clone, Default)]
struct Brought {
    cookies: Vec<Cookie<'static>>,
    offer: Option<String>,
}

/// The response to what the browser asks for with the cookies that it has now.
fn ask(sessions: &Sessions<String>, browser: &Browser, ask: Ask, seconds: i64) -> Brought {
    let now = at(seconds);
    let change: fn(&mut Session<String>) = match ask {
        Ask::Write => |session| session.write(|data| data.push('!')),
        Ask::NewId => Session::regenerate_id,
        Ask::StepUp => Session::reauthenticate,
        Ask::SignOut => Session::destroy,
        Ask::SignIn => |session| {
            session.sign_in(|data| "grace".clone_into(data));
        },
        Ask::Refresh => {
            let mut tab = browser.clone();
            if !tab.device.is_empty() {
                tab.refresh(sessions, 0, now);
            }
            let is_new = |name: &String| browser.jar.get(name) != tab.jar.get(name);
            let mut cookies = Vec::new();
            for (name, (value, end)) in tab.jar.iter().filter(|(name, _)| is_new(name)) {
                let mut cookie = Cookie::new(name.clone(), value.clone());
                cookie.set_max_age(end.map(|end| end - now));
                cookies.push(cookie);
            }
            return Brought { cookies, offer: None };
        }
    };
    let mut session = browser.load(sessions, now);
    let _ = session.read();
    change(&mut session);
    match sessions.commit_at(&session, now) {
        Ok(commit) => Brought {
            offer: commit.registration().map(str::to_owned),
            cookies: commit.into_cookies(),
        },
        Err(_) => Brought::default(),
    }
}

fn permutations(of: usize) -> Vec<Vec<usize>> {
    match of {
        0 => vec![Vec::new()],
        _ => permutations(of - 1)
            .into_iter()
            .flat_map(|shorter| {
                (0..of).map(move |place| {
                    let mut longer = shorter.clone();
                    longer.insert(place, of - 1);
                    longer
                })
            })
            .collect(),
    }
}

/// Starts with this browser, asks for three things at once, and takes the responses in every order.
/// A registration follows its offer at once, or when all responses are there.
fn in_every_order(start: &Browser, asked_at: i64) {
    for (index, first) in ALL.into_iter().enumerate() {
        for (second_index, second) in ALL.into_iter().enumerate().skip(index + 1) {
            for third in ALL.into_iter().skip(second_index + 1) {
                one_of_them(start, [first, second, third], asked_at);
            }
        }
    }
}

fn one_of_them(start: &Browser, asked: [Ask; 3], asked_at: i64) {
    let [one, other] = fleet();
    let brought = asked.map(|what| ask(&other, start, what, asked_at));
    let is_offer = brought.iter().any(|brought| brought.offer.is_some());
    for order in permutations(3) {
        for waits in [false, true].into_iter().take(if is_offer { 2 } else { 1 }) {
            let mut browser = start.clone();
            let mut offers = Vec::new();
            for &place in &order {
                for cookie in &brought[place].cookies {
                    browser.keep(cookie, at(asked_at));
                }
                offers.extend(brought[place].offer.clone());
                if !waits {
                    for offer in offers.drain(..) {
                        browser.register(&one, &offer, at(asked_at + 1));
                    }
                }
            }
            for offer in offers {
                browser.register(&one, &offer, at(asked_at + 1));
            }
            let story = format!("{asked:?} in order {order:?}, registered late: {waits}");
            judge(&mut browser, asked, asked_at + 2, &story);
        }
    }
}

/// What must hold whatever came in which order.
fn judge(browser: &mut Browser, asked: [Ask; 3], seconds: i64, story: &str) {
    let [one, other] = fleet();
    let user = browser.read(&one, at(seconds));
    let asked_for = |what| asked.contains(&what);
    match (asked_for(Ask::SignOut), asked_for(Ask::SignIn)) {
        (true, false) => assert_eq!(user, "", "signed out: {story}"),
        // A new id and a sign-in at once: the last response wins.
        (_, true) if asked_for(Ask::NewId) || asked_for(Ask::StepUp) => {}
        (_, true) => assert!(!user.starts_with("ada"), "ada was replaced: {story}"),
        // What was asked for with the former id and comes last takes the place of the new one, and
        // is refused.
        (false, false) if asked_for(Ask::NewId) || asked_for(Ask::StepUp) => {
            assert!(user.is_empty() || user.starts_with("ada"), "{user:?}: {story}");
        }
        (false, false) => assert!(user.starts_with("ada"), "{user:?}: {story}"),
    }
    // Nobody is locked out: who is signed in stays so over the next lapses, and no session waits
    // in vain for a device.
    for minute in [12, 40] {
        let later = at(seconds + minute * MINUTE);
        assert_eq!(browser.read(&other, later), user, "{minute} minutes later: {story}");
        let session = browser.load(&other, later);
        assert_eq!(
            session.refusal().filter(|refusal| refusal.class() == "bound").map(|_| story),
            None
        );
    }
    if !user.is_empty() {
        let late = at(seconds + 60 * MINUTE);
        assert_eq!(browser.read(&one, late), user, "{story}");
        let is_bound = browser.load(&one, late).is_bound();
        // A session that is bound is nothing without its device.
        let mut thief = browser.copied();
        thief.jar.retain(|name, _| name == "__Host-session");
        let seen = thief.visit_without(&one, late, |_| {});
        assert_eq!(seen.is_empty(), is_bound, "{story}");
    }
}

#[test]
fn no_order_of_responses_locks_out_revives_or_unbinds() {
    let [one, _] = fleet();
    in_every_order(&Browser::bound(&one, "ada", T0), MINUTE);
}

#[test]
fn no_order_does_so_while_the_bound_cookie_has_lapsed() {
    let [one, _] = fleet();
    let start = Browser::bound(&one, "ada", T0);
    // The browser refreshes before it asks, so only what goes without is asked for here.
    let [_, other] = fleet();
    let asked_at = 30 * MINUTE;
    for asked in [Ask::SignOut, Ask::SignIn] {
        let brought = [asked, Ask::Refresh].map(|what| ask(&other, &start, what, asked_at));
        for order in permutations(2) {
            let mut browser = start.clone();
            for &place in &order {
                for cookie in &brought[place].cookies {
                    browser.keep(cookie, at(asked_at));
                }
            }
            if let Some(offer) = &brought[0].offer {
                assert!(browser.register(&one, offer, at(asked_at + 1)));
            }
            judge(&mut browser, [asked, asked, Ask::Refresh], asked_at + 2, &format!("{asked:?}"));
        }
    }
}

#[test]
fn two_sign_ins_at_once_bind_the_one_that_stays() {
    let [one, other] = fleet();
    let start = Browser::default();
    for order in permutations(2) {
        for registers_at_once in [true, false] {
            let brought = [Ask::SignIn; 2].map(|what| ask(&one, &start, what, 0));
            let mut browser = start.clone();
            let mut offers = Vec::new();
            for &place in &order {
                for cookie in &brought[place].cookies {
                    browser.keep(cookie, T0);
                }
                offers.extend(brought[place].offer.clone());
                if registers_at_once {
                    for offer in offers.drain(..) {
                        browser.register(&other, &offer, at(1));
                    }
                }
            }
            for offer in offers {
                browser.register(&other, &offer, at(1));
            }
            assert_eq!(browser.read(&one, at(2)), "grace");
            assert!(browser.load(&one, at(2)).is_bound());
            assert_eq!(browser.read(&one, at(30 * MINUTE)), "grace");
            assert_eq!(browser.device.len(), 1, "the other one is told to end");
        }
    }
}

#[test]
fn a_registration_that_comes_after_a_sign_out_or_another_sign_in_binds_nothing() {
    let [one, other] = fleet();
    for second in [Ask::SignOut, Ask::SignIn] {
        let mut browser = Browser::default();
        let offer = browser.sign_in(&one, "ada", T0);
        let late = browser.jar["__Host-session"].clone();
        for cookie in ask(&other, &browser, second, 1).cookies {
            browser.keep(&cookie, at(1));
        }
        assert!(!browser.register(&one, &offer, at(2)));
        // Nor where a late response puts the session back.
        browser.jar.insert("__Host-session".into(), late);
        assert!(!browser.register(&one, &offer, at(3)));
        assert!(browser.bound_name().is_none());
    }
}

#[test]
fn a_write_from_before_the_binding_that_lands_during_a_lapse_heals_with_the_refresh() {
    let [one, other] = fleet();
    let mut browser = Browser::default();
    let offer = browser.sign_in(&one, "ada", T0);
    let mut slow = browser.load(&other, T0);
    assert!(browser.register(&one, &offer, at(1)));
    assert_eq!(browser.read(&one, at(2)), "ada");
    slow.write(|data| data.push('!'));
    browser.take(&other.commit_at(&slow, at(20)).unwrap(), at(30 * MINUTE));
    assert!(!browser.load(&other, at(30 * MINUTE)).is_bound());
    // The browser holds a page back until its refresh is done.
    assert_eq!(browser.read(&other, at(30 * MINUTE)), "ada!");
    assert!(browser.load(&one, at(30 * MINUTE)).is_bound());
    assert_eq!(browser.read(&one, at(DAY - 1)), "ada!");
}

#[test]
fn other_methods_and_requests_of_other_sites_do_nothing_on_the_two_paths() {
    let [sessions, _] = fleet();
    let browser = Browser::bound(&sessions, "ada", T0);
    let (_, challenge) = read_offer(&Browser::default().sign_in(&sessions, "grace", T0));
    let id = browser.device[0].id.clone();
    let proof = jwt(&key(9), true, &challenge);
    let all = [
        ("sec-secure-session-id", id.as_bytes()),
        ("secure-session-response", proof.as_bytes()),
        ("sec-fetch-site", b"cross-site"),
        ("sec-fetch-mode", b"navigate"),
        ("sec-fetch-dest", b"document"),
    ];
    for step in ["register", "refresh"] {
        let target = format!("/session-binding/session/{step}");
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post"] {
            let request = DeviceRequest { method, target: &target, headers: &all };
            let session = browser.load(&sessions, at(1));
            assert!(sessions.answer_device_at(&session, &request, at(1)).is_none(), "{method}");
        }
        // A form of another site: `Lax` cookies do not come, and no form sets a header.
        for cookies in [String::new(), browser.header(at(1))] {
            let request = DeviceRequest { method: "POST", target: &target, headers: &all[2..] };
            let session = sessions.load_at([cookies], at(1));
            let answer = sessions.answer_device_at(&session, &request, at(1)).unwrap();
            assert_eq!(answer.status(), 400, "{step}");
            assert!(answer.headers().all(|(name, _)| name != "set-cookie"));
            assert_eq!(answer.body(), "");
        }
    }
}
