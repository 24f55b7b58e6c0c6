//! Signs in, asks who that is, and signs out, as a browser does it.

#[path = "../../common/axum.rs"]
mod browser;
#[path = "../../common/jar.rs"]
mod jar;

use browser::text;
use jar::Jar;
use sealed_session::{KeyRing, Sessions};

#[test]
fn the_chapter_shows_what_is_tested() {
    jar::assert_is_shown(include_str!("../src/lib.rs"));
}

#[tokio::test]
async fn resolvers_keep_a_session() {
    let app = recipe_async_graphql::app(Sessions::new(KeyRing::ephemeral().unwrap()));
    let mut jar = Jar::default();
    let mut ask = async |query: &str| {
        let body = format!("{{\"query\":\"{query}\"}}");
        let answer =
            text(jar.send(&app, "/graphql", Some(("application/json", &body))).await).await;
        (answer, jar.is_signed_in())
    };
    let me = |name: &str| format!("{{\"data\":{{\"me\":{name}}}}}");
    assert_eq!(ask("{ me }").await, (me("null"), false));
    let signed_in = ask("mutation { signIn(name: \\\"ada\\\") }").await;
    assert_eq!(signed_in, ("{\"data\":{\"signIn\":true}}".to_owned(), true));
    assert_eq!(ask("{ me }").await, (me("\"ada\""), true));
    assert_eq!(
        ask("mutation { signOut }").await,
        ("{\"data\":{\"signOut\":true}}".to_owned(), false)
    );
    assert_eq!(ask("{ me }").await, (me("null"), false));
}
