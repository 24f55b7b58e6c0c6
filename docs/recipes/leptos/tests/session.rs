//! Signs in, reads while a page is streamed, and signs out, as a browser does it.

#[path = "../../common/axum.rs"]
mod browser;
#[path = "../../common/jar.rs"]
mod jar;

use std::time::Duration;

use axum::{Router, routing::get};
use browser::text;
use http_body_util::BodyExt as _;
use jar::Jar;
use leptos::{prelude::*, server_fn::ServerFn};
use recipe_leptos::{SignIn, SignOut, app};
use sealed_session::{KeyRing, Session, Sessions};

type Account = Option<String>;

fn sessions() -> Sessions<Account> {
    Sessions::new(KeyRing::ephemeral().unwrap())
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn the_chapter_shows_what_is_tested() {
    jar::assert_is_shown(include_str!("../src/lib.rs"));
}

#[tokio::test]
async fn server_functions_keep_a_session_that_pages_and_streamed_resources_read() {
    let app = app(sessions());
    let mut jar = Jar::default();
    let page = jar.send(&app, "/", None).await;
    assert_eq!(page.headers()["vary"], "cookie");
    let page = text(page).await;
    assert!(page.contains("stranger") && page.contains("The orders of nobody."), "{page}");

    jar.send(&app, SignIn::PATH, Some((FORM, "name=ada"))).await;
    assert!(jar.is_signed_in());
    let mut body = jar.send(&app, "/", None).await.into_body();
    let head = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let head = String::from_utf8(head.to_vec()).unwrap();
    assert!(head.contains("ada") && head.contains("One moment."), "{head}");
    assert!(!head.contains("The orders"), "it is streamed later: {head}");
    let rest = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert!(rest.contains("The orders of ada."), "{rest}");

    jar.send(&app, SignOut::PATH, Some((FORM, ""))).await;
    assert!(!jar.is_signed_in());
    assert!(text(jar.send(&app, "/", None).await).await.contains("stranger"));
}

#[server]
async fn writes_late() -> Result<String, ServerFnError> {
    let mut session: Session<Account> = leptos_axum::extract().await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    session.write(|account| *account = Some("eve".to_owned()));
    Ok("written".to_owned())
}

#[component]
fn Late() -> impl IntoView {
    let written = Resource::new(|| (), |()| writes_late());
    view! {
        <Suspense fallback=|| "One moment.">
            {move || Suspend::new(async move { written.await.unwrap_or_default() })}
        </Suspense>
    }
}

#[tokio::test]
async fn a_write_of_a_streamed_resource_is_refused_and_one_of_an_awaited_page_is_kept() {
    let sessions = sessions();
    let streamed = get(leptos_axum::render_app_to_stream(Late));
    let awaited = get(leptos_axum::render_app_async(Late));
    let late = Router::new().route("/streamed", streamed).route("/awaited", awaited);
    let app = app(sessions.clone()).merge(late.layer(sessions));
    let mut jar = Jar::default();
    jar.send(&app, SignIn::PATH, Some((FORM, "name=ada"))).await;
    for (path, sets_cookie, name) in [("/streamed", false, "ada"), ("/awaited", true, "eve")] {
        let response = jar.send(&app, path, None).await;
        assert_eq!(response.headers().contains_key("set-cookie"), sets_cookie, "{path}");
        assert!(text(response).await.contains("written"), "{path}: the resource ran");
        assert!(text(jar.send(&app, "/", None).await).await.contains(name), "{path}");
    }
}
