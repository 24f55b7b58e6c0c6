//! Load and commit over header maps.

use std::time::Duration as StdDuration;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, SET_COOKIE, VARY},
};
use sealed_session::{SameSite, Scope, SealError, Sessions, SignedIn, SignedInData};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::common::{NOW, header, ring, sealed, sessions};

const SECOND: Duration = Duration::SECOND;

fn headers<const N: usize>(pairs: [(HeaderName, &str); N]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    map
}

fn all(map: &HeaderMap, name: HeaderName) -> Vec<&str> {
    map.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

/// The Set-Cookie headers, with each of our values shortened to `VALUE`.
fn set_cookies(map: &HeaderMap) -> Vec<String> {
    all(map, SET_COOKIE)
        .into_iter()
        .map(|text| match text.split_once("=AQAAAA") {
            Some((name, rest)) => format!("{name}=VALUE;{}", rest.split_once(';').unwrap().1),
            None => text.to_owned(),
        })
        .collect()
}

/// Commits a first visit, in which `n` was written, to `response`.
fn write_into(sessions: &Sessions<u32>, n: u32, response: &mut HeaderMap) {
    let mut session = sessions.load_headers_at(&HeaderMap::new(), NOW);
    session.write(|count| *count = n);
    sessions.commit_headers_at(&session, response, NOW).unwrap();
}

fn destroy_into(sessions: &Sessions<u32>, response: &mut HeaderMap) {
    let mut session = sessions.load_headers_at(&HeaderMap::new(), NOW);
    session.destroy();
    sessions.commit_headers_at(&session, response, NOW).unwrap();
}

/// The response to a request with the cookie `sessions` made at `sealed_at`, read at `NOW`.
fn read_into(sessions: &Sessions<u32>, sealed_at: time::OffsetDateTime, response: &mut HeaderMap) {
    let ours = header(sessions, &sealed(sessions, 7, sealed_at));
    let session = sessions.load_headers_at(&headers([(COOKIE, &ours)]), NOW);
    assert_eq!(*session.read(), 7);
    sessions.commit_headers_at(&session, response, NOW).unwrap();
}

const OURS: &str = "__Host-session=VALUE; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1209600";
const REMOVAL: &str = "__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; \
                       Expires=Thu, 01 Jan 1970 00:00:00 GMT";

#[test]
fn written_session_comes_back_with_the_next_request() {
    let sessions = sessions();
    let mut response = HeaderMap::new();
    write_into(&sessions, 7, &mut response);
    assert_eq!(set_cookies(&response), [OURS]);
    let pair = response[SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let session = sessions.load_headers_at(&headers([(COOKIE, pair)]), NOW);
    assert_eq!((session.is_new(), *session.read()), (false, 7));
}

#[test]
fn all_cookie_headers_are_read() {
    let sessions = sessions();
    let [old, new] = [1, 2].map(|n| header(&sessions, &sealed(&sessions, n, NOW + SECOND * n)));
    for order in [["a=b", &new, &old], [&old, "a=b", &new], [&new, &old, "a=b"]] {
        let request = headers(order.map(|value| (COOKIE, value)));
        assert_eq!(*sessions.load_headers_at(&request, NOW).read(), 2);
    }
    let mut request = headers([(COOKIE, &new)]);
    request.append(COOKIE, HeaderValue::from_bytes(b"theme=\xff\xfe").unwrap());
    assert_eq!(*sessions.load_headers_at(&request, NOW).read(), 2);
}

#[test]
fn other_headers_of_the_request_are_not_cookies() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    let request = headers([(SET_COOKIE, &ours), (HeaderName::from_static("cookie2"), &ours)]);
    let session = sessions.load_headers_at(&request, NOW);
    assert_eq!((session.is_new(), session.refusal()), (true, None));
}

#[test]
fn set_cookie_is_appended_behind_those_of_others() {
    let mut response =
        headers([(SET_COOKIE, "b=1; Path=/"), (CONTENT_TYPE, "text/plain"), (SET_COOKIE, "a=2")]);
    write_into(&sessions(), 7, &mut response);
    assert_eq!(set_cookies(&response), ["b=1; Path=/", "a=2", OURS]);
    assert_eq!(all(&response, CONTENT_TYPE), ["text/plain"]);
}

#[test]
fn earlier_one_of_ours_is_replaced_and_the_order_of_others_kept() {
    let sessions = sessions();
    let mut response = headers([
        (SET_COOKIE, "b=1"),
        (SET_COOKIE, "__Host-session=old; Path=/; Secure"),
        (SET_COOKIE, "a=2"),
        (SET_COOKIE, "__Host-session=older; path=/"),
        (SET_COOKIE, "b=3"),
    ]);
    write_into(&sessions, 1, &mut response);
    assert_eq!(set_cookies(&response), ["b=1", "a=2", "b=3", OURS]);
    destroy_into(&sessions, &mut response);
    assert_eq!(set_cookies(&response), ["b=1", "a=2", "b=3", REMOVAL]);
    write_into(&sessions, 2, &mut response);
    assert_eq!(set_cookies(&response), ["b=1", "a=2", "b=3", OURS]);
}

#[test]
fn cookies_that_a_browser_keeps_elsewhere_are_not_replaced() {
    let sessions = Sessions::builder(ring())
        .cookie_name("__Secure-id")
        .path("/app")
        .domain("example.org")
        .build()
        .unwrap();
    let others = [
        "__Secure-id=x; Path=/; Domain=example.org",
        "__Secure-id=x; Path=/app/; Domain=example.org",
        "__Secure-id=x; Domain=example.org",
        "__Secure-id=x; Path=/app",
        "__Secure-id=x; Path=/app; Domain=www.example.org",
        "__Secure-id=x; Path=/app; Domain=example.org; Secure; Partitioned",
        "__secure-id=x; Path=/app; Domain=example.org",
        "__Secure-id2=x; Path=/app; Domain=example.org",
        "%5F%5FSecure-id=x; Path=/app; Domain=example.org",
        "=__Secure-id=x; Path=/app; Domain=example.org",
        "__Secure-id; Path=/app; Domain=example.org",
    ];
    let mut response = headers(others.map(|other| (SET_COOKIE, other)));
    response.append(SET_COOKIE, HeaderValue::from_bytes(b"theme=\xff").unwrap());
    response.append(
        SET_COOKIE,
        HeaderValue::from_static("__Secure-id=x; Path=/app; Domain=example.org"),
    );
    write_into(&sessions, 7, &mut response);
    let kept: Vec<_> = response.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes).collect();
    assert_eq!(kept.len(), others.len() + 2);
    assert!(kept.iter().zip(others).all(|(kept, other)| *kept == other.as_bytes()));
    assert_eq!(kept[others.len()], b"theme=\xff");
    assert!(kept[others.len() + 1].starts_with(b"__Secure-id=AQ"));
}

#[test]
fn partitioned_twin_is_replaced_and_the_unpartitioned_one_is_not() {
    let sessions =
        Sessions::builder(ring()).same_site(SameSite::None).partitioned(true).build().unwrap();
    let mut response = headers([
        (SET_COOKIE, "__Host-session=x; Path=/; Secure"),
        (SET_COOKIE, "__Host-session=x; Path=/; Secure; Partitioned"),
    ]);
    write_into(&sessions, 7, &mut response);
    assert_eq!(
        set_cookies(&response),
        [
            "__Host-session=x; Path=/; Secure",
            "__Host-session=VALUE; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=1209600"
        ]
    );
}

#[test]
fn removal_of_former_scopes_replaces_each_twin_once() {
    let sessions = Sessions::builder(ring())
        .cookie_name("__Secure-id")
        .former_scope(Scope::new().path("/app"))
        .build()
        .unwrap();
    let mut response = HeaderMap::new();
    write_into(&sessions, 7, &mut response);
    for _ in 0..2 {
        destroy_into(&sessions, &mut response);
        let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(
            set_cookies(&response),
            [
                format!("__Secure-id=; HttpOnly; SameSite=Lax; Secure; Path=/; {end}"),
                format!("__Secure-id=; HttpOnly; SameSite=Lax; Secure; Path=/app; {end}"),
            ]
        );
    }
}

#[test]
fn two_sessions_stand_side_by_side() {
    let accounts = sessions::<u32>();
    let carts = Sessions::<u32>::builder(ring()).cookie_name("__Host-cart").build().unwrap();
    let mut response = HeaderMap::new();
    write_into(&accounts, 1, &mut response);
    write_into(&carts, 2, &mut response);
    assert_eq!(set_cookies(&response), [OURS, &OURS.replace("session", "cart")]);
    assert_eq!(all(&response, VARY), ["cookie"]);
    assert_eq!(all(&response, CACHE_CONTROL), ["no-store"]);

    let pairs: Vec<_> = all(&response, SET_COOKIE)
        .into_iter()
        .map(|text| text.split(';').next().unwrap())
        .collect();
    let request = headers([(COOKIE, &pairs.join("; "))]);
    assert_eq!(*accounts.load_headers_at(&request, NOW).read(), 1);
    assert_eq!(*carts.load_headers_at(&request, NOW).read(), 2);

    destroy_into(&accounts, &mut response);
    assert_eq!(set_cookies(&response), [&OURS.replace("session", "cart"), REMOVAL]);
}

#[test]
fn value_is_marked_sensitive() {
    let sessions = sessions();
    let mut response = headers([(SET_COOKIE, "a=b")]);
    write_into(&sessions, 7, &mut response);
    let sensitive: Vec<_> =
        response.get_all(SET_COOKIE).iter().map(HeaderValue::is_sensitive).collect();
    assert_eq!(sensitive, [false, true]);
    assert!(!format!("{response:?}").contains("AQAAAAE"));
    write_into(
        &Sessions::builder(ring()).cookie_name("__Host-b").build().unwrap(),
        7,
        &mut response,
    );
    assert!(!format!("{response:?}").contains("AQAAAAE"), "also after another commit");
}

#[test]
fn no_store_replaces_every_cache_control() {
    let sessions = sessions();
    for commit in [|s: &_, r: &mut _| write_into(s, 7, r), |s: &_, r: &mut _| destroy_into(s, r)] {
        let mut response =
            headers([(CACHE_CONTROL, "public, max-age=3600"), (CACHE_CONTROL, "immutable")]);
        commit(&sessions, &mut response);
        assert_eq!(all(&response, CACHE_CONTROL), ["no-store"]);
    }
}

#[test]
fn refreshed_session_is_not_stored_by_caches_either() {
    let sessions =
        Sessions::builder(ring()).idle_timeout(StdDuration::from_secs(600)).build().unwrap();
    let mut response = headers([(CACHE_CONTROL, "public, max-age=3600"), (SET_COOKIE, "a=b")]);
    read_into(&sessions, NOW - SECOND * 75, &mut response);
    assert_eq!(set_cookies(&response), ["a=b", &OURS.replace("1209600", "600")]);
    assert_eq!(all(&response, CACHE_CONTROL), ["no-store"]);
    assert_eq!(all(&response, VARY), ["cookie"]);

    let mut response = headers([(CACHE_CONTROL, "public, max-age=3600")]);
    read_into(&sessions, NOW - SECOND * 74, &mut response);
    assert_eq!(all(&response, CACHE_CONTROL), ["max-age=3600, private"], "not due yet");
    assert_eq!(set_cookies(&response), [""; 0]);
}

#[test]
fn session_that_was_only_looked_at_keeps_the_response_to_its_visitor() {
    let sessions = sessions();
    let mut response = headers([(CACHE_CONTROL, "public, max-age=3600"), (SET_COOKIE, "a=b")]);
    let mut expected = response.clone();
    expected.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600, private"));
    expected.append(VARY, HeaderValue::from_static("cookie"));
    read_into(&sessions, NOW, &mut response);
    assert_eq!(response, expected);
}

#[test]
fn vary_names_cookie_once() {
    let sessions = sessions();
    let after = |values: &[&'static str]| {
        let mut response = HeaderMap::new();
        for value in values {
            response.append(VARY, HeaderValue::from_static(value));
        }
        read_into(&sessions, NOW, &mut response);
        read_into(&sessions, NOW, &mut response);
        all(&response, VARY).join(" | ")
    };
    assert_eq!(after(&[]), "cookie");
    for respected in [
        &["*"][..],
        &["Accept, Cookie"],
        &["cookie"],
        &["COOKIE"],
        &["accept,cookie , origin"],
        &["origin", "Cookie"],
    ] {
        assert_eq!(after(respected), respected.join(" | "));
    }
    assert_eq!(after(&["Accept"]), "Accept | cookie");
    assert_eq!(after(&["x-cookie, cookies"]), "x-cookie, cookies | cookie");
}

#[test]
fn untouched_session_leaves_the_headers_untouched() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW - Duration::days(1)));
    for request in
        [HeaderMap::new(), headers([(COOKIE, &ours)]), headers([(COOKIE, "__Host-session=junk")])]
    {
        let session = sessions.load_headers_at(&request, NOW);
        let mut response = headers([
            (CACHE_CONTROL, "public"),
            (SET_COOKIE, "__Host-session=x; Path=/"),
            (VARY, "accept"),
        ]);
        let before = response.clone();
        sessions.commit_headers_at(&session, &mut response, NOW).unwrap();
        assert_eq!(response, before);
    }
}

#[test]
fn refused_cookie_sets_no_cookie() {
    let sessions = sessions::<u32>();
    let session = sessions.load_headers_at(&headers([(COOKIE, "__Host-session=junk")]), NOW);
    assert!(session.refusal().is_some());
    let mut response = HeaderMap::new();
    sessions.commit_headers_at(&session, &mut response, NOW).unwrap();
    assert_eq!(response, headers([(CACHE_CONTROL, "private"), (VARY, "cookie")]));
}

#[test]
fn failed_commit_leaves_the_headers_untouched_and_can_be_repeated() {
    let sessions = sessions::<String>();
    let mut session = sessions.load_headers_at(&HeaderMap::new(), NOW);
    session.write(|text| *text = "x".repeat(5000));
    let mut response =
        headers([(CACHE_CONTROL, "public"), (SET_COOKIE, "__Host-session=x; Path=/; Secure")]);
    let before = response.clone();
    let error = sessions.commit_headers_at(&session, &mut response, NOW).unwrap_err();
    assert!(matches!(error, SealError::TooLarge { .. }), "{error}");
    assert_eq!(response, before);

    session.write(String::clear);
    sessions.commit_headers_at(&session, &mut response, NOW).unwrap();
    assert_eq!(set_cookies(&response), [OURS]);
}

#[test]
fn the_present_is_now_where_it_is_not_given() {
    let sessions = sessions::<u32>();
    let mut session = sessions.load_headers(&HeaderMap::new());
    session.write(|count| *count = 7);
    let mut response = HeaderMap::new();
    sessions.commit_headers(&session, &mut response).unwrap();
    let pair = response[SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let session = sessions.load_headers(&headers([(COOKIE, pair)]));
    assert_eq!(*session.read(), 7);
    assert!(
        (time::OffsetDateTime::now_utc() - session.created_at().unwrap()) < Duration::minutes(5)
    );
}

#[test]
fn only_a_browser_that_opens_a_page_is_sent_to_the_sign_in_page() {
    let at = |method: Method, name: &'static str, value: &str| {
        let uri = Uri::from_static("/orders?page=2");
        let request = headers([(HeaderName::from_static(name), value)]);
        SignedIn::<Account>::sign_in_at(&method, &uri, &request)
    };
    let page = Some("/sign-in?next=/orders%3Fpage%3D2".to_owned());
    assert_eq!(at(Method::GET, "sec-fetch-mode", "navigate"), page);
    assert_eq!(at(Method::GET, "accept", "text/html,*/*"), page);
    assert_eq!(at(Method::POST, "sec-fetch-mode", "navigate"), None);
    assert_eq!(at(Method::GET, "sec-fetch-mode", "cors"), None);
    assert_eq!(at(Method::GET, "accept", "*/*"), None);

    let uri = Uri::from_static("/orders");
    let request = headers([(HeaderName::from_static("sec-fetch-mode"), "navigate")]);
    assert_eq!(SignedIn::<NoPage>::sign_in_at(&Method::GET, &uri, &request), None);
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Account;

impl SignedInData for Account {
    const SIGN_IN_PAGE: Option<&'static str> = Some("/sign-in");

    fn is_signed_in(&self) -> bool {
        true
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct NoPage;

impl SignedInData for NoPage {
    fn is_signed_in(&self) -> bool {
        true
    }
}
