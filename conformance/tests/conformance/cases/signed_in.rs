//! Who is signed in, and not merely known.

use time::{Duration, OffsetDateTime};

use crate::{
    app::{Account, SESSION},
    client,
    server::{Adapter, Site},
    support::sealed,
};

pub(crate) async fn guest_with_a_session_is_not_signed_in<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/visit").await.sets(&[SESSION]);
    visitor.get("/existing").await.is(200, "nobody");
    for path in ["/signed-in", "/poll"] {
        let refused = visitor.get(path).await;
        assert_eq!(refused.status, 401, "{path}");
        refused.only_varies();
    }
    visitor.post("/login/ada").await;
    visitor.get("/signed-in").await.is(200, "ada").only_varies();
    visitor.get("/poll").await.is(200, "ada").only_varies();
}

pub(crate) async fn browser_is_sent_to_the_sign_in_page_and_told_the_way_back<A: Adapter>() {
    if !A::SENDS_TO_SIGN_IN {
        return;
    }
    let site = Site::open::<A>().await;
    let navigation = ["Sec-Fetch-Mode: navigate".to_owned()];
    let (head, _) = client::get(site.address, "/signed-in?page=2", &navigation).await;
    assert!(head[0].starts_with("HTTP/1.1 303 "), "{head:#?}");
    let location = head.iter().filter_map(|line| line.split_once(": "));
    let mut location = location.filter(|(name, _)| name.eq_ignore_ascii_case("location"));
    assert_eq!(
        location.next().map(|(_, value)| value),
        Some("/sign-in?next=/signed-in%3Fpage%3D2")
    );
    // What a page asks by itself is not sent elsewhere.
    let (head, _) = client::get(site.address, "/poll", &navigation).await;
    assert!(head[0].starts_with("HTTP/1.1 401 "), "{head:#?}");
}

pub(crate) async fn poll_does_not_keep_the_session_alive<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    let begin = OffsetDateTime::now_utc() - Duration::minutes(30);
    let account = Account { user: Some("ada".to_owned()), ..Account::default() };
    visitor.keep(SESSION, &sealed(&site.app.account, account, begin));
    visitor.get("/poll").await.is(200, "ada").only_varies();
    visitor.get("/signed-in").await.is(200, "ada").sets(&[SESSION]);
}

pub(crate) async fn token_in_a_header_is_a_session_and_sets_no_cookie<A: Adapter>() {
    if !A::SENDS_TO_SIGN_IN {
        return;
    }
    let site = Site::open::<A>().await;
    let account = Account { user: Some("ada".to_owned()), ..Account::default() };
    let sessions = &site.app.account;
    let token = sessions.create(account).and_then(|session| sessions.bearer_token(&session));
    let token = token.expect("there are keys and randomness");
    let cookie = sealed(sessions, Account::default(), OffsetDateTime::now_utc());
    let authorization = |value: &str| format!("Authorization: Bearer {value}");
    let asked = async |lines: &[String]| {
        let (head, body) = client::get(site.address, "/bearer", lines).await;
        let head: Vec<_> = head.iter().map(|line| line.to_ascii_lowercase()).collect();
        assert!(!head.iter().any(|line| line.starts_with("set-cookie")), "{head:#?}");
        for line in ["cache-control: private", "vary: authorization"] {
            assert!(head.iter().any(|other| other == line), "{line}: {head:#?}");
        }
        (head, body)
    };
    let (head, body) = asked(&[authorization(&token)]).await;
    assert!(head[0].starts_with("http/1.1 200 ") && body.contains("ada"), "{head:#?} {body}");
    // A cookie is no token, nor the other way round, and a request has one at most.
    for lines in [
        vec![],
        vec![authorization(&cookie)],
        vec![format!("Cookie: {SESSION}={token}")],
        vec![format!("Cookie: {SESSION}={cookie}")],
        vec![authorization(&token), authorization(&token)],
    ] {
        let (head, _) = asked(&lines).await;
        assert!(head[0].starts_with("http/1.1 401 "), "{head:#?}");
        assert!(head.iter().any(|line| line == "www-authenticate: bearer"), "{head:#?}");
    }
}
