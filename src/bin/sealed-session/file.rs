//! The ring's file: read whole, locked for a change, replaced at a stroke.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use fs4::{FileExt, TryLockError};
use sealed_session::TomlRing;
use tempfile::NamedTempFile;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// A ring's file as it was read.
pub(crate) struct RingText {
    /// As the operator wrote it, for messages.
    pub(crate) path: PathBuf,
    pub(crate) text: Zeroizing<String>,
    pub(crate) ring: TomlRing,
    pub(crate) metadata: Metadata,
}

impl RingText {
    pub(crate) fn read(path: &Path, now: OffsetDateTime) -> Result<Self, Failure> {
        Self::read_from(open(path)?, path, now)
    }

    fn read_from(file: File, path: &Path, now: OffsetDateTime) -> Result<Self, Failure> {
        let unreadable = |error: io::Error| Failure::in_file(path, cannot("read", &error));
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Failure::in_file(path, "not a file; give the path of a ring's TOML file"));
        }
        // Reserved at once: a string that grows leaves copies of the keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
        file.take(MAX_LEN as u64).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() == MAX_LEN {
            return Err(Failure::in_file(path, "more than 64 KiB; give the path of a ring's file"));
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => Zeroizing::new(text.to_owned()),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.split(|&byte| byte == b'\n').count();
                let message = "not UTF-8, as TOML has to be; save the file as UTF-8 text";
                return Err(Failure::in_file(path, message).at_line(Some(line)));
            }
        };
        let ring = TomlRing::parse_at(&text, now).map_err(|error| Failure::ring(path, &error))?;
        Ok(Self { path: path.to_owned(), text, ring, metadata })
    }

    /// Why somebody else than owner and group may read the keys, or `None`.
    pub(crate) fn exposure(&self) -> Option<String> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = self.metadata.permissions().mode() & 0o7777;
            (mode & 0o007 != 0).then(|| {
                format!(
                    "everybody on this machine may open the file (mode {mode:04o}); chmod it to 0600, or 0640"
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
    /// The file itself, where the operator gave a symbolic link.
    target: PathBuf,
    /// Held until the new file is in place.
    _lock: File,
}

impl Locked {
    pub(crate) fn open(path: &Path, now: OffsetDateTime) -> Result<Self, Failure> {
        let target = fs::canonicalize(path)
            .map_err(|error| Failure::in_file(path, cannot("open", &error)))?;
        let deadline = Instant::now().checked_add(LOCK_PATIENCE);
        loop {
            let lock = open(&target).map_err(|_| {
                Failure::in_file(path, "cannot be opened; check the path and its permissions")
            })?;
            // Not the method of the same name, which Rust has since 1.89 only.
            match FileExt::try_lock(&lock) {
                // Whoever held the lock put another file in the place of the one we opened.
                Ok(()) if !is_still_there(&lock, &target) => {}
                Ok(()) => {
                    let file = RingText::read_from(open(&target)?, path, now)?;
                    return Ok(Self { file, target, _lock: lock });
                }
                Err(TryLockError::WouldBlock) if deadline.is_some_and(|d| Instant::now() < d) => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::in_file(
                        path,
                        "another process holds the file's lock; let it finish and try again",
                    ));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(Failure::in_file(path, cannot("lock", &error)));
                }
            }
        }
    }

    /// Puts `text` in the file's place, with its owner and permissions.
    /// Nobody ever sees half of it, not even after a power failure.
    pub(crate) fn replace(self, text: &str, now: OffsetDateTime) -> Result<TomlRing, Failure> {
        let path = &self.file.path;
        let ring = TomlRing::parse_at(text, now).map_err(|error| {
            Failure::in_file(path, format!("the change would leave a ring that is wrong: {error}"))
        })?;
        let unwritten = |error: io::Error| Failure::in_file(path, cannot("write", &error));
        let new = write_beside(&self.target, text).map_err(unwritten)?;
        adopt(new.as_file(), &self.file.metadata).map_err(|error| {
            let message = "the new file cannot be given the owner and permissions of the old one";
            Failure::in_file(path, format!("{message}: {error}; run this as the file's owner"))
        })?;
        new.as_file().sync_all().map_err(unwritten)?;
        new.persist(&self.target).map_err(|error| unwritten(error.error))?;
        sync_directory(&self.target);
        Ok(ring)
    }
}

/// Makes a file that was not there, for its owner alone.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let message = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                "is there already; leave out --create to rotate its keys".to_owned()
            }
            _ => cannot("create", &error),
        };
        Failure::in_file(path, message)
    };
    let new = write_beside(path, text).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist_noclobber(path).map_err(|error| failed(error.error))?;
    sync_directory(path);
    Ok(())
}

/// A new file in the same directory, readable by its owner alone, gone again unless it is persisted.
fn write_beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or(OsStr::new("keys"));
    let mut prefix = OsStr::new(".").to_owned();
    prefix.push(name);
    let mut new = tempfile::Builder::new().prefix(&prefix).tempfile_in(directory(path))?;
    new.write_all(text.as_bytes())?;
    Ok(new)
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Owner first: the permissions of the old file may be meant for that owner.
fn adopt(new: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let ours = new.metadata()?;
        let owner = (ours.uid() != old.uid()).then(|| old.uid());
        let group = (ours.gid() != old.gid()).then(|| old.gid());
        if owner.is_some() || group.is_some() {
            fchown(new, owner, group)?;
        }
    }
    new.set_permissions(old.permissions())
}

/// The file is whole in either case; this makes the rename outlive a power failure.
fn sync_directory(path: &Path) {
    if let Ok(directory) = File::open(directory(path)) {
        let _ = directory.sync_all();
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
    File::open(path).map_err(|error| Failure::in_file(path, cannot("open", &error)))
}

fn cannot(verb: &str, error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => {
            "check the path; `sealed-session rotate --create FILE` makes a new ring"
        }
        io::ErrorKind::PermissionDenied => "run this as the file's owner",
        _ => "check the path and its permissions",
    };
    format!("cannot {verb} it: {error}; {remedy}")
}

/// As much as the library reads of a ring's file.
const MAX_LEN: usize = 64 * 1024;
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
