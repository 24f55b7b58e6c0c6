//! The ordered ring of keys, newest first.

use std::{fmt, time::Duration};

use time::OffsetDateTime;

use super::key::Key;
use crate::{error::ConfigError, key_id::KeyId, platform::clock::unix_seconds};

/// The keys of an installation, newest first.
///
/// The first key that is active now is used to seal. Every key whose `not_after` has not passed can
/// unseal, even before its `not_before`. The order of the entries decides, never the size of their
/// ids. To rotate, put a new key first:
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
/// In a rolling deploy, a machine with the new key would seal sessions that machines without it
/// cannot read yet. So give the new key a start that lies after the deploy:
/// `2@2026-12-01T00:00:00Z:KEY,1:KEY`. Until then key 1 seals, and every machine can already read
/// what key 2 will seal.
///
/// # In a configuration file
///
/// The tool `sealed-session` (feature `cli`) rotates the keys in a TOML file that holds only the
/// ring. A `Follower` (feature `reload`) reloads such a file without a restart.
///
/// With serde (TOML, JSON, YAML and others) a ring can be the same string as above, a list of
/// entries, or a map that holds this list and settings:
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
/// No error of this crate quotes a key. But errors of a file's parser may: those of the crate
/// `toml` show the line where parsing stopped. So log `error.message()` and the line number instead
/// of the error.
///
/// The map may also hold what the tool records: [`last_id`](Self::last_id), `key_count` (to notice
/// a file that was cut off), [`rotated_at`](Self::rotated_at) and
/// [`absolute_timeout`](Self::absolute_timeout) (`"14d"`).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    entries: Vec<KeyEntry>,
    pub(super) no_takeover: bool,
    pub(super) last_id: Option<KeyId>,
    pub(super) rotated_at: Option<OffsetDateTime>,
    pub(super) absolute_timeout: Option<Duration>,
}

impl KeyRing {
    /// Creates a ring of these entries, newest first.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the ring is empty, if an id or a key is in it twice, if a key is never
    /// active, or if there is an instant, now or later, at which no key can seal.
    pub fn new(entries: impl IntoIterator<Item = KeyEntry>) -> Result<Self, ConfigError> {
        Self::new_at(entries, OffsetDateTime::now_utc())
    }

    /// Like [`new`](Self::new), at a given time.
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

    /// Creates a ring of one new key with id 1, for tests and demonstrations. When the process
    /// ends, all its sessions end.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RandomSource`] if the operating system's random source fails.
    pub fn ephemeral() -> Result<Self, ConfigError> {
        Self::new([KeyEntry::new(1, Key::generate()?)])
    }

    /// Turns off take-overs: no cookie of another library is accepted, whatever a `Sessions` is
    /// configured to accept.
    ///
    /// Use it after an incident. The other library's password may have leaked together with our
    /// keys, and whoever has it can forge sessions that would be taken over.
    #[must_use]
    pub fn without_takeover(mut self) -> Self {
        self.no_takeover = true;
        self
    }

    /// Whether cookies of another library may be taken over.
    pub fn accepts_takeover(&self) -> bool {
        !self.no_takeover
    }

    /// Records the greatest id that a key of this ring ever had, so that no id is used twice.
    ///
    /// A `Follower` (feature `reload`) refuses a ring with a lower number than one it has seen. It
    /// is an older file, which may bring back a key that leaked.
    #[must_use]
    pub fn with_last_id(mut self, id: KeyId) -> Self {
        self.last_id = Some(id);
        self
    }

    /// The greatest id that was ever used in the ring, if the ring records it.
    pub fn last_id(&self) -> Option<KeyId> {
        self.last_id
    }

    /// Records when the newest key was made, to schedule rotations.
    #[must_use]
    pub fn with_rotated_at(mut self, time: OffsetDateTime) -> Self {
        self.rotated_at = Some(time);
        self
    }

    /// When the newest key was made, if the ring records it.
    pub fn rotated_at(&self) -> Option<OffsetDateTime> {
        self.rotated_at
    }

    /// Records the application's absolute timeout. The tool `sealed-session` uses it to tell how
    /// long a key is needed. A [`Sessions`](crate::Sessions) with a different timeout emits a
    /// warning event when it is built.
    #[must_use]
    pub fn with_absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute_timeout = Some(timeout);
        self
    }

    /// The absolute timeout of the sessions under this ring, if the ring records it.
    pub fn absolute_timeout(&self) -> Option<Duration> {
        self.absolute_timeout
    }

    /// The entries, newest first.
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }

    /// The id of the key that seals at `now`. `None` only for a time before the ring was built.
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

    /// The greatest id in the ring. A greater one may come from a machine that has a newer ring.
    pub(crate) fn newest_id(&self) -> KeyId {
        KeyId::new(self.entries.iter().map(|entry| entry.id.get()).fold(0, u32::max))
    }

    /// Whether the key with this id comes after the one that seals at `now`.
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

/// One key of a ring, with its id and the period in which it is used.
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
    /// Creates an entry whose key can seal at once, and is accepted without end.
    pub fn new(id: impl Into<KeyId>, key: Key) -> Self {
        Self { id: id.into(), key, not_before: None, not_after: None }
    }

    /// Removes the start: the key can seal at once.
    #[must_use]
    pub fn without_start(mut self) -> Self {
        self.not_before = None;
        self
    }

    /// Sets the start: the key does not seal before `time`, in whole seconds. Values that it sealed
    /// are accepted even before that.
    #[must_use]
    pub fn not_before(mut self, time: OffsetDateTime) -> Self {
        self.not_before = Some(time);
        self
    }

    /// Sets the end: from `time` on, in whole seconds, the key neither seals nor is accepted.
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

    /// When the key stops being accepted.
    pub fn ends_at(&self) -> Option<OffsetDateTime> {
        self.not_after
    }

    /// Whether both entries have the same key, whatever their ids. The comparison takes constant
    /// time.
    pub fn has_same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    #[inline]
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether values under this key are still accepted.
    #[inline]
    pub(crate) fn is_accepted(&self, now: u64) -> bool {
        !self.not_after.is_some_and(|end| has_come(end, now))
    }

    #[inline]
    fn is_active(&self, now: u64) -> bool {
        self.is_accepted(now) && self.not_before.is_none_or(|start| has_come(start, now))
    }
}

// Not inlined, so that what asks it can be: the key that seals has no times as a rule.
#[inline(never)]
fn has_come(time: OffsetDateTime, now: u64) -> bool {
    unix_seconds(time) <= now
}

/// The first instant from `now` on at which no entry is active.
fn first_gap(entries: &[KeyEntry], now: OffsetDateTime) -> Option<OffsetDateTime> {
    let mut at = now;
    // Each round moves `at` to the end of an entry, which is never active again.
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
