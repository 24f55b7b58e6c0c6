//! The demo itself, as a process: what ends a session or a token there ends it for good.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{
    Client, Response, StatusCode,
    header::{COOKIE, SET_COOKIE},
    redirect::Policy,
};
use sealed_session::Key;

struct Demo {
    process: Child,
    url: String,
    ring: PathBuf,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("keys.toml");
        write_ring(&ring, &[1]);
        let mut process = Command::new(env!("CARGO_BIN_EXE_demo"))
            .args(["--port", "0"])
            .env("SESSION_KEYS_FILE", &ring)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("cargo has built it");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().replace("localhost", "127.0.0.1");
        Self { process, url, ring, _folder: folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A visitor whose cookie can be copied at any time.
#[derive(Clone)]
struct Visitor {
    client: Client,
    url: String,
    cookie: Option<String>,
}

impl Visitor {
    fn of(demo: &Demo) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, url: demo.url.clone(), cookie: None }
    }

    async fn get(&mut self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.url));
        let response = self.send(request).await;
        response.text().await.unwrap()
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> StatusCode {
        let request = self.client.post(format!("{}{path}", self.url)).form(fields);
        self.send(request.header("sec-fetch-site", "same-origin")).await.status()
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Response {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("session={cookie}"));
        }
        let response = request.send().await.unwrap();
        for value in response.headers().get_all(SET_COOKIE) {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            if let Some(value) = pair.strip_prefix("session=") {
                self.cookie = Some(value.to_owned()).filter(|value| !value.is_empty());
            }
        }
        response
    }

    /// The token in the forms of a page.
    async fn token(&mut self, path: &str) -> String {
        let page = self.get(path).await;
        let rest = page.split(r#"name="csrf" value=""#).nth(1).expect("the page has a form");
        rest.split('"').next().unwrap().to_owned()
    }

    async fn sign_in(&mut self) -> StatusCode {
        let token = self.token("/login").await;
        let fields = [("user", "grace"), ("password", "nanosecond"), ("csrf", &token)];
        self.post("/login", &fields).await
    }

    async fn is_signed_in(&mut self) -> bool {
        self.get("/").await.contains("Sign out")
    }
}

/// The ring of these ids; a key is the same every time.
fn write_ring(file: &Path, ids: &[u8]) {
    let mut tables = String::new();
    for &id in ids {
        let mut byte = id;
        let bytes = [(); Key::LENGTH].map(|()| {
            byte = byte.wrapping_mul(5).wrapping_add(211);
            byte
        });
        let key = Key::from_bytes(&bytes).unwrap().to_base64();
        write!(tables, "[[keys]]\nid = {id}\nkey = \"{}\"\n", *key).unwrap();
    }
    let beside = file.with_extension("new");
    fs::write(&beside, tables).unwrap();
    fs::rename(beside, file).unwrap();
}

const SETTINGS: [(&str, &str); 2] = [("theme", "dark"), ("nickname", "Amazing Grace")];

/// The settings, with a token.
fn with(token: &str) -> Vec<(&str, &str)> {
    SETTINGS.into_iter().chain([("csrf", token)]).collect()
}

#[tokio::test]
async fn a_token_from_before_renew_is_refused_and_a_cookie_from_before_signs_nobody_in() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    let before = visitor.token("/login").await;
    let mut fixed = visitor.clone();
    assert!(fixed.cookie.is_some());
    assert_eq!(visitor.sign_in().await, StatusCode::SEE_OTHER);
    assert!(visitor.is_signed_in().await);

    assert_eq!(visitor.post("/settings", &with(&before)).await, StatusCode::FORBIDDEN);
    assert_eq!(visitor.post("/settings", &SETTINGS).await, StatusCode::FORBIDDEN, "no token");
    let now = visitor.token("/settings").await;
    assert_eq!(visitor.post("/settings", &with(&now)).await, StatusCode::SEE_OTHER);

    // Whoever planted a session before the sign-in is left with a stranger's.
    assert!(!fixed.is_signed_in().await);
    assert_eq!(fixed.post("/settings", &with(&now)).await, StatusCode::FORBIDDEN);

    let mut other = Visitor::of(&demo);
    other.sign_in().await;
    assert_eq!(other.post("/settings", &with(&now)).await, StatusCode::FORBIDDEN, "of another");
}

#[tokio::test]
async fn a_copy_of_the_cookie_dies_when_its_owner_signs_out_everywhere() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    visitor.sign_in().await;
    let mut thief = visitor.clone();
    assert!(thief.is_signed_in().await);

    let token = visitor.token("/settings").await;
    assert_eq!(
        visitor.post("/logout/everywhere", &[("csrf", &token)]).await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(visitor.cookie, None);
    assert!(!thief.is_signed_in().await);
    let mut fields = SETTINGS.to_vec();
    fields.push(("csrf", &token));
    thief.post("/settings", &fields).await;
    assert!(!thief.is_signed_in().await);

    visitor.sign_in().await;
    assert!(visitor.is_signed_in().await, "the owner comes back");
}

#[tokio::test]
async fn sessions_and_tokens_die_with_their_key_and_the_health_page_shows_the_ring() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    visitor.sign_in().await;
    let token = visitor.token("/settings").await;
    let health = visitor.get("/health").await;
    assert!(health.contains(r#""generation":1"#) && health.contains(r#""last_error":null"#));

    let metrics = visitor.get("/metrics").await;
    for figure in [
        "sessions_opened_total{key=\"1\"} ",
        "sessions_sealed_total{key=\"1\",reason=\"written\"} ",
        "session_keys_generation 1\n",
        "session_keys_last_checked_seconds 0\n",
    ] {
        assert!(metrics.contains(figure), "{metrics}");
    }

    fs::write(&demo.ring, "[[keys]]\nid = 2\nkey = \"half a k").unwrap();
    until(&mut visitor, |health| !health.contains(r#""last_error":null"#)).await;
    assert!(visitor.is_signed_in().await, "a broken file changes nothing");

    write_ring(&demo.ring, &[2]);
    until(&mut visitor, |health| health.contains(r#""generation":2"#)).await;
    assert!(!visitor.is_signed_in().await);
    visitor.sign_in().await;
    let mut fields = SETTINGS.to_vec();
    fields.push(("csrf", &token));
    assert_eq!(visitor.post("/settings", &fields).await, StatusCode::FORBIDDEN);
}

async fn until(visitor: &mut Visitor, condition: impl Fn(&str) -> bool) {
    let start = Instant::now();
    loop {
        let health = visitor.get("/health").await;
        if condition(&health) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{health}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
