//! A ring in a TOML file, read anew at every look.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use sha2::{Digest as _, Sha256, digest::Output};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    ring::KeyRing,
    source::{ReloadError, RingSource},
    toml::TomlRing,
};

/// A ring in a TOML file, in the form that [`TomlRing`] shows.
///
/// Its content decides, not its times: some copies keep those of the original.
/// A file that was written a moment ago is read until two readings a tenth of a
/// second apart agree, since half a file may be a ring too. Better still, write it
/// elsewhere and rename it, as the tool `sealed-session` does.
#[cfg_attr(docsrs, doc(cfg(feature = "reload")))]
#[derive(Debug, Clone)]
pub struct RingFile {
    path: PathBuf,
    /// What the file held when it was read last: parsing leaves copies of the
    /// keys in memory, so what has not changed is not parsed again.
    last: Option<(Output<Sha256>, KeyRing)>,
}

impl RingFile {
    /// The file at this path, which is read when a [`Follower`](crate::Follower) asks for it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), last: None }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn text(&self) -> io::Result<Option<Zeroizing<String>>> {
        let (mut text, is_settled) = self.read_once()?;
        if is_settled || self.last.as_ref().is_some_and(|(digest, _)| *digest == hash(&text)) {
            return Ok(Some(text));
        }
        for _ in 0..MAX_READINGS {
            thread::sleep(SETTLE);
            let (again, _) = self.read_once()?;
            if *again == *text {
                return Ok(Some(text));
            }
            text = again;
        }
        Ok(None)
    }

    /// The file's text, and whether it was written long enough ago to be whole.
    fn read_once(&self) -> io::Result<(Zeroizing<String>, bool)> {
        let file = File::open(&self.path)?;
        let age = file.metadata()?.modified()?.elapsed();
        // Reserved at once: a string that grows leaves copies of the keys behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_LEN));
        file.take(MAX_LEN as u64).read_to_string(&mut text)?;
        if text.len() == MAX_LEN {
            return Err(io::Error::other("it is no key ring, it has more than 64 KiB"));
        }
        // A time in the future is no age.
        Ok((text, age.is_ok_and(|age| age > SETTLED)))
    }
}

impl RingSource for RingFile {
    fn read(&mut self, now: OffsetDateTime) -> Result<KeyRing, ReloadError> {
        let path = || self.path.clone();
        let text = self
            .text()
            .map_err(|source| ReloadError::Read { path: path(), source })?
            .ok_or_else(|| ReloadError::Unsettled { path: path() })?;
        let digest = hash(&text);
        // A ring without a gap from an earlier time on has none from now on.
        if let Some((_, ring)) = self.last.as_ref().filter(|(last, _)| *last == digest) {
            return Ok(ring.clone());
        }
        let ring = TomlRing::parse_at(&text, now)
            .map(TomlRing::into_ring)
            .map_err(|source| ReloadError::File { path: path(), source })?;
        self.last = Some((digest, ring.clone()));
        Ok(ring)
    }
}

fn hash(text: &str) -> Output<Sha256> {
    Sha256::digest(text.as_bytes())
}

/// A ring of six hundred keys; the bound keeps a wrong path, such as that of a device, from filling memory.
const MAX_LEN: usize = 64 * 1024;
const MAX_READINGS: usize = 10;
const SETTLE: Duration = Duration::from_millis(100);
const SETTLED: Duration = Duration::from_secs(2);
