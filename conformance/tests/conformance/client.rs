//! Visitors: one with a cookie store, and one who writes every byte himself.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Method, Url,
    cookie::{CookieStore, Jar},
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// A browser, as far as cookies go.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    jar: Arc<BehindTls>,
    base: String,
}

impl Visitor {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let jar = Arc::new(BehindTls::default());
        let client = Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .build()
            .expect("plain HTTP needs nothing");
        Self { client, jar, base: format!("http://{address}") }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str) -> Answer {
        self.try_send(method, path).await.expect("the server answers")
    }

    /// A POST with these headers.
    pub(crate) async fn send_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body.to_owned());
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.expect("text") }
    }

    /// A GET with these headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.get(format!("{}{path}", self.base));
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.expect("text") }
    }

    pub(crate) async fn try_send(&self, method: Method, path: &str) -> reqwest::Result<Answer> {
        let url = format!("{}{path}", self.base);
        let response = self.client.request(method, url).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.text().await? })
    }

    /// The Cookie header that the next request carries, without tombstones; empty where there is none.
    pub(crate) fn cookies(&self) -> String {
        let url = Url::parse(&self.base).expect("made of a socket address");
        let value = self.jar.cookies(&url);
        let value =
            value.map_or_else(String::new, |value| value.to_str().expect("ASCII").to_owned());
        let pairs: Vec<_> = value.split("; ").filter(|pair| !is_tombstone(pair)).collect();
        pairs.join("; ")
    }

    /// Puts a cookie into the store, as an earlier response would have.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        let url = Url::parse(&self.base).expect("made of a socket address");
        let text = format!("{name}={value}; Path=/; Secure; HttpOnly");
        let header = HeaderValue::from_str(&text).expect("a cookie");
        self.jar.set_cookies(&mut [header].iter(), &url);
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Every value of a header, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().expect("ASCII")).collect()
    }

    /// Every Set-Cookie but those of tombstones, in order.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        let mut values = self.all("set-cookie");
        values.retain(|text| !is_tombstone(text));
        values
    }

    /// The names of the cookies that are set or removed, in order.
    pub(crate) fn cookie_names(&self) -> Vec<&str> {
        let values = self.set_cookies().into_iter();
        values.map(|text| text.split('=').next().unwrap_or("")).collect()
    }

    /// Whether a shared cache would tell visitors with different cookies apart.
    pub(crate) fn varies(&self) -> bool {
        let names = self.all("vary").join(",");
        names.split(',').any(|name| name.trim().eq_ignore_ascii_case("cookie"))
    }

    /// Asserts status and body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) -> &Self {
        assert_eq!((self.status, self.body.as_str()), (status, body));
        self
    }

    /// Asserts that nobody's session shows in the head.
    #[track_caller]
    pub(crate) fn is_without_session(&self) {
        for name in ["set-cookie", "cache-control", "vary"] {
            assert_eq!(self.all(name), [""; 0], "{name}");
        }
    }

    /// Asserts that these cookies are set, in order, and that nobody may store the response.
    #[track_caller]
    pub(crate) fn sets(&self, cookies: &[&str]) -> &Self {
        assert_eq!(self.cookie_names(), cookies);
        assert_eq!(self.all("cache-control"), ["no-store"]);
        assert!(self.varies(), "Vary: {:?}", self.all("vary"));
        self
    }

    /// Asserts that these cookies are removed. Whether one came makes no difference, so `Vary` is open.
    #[track_caller]
    pub(crate) fn removes(&self, cookies: &[&str]) -> &Self {
        assert_eq!(self.cookie_names(), cookies);
        for text in self.set_cookies() {
            assert!(text.contains("=; ") && text.contains("; Max-Age=0"), "{text}");
        }
        assert_eq!(self.all("cache-control"), ["no-store"]);
        self
    }

    /// Asserts that no cookie is set, and that the response depends on the cookie nevertheless:
    /// no shared cache keeps it.
    #[track_caller]
    pub(crate) fn only_varies(&self) -> &Self {
        assert_eq!(self.all("set-cookie"), [""; 0]);
        assert_eq!(self.all("cache-control"), ["private"]);
        assert!(self.varies(), "Vary: {:?}", self.all("vary"));
        self
    }
}

/// Whether a cookie remembers that a session ended.
fn is_tombstone(pair: &str) -> bool {
    pair.split('=').next().is_some_and(|name| name.contains("-ended-"))
}

/// A cookie store behind something that ends TLS: the browser sees https.
#[derive(Default)]
struct BehindTls(Jar);

impl BehindTls {
    fn seen(url: &Url) -> Url {
        let mut url = url.clone();
        url.set_scheme("https").expect("http can become https");
        url
    }
}

impl CookieStore for BehindTls {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        self.0.set_cookies(headers, &Self::seen(url));
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        self.0.cookies(&Self::seen(url))
    }
}

/// A connection without a library in between.
pub(crate) struct Wire(TcpStream);

impl Wire {
    /// Sends the head of a request, as it stands; a final empty line is added.
    pub(crate) async fn send(address: SocketAddr, head: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let text = head.trim_end().replace('\n', "\r\n") + "\r\n\r\n";
        stream.write_all(text.as_bytes()).await.expect("it is taken");
        Self(stream)
    }

    /// The lines of the response's head. What follows stays unread.
    pub(crate) async fn head(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes
                .push(timeout(PATIENCE, self.0.read_u8()).await.expect("in time").expect("a head"));
        }
        let text = String::from_utf8(bytes).expect("ASCII");
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Sends bytes and reads as many.
    pub(crate) async fn echo(&mut self, text: &str) -> String {
        self.0.write_all(text.as_bytes()).await.expect("it is taken");
        let mut bytes = vec![0; text.len()];
        timeout(PATIENCE, self.0.read_exact(&mut bytes)).await.expect("in time").expect("an echo");
        String::from_utf8(bytes).expect("what was sent")
    }

    /// What comes until the server closes.
    pub(crate) async fn rest(mut self) -> String {
        let mut text = String::new();
        timeout(PATIENCE, self.0.read_to_string(&mut text)).await.expect("in time").expect("text");
        text
    }
}

/// Head and body of the response to a GET with these header lines.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    lines: &[String],
) -> (Vec<String>, String) {
    let head =
        format!("GET {path} HTTP/1.1\nHost: localhost\nConnection: close\n{}", lines.join("\n"));
    let mut wire = Wire::send(address, &head).await;
    (wire.head().await, wire.rest().await)
}

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
