//! An application that changes while its visitors' sessions are bound: another cookie name, path
//! or audience, a newer machine, revocations; and two kinds of session on one site.

use std::time::Duration;

use sealed_session::{
    Bound, DeviceRequest, Keys, Revocations, SealError, Sessions, Subject, UnsealError,
};

use crate::{
    DAY, MINUTE,
    browser::{Browser, header},
    fleet, machine, machine_with,
    support::{T0, at, ring, secs},
};

fn renamed(present: &'static str, former: &str) -> Sessions<String> {
    Sessions::builder(ring([1]))
        .absolute_timeout(secs(DAY.unsigned_abs()))
        .cookie_name(present)
        .former_name(former, at(2 * DAY))
        .bound(Bound::new())
        .build()
        .unwrap()
}

#[test]
fn a_renamed_cookie_takes_its_device_along_without_a_path_that_was_chosen() {
    let [today, _] = fleet();
    let first = renamed("__Host-session", "__Host-shop");
    let second = renamed("__Host-shop", "__Host-session");
    let mut browser = Browser::bound(&today, "ada", T0);
    assert_eq!(browser.read(&first, at(15 * MINUTE)), "ada");
    assert_eq!(browser.read(&second, at(30 * MINUTE)), "ada");
    assert!(browser.jar.contains_key("__Host-shop"));
    // While the second is deployed, the first is asked too.
    assert_eq!(browser.read(&first, at(45 * MINUTE)), "ada");
    assert_eq!(browser.read(&second, at(60 * MINUTE)), "ada");
    // A device that registers at one and refreshes at the other.
    let mut browser = Browser::default();
    let offer = browser.sign_in(&second, "grace", T0);
    assert!(browser.register(&first, &offer, at(1)));
    assert_eq!(browser.read(&second, at(2)), "grace");
    assert_eq!(browser.read(&first, at(30 * MINUTE)), "grace");
    assert_eq!(browser.read(&second, at(60 * MINUTE)), "grace");
    assert_eq!(browser.device.len(), 1);
}

#[test]
fn another_path_takes_the_devices_of_the_former_one_along() {
    let [before, _] = fleet();
    let bound = Bound::new().path("/auth/device").former_path("/session-binding/session");
    let after = machine_with(ring([1]), bound);
    let mut browser = Browser::bound(&before, "ada", T0);
    assert_eq!(browser.read(&after, at(30 * MINUTE)), "ada");
    assert_eq!(browser.read(&before, at(60 * MINUTE)), "ada");
    let offer = Browser::default().sign_in(&after, "grace", T0);
    assert!(offer.contains("path=\"/auth/device/register\""), "{offer}");
}

#[test]
fn a_server_that_was_told_the_next_path_refreshes_what_registered_there() {
    let next = Bound::new().path("/auth/device").former_path("/session-binding/session");
    let next = machine_with(ring([1]), next);
    let told = machine_with(ring([1]), Bound::new().former_path("/auth/device"));
    let mut browser = Browser::bound(&next, "ada", T0);
    assert_eq!(browser.read(&told, at(30 * MINUTE)), "ada");
    assert_eq!(browser.device.len(), 1);
}

#[test]
fn a_former_path_is_as_plain_as_a_path() {
    for (path, good) in
        [("/auth", true), ("auth", false), ("//a", false), ("/a b", false), ("/", false)]
    {
        let built = Sessions::<u32>::builder(ring([1])).bound(Bound::new().former_path(path));
        assert_eq!(built.build().is_ok(), good, "{path}");
    }
}

#[test]
fn a_device_goes_along_to_another_audience_until_the_date() {
    let with = |audience: &str, former: &str| {
        Sessions::builder(ring([1]))
            .absolute_timeout(secs(DAY.unsigned_abs()))
            .audience(audience)
            .former_audience(Some(former), at(60 * MINUTE))
            .bound(Bound::new())
            .build()
            .unwrap()
    };
    let (old, new) = (with("old", "new"), with("new", "old"));
    let mut browser = Browser::bound(&old, "ada", T0);
    assert_eq!(browser.read(&new, at(30 * MINUTE)), "ada");
    assert_eq!(browser.read(&old, at(45 * MINUTE)), "ada");
    assert_eq!(browser.read(&new, at(60 * MINUTE - 1)), "ada");
    // The name of the device was sealed for the former one: after the date it is refused, and the
    // session, which is for the present one, waits for a sign-in. `until` has to be late enough.
    assert_eq!(browser.read(&new, at(80 * MINUTE)), "");
    assert!(browser.device.is_empty());
    let session = browser.load(&new, at(80 * MINUTE));
    assert_eq!(session.refusal().map(UnsealError::class), Some("bound"));
    let _ = browser.sign_in(&new, "ada", at(81 * MINUTE));
    assert_eq!(browser.read(&new, at(81 * MINUTE)), "ada");
}

#[test]
fn a_session_that_this_machine_cannot_read_yet_is_not_over_because_another_one_came_too() {
    let (ahead, behind) = (machine(ring([2, 1])), machine(ring([1])));
    let mut browser = Browser::bound(&behind, "ada", T0);
    browser.visit(&ahead, at(1), |session| session.write(|data| data.push('!')));
    // An old twin of another scope, which the machine behind can read.
    let mut guest = Browser::default();
    guest.visit(&behind, T0, |session| session.write(|data| "guest".clone_into(data)));
    let twins =
        format!("__Host-session={}; {}", guest.jar["__Host-session"].0, browser.header(at(2)));
    let id = browser.device[0].id.clone();
    let headers = [("sec-secure-session-id", id.as_bytes())];
    let path = "/session-binding/session/refresh";
    let request = DeviceRequest { method: "POST", target: path, headers: &headers };
    let status = |sessions: &Sessions<String>| {
        let session = sessions.load_at([&twins], at(2));
        let answer = sessions.answer_device_at(&session, &request, at(2)).unwrap();
        (answer.status(), answer.body().contains("continue"))
    };
    assert_eq!(status(&behind), (503, false));
    assert_eq!(status(&ahead), (403, false), "a challenge");
    // Nor because its key comes just after it was looked at.
    for is_revoked in [true, false] {
        let keys = Keys::from(ring([1]));
        let replaced = keys.clone();
        let catching_up = Sessions::builder(keys)
            .absolute_timeout(secs(DAY.unsigned_abs()))
            .revoke_if(move |user: &String, _| {
                replaced.replace(ring([2, 1]));
                is_revoked && user == "guest"
            })
            .bound(Bound::new())
            .build()
            .unwrap();
        assert_eq!(status(&catching_up), (503, false), "{is_revoked}");
        assert_eq!(status(&catching_up), (403, false), "{is_revoked}");
    }
}

#[test]
fn a_revoked_user_or_sign_in_ends_the_device_and_a_machine_without_a_list_does_not() {
    let with = |list: &Revocations| {
        Sessions::builder(ring([1]))
            .absolute_timeout(secs(DAY.unsigned_abs()))
            .revocations(list, |user: &String| Some(Subject::from(user)))
            .bound(Bound::new())
            .build()
            .unwrap()
    };
    let list = Revocations::in_memory(Duration::from_secs(2 * DAY.unsigned_abs()));
    let sessions = with(&list);
    let mut user = Browser::bound(&sessions, "ada", T0);
    let mut family = Browser::bound(&sessions, "grace", T0);
    assert_eq!(user.refresh(&sessions, 0, at(20 * MINUTE)), 200);
    list.revoke_all("ada").wait().unwrap();
    assert_eq!(user.refresh(&sessions, 0, at(30 * MINUTE)), 0);
    let id = family.load(&sessions, at(1)).family().unwrap();
    list.revoke_family(id).wait().unwrap();
    assert_eq!(family.refresh(&sessions, 0, at(30 * MINUTE)), 0);

    // A registration is refused as well.
    let mut late = Browser::default();
    let offer = late.sign_in(&sessions, "eve", at(31 * MINUTE));
    list.revoke_all("eve").wait().unwrap();
    assert!(!late.register(&sessions, &offer, at(31 * MINUTE + 1)));
}

#[test]
fn a_string_or_a_token_of_a_bound_session_is_an_error_and_not_one_that_nobody_can_open() {
    let [sessions, _] = fleet();
    let browser = Browser::bound(&sessions, "ada", T0);
    let session = browser.load(&sessions, at(1));
    assert!(session.is_bound());
    let refused = |error: SealError| match error {
        SealError::Refused(reason) => assert_eq!(reason.class(), "bound"),
        other => panic!("{other}"),
    };
    refused(sessions.seal_at(&session, at(1)).unwrap_err());
    refused(sessions.bearer_token_at(&session, at(1)).unwrap_err());
    // One that waits for its device cannot be opened for long.
    let strict = machine_with(ring([1]), Bound::new().strict(true));
    let mut waits = Browser::default();
    let _ = waits.sign_in(&strict, "ada", T0);
    refused(strict.seal_at(&waits.load(&strict, at(1)), at(1)).unwrap_err());
    // What it holds can be given to one that is made for it.
    let apart = sessions.create_at(session.read().to_string(), at(1)).unwrap();
    let value = sessions.seal_at(&apart, at(1)).unwrap();
    assert_eq!(*sessions.unseal_at(&value, at(2)).unwrap().read(), "ada");
}

#[test]
fn the_headers_of_a_commit_have_the_offer() {
    let [sessions, _] = fleet();
    let mut session = sessions.load_at([""], T0);
    session.sign_in(|data| "ada".clone_into(data));
    let commit = sessions.commit_at(&session, T0).unwrap();
    let offers: Vec<_> =
        commit.headers().filter(|(name, _)| *name == "secure-session-registration").collect();
    assert_eq!(offers.len(), 1);
    assert_eq!(Some(&*offers[0].1), commit.registration());
    let mut session = sessions.load_at([""], T0);
    session.write(|data| "guest".clone_into(data));
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert!(commit.headers().all(|(name, _)| name != "secure-session-registration"));
}

/// What is to be said of a site with a second kind of session.
#[cfg(feature = "http")]
#[test]
fn a_response_that_signs_in_to_two_kinds_of_session_offers_both() {
    let [shop, _] = fleet();
    let admin =
        Sessions::<u32>::builder(ring([1])).cookie_name("__Host-admin").bound(Bound::new()).build();
    let admin = admin.unwrap();
    let mut headers = http::HeaderMap::new();
    let mut session = shop.load_at([""], T0);
    session.sign_in(|data| "ada".clone_into(data));
    shop.commit_headers_at(&session, &mut headers, T0).unwrap();
    let mut session = admin.load_at([""], T0);
    session.renew();
    admin.commit_headers_at(&session, &mut headers, T0).unwrap();
    let offers: Vec<_> = headers.get_all("secure-session-registration").iter().collect();
    assert_eq!(offers.len(), 2, "{offers:?}");
}

#[cfg(feature = "tower")]
#[test]
fn two_kinds_that_would_answer_one_path_are_a_clash() {
    use std::{
        convert::Infallible,
        future::{Ready, ready},
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use http::{Request, Response};
    use tower_layer::Layer as _;
    use tower_service::Service;

    #[derive(Clone)]
    struct Hello;

    impl Service<Request<()>> for Hello {
        type Error = Infallible;
        type Future = Ready<Result<Response<()>, Infallible>>;
        type Response = Response<()>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            ready(Ok(Response::new(())))
        }
    }

    let status = |other: &Sessions<u32>| {
        let [shop, _] = fleet();
        let mut service = shop.layer(other.layer(Hello));
        let future = pin!(service.call(Request::new(())));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(response)) => response.status().as_u16(),
            _ => panic!("it is ready"),
        }
    };
    let other = |name: &'static str, bound: Option<Bound>| {
        let builder = Sessions::<u32>::builder(ring([1])).cookie_name(name);
        match bound {
            Some(bound) => builder.bound(bound).build().unwrap(),
            None => builder.build().unwrap(),
        }
    };
    assert_eq!(status(&other("__Host-admin", Some(Bound::new()))), 200);
    assert_eq!(status(&other("__Secure-session", None)), 200);
    // The same name behind another prefix, and a path that was chosen.
    assert_eq!(status(&other("__Secure-session", Some(Bound::new()))), 500);
    let chosen = Bound::new().path("/session-binding/session");
    assert_eq!(status(&other("__Host-admin", Some(chosen))), 500);
}

#[test]
fn a_clock_that_is_off_moves_the_end_by_as_much_and_by_no_more() {
    let [one, other] = fleet();
    // The machine that asked is a minute ahead, which is what is tolerated.
    let mut ahead = Browser::bound(&one, "ada", T0);
    assert_eq!(ahead.refresh(&one, 0, at(30 * MINUTE + 60)), 200);
    let mut thief = ahead.copied();
    assert_eq!(thief.visit_without(&other, at(42 * MINUTE - 1), |_| {}), "ada");
    assert_eq!(thief.visit_without(&other, at(42 * MINUTE), |_| {}), "");
    // Its challenge is answered at one whose clock is right, and the end stays where it was.
    let id = ahead.device[0].id.clone();
    let path = "/session-binding/session/refresh";
    let asked = ahead.post(&one, path, &[("sec-secure-session-id", &id)], at(50 * MINUTE + 60));
    let challenge = header(&asked, "secure-session-challenge").unwrap();
    let challenge = challenge.split('"').nth(1).unwrap().to_owned();
    assert_eq!(ahead.answer(&other, 0, &challenge, at(50 * MINUTE)), 200);
    let mut thief = ahead.copied();
    assert_eq!(thief.visit_without(&other, at(62 * MINUTE - 1), |_| {}), "ada");
    assert_eq!(thief.visit_without(&other, at(62 * MINUTE), |_| {}), "");
}
