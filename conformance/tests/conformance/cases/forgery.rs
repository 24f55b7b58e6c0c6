//! Requests that another site makes a visitor's browser send.

use crate::{
    app::{Mounted, SESSION},
    server::{Adapter, Site},
};

pub(crate) async fn request_of_another_site_is_refused<A: Adapter>() {
    let site = Site::with::<A>(Mounted::Guarded).await;
    let visitor = site.visitor();
    let token = visitor.get("/token").await.body;
    for from in ["cross-site", "same-site"] {
        let headers = [("sec-fetch-site", from), ("x-csrf-token", &token)];
        let answer = visitor.send_with("/login/eve", &headers, "").await;
        assert_eq!(answer.status, 403, "{from}");
        assert_eq!(answer.cookie_names(), [""; 0]);
    }
    assert_eq!(visitor.post("/login/eve").await.status, 403, "no browser of today");
    let headers = [("sec-fetch-site", "same-origin"), ("x-csrf-token", &token)];
    visitor.send_with("/login/ada", &headers, "").await.is(200, "").sets(&[SESSION]);
    visitor.get("/look").await.is(200, "ada");
}

pub(crate) async fn form_needs_the_token_of_its_session<A: Adapter>() {
    if !A::CHECKS_TOKENS {
        return;
    }
    let site = Site::with::<A>(Mounted::Guarded).await;
    let (visitor, other) = (site.visitor(), site.visitor());
    let token = visitor.get("/token").await.body;
    let theirs = other.get("/token").await.body;
    let form = [("sec-fetch-site", "same-origin"), ("content-type", FORM)];

    let body = format!("text=a%20b&csrf={token}&more=1");
    visitor.send_with("/echo", &form, &body).await.is(200, &body);
    for body in
        ["text=a", "csrf=", "csrf", "xcsrf=1", &format!("csrf={theirs}"), &format!("x={token}")]
    {
        assert_eq!(visitor.send_with("/echo", &form, body).await.status, 403, "{body}");
    }
    let filling = if A::HOLDS_FORMS { 70_000 } else { 2000 };
    let large = format!("csrf={token}&text={}", "x".repeat(filling));
    if A::HOLDS_FORMS {
        assert_eq!(visitor.send_with("/echo", &form, &large).await.status, 413);
    }

    // What is no form has the token in the header, and is not held in memory.
    let json = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    assert_eq!(visitor.send_with("/echo", &json, &body).await.status, 403);
    let headers = [json[0], json[1], ("x-csrf-token", &token)];
    visitor.send_with("/echo", &headers, &large).await.is(200, &large);
}

pub(crate) async fn guard_without_its_sessions_is_found<A: Adapter>() {
    if !A::CHECKS_TOKENS {
        return;
    }
    let site = Site::with::<A>(Mounted::Unguarded).await;
    let visitor = site.visitor();
    visitor.get("/untouched").await.is(200, "hello");
    site.log().clear();
    for content_type in [FORM, "application/json"] {
        let headers = [("content-type", content_type), ("x-none", "")];
        let answer = visitor.send_with("/echo", &headers, "csrf=a").await;
        assert_eq!(answer.status, 500, "a mistake in mounting is not the visitor's");
        assert!(!answer.body.contains("Sessions"), "visitors do not see it: {}", answer.body);
        let event = site.log().only_line();
        for word in ["ERROR", "CsrfGuard", "no `Sessions`", "inside of the sessions"] {
            assert!(event.contains(word), "{word}: {event}");
        }
        site.log().clear();
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
