//! A ring as it was read, and the lock under which a file is changed.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use fs4::{FileExt, TryLockError};
use sealed_session::{KeyId, KeyRing, RingForm, TomlRing};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    place::{MAX_LEN, Place},
    remedy::{DANGLING, cannot, write_timeout},
    write,
};

/// A ring as it was read.
pub(crate) struct RingText {
    pub(crate) place: Place,
    pub(crate) form: RingForm,
    pub(crate) text: Zeroizing<String>,
    pub(crate) ring: KeyRing,
    /// Of a TOML file, for the lines of its entries.
    toml: Option<TomlRing>,
    /// Of a file.
    pub(crate) metadata: Option<Metadata>,
}

impl RingText {
    pub(crate) fn read(place: &Place, now: OffsetDateTime) -> Result<Self, Failure> {
        match place {
            Place::File(path) => Self::read_file(&open(path)?, path, now),
            _ => Self::parse(&place.bytes()?, place, None, now),
        }
    }

    fn read_file(file: &File, path: &Path, now: OffsetDateTime) -> Result<Self, Failure> {
        let unreadable = |error: io::Error| Failure::in_file(path, cannot("read", &error));
        let metadata = file.metadata().map_err(unreadable)?;
        // Reserved at once: a vector that grows leaves copies of the keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
        file.take(MAX_LEN as u64).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() == MAX_LEN {
            return Err(Failure::in_file(path, "more than 64 KiB; give the path of a ring's file"));
        }
        Self::parse(&bytes, &Place::File(path.to_owned()), Some(metadata), now)
    }

    pub(crate) fn parse(
        bytes: &[u8],
        place: &Place,
        metadata: Option<Metadata>,
        now: OffsetDateTime,
    ) -> Result<Self, Failure> {
        let refused = |error| place.refused(&error);
        let (form, text) = RingForm::detect(bytes).map_err(refused)?;
        let toml = match form {
            RingForm::Toml => Some(TomlRing::parse_at(text, now).map_err(refused)?),
            _ => None,
        };
        let ring = match &toml {
            Some(toml) => toml.ring().clone(),
            None => form.parse_at(text, now).map_err(refused)?,
        };
        let text = Zeroizing::new(text.to_owned());
        Ok(Self { place: place.clone(), form, text, ring, toml, metadata })
    }

    /// The line of an entry, where the form has lines.
    pub(crate) fn line(&self, id: KeyId) -> Option<usize> {
        self.toml.as_ref().and_then(|toml| toml.line(id))
    }

    pub(crate) fn failure(&self, message: impl Into<String>) -> Failure {
        self.place.failure(message)
    }

    /// How this ring says how long sessions live.
    pub(crate) fn write_timeout(&self) -> &'static str {
        write_timeout(self.form)
    }

    /// What is wrong with the file and not with the ring.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.exposure().into_iter().chain(self.leftover())
    }

    /// What a run that was killed left.
    pub(crate) fn leftover(&self) -> Option<String> {
        let Place::File(path) = &self.place else { return None };
        let beside = write::beside(&fs::canonicalize(path).ok()?);
        beside.symlink_metadata().is_ok().then(|| {
            format!(
                "a run that was killed left a copy of the keys, {}; the next change removes it, or remove it now",
                beside.display()
            )
        })
    }

    /// Why somebody else than owner and group may read or replace the keys, or `None`.
    pub(crate) fn exposure(&self) -> Option<String> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |metadata: &Metadata| metadata.permissions().mode() & 0o7777;
            let own = self.metadata.as_ref().map(mode).filter(|mode| mode & 0o007 != 0);
            if let Some(mode) = own {
                return Some(format!(
                    "everybody on this machine may open the file (mode {mode:04o}); chmod it to 0600, or 0640"
                ));
            }
            let Place::File(path) = &self.place else { return None };
            let folder = fs::metadata(write::directory(path)).ok()?;
            // Behind the sticky bit each may replace his own files alone.
            (mode(&folder) & 0o1002 == 0o0002).then(|| {
                format!(
                    "everybody on this machine may replace the file, since its folder has mode {:04o}; chmod the folder to 0755 or less",
                    mode(&folder)
                )
            })
        }
        #[cfg(not(unix))]
        None
    }
}

/// A ring's file that nobody else of this tool changes meanwhile.
pub(crate) struct Locked {
    pub(crate) file: RingText,
    path: PathBuf,
    /// The file itself, where the operator gave a symbolic link.
    target: PathBuf,
    /// As it was read; locked, unless somebody else holds the lock and `goes_on`.
    open: File,
    /// What the operator should know of how it went.
    notes: Vec<String>,
}

impl Locked {
    /// Waits for the lock for some seconds. Whoever may read the file can hold it: with
    /// `goes_on` the change is made all the same.
    pub(crate) fn open(path: &Path, goes_on: bool, now: OffsetDateTime) -> Result<Self, Failure> {
        let target = fs::canonicalize(path).map_err(|error| cannot_open(path, &error))?;
        let patience = if goes_on { SHORT_PATIENCE } else { LOCK_PATIENCE };
        let deadline = Instant::now().checked_add(patience);
        loop {
            let lock = open_for(&target, path)?;
            let mut notes = Vec::new();
            // Not the method of the same name, which Rust has since 1.89 only.
            match FileExt::try_lock(&lock) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if deadline.is_some_and(|d| Instant::now() < d) => {
                    thread::sleep(Duration::from_millis(20));
                    continue;
                }
                Err(TryLockError::WouldBlock) if goes_on => notes.push(
                    "another process holds the file's lock, and was not waited for; see `fuser FILE`".to_owned(),
                ),
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::in_file(
                        path,
                        "another process holds the file's lock; see which with `fuser FILE`, let it finish and try again",
                    ));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(Failure::in_file(path, cannot("lock", &error)));
                }
            }
            // Whoever held the lock put another file in the place of the one we opened.
            if !is_still_there(&lock, &target) {
                continue;
            }
            let file = RingText::read_file(&lock, path, now)?;
            return Ok(Self { file, path: path.to_owned(), target, open: lock, notes });
        }
    }

    /// Puts `text` in the file's place, with its owner and permissions, and returns what the
    /// operator should know. Nobody ever sees half of it, not even after a power failure.
    pub(crate) fn replace(mut self, text: &str) -> Result<Vec<String>, Failure> {
        let failed = |message| Failure::in_file(&self.path, message);
        let is_current = || is_still_there(&self.open, &self.target);
        let notes = write::replace(&self.target, &self.open, text, is_current).map_err(failed)?;
        self.notes.extend(notes);
        Ok(self.notes)
    }
}

fn is_still_there(open: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
        match (open.metadata(), fs::metadata(path)) {
            (Ok(open), Ok(there)) => identity(open) == identity(there),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (open, path);
        true
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    open_for(path, path)
}

/// Opens `target` for messages that name `path`.
fn open_for(target: &Path, path: &Path) -> Result<File, Failure> {
    // Before it is opened: a pipe is open only when somebody writes.
    if let Ok(metadata) = fs::metadata(target)
        && !metadata.is_file()
    {
        return Err(Failure::in_file(
            path,
            match is_pipe(&metadata) {
                true => "it is a pipe; give `-` for it, and have it on standard input",
                false => "not a file; give the path of a ring's file",
            },
        ));
    }
    File::open(target).map_err(|error| cannot_open(path, &error))
}

fn cannot_open(path: &Path, error: &io::Error) -> Failure {
    Failure::in_file(
        path,
        match write::is_dangling(path) {
            true => DANGLING.to_owned(),
            false => cannot("open", error),
        },
    )
}

fn is_pipe(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type());
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const SHORT_PATIENCE: Duration = Duration::from_secs(2);
