//! The load: visitors, each with a jar of cookies, and a connection that some of them share.

use std::{
    error::Error,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
    SignIn,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::Write, Self::SignIn];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::SignIn => "sign in",
        }
    }

    /// The mix: of 20 requests, 16 read, 3 write and one signs in.
    const fn of(random: u64) -> Self {
        match random % 20 {
            0 => Self::SignIn,
            1..=3 => Self::Write,
            _ => Self::Read,
        }
    }
}

/// One request that was answered as it has to be.
pub(crate) struct Answered {
    pub(crate) kind: Kind,
    pub(crate) took: Duration,
}

/// One connection, and the visitors who send over it one after the other.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    visitors: Vec<Visitor>,
    random: Random,
    request: Vec<u8>,
    response: Vec<u8>,
}

struct Visitor {
    user: usize,
    /// How many of the first item are in the cart.
    quantity: u32,
    /// Names and values.
    cookies: Vec<(String, String)>,
}

impl Connection {
    /// Has `users` of all signed in over it.
    pub(crate) fn open(
        address: SocketAddr,
        users: impl Iterator<Item = usize>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let stream = connect(address)?;
        let visitors: Vec<_> =
            users.map(|user| Visitor { user, quantity: 0, cookies: Vec::new() }).collect();
        let random = Random(1 + visitors.first().map_or(0, |visitor| visitor.user as u64));
        let (request, response) = (Vec::new(), Vec::new());
        let mut connection = Self { address, stream, visitors, random, request, response };
        for place in 0..connection.visitors.len() {
            connection.send(place, Kind::SignIn)?;
        }
        Ok(connection)
    }

    /// One request after the other for this long.
    pub(crate) fn run(
        &mut self,
        long: Duration,
    ) -> Result<Vec<Answered>, Box<dyn Error + Send + Sync>> {
        // It was idle while the others had their turn, and servers close such ones.
        self.stream = connect(self.address)?;
        let mut answered = Vec::new();
        let start = Instant::now();
        while start.elapsed() < long {
            let kind = Kind::of(self.random.next());
            let place = self.random.below(self.visitors.len());
            answered.push(Answered { kind, took: self.send(place, kind)? });
        }
        Ok(answered)
    }

    /// Somebody who signs in has a session already, if it is not the first time: it is replaced.
    fn send(&mut self, place: usize, kind: Kind) -> Result<Duration, Box<dyn Error + Send + Sync>> {
        let visitor = &mut self.visitors[place];
        self.request.clear();
        visitor.write_request(kind, &mut self.request)?;
        let start = Instant::now();
        self.stream.write_all(&self.request)?;
        let (head, body) = receive(&mut self.stream, &mut self.response)?;
        let took = start.elapsed();
        visitor.check(kind, head, body)?;
        Ok(took)
    }
}

impl Visitor {
    fn write_request(&self, kind: Kind, out: &mut Vec<u8>) -> std::io::Result<()> {
        let line = match kind {
            Kind::Read => "GET /read",
            Kind::Write => "POST /write",
            Kind::SignIn => "POST /sign-in",
        };
        write!(out, "{line} HTTP/1.1\r\nHost: localhost\r\n")?;
        for (place, (name, value)) in self.cookies.iter().enumerate() {
            let before = if place == 0 { "Cookie: " } else { "; " };
            write!(out, "{before}{name}={value}")?;
        }
        if !self.cookies.is_empty() {
            write!(out, "\r\n")?;
        }
        let body = if kind == Kind::SignIn { self.user.to_string() } else { String::new() };
        if kind != Kind::Read {
            write!(out, "Content-Type: text/plain\r\nContent-Length: {}\r\n", body.len())?;
        }
        write!(out, "\r\n{body}")
    }

    /// Keeps the cookies, as a browser does, and knows what the session has to hold by now.
    fn check(&mut self, kind: Kind, head: &str, body: &str) -> Result<(), String> {
        self.quantity = match kind {
            Kind::Read => self.quantity,
            Kind::Write => self.quantity + 1,
            Kind::SignIn => 1,
        };
        let expected = format!("{} {}", self.user, self.quantity);
        if !head.starts_with("HTTP/1.1 200") || body != expected {
            return Err(format!("{kind:?}: {expected:?} expected, not {body:?} after {head}"));
        }
        for set_cookie in headers(head, "set-cookie") {
            self.keep(set_cookie);
        }
        Ok(())
    }

    fn keep(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let Some((name, value)) = pair.split_once('=') else { return };
        let is_removed =
            attributes.split(';').any(|one| one.trim().eq_ignore_ascii_case("max-age=0"));
        self.cookies.retain(|(kept, _)| kept != name);
        if !is_removed {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

/// The head and the body of a response.
fn receive<'a>(
    stream: &mut TcpStream,
    buffer: &'a mut Vec<u8>,
) -> Result<(&'a str, &'a str), Box<dyn Error + Send + Sync>> {
    buffer.clear();
    let mut chunk = [0; 8192];
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = str::from_utf8(&buffer[..end])?;
            let length = headers(head, "content-length").next().ok_or("no length")?;
            if buffer.len() == end + 4 + length.parse::<usize>()? {
                let (head, body) = str::from_utf8(buffer)?.split_at(end);
                return Ok((head, &body[4..]));
            }
        }
        match stream.read(&mut chunk)? {
            0 => return Err("the server closed the connection".into()),
            read => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}

fn headers<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    head.lines().skip(1).filter_map(move |line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Xorshift: the same visits in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is less than one")
    }
}
