//! What the head of a response says.

use reqwest::Method;
use time::{Duration, OffsetDateTime};

use crate::{
    app::{Account, SESSION},
    server::{Adapter, Site},
    support::sealed,
};

pub(crate) async fn other_cookies_survive_in_order<A: Adapter>() {
    let site = Site::open::<A>().await;
    let answer = site.visitor().get("/cookies").await;
    let cookies = answer.sets(&["b", "a", SESSION]).all("set-cookie");
    assert!(cookies[0].starts_with("b=1;") && cookies[1].starts_with("a=2;"), "{cookies:?}");
}

pub(crate) async fn cached_response_is_not_stored_once_it_sets_the_cookie<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    let read = visitor.get("/cached").await;
    assert_eq!(read.all("cache-control"), ["max-age=600, private"]);
    assert_eq!(read.all("cdn-cache-control"), [""; 0]);
    assert_eq!(read.all("vary").join(", "), "accept, cookie");

    let write = visitor.post("/cached").await;
    assert_eq!(write.sets(&[SESSION]).all("vary").join(", "), "accept, cookie");
    assert_eq!(write.all("cdn-cache-control"), [""; 0]);
}

pub(crate) async fn refresh_without_a_write_is_not_stored_either<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    let begin = OffsetDateTime::now_utc() - Duration::minutes(30);
    let account = Account { user: Some("ada".to_owned()), ..Account::default() };
    visitor.keep(SESSION, &sealed(&site.app.account, account, begin));

    visitor.get("/untouched").await.is_without_session();
    let id = visitor.get("/id").await;
    assert_eq!(id.cookie_names(), [""; 0], "an id is no activity");
    let read = visitor.get("/cached").await;
    read.is(200, "ada").sets(&[SESSION]);
    visitor.get("/id").await.is(200, &id.body);
    assert_eq!(visitor.get("/cached").await.all("cache-control"), ["max-age=600, private"]);
}

pub(crate) async fn head_and_options_commit_like_get<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.send(Method::HEAD, "/visit").await.is(200, "").sets(&[SESSION]);
    visitor.get("/visit").await.is(200, "2").sets(&[SESSION]);
    visitor.send(Method::OPTIONS, "/visit").await.is(200, "3").sets(&[SESSION]);
    visitor.get("/visit").await.is(200, "4");
}

pub(crate) async fn redirect_carries_the_cookie<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    let answer = visitor.get("/redirect").await;
    assert_eq!((answer.status, answer.all("location")), (303, vec!["/look"]));
    answer.sets(&[SESSION]);
    visitor.get("/visit").await.is(200, "2");
}

pub(crate) async fn unknown_paths_and_methods_leave_no_trace<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    for junk in [false, true] {
        if junk {
            visitor.keep(SESSION, "junk");
        }
        let unknown = visitor.get("/no/such/path").await;
        assert_eq!(unknown.status, 404);
        unknown.is_without_session();
        let unfit = visitor.send(Method::DELETE, "/look").await;
        assert!([404, 405].contains(&unfit.status), "{}", unfit.status);
        unfit.is_without_session();
    }
}
