//! A Node server with the real iron-session and a Rust server share one session:
//! a visitor goes to and fro between them, with one cookie that both read and write.
//!
//! ```sh
//! (cd interop/node && npm ci)
//! cargo run --example iron_side_by_side --features iron
//! ```
//!
//! For a front in Next.js and an API in Rust on one host. If the Node side goes
//! away one day, see `iron::Migration` and docs/MIGRATION.md.

use std::{
    error::Error,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use sealed_session::{Cookie, Key, iron};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The session, as both sides know it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Visitor {
    pub(crate) visits: u32,
    pub(crate) last_seen_by: String,
    /// What only the other side knows must outlive a write on this one.
    #[serde(flatten)]
    others: Map<String, Value>,
}

const COOKIE: &str = "shared-session";
/// iron-session's default.
const TTL: Duration = Duration::from_secs(14 * 24 * 60 * 60);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/node");
    for package in ["iron-session8", "iron-session9"] {
        println!("{package}");
        for (path, visits) in go_to_and_fro(&folder, package)? {
            println!("  {path:16} visit {} by {}", visits.visits, visits.last_seen_by);
        }
    }
    Ok(())
}

/// What the visitor is told at each stop: Rust and Node in turn, a sign-out at Node's, and Rust again.
pub(crate) fn go_to_and_fro(
    folder: &Path,
    package: &str,
) -> Result<Vec<(&'static str, Visitor)>, Box<dyn Error>> {
    // A password for this run alone; in production from the environment, the same for both.
    let password = Key::generate()?.to_base64();
    let node = NodeServer::start(folder, package, &password)?;
    let rust = serve(iron::Passwords::new(&password)?)?;

    let mut browser = Browser::default();
    let mut told = Vec::new();
    for (name, server, path) in [
        ("Rust", rust, "/"),
        ("Node", node.address, "/"),
        ("Rust", rust, "/"),
        ("Node", node.address, "/"),
        ("Node, sign out", node.address, "/logout"),
        ("Rust", rust, "/"),
    ] {
        told.push((name, serde_json::from_str(&browser.get(server, path)?)?));
    }
    Ok(told)
}

/// The Rust side: reads the cookie, counts the visit, writes the cookie.
fn respond(cookies: &str, passwords: &iron::Passwords) -> Result<(String, String), Box<dyn Error>> {
    let mut session = Cookie::split_parse(cookies)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == COOKIE)
        .and_then(|cookie| iron::unseal::<Visitor>(cookie.value(), passwords).ok())
        .map(|unsealed| unsealed.data)
        .unwrap_or_default();
    session.visits += 1;
    "Rust".clone_into(&mut session.last_seen_by);

    let value = iron::seal(COOKIE, &session, passwords, Some(TTL))?;
    let cookie = Cookie::build((COOKIE, value))
        .http_only(true)
        .same_site(sealed_session::SameSite::Lax)
        // With Secure wherever it is not a demonstration over plain HTTP.
        .path("/")
        .build();
    Ok((cookie.to_string(), serde_json::to_string(&session)?))
}

/// A server for this demonstration: one request for each connection.
fn serve(passwords: iron::Passwords) -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut cookies = String::new();
            for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                match line.split_once(": ") {
                    Some((name, value)) if name.eq_ignore_ascii_case("cookie") => {
                        value.clone_into(&mut cookies);
                    }
                    _ if line.is_empty() => break,
                    _ => {}
                }
            }
            let (cookie, body) = respond(&cookies, &passwords).expect("the session is small");
            let head = format!("Set-Cookie: {cookie}\r\nCache-Control: no-store\r\n");
            // A visitor who has left is not told.
            let _ = write!(&stream, "HTTP/1.1 200 OK\r\n{head}Connection: close\r\n\r\n{body}");
        }
    });
    Ok(address)
}

/// The Node side: interop/node/server.mjs.
struct NodeServer {
    process: Child,
    address: SocketAddr,
}

impl NodeServer {
    fn start(folder: &Path, package: &str, password: &str) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new("node")
            .current_dir(folder)
            .args(["server.mjs", package, COOKIE])
            .env("SESSION_PASSWORD", password)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node does not start ({error}); install Node 20 or later"))?;
        let mut port = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut port)?;
        let port: u16 = port
            .trim()
            .parse()
            .map_err(|_| "the Node server does not start; run `npm ci` in interop/node")?;
        Ok(Self { process, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser as far as it is needed: keeps one cookie for one host.
#[derive(Default)]
struct Browser {
    cookie: String,
}

impl Browser {
    fn get(&mut self, server: SocketAddr, path: &str) -> Result<String, Box<dyn Error>> {
        let mut stream = TcpStream::connect(server)?;
        let cookie = match self.cookie.as_str() {
            "" => String::new(),
            value => format!("Cookie: {COOKIE}={value}\r\n"),
        };
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\n{cookie}Connection: close\r\n\r\n"
        )?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let (head, body) = response.split_once("\r\n\r\n").ok_or("not HTTP")?;
        let set_cookie = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| Cookie::parse(value).ok())?
        });
        if let Some(cookie) = set_cookie.filter(|cookie| cookie.name() == COOKIE) {
            cookie.value().clone_into(&mut self.cookie);
        }
        Ok(body.to_owned())
    }
}
