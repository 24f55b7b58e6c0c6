//! The demo itself, as a process: what ends a session or a token there ends it for good.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{
    Client, Response, StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
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
        Self::start_with(&[])
    }

    /// With a ring in a file, and more options.
    fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("keys.toml");
        write_ring(&ring, &[1]);
        let mut process = Command::new(env!("CARGO_BIN_EXE_demo"))
            .args(["--port", "0"])
            .args(options)
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

/// A visitor whose cookies can be copied at any time.
#[derive(Clone)]
struct Visitor {
    client: Client,
    url: String,
    jar: BTreeMap<String, String>,
}

impl Visitor {
    fn of(demo: &Demo) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, url: demo.url.clone(), jar: BTreeMap::new() }
    }

    async fn get(&mut self, path: &str) -> String {
        self.load(path, &[]).await.1
    }

    /// Status and page.
    async fn load(&mut self, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let mut request = self.client.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.send(request).await;
        (response.status(), response.text().await.unwrap())
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> StatusCode {
        self.submit(path, fields).await.0
    }

    /// Status, and where to go on or else the page.
    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let request = self.client.post(format!("{}{path}", self.url)).form(fields);
        let response = self.send(request.header("sec-fetch-site", "same-origin")).await;
        let status = response.status();
        match response.headers().get(LOCATION) {
            Some(location) => (status, location.to_str().unwrap().to_owned()),
            None => (status, response.text().await.unwrap()),
        }
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Response {
        if !self.jar.is_empty() {
            let pairs: Vec<_> =
                self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let response = request.send().await.unwrap();
        for value in response.headers().get_all(SET_COOKIE) {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value {
                "" => self.jar.remove(name),
                value => self.jar.insert(name.to_owned(), value.to_owned()),
            };
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

const SETTINGS: [(&str, &str); 1] = [("nickname", "Amazing Grace")];

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
    assert!(fixed.jar.contains_key("session"));
    assert_eq!(visitor.sign_in().await, StatusCode::SEE_OTHER);
    assert!(visitor.is_signed_in().await);

    assert_eq!(visitor.post("/settings", &with(&before)).await, StatusCode::FORBIDDEN);
    assert_eq!(visitor.post("/settings", &SETTINGS).await, StatusCode::FORBIDDEN, "no token");
    let now = visitor.token("/settings").await;
    assert_eq!(visitor.post("/settings", &with(&now)).await, StatusCode::SEE_OTHER);

    // Whoever planted a session before the sign-in is left with a stranger's.
    assert!(!fixed.is_signed_in().await);
    let (status, location) = fixed.submit("/settings", &with(&now)).await;
    assert_eq!((status, &*location), (StatusCode::SEE_OTHER, "/login?next=%2Fsettings"));

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
    assert_eq!(visitor.post("/devices/end-all", &[("csrf", &token)]).await, StatusCode::SEE_OTHER);
    assert!(!visitor.jar.contains_key("session"));
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

#[tokio::test]
async fn a_prefetch_takes_no_message_and_begins_no_session() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    for header in
        [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
    {
        let (status, page) = visitor.load("/login", &[header]).await;
        assert_eq!((status, &*page), (StatusCode::SERVICE_UNAVAILABLE, ""));
        assert!(visitor.jar.is_empty());
    }
    visitor.sign_in().await;
    visitor.load("/", &[("sec-purpose", "prefetch")]).await;
    assert!(visitor.get("/").await.contains("Welcome, grace."), "still there for the visit");
    assert!(!visitor.get("/").await.contains("Welcome, grace."), "once");
}

#[tokio::test]
async fn a_form_from_before_the_sign_in_is_a_page_with_what_was_typed() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    let before = visitor.token("/login").await;
    visitor.sign_in().await;

    let login = [("user", "ada"), ("password", "difference engine"), ("csrf", &*before)];
    let (status, page) = visitor.submit("/login", &login).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("You are signed in already") && !page.contains("difference engine"));

    let (status, page) = visitor.submit("/settings", &with(&before)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains(r#"name="nickname" value="Amazing Grace""#), "{page}");
    assert!(!visitor.get("/").await.contains("Amazing Grace"), "nothing is saved");

    // A button, which can be sent once more with the token of the page.
    let (status, page) = visitor.submit("/cart/add", &[("item", "1"), ("csrf", &before)]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains(r#"name="item" value="1""#) && page.contains("Do it now"));
    assert!(visitor.get("/cart").await.contains("It is empty"));
}

#[tokio::test]
async fn who_was_signed_out_is_told_and_finds_what_was_typed_after_the_next_sign_in() {
    let demo = Demo::start_with(&["--session-seconds", "3"]);
    let mut visitor = Visitor::of(&demo);
    visitor.sign_in().await;
    let token = visitor.token("/settings").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(visitor.get("/").await.contains("You have been signed out"));

    let fields =
        [("nickname", "Amazing Grace"), ("csrf", &token), ("page", "/settings"), ("for", "grace")];
    let (status, location) = visitor.submit("/settings", &fields).await;
    assert_eq!((status, &*location), (StatusCode::SEE_OTHER, "/login?next=%2Fsettings"));
    let page = visitor.get(&location).await;
    assert!(
        page.contains("nothing was saved") && page.contains("<code>/settings</code>"),
        "{page}"
    );

    // Somebody else who sits down there does not see it.
    let mut other = visitor.clone();
    let token = other.token(&location).await;
    let ada = [("user", "ada"), ("password", "difference engine"), ("csrf", &*token)];
    let (_, next) = other.submit(&location, &ada).await;
    assert_eq!(next, "/settings");
    assert!(!other.get(&next).await.contains("Amazing Grace"));

    let token = visitor.token(&location).await;
    let grace = [("user", "grace"), ("password", "nanosecond"), ("csrf", &*token)];
    let (_, next) = visitor.submit(&location, &grace).await;
    let page = visitor.get(&next).await;
    assert!(page.contains(r#"value="Amazing Grace""#) && page.contains("not saved yet"), "{page}");
    assert!(!visitor.get(&next).await.contains("not saved yet"), "once");
}

#[tokio::test]
async fn a_sign_in_leads_to_pages_of_this_site_alone() {
    let demo = Demo::start();
    for (next, expected) in [
        ("/devices", "/devices"),
        ("%2Fcart%3Fa%3Db", "/cart?a=b"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
    ] {
        let mut visitor = Visitor::of(&demo);
        let page = format!("/login?next={next}");
        let token = visitor.token(&page).await;
        let fields = [("user", "grace"), ("password", "nanosecond"), ("csrf", &*token)];
        assert_eq!(visitor.submit(&page, &fields).await.1, expected);
    }
}

#[tokio::test]
async fn a_device_is_ended_with_its_copies_and_another_customer_cannot_end_it() {
    let demo = Demo::start();
    let (mut here, mut there) = (Visitor::of(&demo), Visitor::of(&demo));
    here.sign_in().await;
    there.sign_in().await;
    let mut copy = there.clone();
    let family = |page: &str| {
        let rest = page.split(r#"data-fact="family"><code>"#).nth(1).unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let of_there = family(&there.get("/session").await);
    assert!(here.get("/devices").await.contains(&of_there));

    let mut stranger = Visitor::of(&demo);
    let token = stranger.token("/login").await;
    let ada = [("user", "ada"), ("password", "difference engine"), ("csrf", &*token)];
    stranger.submit("/login", &ada).await;
    let token = stranger.token("/devices").await;
    stranger.post("/devices/end", &[("family", &of_there), ("csrf", &token)]).await;
    assert!(there.is_signed_in().await);

    let token = here.token("/devices").await;
    here.post("/devices/end", &[("family", &of_there), ("csrf", &token)]).await;
    assert!(here.is_signed_in().await && !there.is_signed_in().await);
    assert!(!copy.is_signed_in().await);
}

#[tokio::test]
async fn no_page_has_the_whole_value_of_a_cookie() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    visitor.sign_in().await;
    visitor.get("/").await; // takes the message
    let value = visitor.jar["session"].clone();
    let page = visitor.get("/session").await;
    assert!(page.contains("Ciphertext") && page.contains("00 00 00 01"), "{page}");
    assert!(!page.contains(&value) && !page.contains(&value[value.len() - 16..]));
}

#[tokio::test]
async fn declining_statistics_leaves_a_cart_and_a_sign_in_and_sets_one_cookie() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    visitor.post("/cookies/consent", &[("answer", "declined"), ("back", "/cart")]).await;
    assert_eq!(visitor.jar.keys().collect::<Vec<_>>(), ["consent"]);
    visitor.get("/").await;
    assert!(!visitor.jar.contains_key("visits"));
    visitor.post("/cart/add", &[("item", "1")]).await;
    visitor.sign_in().await;
    assert!(visitor.get("/cart").await.contains("Carmine"));

    let token = visitor.token("/cookies").await;
    let yes = [("answer", "statistics"), ("back", "//evil.example"), ("csrf", &*token)];
    assert_eq!(visitor.submit("/cookies/consent", &yes).await.1, "/");
    visitor.get("/").await;
    visitor.get("/").await;
    assert_eq!(visitor.jar["visits"], "2");
    let no = [("answer", "declined"), ("back", "/"), ("csrf", &*token)];
    visitor.submit("/cookies/consent", &no).await;
    assert!(!visitor.jar.contains_key("visits") && visitor.is_signed_in().await);
}

#[tokio::test]
async fn a_change_for_a_sign_in_that_ends_meanwhile_is_a_page_of_the_shop() {
    let demo = Demo::start();
    let (mut here, mut there) = (Visitor::of(&demo), Visitor::of(&demo));
    here.sign_in().await;
    there.sign_in().await;
    let token = there.token("/session").await;
    let slow = tokio::spawn(async move {
        let answer = there.submit("/session/late", &[("csrf", &token)]).await;
        (answer, there)
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let token = here.token("/devices/end-all").await;
    here.post("/devices/end-all", &[("csrf", &token)]).await;
    let ((status, page), mut there) = slow.await.unwrap();
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.contains("That was not done"), "{page}");
    assert!(!there.is_signed_in().await);
}

#[tokio::test]
async fn a_ring_in_a_file_is_not_rotated_by_a_button() {
    let demo = Demo::start();
    let mut visitor = Visitor::of(&demo);
    visitor.sign_in().await;
    let page = visitor.get("/operator").await;
    assert!(page.contains("sealed-session rotate") && !page.contains("Rotate now"));
    let token = visitor.token("/operator").await;
    assert_eq!(visitor.post("/operator/rotate", &[("csrf", &token)]).await, StatusCode::NOT_FOUND);
    assert!(visitor.get("/health").await.contains(r#""generation":1"#));
}
