//! What an operator must know reaches standard error where nobody listens to events.
#![cfg(feature = "axum")]

use std::{env, process::Command};

use axum::{Router, body::Body, extract::Request, routing::get};
use sealed_session::{Bound, KeyRing, Session, Sessions};
use tower::Service as _;

/// A process of its own, in which no test installed a subscriber.
#[test]
fn reasons_are_on_standard_error_where_nobody_listens() {
    let itself = env::current_exe().unwrap();
    let output = Command::new(itself)
        .args(["--exact", "answers_with_errors", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    for reason in [
        "INSECURE: cookie \"session\"",
        "the limit is 4096",
        "`Sessions` with the same data type or cookie name around one request: mount clones of one, \
            or give each its own data type and cookie name \
            (Sessions<alloc::string::String> with \"session\" inside",
        "`Sessions` with the same path of devices around one request: give each its own `Bound::path` \
            (Sessions<alloc::string::String> with \"__Host-session\" inside Sessions<u8>",
        "Router::layer(sessions)",
        "write of a Session<alloc::string::String> ignored: the response was committed",
    ] {
        assert!(text.contains(reason), "{reason:?} is not in {text}");
    }
}

#[tokio::test]
#[ignore = "the child of the other test"]
async fn answers_with_errors() {
    let sessions = || {
        let builder = Sessions::<String>::builder(KeyRing::ephemeral().unwrap());
        builder.insecure_plain_http_for_development().build().unwrap()
    };
    let large = async |mut session: Session<String>| session.write(|text| *text = "x".repeat(5000));
    let late = async |mut session: Session<String>| {
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            session.write(String::clear);
        });
    };
    let routes = || Router::new().route("/large", get(large)).route("/late", get(late));
    assert_eq!(status(routes().layer(sessions()), "/large").await, 500);
    assert_eq!(status(routes(), "/large").await, 500);
    assert_eq!(status(routes().layer(sessions()).layer(sessions()), "/late").await, 500);
    let ring = || KeyRing::ephemeral().unwrap();
    let device = || Bound::new().path("/device");
    let users = Sessions::<String>::builder(ring()).bound(device()).build().unwrap();
    let admins = Sessions::<u8>::builder(ring()).cookie_name("__Host-admin").bound(device());
    let both = routes().layer(users).layer(admins.build().unwrap());
    assert_eq!(status(both, "/late").await, 500);
    assert_eq!(status(routes().layer(sessions()), "/late").await, 200);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

async fn status(mut router: Router, path: &str) -> u16 {
    let request = Request::get(path).body(Body::empty()).unwrap();
    router.call(request).await.unwrap().status().as_u16()
}
