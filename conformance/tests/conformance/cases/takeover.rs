//! Visitors who come with a cookie of iron-session.

use std::time::Duration;

use futures_util::future::join;
use sealed_session::{
    Sessions,
    iron::{self, Migration, Passwords},
};
use serde_json::json;
use time::OffsetDateTime;

use crate::{
    app::{App, IDLE_TIMEOUT, Mounted, SESSION},
    client::Visitor,
    server::{Adapter, Site},
};

const IRON: &str = "app";
const TTL: Duration = Duration::from_secs(14 * 24 * 3600);

fn passwords() -> Passwords {
    Passwords::new("a2V5cyBvZiB0aGUgdGVzdHMgb2YgYWRhcHRlcnM").expect("it is long")
}

/// A site whose account sessions take iron-session's cookie over.
async fn site<A: Adapter>() -> Site {
    let app = App::new(Mounted::Both);
    let until = OffsetDateTime::now_utc() + time::Duration::WEEK;
    let account = Sessions::builder(app.account.keys().clone())
        .idle_timeout(IDLE_TIMEOUT)
        .accept_iron(Migration::new(IRON, passwords(), until).ttl(TTL))
        .build()
        .expect("follows the rules");
    Site::try_with::<A>(App { account, ..app }).await.expect("the server starts")
}

/// Ada, as the Node server before ours signed her in.
fn ada(site: &Site) -> Visitor {
    let data = json!({ "user": "ada", "visits": 3, "notes": "" });
    let visitor = site.visitor();
    visitor.keep(IRON, &iron::seal(IRON, &data, &passwords(), Some(TTL)).expect("it is small"));
    visitor
}

pub(crate) async fn visitor_of_iron_session_stays_signed_in<A: Adapter>() {
    let site = site::<A>().await;
    let visitor = ada(&site);
    let answer = visitor.get("/look").await;
    answer.is(200, "ada").sets(&[SESSION, IRON]);
    let [ours, removal] = answer.all("set-cookie")[..] else { panic!("two cookies") };
    assert_eq!(removal.split(';').next(), Some("app="));
    assert!(removal.contains("; Max-Age=0"), "{removal}");
    assert_eq!(visitor.cookies(), ours.split(';').next().expect("a pair"));

    let id = visitor.get("/id").await.body;
    visitor.get("/look").await.is(200, "ada").only_varies();
    visitor.get("/visit").await.is(200, "4").sets(&[SESSION]);
    visitor.get("/id").await.is(200, &id);
}

pub(crate) async fn iron_cookie_stays_where_nobody_reads_it<A: Adapter>() {
    let site = site::<A>().await;
    let visitor = ada(&site);
    let before = visitor.cookies();
    visitor.get("/untouched").await.is(200, "hello").is_without_session();
    visitor.get("/held").await.is(200, "hello").is_without_session();
    visitor.get("/cart").await.is(200, "[]").only_varies();
    assert_eq!(visitor.cookies(), before);
}

pub(crate) async fn parallel_requests_with_an_iron_cookie_are_one_session<A: Adapter>() {
    let site = site::<A>().await;
    let visitor = ada(&site);
    let other = site.visitor();
    other.keep(IRON, visitor.cookies().split_once('=').expect("a pair").1);
    let (first, second) = join(visitor.get("/id"), other.get("/id")).await;
    assert_eq!(first.body.len(), 32);
    assert_eq!(first.body, second.body);
}

pub(crate) async fn forged_iron_cookie_is_nobody<A: Adapter>() {
    let site = site::<A>().await;
    let visitor = ada(&site);
    let cookies = visitor.cookies();
    let (_, value) = cookies.split_once('=').expect("a pair");
    let (signed, mac) = value.rsplit_once('*').expect("the MAC is the last part");
    let forged = if mac.starts_with('A') { "B" } else { "A" };
    visitor.keep(IRON, &format!("{signed}*{forged}{}", &mac[1..]));
    visitor.get("/look").await.is(200, "nobody").only_varies();
    assert_eq!(site.log().lines().len(), 1);

    visitor.post("/login/eve").await.sets(&[SESSION, IRON]);
    visitor.get("/look").await.is(200, "eve");
}

pub(crate) async fn logout_removes_both_cookies<A: Adapter>() {
    let site = site::<A>().await;
    let visitor = ada(&site);
    visitor.post("/logout").await.removes(&[SESSION, IRON]);
    assert_eq!(visitor.cookies(), "");
    visitor.get("/look").await.is(200, "nobody");
}

pub(crate) async fn thousand_visitors_in_parts_come_along_and_nothing_is_left<A: Adapter>() {
    let site = site::<A>().await;
    for number in 0..1000 {
        let user = format!("ada-{number}");
        let data = json!({ "user": user, "visits": 3, "notes": "x".repeat(2840) });
        let value = iron::seal(IRON, &data, &passwords(), Some(TTL)).expect("it fits");
        let visitor = site.visitor();
        // As version 9 splits what has more than 4096 bytes with its attributes.
        let parts = value.as_bytes().chunks(PART);
        assert_eq!(parts.len(), 2);
        for (place, part) in parts.enumerate() {
            let part = str::from_utf8(part).expect("a value is ASCII");
            visitor.keep(&format!("{IRON}.{place}"), part);
        }
        visitor.get("/look").await.is(200, &user);
        let cookies = visitor.cookies();
        let names: Vec<_> = cookies.split("; ").filter_map(|pair| pair.split_once('=')).collect();
        assert!(matches!(names[..], [(SESSION, _)]), "{number}");
    }
}

/// What is left for a value beside name and attributes.
const PART: usize = 4033;
