//! Spreads revocations by Redis or Valkey.
//!
//! ```text
//! PREFIX:meta    hash        incarnation, position, count of the stream's items, name of the last
//! PREFIX:set     sorted set  each target once, by its greatest position
//! PREFIX:stream  stream      the last changes, item n has the id n-0 and names the one before
//! ```
//!
//! A script changes all three in one step.

mod link;

use std::{fmt, sync::Mutex, time::Duration};

use self::link::{Link, Links, Tail, failed};
use super::{
    position::Position,
    source::{Changes, RevocationSource, SourceError},
    subject::Revocation,
};
use crate::{error::ConfigError, platform::random::random};

/// Spreads revocations by Redis (6.2 or later) or Valkey: by one server, or by several that fail
/// over behind one address.
///
/// ```no_run
/// use std::time::Duration;
///
/// use sealed_session::{RedisRevocations, Revocations};
///
/// let redis = RedisRevocations::new("rediss://shop:password@redis.internal:6380/0")?;
/// let revocations =
///     Revocations::following(redis, Duration::from_secs(14 * 24 * 3600)).start()?;
/// assert!(revocations.wait_until_read(Duration::from_secs(10)), "{:?}", revocations.trouble());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A URL with `rediss:` uses TLS, with the certificates that the system trusts, or
/// [your own](Self::root_certificate). User name and password are in the URL. If the process has
/// not chosen a cryptography provider for rustls, ring is installed. The user needs the commands
/// `EVAL`, `HMGET`, `HSET`, `ZADD`, `ZREM`, `ZSCORE`, `ZRANGEBYSCORE`, `ZREMRANGEBYSCORE`, `XADD`,
/// `XREAD`, `DEL` and `TIME`.
///
/// A confirmed revocation is in the server's memory and in that of the machine that asked, which
/// restores it if the server loses it. Let the server also persist its data (`appendonly yes`) and
/// evict nothing (`maxmemory-policy noeviction`). Subjects are stored there as they are.
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub struct RedisRevocations {
    links: Links,
    history: u32,
    /// Of the thread that follows.
    follower: Mutex<Follower>,
    /// Of the thread that publishes.
    publisher: Mutex<Option<Link>>,
}

#[derive(Default)]
struct Follower {
    link: Option<Link>,
    tail: Option<Tail>,
}

impl RedisRevocations {
    /// Uses the server at this URL. Connects when the list starts to follow it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RedisUrl`] if the text is not such a URL.
    pub fn new(url: impl AsRef<str>) -> Result<Self, ConfigError> {
        Ok(Self {
            links: Links::new(url.as_ref())?,
            history: 10_000,
            follower: Mutex::default(),
            publisher: Mutex::default(),
        })
    }

    /// Trusts the certificates in this PEM text, in place of those that the system trusts: your own
    /// certificate authority's, or the server's own.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RedisCertificate`] if there is none in it, or if the URL has no TLS.
    pub fn root_certificate(mut self, pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        self.links.set_root(pem.as_ref())?;
        Ok(self)
    }

    /// Shows this certificate to the server, for one that asks its clients for it: by default Redis
    /// does, where it has TLS. Both texts are PEM.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RedisCertificate`] if one cannot be read, or if the URL has no TLS.
    pub fn client_certificate(
        mut self,
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        self.links.set_client(certificate.as_ref(), key.as_ref())?;
        Ok(self)
    }

    /// Sets the prefix of the keys' names. The default is `{sealed-session}`. Applications with
    /// different users need different prefixes. All keys must be on one node, so in a cluster the
    /// prefix must have braces.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.links.set_prefix(prefix.as_ref());
        self
    }

    /// Sets about how many changes are kept. The default is 10,000. A machine that missed more
    /// reads everything again.
    #[must_use]
    pub fn history(mut self, changes: u32) -> Self {
        self.history = changes.max(1);
        self
    }

    /// Sets how long the server may take to connect and to answer. The default is 3 seconds. After
    /// that, a revocation is not confirmed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.links.timeout = timeout.max(Duration::from_millis(1));
        self
    }

    fn follow<R>(
        &self,
        work: impl FnOnce(&mut Link, &mut Option<Tail>) -> redis::RedisResult<R>,
    ) -> Result<R, SourceError> {
        let mut follower = self.follower.lock().map_err(|_| "an earlier look panicked")?;
        let Follower { link, tail } = &mut *follower;
        let link_in_use = match link.take() {
            Some(link) => link,
            None => self.links.connect().map_err(|error| failed(&error))?,
        };
        let connected = link.insert(link_in_use);
        work(connected, tail).map_err(|error| {
            *link = None;
            failed(&error)
        })
    }
}

impl RevocationSource for RedisRevocations {
    fn publish(
        &self,
        revocations: &[Revocation],
        floor: Position,
    ) -> Result<Vec<Position>, SourceError> {
        let mut publisher = self.publisher.lock().map_err(|_| "an earlier try panicked")?;
        let random = digits()?;
        let attempt = |link: &mut Link| {
            let members = revocations.iter().map(Revocation::to_bytes);
            link.publish(&random, floor, self.history, members)
        };
        if let Some(mut link) = publisher.take() {
            match attempt(&mut link) {
                Ok(positions) => {
                    *publisher = Some(link);
                    return Ok(positions);
                }
                // The server may have closed it long ago. What was added twice is revoked once.
                Err(error) if error.is_connection_dropped() => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        let mut link = self.links.connect().map_err(|error| failed(&error))?;
        let positions = attempt(&mut link).map_err(|error| failed(&error))?;
        *publisher = Some(link);
        Ok(positions)
    }

    fn start(&self) -> Result<Position, SourceError> {
        let random = digits()?;
        self.follow(|link, tail| {
            let (found, position) = link.state(&random)?;
            *tail = Some(found);
            Ok(position)
        })
    }

    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        self.follow(|link, _| link.entries(entry))
    }

    fn changes(
        &self,
        wait: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        let random = digits()?;
        self.follow(|link, tail| {
            let Some(tail) = tail else { return Ok(Changes::Lost) };
            if let Some(changes) = link.read(tail, wait, entry)? {
                return Ok(changes);
            }
            // Nothing came. It may be that there is nothing that could come.
            let (found, position) = link.state(&random)?;
            if found == *tail {
                return Ok(Changes::Followed(position));
            }
            if found.count <= tail.count {
                return Ok(Changes::Lost);
            }
            // It came in between, or the stream is gone.
            Ok(link.read(tail, Duration::from_millis(1), entry)?.unwrap_or(Changes::Lost))
        })
    }

    fn restore(
        &self,
        entries: &[(Revocation, Position)],
        floor: Position,
    ) -> Result<(), SourceError> {
        let random = digits()?;
        self.follow(|link, _| link.restore(&random, floor, self.history, entries))
    }

    fn prune(&self, up_to: Position) -> Result<(), SourceError> {
        self.follow(|link, _| link.prune(up_to))
    }
}

impl fmt::Debug for RedisRevocations {
    /// Shows no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocations").field("history", &self.history).finish_non_exhaustive()
    }
}

/// For names that nothing else has, of what an engine holds.
fn digits() -> Result<String, SourceError> {
    let bytes: [u8; 16] = random().map_err(|_| "the operating system's random source failed")?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
