//! What happens after the head is out.

use crate::{
    app::SESSION,
    client::Wire,
    server::{Adapter, Site},
};

pub(crate) async fn stream_sees_the_session<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/stream/read").await.is(200, "nobody nobody nobody ").only_varies();
    visitor.post("/login/ada").await;
    visitor.get("/stream/read").await.is(200, "ada ada ada ").only_varies();
    assert_eq!(site.log().lines(), [""; 0]);
}

pub(crate) async fn change_after_the_head_is_reported<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.post("/login/ada").await;
    let before = visitor.cookies();
    visitor.get("/stream/write").await.is(200, "ada ada ada ");
    assert_eq!(visitor.cookies(), before);
    let events = site.log().lines();
    assert_eq!(events.len(), 3, "{events:#?}");
    for event in events {
        assert!(event.contains("WARN") && event.contains("the response was committed"), "{event}");
    }
    visitor.get("/look").await.is(200, "ada");
}

pub(crate) async fn first_look_after_the_head_is_reported<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.post("/login/ada").await;
    let answer = visitor.get("/stream/late").await;
    answer.is(200, "ada ada ada ").is_without_session();
    let event = site.log().only_line();
    assert!(event.contains("WARN") && event.contains("no Vary"), "{event}");
}

pub(crate) async fn upgrade_carries_the_cookie_in_its_head<A: Adapter>() {
    let site = Site::open::<A>().await;
    let request = "GET /upgrade HTTP/1.1\nHost: localhost\nConnection: upgrade\nUpgrade: websocket";
    let mut wire = Wire::send(site.address, request).await;
    let head = wire.head().await;
    assert!(head[0].starts_with("HTTP/1.1 101 "), "{head:#?}");
    let value = |name: &str| {
        let mut lines = head.iter().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    };
    assert_eq!(value("cache-control"), "no-store");
    let pair = value("set-cookie").split(';').next().unwrap_or("");
    assert!(pair.starts_with(SESSION), "{head:#?}");
    assert_eq!(site.app.account.load([pair]).read().visits, 1);
    for text in ["hello", "again"] {
        assert_eq!(wire.echo(text).await, text);
    }
}
