//! A link of another site, when the bound cookie has lapsed.

use sealed_session::{DeviceRequest, Sessions};

use crate::{
    MINUTE,
    browser::{Browser, header},
    fleet,
    support::{T0, at},
};

fn arrive(
    sessions: &Sessions<String>,
    browser: &Browser,
    seconds: i64,
    (method, site, mode, dest): (&str, &str, &str, &str),
) -> Option<String> {
    let headers = [
        ("Sec-Fetch-Site", site.as_bytes()),
        ("Sec-Fetch-Mode", mode.as_bytes()),
        ("Sec-Fetch-Dest", dest.as_bytes()),
    ];
    let request =
        DeviceRequest { method, target: "/orders?page=<2>&by=\"a'b\"", headers: &headers };
    let session = browser.load(sessions, at(seconds));
    let answer = sessions.answer_device_at(&session, &request, at(seconds))?;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(header(&answer, "vary").as_deref(), Some("cookie"));
    assert!(answer.headers().all(|(name, _)| name != "set-cookie"));
    Some(answer.body().to_owned())
}

const LINK: (&str, &str, &str, &str) = ("GET", "cross-site", "navigate", "document");

#[test]
fn a_link_of_another_site_is_asked_for_once_more_when_the_bound_cookie_has_lapsed() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    assert_eq!(arrive(&other, &browser, 1, LINK), None, "it has not");
    let page = arrive(&other, &browser, 30 * MINUTE, LINK).expect("a page");
    let refresh = "<meta http-equiv=\"refresh\" content=\"0;url=?page=&lt;2&gt;&amp;by=&quot;a&#39;b&quot;\">";
    assert!(page.contains(refresh), "{page}");
    assert!(!page.contains("<2>") && !page.contains("\"a"), "{page}");
    // It comes from this site, so the browser refreshes.
    assert_eq!(browser.read(&one, at(30 * MINUTE)), "ada");
    assert_eq!(arrive(&other, &browser, 30 * MINUTE, LINK), None);
}

#[test]
fn no_other_request_and_no_other_visitor_gets_that_page() {
    let [one, other] = fleet();
    let browser = Browser::bound(&one, "ada", T0);
    let lapsed = 30 * MINUTE;
    for request in [
        ("POST", "cross-site", "navigate", "document"),
        ("HEAD", "cross-site", "navigate", "document"),
        ("GET", "same-origin", "navigate", "document"),
        ("GET", "same-site", "navigate", "document"),
        ("GET", "none", "navigate", "document"),
        ("GET", "cross-site", "no-cors", "image"),
        ("GET", "cross-site", "cors", "empty"),
        ("GET", "cross-site", "navigate", "iframe"),
    ] {
        assert_eq!(arrive(&other, &browser, lapsed, request), None, "{request:?}");
    }
    assert_eq!(arrive(&one, &Browser::default(), 0, LINK), None, "anonymous");
    let mut unbound = Browser::default();
    let _ = unbound.sign_in(&one, "ada", T0);
    assert_eq!(arrive(&one, &unbound, lapsed, LINK), None, "not bound");
}
