//! Signs in, reads, writes too much and signs out, as a browser does it.

#[path = "../../common/jar.rs"]
mod jar;

use jar::Jar;
use ntex::{
    http::{
        Method, StatusCode,
        header::{COOKIE, SET_COOKIE},
    },
    web::{App, test},
};
use recipe_ntex::{WithSession, routes};
use sealed_session::{KeyRing, Sessions};

#[test]
fn the_chapter_shows_what_is_tested() {
    jar::assert_is_shown(include_str!("../src/lib.rs"));
}

#[ntex::test]
async fn handlers_keep_a_session() {
    let app = App::new()
        .middleware(WithSession(Sessions::new(KeyRing::ephemeral().unwrap())))
        .configure(routes);
    let app = test::init_service(app).await;
    let mut jar = Jar::default();
    let mut send = async |method: Method, path: &str| {
        let request = test::TestRequest::with_uri(path).method(method);
        let request = request.header(COOKIE, jar.header()).to_request();
        let response = test::call_service(&app, request).await;
        for cookie in response.headers().get_all(SET_COOKIE) {
            jar.store(cookie.to_str().unwrap());
        }
        let status = response.status();
        let body = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
        (status, body, jar.is_signed_in())
    };
    let hello = |name: &str, kept| (StatusCode::OK, format!("Hello, {name}."), kept);
    assert_eq!(send(Method::GET, "/").await, hello("stranger", false));
    let done = |kept| (StatusCode::NO_CONTENT, String::new(), kept);
    assert_eq!(send(Method::POST, "/sign-in/ada").await, done(true));
    assert_eq!(send(Method::GET, "/").await, hello("ada", true));
    // Too large for a cookie: nothing is saved, and nobody is told that it was.
    let (status, ..) = send(Method::POST, &format!("/sign-in/{}", "x".repeat(4000))).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(send(Method::GET, "/").await, hello("ada", true));
    assert_eq!(send(Method::POST, "/sign-out").await, done(false));
    assert_eq!(send(Method::GET, "/").await, hello("stranger", false));
}
