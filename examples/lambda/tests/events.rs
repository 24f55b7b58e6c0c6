//! A browser's way through the application in the documents that AWS sends, and what it is sent back.

use std::collections::BTreeMap;

use lambda_example::router;
use lambda_http::{Adapter, Context, LambdaEvent, request::LambdaRequest};
use sealed_session::{KeyRing, Sessions};
use serde_json::{Value, json};
use tower_service::Service as _;

/// Where in an event the request is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    HttpApi,
    RestApi,
    LoadBalancer,
}

impl Kind {
    fn document(self) -> Value {
        serde_json::from_str(match self {
            Self::HttpApi => include_str!("events/http-api.json"),
            Self::RestApi => include_str!("events/rest-api.json"),
            Self::LoadBalancer => include_str!("events/load-balancer.json"),
        })
        .expect("the documents are JSON")
    }

    /// The event of a request.
    fn event(self, stage: &str, method: &str, path: &str, cookies: &[String], body: &str) -> Value {
        let mut event = self.document();
        let whole = format!("{stage}{path}");
        match self {
            Self::HttpApi => {
                event["rawPath"] = json!(whole);
                event["requestContext"]["http"]["path"] = json!(whole);
                event["requestContext"]["http"]["method"] = json!(method);
                event["cookies"] = json!(cookies);
            }
            Self::RestApi => {
                event["path"] = json!(path);
                event["requestContext"]["path"] = json!(whole);
                event["httpMethod"] = json!(method);
                event["requestContext"]["httpMethod"] = json!(method);
                event["headers"]["Cookie"] = json!(cookies.join("; "));
                event["multiValueHeaders"]["Cookie"] = json!([cookies.join("; ")]);
            }
            Self::LoadBalancer => {
                event["path"] = json!(path);
                event["httpMethod"] = json!(method);
                event["multiValueHeaders"]["cookie"] = json!([cookies.join("; ")]);
            }
        }
        event["body"] = json!(body);
        event
    }

    /// The cookies that the answer sets.
    fn set_cookies(self, answer: &Value) -> Vec<String> {
        let list = match self {
            Self::HttpApi => &answer["cookies"],
            _ => &answer["multiValueHeaders"]["set-cookie"],
        };
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter().map(|line| line.as_str().expect("a text").to_owned()).collect()
    }

    fn header(self, answer: &Value, name: &str) -> Option<String> {
        let value = match self {
            Self::HttpApi => &answer["headers"][name],
            _ => &answer["multiValueHeaders"][name][0],
        };
        value.as_str().map(str::to_owned)
    }
}

struct Browser {
    kind: Kind,
    stage: &'static str,
    sessions: Sessions<lambda_example::Account>,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(kind: Kind, stage: &'static str) -> Self {
        let sessions = Sessions::new(KeyRing::ephemeral().unwrap());
        Self { kind, stage, sessions, cookies: BTreeMap::from([("theme".into(), "dark".into())]) }
    }

    async fn go(&mut self, method: &str, path: &str, body: &str) -> Value {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let event = self.kind.event(self.stage, method, path, &cookies, body);
        let event: LambdaRequest = serde_json::from_value(event).expect("an event");
        // As `lambda_http::run` does.
        let mut service = Adapter::from(router(self.sessions.clone(), self.stage));
        let answer = service.call(LambdaEvent::new(event, Context::default())).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        for line in self.kind.set_cookies(&answer) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }
}

async fn walk(kind: Kind, stage: &'static str) {
    let mut ada = Browser::new(kind, stage);
    let page = ada.go("GET", "/", "").await;
    assert_eq!(
        (&page["statusCode"], &page["body"]),
        (&json!(200), &json!("Hello, guest")),
        "{page}"
    );
    assert_eq!(kind.header(&page, "cache-control").as_deref(), Some("private"), "{page}");

    let login = ada.go("POST", "/login", "user=ada").await;
    assert_eq!(login["statusCode"], 303, "{login}");
    assert_eq!(kind.header(&login, "location"), Some(format!("{stage}/")), "{login}");
    assert_eq!(kind.header(&login, "cache-control").as_deref(), Some("no-store"), "{login}");
    let set = kind.set_cookies(&login);
    assert!(set[0].starts_with("__Host-session=") && set[0].contains("; HttpOnly; "), "{set:?}");
    assert_eq!(ada.go("GET", "/", "").await["body"], "Hello, ada");

    // A second sign-in answers with two cookies: the session, and what ends the one before.
    let before = ada.cookies["__Host-session"].clone();
    let login = ada.go("POST", "/login", "user=grace").await;
    assert_eq!(kind.set_cookies(&login).len(), 2, "{login}");
    assert_eq!(ada.go("GET", "/", "").await["body"], "Hello, grace");
    ada.cookies.insert("__Host-session".into(), before);
    assert_eq!(ada.go("GET", "/", "").await["body"], "Hello, guest");

    ada.go("POST", "/login", "user=ada").await;
    let logout = ada.go("POST", "/logout", "").await;
    assert_eq!(logout["statusCode"], 303, "{logout}");
    assert!(!ada.cookies.contains_key("__Host-session"));
    assert_eq!(ada.go("GET", "/", "").await["body"], "Hello, guest");
    assert_eq!(ada.go("POST", "/logout", "").await["statusCode"], 401);
}

#[tokio::test]
async fn an_http_api_hands_cookies_over_as_a_list() {
    walk(Kind::HttpApi, "").await;
}

#[tokio::test]
async fn a_rest_api_puts_its_stage_in_front_of_the_path() {
    walk(Kind::RestApi, "/prod").await;
}

#[tokio::test]
async fn a_load_balancer_has_headers_of_several_values() {
    walk(Kind::LoadBalancer, "").await;
}
