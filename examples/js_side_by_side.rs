//! A Rust server and a Node server share one session: a visitor goes to and fro between them, with one
//! cookie that both read and write, and signs out at either.
//!
//! ```sh
//! interop/js/build                        # the npm package
//! cargo run --example js_side_by_side
//! ```
//!
//! For a front in Next.js or Express and an API in Rust on one host.

use std::{
    error::Error,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use sealed_session::{Key, KeyRing, Sessions};
use serde::{Deserialize, Serialize};

/// The session, as both sides know it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Visitor {
    user: Option<String>,
    visits: u32,
    last_seen_by: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    // For this run alone; in production from the environment, the same for both.
    let ring = format!("1:{}", *Key::generate()?.to_base64());
    let node = NodeServer::start(&ring)?;
    let rust = serve(ring.parse()?)?;

    let mut browser = Browser::default();
    let mut visit = |name: &str, server, path, expected: (Option<&str>, u32, &str)| {
        let told: Visitor = serde_json::from_str(&browser.get(server, path)?)?;
        println!("{name} {path:8} {told:?}");
        assert_eq!(
            (told.user.as_deref(), told.visits, &*told.last_seen_by),
            expected,
            "{name} {path}"
        );
        Ok::<_, Box<dyn Error>>(())
    };
    let ada = Some("ada");
    visit("Rust", rust, "/", (None, 1, "Rust"))?;
    visit("Node", node.address, "/", (None, 2, "Node"))?;
    visit("Rust", rust, "/login", (ada, 3, "Rust"))?;
    visit("Node", node.address, "/", (ada, 4, "Node"))?;
    visit("Node", node.address, "/logout", (None, 0, ""))?;
    visit("Rust", rust, "/", (None, 1, "Rust"))?;
    visit("Node", node.address, "/login", (ada, 2, "Node"))?;
    visit("Rust", rust, "/", (ada, 3, "Rust"))?;
    visit("Rust", rust, "/logout", (None, 0, ""))?;
    visit("Node", node.address, "/", (None, 1, "Node"))
}

/// The Rust side of a visit: what is told, and the cookies to set.
fn respond(
    sessions: &Sessions<Visitor>,
    path: &str,
    cookies: &str,
) -> Result<(String, Vec<String>), Box<dyn Error>> {
    let mut session = sessions.load([cookies]);
    let told = match path {
        "/logout" => {
            session.destroy();
            Visitor::default()
        }
        _ => {
            if path == "/login" {
                session.sign_in(|visitor| visitor.user = Some("ada".to_owned()));
            }
            session.write(|visitor| {
                visitor.visits += 1;
                "Rust".clone_into(&mut visitor.last_seen_by);
                visitor.clone()
            })
        }
    };
    let commit = sessions.commit(&session)?;
    let cookies = commit.cookies().iter().map(ToString::to_string).collect();
    Ok((serde_json::to_string(&told)?, cookies))
}

/// A server for this demonstration: one request for each connection.
fn serve(ring: KeyRing) -> Result<SocketAddr, Box<dyn Error>> {
    let sessions = Sessions::builder(ring).insecure_plain_http_for_development().build()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Err(error) = answer(stream, &sessions) {
                eprintln!("the Rust server: {error}");
            }
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, sessions: &Sessions<Visitor>) -> Result<(), Box<dyn Error>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut path, mut cookies) = (String::new(), String::new(), String::new());
    while reader.read_line(&mut line)? > 2 {
        if let Some(rest) = line.strip_prefix("GET ") {
            rest.split(' ').next().unwrap_or("/").clone_into(&mut path);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("cookie")
        {
            value.trim().clone_into(&mut cookies);
        }
        line.clear();
    }
    let (body, cookies) = respond(sessions, &path, &cookies)?;
    write!(stream, "HTTP/1.1 200 OK\r\n")?;
    for cookie in cookies {
        write!(stream, "Set-Cookie: {cookie}\r\n")?;
    }
    write!(
        stream,
        "Cache-Control: no-store\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

/// As much of a browser as this needs: it keeps cookies, and drops them when told.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn get(&mut self, server: SocketAddr, path: &str) -> Result<String, Box<dyn Error>> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nConnection: close\r\n\r\n",
            pairs.join("; ")
        )?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let (head, body) = response.split_once("\r\n\r\n").ok_or("no end of the head")?;
        for line in head.lines() {
            let Some((name, value)) = line.split_once(": ") else { continue };
            if name.eq_ignore_ascii_case("set-cookie") {
                let pair = value.split(';').next().unwrap_or_default();
                let (name, value) = pair.split_once('=').ok_or("no cookie")?;
                self.cookies.retain(|(kept, _)| kept != name);
                if !value.is_empty() {
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        // Node sends a body of unknown length in chunks.
        let start = body.find('{').ok_or_else(|| format!("no JSON: {response}"))?;
        let end = body.rfind('}').ok_or("no end of the JSON")?;
        Ok(body.get(start..=end).unwrap_or_default().to_owned())
    }
}

/// The other side, with the npm package; it ends with this handle.
struct NodeServer {
    address: SocketAddr,
    process: Child,
}

impl NodeServer {
    fn start(ring: &str) -> Result<Self, Box<dyn Error>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/js");
        if !folder.join("pkg").exists() {
            return Err("the npm package is not built: run interop/js/build".into());
        }
        let mut process = Command::new("node")
            .current_dir(folder)
            .arg("test/server.mjs")
            .env("SESSION_KEYS", ring)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`node` does not start: {error}"))?;
        let mut port = String::new();
        let stdout = process.stdout.take().ok_or("it is piped")?;
        BufReader::new(stdout).read_line(&mut port)?;
        let mut server = Self { address: ([127, 0, 0, 1], 0).into(), process };
        server.address.set_port(port.trim().parse()?);
        Ok(server)
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
