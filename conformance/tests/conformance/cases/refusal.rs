//! Cookies that are no session, and the choice among several.

use sealed_session::{Lifetime, Sessions};
use time::{Duration, OffsetDateTime};

use crate::{
    app::{Account, CART, Cart, IDLE_TIMEOUT, SESSION},
    client,
    server::{Adapter, Site},
    support::{forge, sealed},
};

pub(crate) async fn refused_cookies_look_like_none<A: Adapter>() {
    let site = Site::open::<A>().await;
    let refused = refused(&site);
    for path in
        ["/untouched", "/held", "/look", "/existing", "/existing-or", "/visit", "/stream/read"]
    {
        let anonymous = seen(&site, path, "theme=dark").await;
        for (class, value) in &refused {
            let cookies = format!("theme=dark; {SESSION}={value}");
            if path == "/visit" && PASSING.contains(class) {
                let (head, body) = seen(&site, path, &cookies).await;
                let is_error = head.iter().any(|line| line.starts_with("HTTP/1.1 500"));
                assert!(is_error && body.is_empty(), "{class} at {path}");
                continue;
            }
            assert_eq!(seen(&site, path, &cookies).await, anonymous, "{class} at {path}");
        }
    }
    // To the operator they do not look the same.
    let events = site.log().lines().join("\n");
    for (class, _) in &refused {
        assert!(events.contains(&format!("class=\"{class}\"")), "{class}");
    }
}

/// A response with this Cookie header, but for what differs from one second, and one nonce, to the next.
async fn seen(site: &Site, path: &str, cookies: &str) -> (Vec<String>, String) {
    let (head, body) = client::get(site.address, path, &[format!("Cookie: {cookies}")]).await;
    let head = head.into_iter().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    let blank = |line: String| match line.split_once("__Host-session=") {
        Some((name, text)) => {
            let (value, attributes) = text.split_once(';').expect("there are attributes");
            format!("{name}{} bytes;{attributes}", value.len())
        }
        None => line,
    };
    let mut head: Vec<_> = head.map(blank).collect();
    // The order of different headers is random in actix.
    head.sort_unstable();
    (head, body)
}

/// A value of every class of refusal.
fn refused(site: &Site) -> Vec<(&'static str, String)> {
    let sessions = &site.app.account;
    let now = OffsetDateTime::now_utc();
    let minute = Duration::MINUTE;
    let live = sealed(sessions, Account::default(), now);

    let mut short = sessions.create_at(Account::default(), now - 50 * minute).expect("randomness");
    let half_hour = Lifetime::persistent(IDLE_TIMEOUT / 2);
    short.renew_with(half_hour).expect("shorter than the configured one");

    let keys = || sessions.keys().clone();
    let elsewhere = Sessions::<Account>::builder(keys()).audience("elsewhere").build();
    let text = Sessions::<String>::new(keys());
    let refused = [
        ("too_long", "A".repeat(4097)),
        ("malformed", "*****".to_owned()),
        ("malformed", String::new()),
        ("malformed", live[..40].to_owned()),
        ("unsupported_version", format!("Ag{}", &live[2..])),
        ("unknown_key", forge(9, SESSION, &[0; 40])),
        ("retired_key", forge(2, SESSION, &[0; 40])),
        ("not_authentic", crate::support::flipped(&live)),
        ("not_authentic", sealed(&site.app.cart, Cart::default(), now)),
        ("not_authentic", sealed(&elsewhere.expect("valid"), Account::default(), now)),
        ("invalid_claims", forge(1, SESSION, &[0xff; 60])),
        ("issued_in_future", sealed(sessions, Account::default(), now + 5 * minute)),
        ("expired", sessions.seal_at(&short, now - 40 * minute).expect("it is live")),
        ("idle", sealed(sessions, Account::default(), now - 61 * minute)),
        ("payload", sealed(&text, "not an account".to_owned(), now)),
    ];
    for (class, value) in &refused {
        assert_eq!(sessions.unseal(value).map(drop).map_err(|error| error.class()), Err(*class));
    }
    refused.into()
}

pub(crate) async fn live_cookie_behind_junk_is_found<A: Adapter>() {
    let site = Site::open::<A>().await;
    let now = OffsetDateTime::now_utc();
    let live = named(&site, "ada", now);
    let mut junk: Vec<_> =
        refused(&site).into_iter().map(|(_, value)| format!("{SESSION}={value}")).collect();
    // Fewer than the eight that are decrypted at the most, and than a server's limit on a head.
    junk.retain(|pair| pair.len() < 1000);
    junk.truncate(8);
    for cookies in [
        format!("{}; {SESSION}={live}", junk.join("; ")),
        format!("{SESSION}={live}; {}", junk.join("; ")),
        format!("={SESSION}=x; %5F%5FHost-session=x; {SESSION}; ;;{SESSION}={live}"),
    ] {
        let (head, body) = get(&site, "/look", &[&cookies]).await;
        assert_eq!((head[0].as_str(), body.as_str()), ("HTTP/1.1 200 OK", "ada"), "{cookies}");
        assert!(!head.iter().any(|line| line.to_lowercase().starts_with("set-cookie")));
    }
}

pub(crate) async fn cookie_headers_are_one_list<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.post("/login/ada").await;
    visitor.post("/add/7").await;
    let cookies = visitor.cookies();
    let pair = |name: &str| cookies.split("; ").find(|pair| pair.starts_with(name)).expect("kept");
    for headers in [
        ["theme=dark", pair(SESSION), pair(CART)],
        [pair(CART), "__Host-session=junk", pair(SESSION)],
        [pair(SESSION), pair(CART), "__Host-cart="],
    ] {
        assert_eq!(get(&site, "/look", &headers).await.1, "ada", "{headers:?}");
        assert_eq!(get(&site, "/cart", &headers).await.1, "[7]", "{headers:?}");
    }
}

pub(crate) async fn of_several_live_cookies_the_last_sealed_wins<A: Adapter>() {
    let site = Site::open::<A>().await;
    let now = OffsetDateTime::now_utc();
    let [old, new] = [("old", 5), ("new", 3)].map(|(user, ago)| {
        format!("{SESSION}={}", named(&site, user, now - Duration::seconds(ago)))
    });
    for headers in [[&old, &new], [&new, &old]] {
        assert_eq!(get(&site, "/look", &headers.map(String::as_str)).await.1, "new");
    }
    assert_eq!(get(&site, "/look", &[&format!("{old}; {new}")]).await.1, "new");
    let events = site.log().lines();
    assert_eq!(events.len(), 3, "{events:#?}");
    assert!(events.iter().all(|event| event.contains("several live session cookies")));
}

pub(crate) async fn tampered_cookie_is_replaced_at_the_next_login<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.post("/login/mallory").await;
    let value = visitor.cookies().split_once('=').expect("a pair").1.to_owned();
    let tampered = crate::support::flipped(&value);
    visitor.keep(SESSION, &tampered);
    visitor.get("/look").await.is(200, "nobody").only_varies();
    assert!(visitor.cookies().ends_with(&tampered), "a refusal removes nothing");
    visitor.post("/login/ada").await.sets(&[SESSION]);
    visitor.get("/look").await.is(200, "ada");
}

fn named(site: &Site, user: &str, at: OffsetDateTime) -> String {
    sealed(&site.app.account, Account { user: Some(user.to_owned()), ..Account::default() }, at)
}

/// A GET with each of these in a Cookie header of its own.
async fn get(site: &Site, path: &str, cookies: &[&str]) -> (Vec<String>, String) {
    let lines: Vec<_> = cookies.iter().map(|value| format!("Cookie: {value}")).collect();
    client::get(site.address, path, &lines).await
}

/// The session may be live on another machine, or in a minute, so nothing is written over it.
const PASSING: [&str; 3] = ["unsupported_version", "unknown_key", "issued_in_future"];
