//! The ordered ring of keys, newest first.

use std::{fmt, time::Duration};

use time::OffsetDateTime;

use super::key::Key;
use crate::{error::ConfigError, key_id::KeyId, platform::clock::unix_seconds};

/// The keys of an installation, newest first.
///
/// The first key that is active now seals; every key whose `not_after` has not
/// passed unseals, also before its `not_before`. The order of the entries
/// decides, never the size of their ids. To rotate, put a new key in front:
///
/// ```
/// use sealed_session::{Key, KeyId, KeyRing};
/// use time::OffsetDateTime;
///
/// # let (old, new) = (Key::generate()?.to_base64(), Key::generate()?.to_base64());
/// // What the operator keeps in SESSION_KEYS: ID:KEY, separated by commas.
/// let before: KeyRing = format!("1:{}", *old).parse()?;
/// let after: KeyRing = format!("2:{},1:{}", *new, *old).parse()?;
/// assert_eq!(before.sealing_key_id(OffsetDateTime::now_utc()), Some(KeyId::new(1)));
/// assert_eq!(after.sealing_key_id(OffsetDateTime::now_utc()), Some(KeyId::new(2)));
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
///
/// In a rolling deploy a machine that has the new key would meet machines that
/// do not have it yet. So give the new key a start that lies after the deploy:
/// `2@2026-12-01T00:00:00Z:KEY,1:KEY`. Until then key 1 seals, and every machine
/// already reads what key 2 will seal.
///
/// # In a configuration file
///
/// A ring in a TOML file of its own is what the tool `sealed-session` rotates, and what
/// a `Follower` follows without a restart (features `cli` and `reload`).
///
/// With serde (TOML, JSON, YAML and others) a ring is that same string, or a
/// list of entries, or a map of that list and what else there is to say:
///
/// ```toml
/// [session]
/// no_takeover = true   # optional: see `without_takeover`
/// keys = [
///   { id = 2, key = "…", not_before = "2026-12-01T00:00:00Z" },
///   { id = 1, key = "…", not_after = "2026-12-16T00:00:00Z" },
/// ]
/// ```
///
/// No error of this crate quotes a key. But parsers of a file may: the `toml`
/// crate's errors show the line that they stopped at, so log `error.message()`
/// and the line's number in place of the error.
///
/// The map may also hold what the tool records: [`last_id`](Self::last_id), `key_count`, by which
/// a file that was cut is known, [`rotated_at`](Self::rotated_at) and
/// [`absolute_timeout`](Self::absolute_timeout) (`"14d"`, or seconds).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    entries: Vec<KeyEntry>,
    pub(super) no_takeover: bool,
    pub(super) last_id: Option<KeyId>,
    pub(super) rotated_at: Option<OffsetDateTime>,
    pub(super) absolute_timeout: Option<Duration>,
}

impl KeyRing {
    /// A ring of these entries, newest first.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for an empty ring, an id or a key that stands twice, a
    /// key that is never active, or some instant, now or later, at which no key seals.
    pub fn new(entries: impl IntoIterator<Item = KeyEntry>) -> Result<Self, ConfigError> {
        Self::new_at(entries, OffsetDateTime::now_utc())
    }

    /// [`new`](Self::new), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn new_at(
        entries: impl IntoIterator<Item = KeyEntry>,
        now: OffsetDateTime,
    ) -> Result<Self, ConfigError> {
        let entries: Vec<_> = entries.into_iter().collect();
        if entries.is_empty() {
            return Err(ConfigError::EmptyRing);
        }
        for (index, entry) in entries.iter().enumerate() {
            for earlier in entries.iter().take(index) {
                if earlier.id == entry.id {
                    return Err(ConfigError::DuplicateId(entry.id));
                }
                if earlier.key == entry.key {
                    return Err(ConfigError::DuplicateKey(earlier.id, entry.id));
                }
            }
            if let (Some(start), Some(end)) = (entry.not_before, entry.not_after)
                && unix_seconds(end) <= unix_seconds(start)
            {
                return Err(ConfigError::EmptyWindow(entry.id));
            }
        }
        if let Some(at) = first_gap(&entries, now) {
            return Err(ConfigError::NoSealingKey { at });
        }
        Ok(Self {
            entries,
            no_takeover: false,
            last_id: None,
            rotated_at: None,
            absolute_timeout: None,
        })
    }

    /// A ring of one new key with id 1, for tests and demonstrations: when the
    /// process ends, so do all its sessions.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RandomSource`] if the operating system's random source fails.
    pub fn ephemeral() -> Result<Self, ConfigError> {
        Self::new([KeyEntry::new(1, Key::generate()?)])
    }

    /// Takes no cookie of another library for a session, whatever a `Sessions` is built to accept.
    ///
    /// For an incident: what leaked beside our keys may be that library's password, and
    /// whoever has it forges sessions that would be taken over.
    #[must_use]
    pub fn without_takeover(mut self) -> Self {
        self.no_takeover = true;
        self
    }

    /// Whether cookies of another library may be taken over.
    pub fn accepts_takeover(&self) -> bool {
        !self.no_takeover
    }

    /// Records the greatest id that was ever given to a key of this ring, so that none is given twice.
    ///
    /// A `Follower` (feature `reload`) refuses a ring whose record is lower than one it has
    /// seen: an older file, which may bring back a key that leaked.
    #[must_use]
    pub fn with_last_id(mut self, id: KeyId) -> Self {
        self.last_id = Some(id);
        self
    }

    /// The greatest id that the ring says was ever used in it.
    pub fn last_id(&self) -> Option<KeyId> {
        self.last_id
    }

    /// Records when the newest key was made, for a schedule of rotations.
    #[must_use]
    pub fn with_rotated_at(mut self, time: OffsetDateTime) -> Self {
        self.rotated_at = Some(time);
        self
    }

    /// When the newest key was made, if the ring says so.
    pub fn rotated_at(&self) -> Option<OffsetDateTime> {
        self.rotated_at
    }

    /// Records the application's absolute timeout, from which the tool `sealed-session` tells
    /// how long a key is needed. A [`Sessions`](crate::Sessions) with another one says so when it is built.
    #[must_use]
    pub fn with_absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = Some(timeout);
        self
    }

    /// The absolute timeout of the sessions under this ring, if the ring says so.
    pub fn absolute_timeout(&self) -> Option<Duration> {
        self.absolute_timeout
    }

    /// The entries, newest first.
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }

    /// The id of the key that seals at `now`. `None` only for a time before the
    /// ring was built: a ring seals at every instant from then on.
    pub fn sealing_key_id(&self, now: OffsetDateTime) -> Option<KeyId> {
        self.sealing(unix_seconds(now)).map(KeyEntry::id)
    }

    /// The first entry that is active at `now`.
    #[inline]
    pub(crate) fn sealing(&self, now: u64) -> Option<&KeyEntry> {
        self.entries.iter().find(|entry| entry.is_active(now))
    }

    #[inline]
    pub(crate) fn find(&self, id: KeyId) -> Option<&KeyEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// Whether the key with this id stands after the one that seals at `now`.
    #[inline]
    pub(crate) fn is_superseded(&self, id: KeyId, now: u64) -> bool {
        self.entries.iter().skip_while(|e| !e.is_active(now)).skip(1).any(|e| e.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("entries", &self.entries)
            .field("no_takeover", &self.no_takeover)
            .field("last_id", &self.last_id)
            .field("rotated_at", &self.rotated_at)
            .field("absolute_timeout", &self.absolute_timeout)
            .finish()
    }
}

/// One key of a ring, with its id and the time in which it is used.
///
/// ```
/// use sealed_session::{Key, KeyEntry, KeyRing};
/// use time::{Duration, OffsetDateTime};
///
/// let now = OffsetDateTime::now_utc();
/// let ring = KeyRing::new([
///     KeyEntry::new(2, Key::generate()?).not_before(now + Duration::minutes(15)),
///     KeyEntry::new(1, Key::generate()?).not_after(now + Duration::days(15)),
/// ])?;
/// assert_eq!(ring.sealing_key_id(now).map(|id| id.get()), Some(1));
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    pub(super) id: KeyId,
    pub(super) key: Key,
    pub(super) not_before: Option<OffsetDateTime>,
    pub(super) not_after: Option<OffsetDateTime>,
}

impl KeyEntry {
    /// A key that seals from now on and is accepted for ever.
    pub fn new(id: impl Into<KeyId>, key: Key) -> Self {
        Self { id: id.into(), key, not_before: None, not_after: None }
    }

    /// Seals from now on.
    #[must_use]
    pub fn without_start(mut self) -> Self {
        self.not_before = None;
        self
    }

    /// Does not seal before `time`, in whole seconds; what it sealed is accepted at any time.
    #[must_use]
    pub fn not_before(mut self, time: OffsetDateTime) -> Self {
        self.not_before = Some(time);
        self
    }

    /// Neither seals nor is accepted from `time` on, in whole seconds.
    #[must_use]
    pub fn not_after(mut self, time: OffsetDateTime) -> Self {
        self.not_after = Some(time);
        self
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// When the key starts to seal.
    pub fn starts_at(&self) -> Option<OffsetDateTime> {
        self.not_before
    }

    /// From when on the key is not accepted.
    pub fn ends_at(&self) -> Option<OffsetDateTime> {
        self.not_after
    }

    /// Whether the other entry has the bytes of the same key, whatever their ids. Takes the same time
    /// whatever they are.
    pub fn has_same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    #[inline]
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether what the key sealed is still accepted.
    #[inline]
    pub(crate) fn is_accepted(&self, now: u64) -> bool {
        self.not_after.is_none_or(|end| now < unix_seconds(end))
    }

    #[inline]
    fn is_active(&self, now: u64) -> bool {
        self.is_accepted(now) && self.not_before.is_none_or(|start| unix_seconds(start) <= now)
    }
}

/// The first instant from `now` on at which no entry is active.
fn first_gap(entries: &[KeyEntry], now: OffsetDateTime) -> Option<OffsetDateTime> {
    let mut at = now;
    // Each round moves `at` to the end of an entry, and past that entry for good.
    loop {
        let mut end = None;
        for entry in entries.iter().filter(|entry| entry.is_active(unix_seconds(at))) {
            end = end.max(Some(entry.not_after?));
        }
        match end {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
}
