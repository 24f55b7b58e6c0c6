//! One machine's process: an HTTP server with a session, following its ring file.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process, thread,
    time::Duration,
};

use sealed_session::{Follower, Keys, RingFile, Sessions};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// Of the servers' time.
pub(crate) const ABSOLUTE_TIMEOUT: Duration = Duration::from_secs(150 * 60);

/// What a session holds.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) writes: u64,
}

pub(crate) fn serve_if_asked() {
    let Ok(ring) = env::var("RING_FILE") else { return };
    let clock = Clock::given();
    let mut follower = Follower::new_at(RingFile::new(ring), clock.now()).unwrap();
    let keys = follower.keys();
    let sessions =
        Sessions::<Account>::builder(keys).absolute_timeout(ABSOLUTE_TIMEOUT).build().unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("\nPORT {}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sessions = sessions.clone();
            thread::spawn(move || converse(&sessions, clock, &stream.unwrap()));
        }
    });
    loop {
        thread::sleep(Duration::from_millis(20));
        // The error is in the keys, for the health page.
        let _ = follower.check_at(clock.now());
    }
}

fn converse(sessions: &Sessions<Account>, clock: Clock, mut stream: &TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some((path, cookies)) = read_request(&mut reader) {
        let (mut set_cookie, body) = (None, answer(sessions, clock, &path, &cookies));
        let (body, session) = body;
        if let Some((session, now)) = session {
            let commit = sessions.commit_at(&session, now).unwrap();
            let ours = |cookie: &&sealed_session::Cookie| cookie.name() == sessions.cookie_name();
            set_cookie = commit.cookies().iter().find(ours).map(ToString::to_string);
        }
        let set_cookie = set_cookie.map(|c| format!("Set-Cookie: {c}\r\n")).unwrap_or_default();
        let length = body.len();
        let response =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{set_cookie}\r\n{body}");
        if stream.write_all(response.as_bytes()).is_err() {
            return;
        }
        if path == "/stop" {
            process::exit(0);
        }
    }
}

type Touched = Option<(sealed_session::Session<Account>, time::OffsetDateTime)>;

fn answer(
    sessions: &Sessions<Account>,
    clock: Clock,
    path: &str,
    cookies: &[String],
) -> (String, Touched) {
    if path == "/health" {
        return (health(sessions.keys()), None);
    }
    let now = clock.now();
    let mut session = sessions.load_at(cookies, now);
    if let Some(user) = path.strip_prefix("/login/") {
        session.renew();
        session.write(|account| *account = Account { user: user.to_owned(), writes: 0 });
    } else if path == "/write" && !session.is_new() {
        session.write(|account| account.writes += 1);
    }
    if path == "/form" {
        let token = session.csrf_token();
        return (token.unwrap_or_else(|error| format!("no {error}")), Some((session, now)));
    }
    if let Some(token) = path.strip_prefix("/post/") {
        let outcome = session.verify_csrf(token).map_err(|error| error.class());
        return (outcome.map_or_else(|class| format!("no {class}"), |()| "yes".to_owned()), None);
    }
    let Some(id) = session.id() else {
        let reason = session.refusal().map_or("none", sealed_session::UnsealError::class);
        return (format!("no {reason}"), Some((session, now)));
    };
    let account = session.read();
    let seconds = |time: Option<time::OffsetDateTime>| time.unwrap().unix_timestamp();
    let (created, expires) = (seconds(session.created_at()), seconds(session.expires_at()));
    let body = format!("yes {id} {created} {expires} {} {}", account.user, account.writes);
    (body, Some((session, now)))
}

fn health(keys: &Keys) -> String {
    let error = keys.last_error().map(|error| error.to_string()).unwrap_or_default();
    format!("{}\n{}\n{error}", keys.generation(), keys.current().fingerprint())
}

/// The path and the values of the Cookie headers.
fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<(String, Vec<String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut cookies = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => return Some((path, cookies)),
            header => cookies.extend(header.strip_prefix("Cookie: ").map(ToOwned::to_owned)),
        }
    }
}
