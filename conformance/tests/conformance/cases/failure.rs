//! Handlers that fail, and sessions that cannot be sealed.

use reqwest::Method;

use crate::{
    app::{CART, SESSION},
    server::{Adapter, Site},
};

pub(crate) async fn returned_errors_commit<A: Adapter>() {
    commits_at::<A>("/answer").await;
}

pub(crate) async fn error_types_commit<A: Adapter>() {
    commits_at::<A>("/fail").await;
}

async fn commits_at<A: Adapter>(path: &str) {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    for (status, visits) in [(400, 1), (404, 2), (422, 3), (500, 4), (503, 5)] {
        let answer = visitor.get(&format!("{path}/{status}")).await;
        assert_eq!(answer.status, status);
        answer.sets(&[SESSION]);
        assert_eq!(site.app.account.load([visitor.cookies()]).read().visits, visits);
    }
    assert_eq!(site.log().lines(), [""; 0]);
}

pub(crate) async fn panic_that_is_caught_keeps_what_was_written<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    let answer = visitor.get("/panic").await;
    assert_eq!(answer.status, 500);
    answer.sets(&[SESSION]);
    visitor.get("/visit").await.is(200, "2");
}

pub(crate) async fn panic_that_nobody_catches_costs_one_connection<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.post("/login/ada").await;
    // More than there are threads.
    for _ in 0..5 {
        if let Ok(answer) = visitor.try_send(Method::GET, "/crash").await {
            assert_eq!(answer.status, 500);
        }
    }
    visitor.get("/look").await.is(200, "ada");
    site.visitor().get("/look").await.is(200, "nobody");
}

pub(crate) async fn error_is_not_stored_once_it_sets_two_cookies<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    for (path, status) in [("/fill/account/1", 200), ("/fill-and-fail/account/1", 409)] {
        let answer = visitor.post(path).await;
        answer.is(status, "filled");
        assert_eq!(sorted(answer.cookie_names()), [CART, SESSION, "kept"]);
        assert_eq!(answer.all("cache-control"), ["no-store"], "{path}");
    }
}

pub(crate) async fn oversize_session_is_an_empty_error_and_the_old_one_stays<A: Adapter>() {
    for path in ["/fill/account/4000", "/fill-and-fail/account/4000"] {
        let site = Site::open::<A>().await;
        let visitor = site.visitor();
        visitor.post("/login/ada").await;
        let before = visitor.cookies();

        let answer = visitor.post(path).await;
        answer.is(500, "");
        assert_eq!(sorted(answer.cookie_names()), [CART, "kept"], "those of others survive");
        assert_eq!(answer.all("cache-control"), ["no-store"], "{path}");
        let event = site.log().only_line();
        assert!(event.contains("ERROR") && event.contains("cookie=\"__Host-session\""), "{event}");
        assert!(event.contains("the limit is 4096"), "{event}");

        assert!(visitor.cookies().contains(&before), "the old cookie stays");
        visitor.get("/look").await.is(200, "ada");
        visitor.get("/cart").await.is(200, "[7]");
    }
}

pub(crate) async fn oversize_session_lets_nobody_store_its_error<A: Adapter>() {
    for path in ["/fill/alone/4000", "/fill-and-fail/alone/4000"] {
        let answer = Site::open::<A>().await.visitor().post(path).await;
        answer.is(500, "");
        assert_eq!(answer.cookie_names(), ["kept"]);
        assert_eq!(answer.all("cache-control"), ["no-store"], "{path}");
    }
}

pub(crate) async fn oversize_inner_session_leaves_the_outer_one<A: Adapter>() {
    for path in ["/fill/cart/4000", "/fill-and-fail/cart/4000"] {
        let site = Site::open::<A>().await;
        let visitor = site.visitor();
        visitor.post("/add/1").await;
        let answer = visitor.post(path).await;
        answer.is(500, "");
        assert_eq!(sorted(answer.cookie_names()), [SESSION, "kept"]);
        assert_eq!(answer.all("cache-control"), ["no-store"], "{path}");
        assert!(site.log().only_line().contains("cookie=\"__Host-cart\""));
        visitor.get("/cart").await.is(200, "[1]");
        assert_eq!(site.app.account.load([visitor.cookies()]).read().notes, "x");
    }
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}
