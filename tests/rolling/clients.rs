//! The visitors: browsers that keep their cookie, and notice whatever happens to their session.

use std::{
    fmt,
    io::{BufReader, Write as _},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use sealed_session::Hint;
use time::OffsetDateTime;

use crate::{
    Scale,
    clock::Clock,
    machine::{Addresses, LARGEST_OFFSET, read_response},
    server::ABSOLUTE_TIMEOUT,
};

/// What the operator is about, so that latencies can be told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Rolling = 0,
    Quiet = 1,
    Replacing = 2,
}

pub(crate) struct Population {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Findings>>,
}

struct Shared {
    clock: Clock,
    addresses: Addresses,
    requests: AtomicU64,
    phase: AtomicU8,
    is_over: AtomicBool,
    /// The key that every session has to be under after a request, and from when on.
    expected: Mutex<Option<(u32, OffsetDateTime)>>,
    /// Raised when every session has to be looked at, each thread answers once.
    roll_call: AtomicU64,
    answers: AtomicU64,
    pause: Duration,
}

/// Everything that was counted.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) requests: u64,
    pub(crate) logins: u64,
    /// Sessions that lived to their end.
    pub(crate) ended: u64,
    /// Re-seals under a newer key.
    pub(crate) moved: u64,
    pub(crate) lost: u64,
    pub(crate) lengthened: u64,
    pub(crate) under_an_old_key: u64,
    /// Requests that met a machine that was down, and went to another.
    pub(crate) turned_away: u64,
    pub(crate) failed_in_peace: u64,
    /// Microseconds, by phase.
    latencies: [Vec<u32>; 3],
}

impl Population {
    pub(crate) fn start(clock: Clock, addresses: Addresses, scale: &Scale) -> Self {
        let shared = Arc::new(Shared {
            clock,
            addresses,
            requests: AtomicU64::new(0),
            phase: AtomicU8::new(Phase::Rolling as u8),
            is_over: AtomicBool::new(false),
            expected: Mutex::new(None),
            roll_call: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            pause: scale.pause,
        });
        let sessions = scale.sessions;
        let threads = (0..scale.clients).map(|number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || Crowd::new(shared, number, sessions).live())
        });
        let threads = threads.collect();
        Self { shared, threads }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(SeqCst)
    }

    pub(crate) fn label(&self, phase: Phase) {
        self.shared.phase.store(phase as u8, SeqCst);
    }

    /// A renewal interval after `start` every request has to leave its session under this key.
    pub(crate) fn expect_key(&self, id: u32, start: OffsetDateTime) {
        // An hour without an idle timeout. Nobody seals under the old key after `start`.
        let from = start + time::Duration::HOUR;
        *self.shared.expected.lock().unwrap() = Some((id, from));
    }

    /// Has every session visit once, sleepers too, and counts those still under an old key.
    pub(crate) fn check_that_all_are_under(&self, id: u32) {
        assert_eq!(self.shared.expected.lock().unwrap().map(|(id, _)| id), Some(id));
        self.shared.answers.store(0, SeqCst);
        self.shared.roll_call.fetch_add(1, SeqCst);
        while self.shared.answers.load(SeqCst) < self.threads.len() as u64 {
            self.check_that_all_are_there();
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// A client that saw something impossible has panicked.
    pub(crate) fn check_that_all_are_there(&self) {
        assert!(!self.threads.iter().any(JoinHandle::is_finished), "a client gave up, see above");
    }

    pub(crate) fn finish(self) -> Findings {
        self.shared.is_over.store(true, SeqCst);
        let mut all = Findings::default();
        for thread in self.threads {
            let found = thread.join().unwrap();
            all.requests += found.requests;
            all.logins += found.logins;
            all.ended += found.ended;
            all.moved += found.moved;
            all.lost += found.lost;
            all.lengthened += found.lengthened;
            all.under_an_old_key += found.under_an_old_key;
            all.turned_away += found.turned_away;
            all.failed_in_peace += found.failed_in_peace;
            for (all, found) in all.latencies.iter_mut().zip(found.latencies) {
                all.extend(found);
            }
        }
        for latencies in &mut all.latencies {
            latencies.sort_unstable();
        }
        all
    }
}

/// The sessions of one thread, and its connections.
struct Crowd {
    shared: Arc<Shared>,
    number: usize,
    browsers: Vec<Browser>,
    connections: [Option<TcpStream>; 3],
    random: u64,
    calls: u64,
    found: Findings,
}

struct Browser {
    user: String,
    session: Option<Known>,
    /// Signs in, and does not come back before half of the session's time has passed, or nearly all.
    is_sleeper: bool,
    comes_back_at: Option<OffsetDateTime>,
}

/// What the visitor knows of the session and does not expect to change.
struct Known {
    cookie: String,
    id: String,
    created: i64,
    expires: i64,
    writes: u64,
}

impl Crowd {
    fn new(shared: Arc<Shared>, number: usize, sessions: usize) -> Self {
        let begin = shared.clock.now();
        let browsers = (0..sessions).map(|index| Browser {
            user: format!("user-{number}-{index}"),
            session: None,
            is_sleeper: index % 5 == 0,
            // One after the other, so that at every time some sleep.
            comes_back_at: (index % 5 == 0).then(|| {
                let part = u32::try_from(index * 100 / sessions).unwrap();
                begin + ABSOLUTE_TIMEOUT * part / 100
            }),
        });
        Self {
            shared,
            number,
            browsers: browsers.collect(),
            connections: Default::default(),
            random: 0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1) << 17,
            calls: 0,
            found: Findings::default(),
        }
    }

    fn live(mut self) -> Findings {
        while !self.shared.is_over.load(SeqCst) {
            thread::sleep(self.shared.pause);
            let index = self.random(self.browsers.len());
            let browser = &self.browsers[index];
            if browser.comes_back_at.is_none_or(|time| time <= self.shared.clock.now()) {
                self.visit(index);
            }
            let calls = self.shared.roll_call.load(SeqCst);
            if calls > self.calls {
                self.calls = calls;
                (0..self.browsers.len()).for_each(|index| self.visit(index));
                self.shared.answers.fetch_add(1, SeqCst);
            }
        }
        self.found
    }

    fn visit(&mut self, index: usize) {
        let browser = &self.browsers[index];
        let path = match (&browser.session, self.random % 4) {
            (None, _) => format!("/login/{}", browser.user),
            (Some(_), 0) => "/write".to_owned(),
            (Some(_), _) => "/".to_owned(),
        };
        let cookie = browser.session.as_ref().map(|known| known.cookie.clone());
        let before = self.shared.clock.now();
        let (set_cookie, body) = self.request(&path, cookie.as_deref());
        let after = self.shared.clock.now();

        let browser = &mut self.browsers[index];
        let mut words = body.split(' ');
        let is_live = words.next() == Some("yes");
        let Some(mut known) = browser.session.take() else {
            self.found.logins += 1;
            assert!(is_live, "signing in fails: {body}");
            let known = Known {
                cookie: set_cookie.expect("signing in sets the cookie"),
                id: words.next().unwrap().to_owned(),
                created: words.next().unwrap().parse().unwrap(),
                expires: words.next().unwrap().parse().unwrap(),
                writes: 0,
            };
            assert_eq!(
                u64::try_from(known.expires - known.created),
                Ok(ABSOLUTE_TIMEOUT.as_secs())
            );
            browser.comes_back_at = browser.is_sleeper.then(|| {
                let part = 50 + (self.random >> 20) % 48;
                before + ABSOLUTE_TIMEOUT * u32::try_from(part).unwrap() / 100
            });
            browser.session = Some(known);
            return;
        };

        if !is_live {
            // A machine may be ahead of our clock by so much.
            let latest = after.unix_timestamp() + LARGEST_OFFSET;
            if body == "no expired" && known.expires <= latest {
                self.found.ended += 1;
            } else {
                self.found.lost += 1;
                eprintln!("client {}: lost {} at {after}: {body}", self.number, browser.user);
            }
            browser.comes_back_at = None;
            return;
        }
        // No machine is behind our clock, so none may still take it for live.
        if known.expires <= before.unix_timestamp() {
            self.found.lengthened += 1;
        }
        known.writes += u64::from(path == "/write");
        let expected = format!(
            "yes {} {} {} {} {}",
            known.id, known.created, known.expires, browser.user, known.writes
        );
        assert_eq!(body, expected, "the session is as the visitor left it");
        if let Some(cookie) = set_cookie {
            self.found.moved += u64::from(key_id(&cookie) > key_id(&known.cookie));
            known.cookie = cookie;
        }
        let newest = *self.shared.expected.lock().unwrap();
        if newest.is_some_and(|(id, from)| from <= before && key_id(&known.cookie) != id) {
            self.found.under_an_old_key += 1;
            eprintln!(
                "client {}: {} is under key {}",
                self.number,
                browser.user,
                key_id(&known.cookie)
            );
        }
        // Those who slept stay awake until the session ends.
        browser.comes_back_at = None;
        browser.session = Some(known);
    }

    /// A request to some machine that is up.
    fn request(&mut self, path: &str, cookie: Option<&str>) -> (Option<String>, String) {
        let cookie = cookie.map(|cookie| format!("Cookie: __Host-session={cookie}\r\n"));
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", cookie.unwrap_or_default());
        loop {
            let machine = self.random(3);
            let phase = self.shared.phase.load(SeqCst);
            let started = Instant::now();
            if let Ok(response) = self.ask(machine, &request) {
                let micros = u32::try_from(started.elapsed().as_micros()).unwrap();
                if phase == self.shared.phase.load(SeqCst) {
                    self.found.latencies[usize::from(phase)].push(micros);
                }
                self.found.requests += 1;
                self.shared.requests.fetch_add(1, SeqCst);
                return response;
            }
            self.found.turned_away += 1;
            self.found.failed_in_peace += u64::from(phase != Phase::Rolling as u8);
            self.connections[machine] = None;
        }
    }

    fn ask(&mut self, machine: usize, request: &str) -> std::io::Result<(Option<String>, String)> {
        let connection = &mut self.connections[machine];
        if connection.is_none() {
            let port = self.shared.addresses[machine].load(SeqCst);
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            *connection = Some(stream);
        }
        let mut stream = connection.as_ref().unwrap();
        stream.write_all(request.as_bytes())?;
        read_response(&mut BufReader::new(stream))
    }

    fn random(&mut self, below: usize) -> usize {
        // xorshift64: which machine is asked need not be unpredictable.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from((self.random >> 32) % below as u64).unwrap()
    }
}

fn key_id(cookie: &str) -> u32 {
    Hint::read(cookie).unwrap().key_id().get()
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} requests, {} sessions, of which {} lived to their end; {} moves to a newer key",
            self.requests, self.logins, self.ended, self.moved
        )?;
        writeln!(
            f,
            "lost {}, lengthened {}, under an old key after a renewal interval {}, turned away by a machine that was down {}",
            self.lost, self.lengthened, self.under_an_old_key, self.turned_away
        )?;
        for (phase, latencies) in ["rolling", "quiet", "replacing"].iter().zip(&self.latencies) {
            let at = |share: usize| latencies.get(latencies.len() * share / 1000).unwrap_or(&0);
            writeln!(
                f,
                "{phase:>10}: {:>8} requests, µs p50 {:>5} p99 {:>6} p99.9 {:>6}",
                latencies.len(),
                at(500),
                at(990),
                at(999)
            )?;
        }
        Ok(())
    }
}
