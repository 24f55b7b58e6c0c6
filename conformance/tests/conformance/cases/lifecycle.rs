//! A session from the first visit to the last.

use futures_util::future::join_all;

use crate::{
    app::{CART, SESSION},
    server::{Adapter, Site},
};

pub(crate) async fn visitor_who_touches_nothing_gets_nothing<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/untouched").await.is(200, "hello").is_without_session();

    visitor.post("/login/ada").await.sets(&[SESSION]);
    let before = visitor.cookies();
    visitor.get("/untouched").await.is(200, "hello").is_without_session();
    assert_eq!(visitor.cookies(), before);
}

pub(crate) async fn session_that_nobody_looked_at_leaves_no_trace<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/held").await.is(200, "hello").is_without_session();
    // It is not even decrypted.
    visitor.keep(SESSION, "junk");
    visitor.get("/held").await.is(200, "hello").is_without_session();
    assert_eq!(site.log().lines(), [""; 0]);
}

pub(crate) async fn look_without_a_change_only_varies<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/look").await.is(200, "nobody").only_varies();
    assert_eq!(visitor.cookies(), "");
    visitor.post("/login/ada").await;
    visitor.get("/look").await.is(200, "ada").only_varies();
}

pub(crate) async fn login_read_change_and_logout<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/visit").await.is(200, "1").sets(&[SESSION]);
    let login = visitor.post("/login/ada").await;
    assert_eq!(login.is(200, "").sets(&[SESSION]).set_cookies().len(), 1);
    visitor.get("/look").await.is(200, "ada");
    visitor.get("/visit").await.is(200, "2").sets(&[SESSION]);
    visitor.get("/look").await.is(200, "ada");

    visitor.post("/logout").await.is(200, "").removes(&[SESSION]);
    assert_eq!(visitor.cookies(), "");
    visitor.get("/look").await.is(200, "nobody");
    visitor.get("/visit").await.is(200, "1");
}

pub(crate) async fn cookie_has_the_promised_attributes<A: Adapter>() {
    let site = Site::open::<A>().await;
    let login = site.visitor().post("/login/ada").await;
    let text = login.set_cookies().concat();
    let (pair, attributes) = text.split_once("; ").expect("there are attributes");
    let value = pair.strip_prefix("__Host-session=").expect("the name");
    assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600");
}

pub(crate) async fn renew_changes_the_id_and_a_write_does_not<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/visit").await;
    let guest = visitor.get("/id").await.body;
    assert_eq!(guest.len(), 32);
    visitor.get("/visit").await;
    visitor.get("/id").await.is(200, &guest);
    visitor.post("/login/ada").await;
    let ada = visitor.get("/id").await.body;
    assert_ne!(ada, guest);
    visitor.get("/visit").await.is(200, "3");
    visitor.get("/id").await.is(200, &ada);
}

pub(crate) async fn two_sessions_live_side_by_side<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.post("/add/7").await.sets(&[CART]);
    visitor.post("/login/ada").await.sets(&[SESSION]);
    visitor.post("/add/8").await.sets(&[CART]);
    visitor.get("/cart").await.is(200, "[7, 8]").only_varies();
    visitor.get("/look").await.is(200, "ada").only_varies();

    let both = visitor.post("/fill/account/1").await;
    let mut names = both.cookie_names();
    names.sort_unstable();
    assert_eq!(names, [CART, SESSION, "kept"]);
    assert_eq!(both.all("cache-control"), ["no-store"]);

    visitor.post("/logout").await.removes(&[SESSION]);
    visitor.get("/look").await.is(200, "nobody");
    visitor.get("/cart").await.is(200, "[7]");
}

pub(crate) async fn hundred_clients_each_see_their_own<A: Adapter>() {
    let site = Site::open::<A>().await;
    let clients = (0..100).map(|n| {
        let visitor = site.visitor();
        async move {
            let user = format!("user{n}");
            visitor.post(&format!("/login/{user}")).await.sets(&[SESSION]);
            for round in 1..=5 {
                visitor.post(&format!("/add/{n}")).await.sets(&[CART]);
                visitor.get("/look").await.is(200, &user);
                visitor.get("/visit").await.is(200, &round.to_string());
                visitor.get("/cart").await.is(200, &format!("{:?}", vec![n; round]));
            }
            visitor.get("/id").await.body
        }
    });
    let mut ids = join_all(clients).await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    assert_eq!(site.log().lines(), [""; 0]);
}
