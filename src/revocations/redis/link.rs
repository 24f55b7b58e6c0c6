//! One connection to the server, and what is said over it.

use std::time::Duration;

use redis::{
    Client, ClientTlsConfig, Connection, ConnectionAddr, FromRedisValue, RedisError, RedisResult,
    TlsCertificates, cmd,
};

use crate::{
    error::ConfigError,
    revocations::{Changes, Position, Revocation, SourceError},
};

/// How to connect.
pub(super) struct Links {
    client: Client,
    keys: [String; 3],
    pub(super) timeout: Duration,
    certificates: TlsCertificates,
}

pub(super) struct Link {
    connection: Connection,
    keys: [String; 3],
    timeout: Duration,
}

/// Up to where the stream was read, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    /// Items of the stream, since it began.
    pub(super) count: u64,
    /// The name of the last, which no other item has, also not in another server's stream.
    last: Vec<u8>,
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
        let certificates = TlsCertificates { client_tls: None, root_cert: None };
        let (keys, timeout) = (Default::default(), Duration::from_secs(3));
        let mut links = Self { client, keys, timeout, certificates };
        links.set_prefix("{sealed-session}");
        Ok(links)
    }

    pub(super) fn set_prefix(&mut self, prefix: &str) {
        self.keys = ["meta", "set", "stream"].map(|name| format!("{prefix}:{name}"));
    }

    pub(super) fn set_root(&mut self, pem: &[u8]) -> Result<(), ConfigError> {
        self.set_certificates(TlsCertificates {
            root_cert: Some(pem.to_vec()),
            ..self.certificates.clone()
        })
    }

    pub(super) fn set_client(&mut self, certificate: &[u8], key: &[u8]) -> Result<(), ConfigError> {
        let (client_cert, client_key) = (certificate.to_vec(), key.to_vec());
        let client_tls = Some(ClientTlsConfig { client_cert, client_key });
        self.set_certificates(TlsCertificates { client_tls, ..self.certificates.clone() })
    }

    fn set_certificates(&mut self, certificates: TlsCertificates) -> Result<(), ConfigError> {
        // The client takes a text without a certificate for a list of none.
        let is_there = |pem: &[u8]| pem.windows(PEM.len()).any(|window| window == PEM);
        let own = certificates.client_tls.as_ref().map(|client| &client.client_cert);
        if !certificates.root_cert.iter().chain(own).all(|pem| is_there(pem)) {
            return Err(ConfigError::RedisCertificate);
        }
        let info = self.client.get_connection_info().clone();
        self.client = Client::build_with_tls(info, certificates.clone())
            .map_err(|_| ConfigError::RedisCertificate)?;
        self.certificates = certificates;
        Ok(())
    }

    pub(super) fn connect(&self) -> RedisResult<Link> {
        let connection = self.client.get_connection_with_timeout(self.timeout)?;
        connection.set_read_timeout(Some(self.timeout))?;
        connection.set_write_timeout(Some(self.timeout))?;
        Ok(Link { connection, keys: self.keys.clone(), timeout: self.timeout })
    }
}

impl Link {
    fn run_script<R: FromRedisValue>(
        &mut self,
        script: &str,
        random: &str,
        arguments: impl FnOnce(&mut redis::Cmd),
    ) -> RedisResult<R> {
        let mut command = cmd("EVAL");
        command.arg([BEGIN, script].concat()).arg(self.keys.len()).arg(&self.keys).arg(random);
        arguments(&mut command);
        command.query(&mut self.connection)
    }

    pub(super) fn publish(
        &mut self,
        random: &str,
        floor: Position,
        history: u32,
        members: impl Iterator<Item = Vec<u8>>,
    ) -> RedisResult<Vec<Position>> {
        let given: Vec<u64> = self.run_script(PUBLISH, random, |command| {
            command.arg(floor.get()).arg(history);
            members.for_each(|member| _ = command.arg(member));
        })?;
        given.into_iter().map(position).collect()
    }

    pub(super) fn restore(
        &mut self,
        random: &str,
        floor: Position,
        history: u32,
        entries: &[(Revocation, Position)],
    ) -> RedisResult<()> {
        let _: Vec<u64> = self.run_script(RESTORE, random, |command| {
            command.arg(floor.get()).arg(history);
            for (revocation, position) in entries {
                command.arg(position.get()).arg(revocation.to_bytes());
            }
        })?;
        Ok(())
    }

    /// Where the stream ends, and the greatest position.
    pub(super) fn state(&mut self, random: &str) -> RedisResult<(Tail, Position)> {
        let (greatest, count, last) = self.run_script(STATE, random, |_| {})?;
        Ok((Tail { count, last }, position(greatest)?))
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
            let field = |name| fields.iter().find(|(own, _)| own == name).map(|(_, value)| value);
            let is_next =
                id.split_once('-').and_then(|(count, _)| count.parse().ok()) == Some(next);
            let (Some(name), true) = (field("n"), is_next && field("b") == Some(&tail.last)) else {
                return Ok(Some(Changes::Lost));
            };
            let number = field("p").and_then(|text| str::from_utf8(text).ok()?.parse().ok());
            let revocation = field("m").and_then(|member| Revocation::from_bytes(member));
            // What another version of this program writes can be read again by one that knows it.
            if let (Some(number), Some(revocation)) = (number, revocation) {
                let position = position(number)?;
                entry(revocation, position);
                greatest = greatest.max(Some(position));
            }
            *tail = Tail { count: next, last: name.clone() };
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
/// What begins a certificate.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// Entries in one answer.
const PAGE: usize = 5000;
