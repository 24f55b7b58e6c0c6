//! A ring in a file, which is read again at every check.

use std::{
    fs::{File, Metadata},
    io::Read as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use sha2::{Digest as _, Sha256, digest::Output};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    form::RingForm,
    ring::KeyRing,
    source::{ReloadError, RingSource},
};

/// A ring in a file: as TOML (in the form of [`TomlRing`](crate::TomlRing)), as JSON, or as the
/// string that a secret manager mounts.
///
/// Changes are detected by the file's content, not by its modification time, because some copies
/// keep the time of the original. Half of a file can be a valid ring too. So a file that was
/// written less than two seconds ago is read until two readings a tenth of a second apart agree. It
/// is better to write the file to another path and then rename it, as the tool `sealed-session`
/// does.
///
/// In a container, mount the file's folder. A mount of the file alone keeps showing the file that
/// was there when the container started, even after another one was renamed over it outside.
/// Reading such a file is an error.
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(Debug, Clone)]
pub struct RingFile {
    path: PathBuf,
    /// The file's content when it was last read. Parsing leaves copies of the keys in memory, so an
    /// unchanged file is not parsed again.
    last: Option<(Output<Sha256>, KeyRing)>,
}

impl RingFile {
    /// Uses the file at this path. It is read when a [`Follower`](crate::Follower) asks for it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), last: None }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, ReloadError> {
        let mut reading = self.read_once()?;
        let is_known =
            |bytes: &[u8]| self.last.as_ref().is_some_and(|(last, _)| *last == hash(bytes));
        let may_be_used = |reading: &Reading| reading.is_settled || is_known(&reading.bytes);
        for _ in 0..MAX_READINGS {
            if may_be_used(&reading) && reading.has_name {
                return Ok(reading.bytes);
            }
            thread::sleep(SETTLE);
            let again = self.read_once()?;
            if *again.bytes == *reading.bytes && again.has_name {
                return Ok(again.bytes);
            }
            reading = again;
        }
        let path = self.path.clone();
        Err(match reading.has_name {
            true => ReloadError::Unsettled { path },
            false => ReloadError::Unlinked { path },
        })
    }

    fn read_once(&self) -> Result<Reading, ReloadError> {
        self.try_read().map_err(|source| ReloadError::Read { path: self.path.clone(), source })
    }

    fn try_read(&self) -> std::io::Result<Reading> {
        let file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        let age = metadata.modified()?.elapsed();
        // Reserved at once, because a growing vector leaves copies of the keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
        file.take(MAX_LEN as u64).read_to_end(&mut bytes)?;
        if bytes.len() == MAX_LEN {
            return Err(std::io::Error::other("it is not a key ring: it has more than 64 KiB"));
        }
        // A time in the future says nothing about the file's age.
        let is_settled = age.is_ok_and(|age| age > SETTLED);
        Ok(Reading { bytes, is_settled, has_name: has_name(&metadata) })
    }
}

struct Reading {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether it was written long enough ago to be whole.
    is_settled: bool,
    /// Whether the file still has a name. False for a moment after it was replaced, and always
    /// behind a mount of a replaced file.
    has_name: bool,
}

fn has_name(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.nlink() > 0
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        true
    }
}

impl RingSource for RingFile {
    fn read(&mut self, now: OffsetDateTime) -> Result<KeyRing, ReloadError> {
        let bytes = self.bytes()?;
        let digest = hash(&bytes);
        // A ring without a gap since an earlier time has no gap from now on.
        if let Some((_, ring)) = self.last.as_ref().filter(|(last, _)| *last == digest) {
            return Ok(ring.clone());
        }
        let ring = RingForm::detect(&bytes)
            .and_then(|(form, text)| form.parse_at(text, now))
            .map_err(|source| ReloadError::File { path: self.path.clone(), source })?;
        self.last = Some((digest, ring.clone()));
        Ok(ring)
    }
}

fn hash(bytes: &[u8]) -> Output<Sha256> {
    Sha256::digest(bytes)
}

/// Enough for six hundred keys. The limit keeps a wrong path, such as that of a device, from
/// filling the memory.
const MAX_LEN: usize = 64 * 1024;
const MAX_READINGS: usize = 10;
const SETTLE: Duration = Duration::from_millis(100);
const SETTLED: Duration = Duration::from_secs(2);
