//! What can be asked for.

use std::time::Duration;

use sealed_session::{Bound, Builder, ConfigError, DeviceRequest, Scope, Sessions};

use crate::support::{T0, at, ring, secs};

fn builder() -> Builder<u32> {
    Sessions::builder(ring([1]))
}

/// Why it is refused, where it is.
fn refusal(builder: Builder<u32>) -> Option<String> {
    match builder.build() {
        Ok(_) => None,
        Err(error @ ConfigError::Bound(_)) => Some(error.to_string()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_browsers_would_not_do_is_refused_with_its_remedy() {
    for (path, good) in [
        ("/auth/device", true),
        ("/auth/device/", true),
        ("/a-b.c_d~e", true),
        ("auth", false),
        ("//evil.example", false),
        ("/a b", false),
        ("/a\"b", false),
        ("/a?b", false),
        ("/a#b", false),
        ("/a;b", false),
        ("/a\\b", false),
        ("/ä", false),
        ("", false),
        ("/", false),
    ] {
        let told = refusal(builder().bound(Bound::new().path(path)));
        assert_eq!(told.is_none(), good, "{path}: {told:?}");
    }
    let below = |path| {
        refusal(builder().cookie_name("__Secure-s").path("/app").bound(Bound::new().path(path)))
    };
    assert_eq!(below("/app/device"), None);
    assert!(below("/other").unwrap().contains("below the cookie's Path"));
    assert!(below("/application").unwrap().contains("below the cookie's Path"));

    for (lifetime, good) in [
        (secs(1), true),
        (secs(600), true),
        (secs(0), false),
        (secs(601), false),
        (Duration::from_millis(1500), false),
    ] {
        let told = refusal(builder().bound(Bound::new().lifetime(lifetime)));
        assert_eq!(told.is_none(), good, "{lifetime:?}");
    }
    let shared = builder().cookie_name("__Secure-s").domain("example.org").bound(Bound::new());
    assert!(refusal(shared).unwrap().contains("Domain"));
}

#[test]
fn paths_are_those_that_were_asked_for_and_no_others_are_answered() {
    let is_ours = |sessions: &Sessions<u32>, method, target| {
        let request = DeviceRequest { method, target, headers: &[] };
        sessions.answer_device_at(&sessions.load_at([""], T0), &request, T0).is_some()
    };
    let given = builder().bound(Bound::new().path("/auth/device/")).build().unwrap();
    for path in ["/auth/device/register", "/auth/device/refresh", "/auth/device/refresh?x"] {
        assert!(is_ours(&given, "POST", path), "{path}");
        assert!(!is_ours(&given, "GET", path), "{path}");
    }
    for path in
        ["/", "/auth/device", "/auth/device/", "/auth/device/refresh/", "/AUTH/device/refresh"]
    {
        assert!(!is_ours(&given, "POST", path), "{path}");
    }
    let cart = builder().cookie_name("__Secure-cart").path("/app").former_scope(Scope::new());
    let cart = cart.bound(Bound::new()).build().unwrap();
    assert!(is_ours(&cart, "POST", "/app/session-binding/cart/register"));
    let off = builder().build().unwrap();
    assert!(!is_ours(&off, "POST", "/session-binding/session/register"));
}

#[test]
fn over_plain_http_nothing_is_offered_and_nothing_asked_for() {
    let sessions = builder()
        .insecure_plain_http_for_development()
        .bound(Bound::new().strict(true))
        .build()
        .unwrap();
    let mut session = sessions.load_at([""], T0);
    session.renew();
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(commit.registration(), None);
    let cookie = commit.cookies()[0].stripped().to_string();
    assert!(!sessions.load_at([cookie], at(3600)).is_new());
}

#[test]
fn a_shorter_lifetime_ends_as_much_earlier() {
    let sessions = crate::machine_with(ring([1]), Bound::new().lifetime(secs(30)));
    let browser = crate::browser::Browser::bound(&sessions, "ada", T0);
    assert!(browser.has(&browser.bound_name().unwrap(), at(29)));
    assert!(!browser.has(&browser.bound_name().unwrap(), at(30)));
    let mut thief = browser.copied();
    assert_eq!(thief.visit_without(&sessions, at(89), |_| {}), "ada");
    assert_eq!(thief.visit_without(&sessions, at(90), |_| {}), "");
}
