//! How the middleware is mounted, and what handlers ask it for.

use crate::{
    app::{App, Mounted, SESSION},
    server::{Adapter, Site},
};

pub(crate) async fn mounted_twice_commits_once<A: Adapter>() {
    let site = Site::with::<A>(Mounted::AccountTwice).await;
    let visitor = site.visitor();
    visitor.post("/login/ada").await.is(200, "").sets(&[SESSION]);
    visitor.get("/look").await.is(200, "ada").only_varies();
    visitor.get("/fail/404").await.sets(&[SESSION]);
    visitor.get("/visit").await.is(200, "2").sets(&[SESSION]);
    visitor.get("/untouched").await.is_without_session();
    visitor.post("/logout").await.removes(&[SESSION]);
    assert_eq!(visitor.cookies(), "");
    assert_eq!(site.log().lines(), [""; 0]);

    let answer = visitor.post("/fill/alone/4000").await;
    assert_eq!(answer.is(500, "").cookie_names(), ["kept"]);
    assert!(site.log().only_line().contains("the limit is 4096"), "one failure, one event");
}

pub(crate) async fn two_kinds_of_one_type_are_found<A: Adapter>() {
    clashes::<A>(Mounted::Rivals, &["__Host-session", "__Host-rival", "Account"]).await;
}

pub(crate) async fn another_configuration_of_one_type_and_name_is_found<A: Adapter>() {
    clashes::<A>(Mounted::AccountAndTwin, &["__Host-session", "Account"]).await;
}

pub(crate) async fn two_types_under_one_name_are_found<A: Adapter>() {
    clashes::<A>(Mounted::Namesakes, &["__Host-session", "Account", "Cart"]).await;
}

async fn clashes<A: Adapter>(mounted: Mounted, words: &[&str]) {
    let app = App::new(mounted);
    let log = app.log.clone();
    match Site::try_with::<A>(app).await {
        Err(_) => assert!(A::CHECKS_MOUNTING),
        Ok(site) => {
            assert!(!A::CHECKS_MOUNTING, "a clash is found at launch");
            let answer = site.visitor().post("/login/ada").await;
            assert_eq!(answer.is(500, "").cookie_names(), [""; 0]);
        }
    }
    let event = log.only_line();
    for word in words.iter().chain(&["ERROR", "its own data type"]) {
        assert!(event.contains(word), "{word}: {event}");
    }
}

pub(crate) async fn forgotten_layer_is_found<A: Adapter>() {
    let app = App::new(Mounted::Nothing);
    let log = app.log.clone();
    match Site::try_with::<A>(app).await {
        Err(_) => {
            assert!(A::CHECKS_MOUNTING);
            assert_names_the_missing(&log.lines().concat(), A::REMEDY);
        }
        Ok(site) => {
            assert!(!A::CHECKS_MOUNTING, "what is missing is found at launch");
            for path in ["/look", "/existing", "/existing-or"] {
                let answer = site.visitor().get(path).await;
                if A::OPTIONS_SWALLOW_ERRORS && path == "/existing-or" {
                    answer.is(200, "none");
                } else {
                    assert_eq!(answer.status, 500, "{path}");
                    match A::REMEDY {
                        None => assert_names_the_missing(&answer.body, None),
                        // Visitors read it of no release.
                        remedy if cfg!(debug_assertions) => {
                            assert_names_the_missing(&answer.body, remedy);
                        }
                        Some(remedy) => {
                            for word in ["Sessions", "Account", remedy] {
                                assert!(!answer.body.contains(word), "{path}: {}", answer.body);
                            }
                        }
                    }
                }
                if A::REMEDY.is_some() {
                    let event = log.lines().pop().unwrap_or_default();
                    assert!(event.contains("ERROR"), "{path}: {event}");
                    assert_names_the_missing(&event, A::REMEDY);
                    log.clear();
                }
            }
            site.visitor().get("/untouched").await.is(200, "hello").is_without_session();
        }
    }
}

#[track_caller]
fn assert_names_the_missing(text: &str, remedy: Option<&str>) {
    for word in ["Sessions", "Account"].into_iter().chain(remedy) {
        assert!(text.contains(word), "{word} is not in {text:?}");
    }
}

pub(crate) async fn option_tells_of_the_layer_and_not_of_the_visitor<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/option").await.is(200, "some").is_without_session();
    visitor.keep(SESSION, "junk");
    visitor.get("/option").await.is(200, "some");
    visitor.post("/login/ada").await;
    visitor.get("/option").await.is(200, "some");

    if !A::CHECKS_MOUNTING {
        let bare = Site::with::<A>(Mounted::Nothing).await;
        bare.visitor().get("/option").await.is(200, "none").is_without_session();
    }
}

pub(crate) async fn existing_is_for_those_who_came_with_a_session<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    let refused = visitor.get("/existing").await;
    assert_eq!(refused.status, 401);
    refused.only_varies();
    visitor.get("/existing-or").await.is(200, "none").only_varies();
    visitor.keep(SESSION, "junk");
    assert_eq!(visitor.get("/existing").await.status, 401);

    visitor.post("/login/ada").await;
    visitor.get("/existing").await.is(200, "ada").only_varies();
    visitor.get("/existing-or").await.is(200, "some").only_varies();
    visitor.post("/logout").await;
    assert_eq!(visitor.get("/existing").await.status, 401);
}

pub(crate) async fn middleware_may_hold_the_session<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    // The handler's write and, after it, the middleware's are both kept.
    visitor.get("/through").await.is(200, "1").sets(&[SESSION]);
    visitor.get("/look").await.is(200, "handler");
    visitor.get("/visit").await.is(200, "3");
    assert_eq!(site.log().lines(), [""; 0]);
}

pub(crate) async fn two_extractions_are_one_session<A: Adapter>() {
    let site = Site::open::<A>().await;
    let visitor = site.visitor();
    visitor.get("/twice").await.is(200, "1").sets(&[SESSION]);
    visitor.get("/twice").await.is(200, "2").sets(&[SESSION]);
}
