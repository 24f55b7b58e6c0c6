//! One connection to the server, and what is said over it.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use redis::{Client, Connection, ConnectionAddr, FromRedisValue, RedisError, RedisResult, cmd};

use crate::{
    error::ConfigError,
    revocations::{Changes, Position, Revocation, SourceError},
};

/// How to connect.
pub(super) struct Links {
    client: Client,
    keys: [String; 3],
    pub(super) timeout: Duration,
    count: AtomicU64,
}

pub(super) struct Link {
    connection: Connection,
    keys: [String; 3],
    timeout: Duration,
    /// Differs after each start of the server; `None` where it does not say.
    run: Option<String>,
    /// Which connection this is.
    number: u64,
}

/// Up to where the stream was read, and of what.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    run: Option<String>,
    link: u64,
    incarnation: String,
    /// Items of the stream, since it began.
    pub(super) count: u64,
}

impl Links {
    pub(super) fn new(url: &str) -> Result<Self, ConfigError> {
        // What the client says of the URL may quote it, with its password.
        let client = Client::open(url).map_err(|_| ConfigError::RedisUrl)?;
        let is_tls = matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. });
        if is_tls && rustls::crypto::CryptoProvider::get_default().is_none() {
            // Where another thread was first, there is one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let (keys, timeout, count) =
            (Default::default(), Duration::from_secs(3), AtomicU64::new(0));
        let mut links = Self { client, keys, timeout, count };
        links.set_prefix("{sealed-session}");
        Ok(links)
    }

    pub(super) fn set_prefix(&mut self, prefix: &str) {
        self.keys = ["meta", "set", "stream"].map(|name| format!("{prefix}:{name}"));
    }

    pub(super) fn connect(&self) -> RedisResult<Link> {
        let mut connection = self.client.get_connection_with_timeout(self.timeout)?;
        connection.set_read_timeout(Some(self.timeout))?;
        connection.set_write_timeout(Some(self.timeout))?;
        let info: RedisResult<String> = cmd("INFO").arg("server").query(&mut connection);
        let run = match info {
            Ok(info) => {
                info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned)
            }
            Err(error) if error.is_io_error() => return Err(error),
            // The user may not ask.
            Err(_) => None,
        };
        let number = self.count.fetch_add(1, Relaxed);
        Ok(Link { connection, keys: self.keys.clone(), timeout: self.timeout, run, number })
    }
}

impl Link {
    fn run_script<R: FromRedisValue>(
        &mut self,
        script: &str,
        incarnation: &str,
        arguments: impl FnOnce(&mut redis::Cmd),
    ) -> RedisResult<R> {
        let mut command = cmd("EVAL");
        command.arg([BEGIN, script].concat()).arg(self.keys.len()).arg(&self.keys).arg(incarnation);
        arguments(&mut command);
        command.query(&mut self.connection)
    }

    pub(super) fn publish(
        &mut self,
        incarnation: &str,
        floor: Position,
        history: u32,
        members: impl Iterator<Item = Vec<u8>>,
    ) -> RedisResult<Vec<Position>> {
        let given: Vec<u64> = self.run_script(PUBLISH, incarnation, |command| {
            command.arg(floor.get()).arg(history);
            members.for_each(|member| _ = command.arg(member));
        })?;
        given.into_iter().map(position).collect()
    }

    pub(super) fn restore(
        &mut self,
        incarnation: &str,
        floor: Position,
        history: u32,
        entries: &[(Revocation, Position)],
    ) -> RedisResult<()> {
        let _: Vec<u64> = self.run_script(RESTORE, incarnation, |command| {
            command.arg(floor.get()).arg(history);
            for (revocation, position) in entries {
                command.arg(position.get()).arg(revocation.to_bytes());
            }
        })?;
        Ok(())
    }

    /// Where the stream ends, and the greatest position.
    pub(super) fn state(&mut self, incarnation: &str) -> RedisResult<(Tail, Position)> {
        let (incarnation, greatest, count) = self.run_script(STATE, incarnation, |_| {})?;
        let tail = Tail { run: self.run.clone(), link: self.number, incarnation, count };
        Ok((tail, position(greatest)?))
    }

    /// Whether the server has certainly not been started again since.
    pub(super) fn is_same_run(&self, tail: &mut Tail) -> bool {
        let is_same = tail.link == self.number || self.run.is_some() && self.run == tail.run;
        if is_same {
            tail.link = self.number;
        }
        is_same
    }

    /// Page by page: what is changed meanwhile gets a greater position, or comes by the stream.
    pub(super) fn entries(
        &mut self,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> RedisResult<()> {
        let mut from = 1;
        let mut page = PAGE;
        loop {
            let found: Vec<(Vec<u8>, u64)> = cmd("ZRANGEBYSCORE")
                .arg(&self.keys[SET])
                .arg(from)
                .arg("+inf")
                .arg("WITHSCORES")
                .arg("LIMIT")
                .arg(0)
                .arg(page)
                .query(&mut self.connection)?;
            let is_last = found.len() < page;
            let last = found.last().map_or(from, |(_, number)| *number);
            for (member, number) in found {
                if let Some(revocation) = Revocation::from_bytes(&member) {
                    entry(revocation, position(number)?);
                }
            }
            match is_last {
                true => return Ok(()),
                // The last again, for there may be others of its position.
                false if last > from => from = last,
                false => page = page.saturating_mul(2),
            }
        }
    }

    /// What the stream has behind the tail, `None` where nothing came.
    pub(super) fn read(
        &mut self,
        tail: &mut Tail,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> RedisResult<Option<Changes>> {
        self.connection.set_read_timeout(Some(self.timeout.saturating_add(wait)))?;
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let streams: Option<Streams> = cmd("XREAD")
            .arg("COUNT")
            .arg(PAGE)
            .arg("BLOCK")
            .arg(wait)
            .arg("STREAMS")
            .arg(&self.keys[STREAM])
            .arg(format!("{}-0", tail.count))
            .query(&mut self.connection)?;
        let items = streams.into_iter().flatten().flat_map(|(_, items)| items);
        let mut greatest = None;
        for (id, fields) in items {
            let next = tail.count.saturating_add(1);
            if id.split_once('-').and_then(|(count, _)| count.parse().ok()) != Some(next) {
                return Ok(Some(Changes::Lost));
            }
            let field = |name| fields.iter().find(|(own, _)| own == name).map(|(_, value)| value);
            let number = field("p").and_then(|text| str::from_utf8(text).ok()?.parse().ok());
            let revocation = field("m").and_then(|member| Revocation::from_bytes(member));
            // What another version of this program writes can be read again by one that knows it.
            if let (Some(number), Some(revocation)) = (number, revocation) {
                let position = position(number)?;
                entry(revocation, position);
                greatest = greatest.max(Some(position));
            }
            tail.count = next;
            greatest = greatest.or(Some(Position::default()));
        }
        Ok(greatest.map(Changes::Followed))
    }

    pub(super) fn prune(&mut self, up_to: Position) -> RedisResult<()> {
        // From 1: the mark of the incarnation has 0.
        let command = cmd("ZREMRANGEBYSCORE").arg(&self.keys[SET]).arg(1).arg(up_to.get()).clone();
        command.query(&mut self.connection)
    }
}

impl Tail {
    pub(super) fn is_of_same_stream(&self, other: &Self) -> bool {
        self.incarnation == other.incarnation
    }
}

/// What `XREAD` answers: for each stream its items, with their ids and fields.
type Streams = Vec<(String, Vec<(String, Vec<(String, Vec<u8>)>)>)>;

fn position(number: u64) -> RedisResult<Position> {
    Position::new(number).ok_or_else(|| {
        let kind = redis::ErrorKind::UnexpectedReturnType;
        RedisError::from((kind, "a position needs more than 48 bits"))
    })
}

pub(super) fn failed(error: &RedisError) -> SourceError {
    format!("Redis: {error}").into()
}

const BEGIN: &str = include_str!("begin.lua");
const PUBLISH: &str = include_str!("publish.lua");
const RESTORE: &str = include_str!("restore.lua");
const STATE: &str = include_str!("state.lua");

const SET: usize = 1;
const STREAM: usize = 2;
/// Entries in one answer.
const PAGE: usize = 5000;
