//! Two server processes that share the ring, by their environment, and nothing else. Each step of
//! the protocol goes to the other one.
//!
//! A process is this test's own binary, started again. The time comes with each request, so that
//! nobody has to wait for a lapse.

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

use sealed_session::{Bound, Cookie, DeviceRequest, KeyRing, Sessions};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    DAY, MINUTE,
    browser::{jwt, key, read_offer},
    support::{T0, key_text, secs},
};

const IS_SERVER: &str = "BOUND_TEST_IS_SERVER";
const RING: &str = "SESSION_KEYS";
const NAME: &str = "processes::a_server_where_it_is_one";

/// The other process. As a test it does nothing.
#[test]
fn a_server_where_it_is_one() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    let sessions = Sessions::<String>::builder(KeyRing::from_env(RING).unwrap())
        .absolute_timeout(secs(DAY.unsigned_abs()))
        .bound(Bound::new())
        .build()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("\nlistens on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        serve(&sessions, stream.unwrap());
    }
}

fn serve(sessions: &Sessions<String>, mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let [method, target, _] = *first.split(' ').collect::<Vec<_>>() else { panic!("{first}") };
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_once(": ").map(|(name, value)| (name.into(), value.into())).unwrap())
        .collect();
    let all: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let of = |wanted: &'static str| headers.iter().filter(move |(name, _)| name == wanted);
    let seconds = of("x-now").next().unwrap().1.parse().unwrap();
    let now = OffsetDateTime::from_unix_timestamp(seconds).unwrap();

    let mut session = sessions.load_at(of("cookie").map(|(_, value)| value), now);
    let request = DeviceRequest { method, target, headers: &all };
    let mut response = String::new();
    let mut add = |name: &str, value: &str| {
        response.extend([name, ": ", value, "\r\n"]);
    };
    let (status, body) = match sessions.answer_device_at(&session, &request, now) {
        Some(answer) => {
            answer.headers().for_each(|(name, value)| add(name, value));
            (answer.status(), answer.body().to_owned())
        }
        None => {
            match (method, target) {
                ("POST", "/login") => session.sign_in(|user| "ada".clone_into(user)),
                ("POST", "/logout") => session.destroy(),
                _ => {}
            }
            let body = session.read().to_string();
            let commit = sessions.commit_at(&session, now).unwrap();
            commit.headers().for_each(|(name, value)| add(name, &value));
            (200, body)
        }
    };
    write!(stream, "HTTP/1.1 {status} x\r\n{response}connection: close\r\n\r\n{body}").unwrap();
}

/// A running server, which ends with it.
struct Machine {
    process: Child,
    address: String,
}

impl Machine {
    fn start(ring: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env_clear()
            .envs([(IS_SERVER, "yes"), (RING, ring)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = lines.map(Result::unwrap).find(|line| line.starts_with("listens on ")).unwrap();
        Self { process, address: said.replace("listens on ", "") }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, wanted: &str) -> &str {
        &self.headers.iter().find(|(name, _)| name == wanted).expect(wanted).1
    }
}

/// Cookies, whatever their ends: what is kept here is what a thief keeps.
#[derive(Clone, Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn send(
        &mut self,
        machine: &Machine,
        (method, target): (&str, &str),
        headers: &[(&str, &str)],
        seconds: i64,
    ) -> Answer {
        let mut stream = TcpStream::connect(&machine.address).unwrap();
        let mut request = format!("{method} {target} HTTP/1.1\r\n");
        let cookies: Vec<_> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let now = (T0.unix_timestamp() + seconds).to_string();
        for (name, value) in [("cookie", &*cookies.join("; ")), ("x-now", &now)] {
            request.extend([name, ": ", value, "\r\n"]);
        }
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        write!(stream, "{request}\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| {
                line.split_once(": ").map(|(name, value)| (name.into(), value.into())).unwrap()
            })
            .collect();
        for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let cookie = Cookie::parse(value.clone()).unwrap();
            self.0.retain(|(name, _)| name != cookie.name());
            if !cookie.value().is_empty() {
                self.0.push((cookie.name().to_owned(), cookie.value().to_owned()));
            }
        }
        Answer { status, headers, body: body.to_owned() }
    }

    fn user(&mut self, machine: &Machine, seconds: i64) -> String {
        self.send(machine, ("GET", "/"), &[], seconds).body
    }

    fn without(&self, part: &str) -> Self {
        Self(self.0.iter().filter(|(name, _)| !name.contains(part)).cloned().collect())
    }
}

#[test]
fn two_processes_that_share_the_ring_alone_bind_refresh_and_outlast_every_copy() {
    let ring = format!("1:{}", key_text(1));
    let (one, other) = (Machine::start(&ring), Machine::start(&ring));
    let device = key(5);
    let mut owner = Jar::default();

    // Signed in at one, registered at the other, bound by the next response of the first.
    let answer = owner.send(&one, ("POST", "/login"), &[], 0);
    let (path, challenge) = read_offer(answer.header("secure-session-registration"));
    let before = owner.clone();
    let proof = [("secure-session-response", &*jwt(&device, true, &challenge))];
    let answer = owner.send(&other, ("POST", &path), &proof, 1);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let config: Value = serde_json::from_str(&answer.body).unwrap();
    let id = config["session_identifier"].as_str().unwrap().to_owned();
    let refresh = config["refresh_url"].as_str().unwrap().to_owned();
    assert_eq!(owner.user(&one, 2), "ada");

    // Who copies all of it, and who copies the session's cookie alone.
    let copied = owner.clone();
    let alone = owner.without("-bound-");
    assert_eq!(alone.0.len(), 1);
    let until = 11 * MINUTE;
    for machine in [&one, &other] {
        for seconds in [2, MINUTE, until - 1] {
            assert_eq!(copied.clone().user(machine, seconds), "ada", "{seconds}");
            assert_eq!(alone.clone().user(machine, seconds), "", "{seconds}");
        }
        for seconds in [until, 20 * MINUTE, 60 * MINUTE, DAY - 1] {
            assert_eq!(copied.clone().user(machine, seconds), "", "{seconds}");
            assert_eq!(alone.clone().user(machine, seconds), "", "{seconds}");
        }
    }
    // Said in SECURITY.md: a copy from before the binding is a whole session.
    assert_eq!(before.clone().user(&other, 60 * MINUTE), "ada");

    // The owner's device asks one and answers the other, each time the other way round.
    let named = ("sec-secure-session-id", &*id);
    for (round, pair) in [[&one, &other], [&other, &one]].into_iter().cycle().take(4).enumerate() {
        let seconds = 15 * MINUTE * (i64::try_from(round).unwrap() + 1);
        let mut owners = owner.without("-bound-");
        let asked = owners.send(pair[0], ("POST", &refresh), &[named], seconds);
        assert_eq!(asked.status, 403);
        let challenge = asked.header("secure-session-challenge").split('"').nth(1).unwrap();
        // Nobody has the key but the device.
        let forged = jwt(&key(6), false, challenge);
        let headers = [named, ("secure-session-response", &*forged)];
        assert_eq!(copied.clone().send(pair[1], ("POST", &refresh), &headers, seconds).status, 403);
        let proof = jwt(&device, false, challenge);
        let headers = [named, ("secure-session-response", &*proof)];
        assert_eq!(owners.send(pair[1], ("POST", &refresh), &headers, seconds).status, 200);
        assert_eq!(owners.user(pair[0], seconds), "ada");
        owner = owners;
    }

    // A sign-out at one ends the device's session at the other.
    owner.send(&one, ("POST", "/logout"), &[], 61 * MINUTE);
    assert_eq!(owner.user(&other, 61 * MINUTE), "");
    let over = owner.send(&other, ("POST", &refresh), &[named], 61 * MINUTE);
    assert_eq!(over.status, 200);
    assert!(over.body.contains("\"continue\":false"), "{}", over.body);

    // A process with another ring knows nobody.
    let stranger = Machine::start(&format!("1:{}", key_text(2)));
    assert_eq!(copied.clone().user(&stranger, 3), "");
}
