//! A file put in place at a stroke.
//!
//! Where the system can, the new file has no name until it is complete, so that a run that is
//! killed leaves nothing. Elsewhere it is written under a name that the next run removes.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::remedy::{DANGLING, cannot_write};

/// Puts `text` in the place of the file at `target`, which is open as `old`, and returns what the
/// operator should know.
pub(crate) fn replace(
    target: &Path,
    old: &File,
    text: &str,
    is_current: impl Fn() -> bool,
) -> Result<Vec<String>, String> {
    let failed = |error: io::Error| cannot_write(&error);
    let mut notes = Vec::new();
    if remove_leftover(target).map_err(failed)? {
        notes.push(
            "a run that was killed had left a copy of the keys beside the file; it was removed"
                .to_owned(),
        );
    }
    let new = New::write(target, text).map_err(failed)?;
    let metadata = old.metadata().map_err(failed)?;
    new.adopt(&metadata).map_err(|error| {
        format!(
            "the new file cannot be given the owner and permissions of the old one: {error}; run this as the file's owner; it is as it was"
        )
    })?;
    notes.extend(new.adopt_attributes(old));
    new.file.sync_all().map_err(failed)?;
    // Somebody who did not wait for the lock may have been here.
    if !is_current() {
        return Err("it was changed by somebody else meanwhile, and is as they left it; look at it, and run this again".to_owned());
    }
    new.name().and_then(|beside| fs::rename(beside, target)).map_err(|error| {
        let _ = remove_leftover(target);
        cannot_write(&error)
    })?;
    sync_directory(target);
    Ok(notes)
}

/// Makes a file that was not there, for its owner alone.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "is there already; leave out --create to rotate its keys".to_owned()
        }
        _ => cannot_write(&error).replace("; it is as it was", ""),
    };
    if is_dangling(path) {
        return Err(DANGLING.to_owned());
    }
    if path.symlink_metadata().is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    remove_leftover(path).map_err(failed)?;
    let new = New::write(path, text).map_err(failed)?;
    new.file.sync_all().map_err(failed)?;
    new.name_as(path).map_err(failed)?;
    sync_directory(path);
    Ok(())
}

/// Whether it is a symbolic link to nothing.
pub(crate) fn is_dangling(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

/// A new file, for its owner alone, in the folder of another.
struct New {
    file: File,
    /// The name that it has until it gets that of the other.
    beside: PathBuf,
    has_name: bool,
}

impl New {
    fn write(target: &Path, text: &str) -> io::Result<Self> {
        let beside = beside(target);
        let mut new = match nameless(directory(target)) {
            Some(file) => Self { file, beside, has_name: false },
            None => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                Self { file: options.open(&beside)?, beside, has_name: true }
            }
        };
        new.file.write_all(text.as_bytes())?;
        Ok(new)
    }

    /// Owner first: the permissions of the old file may be meant for that owner.
    fn adopt(&self, old: &Metadata) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, fchown};
            let ours = self.file.metadata()?;
            let owner = (ours.uid() != old.uid()).then(|| old.uid());
            let group = (ours.gid() != old.gid()).then(|| old.gid());
            if owner.is_some() || group.is_some() {
                fchown(&self.file, owner, group)?;
            }
        }
        self.file.set_permissions(old.permissions())
    }

    /// Access lists and labels; returns what could not be kept.
    fn adopt_attributes(&self, old: &File) -> Option<String> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            attributes::copy(old, &self.file)
        }
        #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
        {
            let _ = old;
            None
        }
    }

    /// Its name, which it gets now if it has none.
    fn name(&self) -> io::Result<&Path> {
        if !self.has_name {
            link(&self.file, &self.beside).or_else(|error| match error.kind() {
                // Of somebody who waited for the lock no more than we did.
                io::ErrorKind::AlreadyExists => {
                    fs::remove_file(&self.beside)?;
                    link(&self.file, &self.beside)
                }
                _ => Err(error),
            })?;
        }
        Ok(&self.beside)
    }

    /// Gives it a name that nothing has.
    fn name_as(&self, path: &Path) -> io::Result<()> {
        if !self.has_name {
            return link(&self.file, path);
        }
        fs::hard_link(&self.beside, path)?;
        fs::remove_file(&self.beside)
    }
}

impl Drop for New {
    fn drop(&mut self) {
        // After a rename there is none under this name.
        if self.has_name {
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// A file without a name; `None` where there is no such thing.
fn nameless(directory: &Path) -> Option<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = File::from(open(directory, flags, Mode::RUSR | Mode::WUSR).ok()?);
        // The way to its name leads through /proc.
        descriptor(&file).exists().then_some(file)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = directory;
        None
    }
}

#[cfg(target_os = "linux")]
fn descriptor(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd as _;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn link(file: &File, path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, linkat};
        linkat(CWD, descriptor(file), CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, path);
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod attributes {
    use std::{ffi::OsStr, fs::File, os::unix::ffi::OsStrExt as _};

    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};

    /// Copies every extended attribute, among them the access list.
    pub(super) fn copy(old: &File, new: &File) -> Option<String> {
        let mut names = vec![0; MAX];
        // A file system without them has nothing to keep.
        let length = flistxattr(old, names.as_mut_slice()).ok()?;
        let names = names.get(..length)?.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        let lost: Vec<_> = names
            .filter(|name| copy_one(old, new, name).is_none())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        (!lost.is_empty()).then(|| {
            format!(
                "the file lost its attributes {lost:?}; set them anew, an access list with setfacl"
            )
        })
    }

    fn copy_one(old: &File, new: &File, name: &[u8]) -> Option<()> {
        let name = OsStr::from_bytes(name);
        let (mut value, mut present) = (vec![0; MAX], vec![0; MAX]);
        let length = fgetxattr(old, name, value.as_mut_slice()).ok()?;
        let value = value.get(..length)?;
        let has = fgetxattr(new, name, present.as_mut_slice()).ok();
        // A label that the system gave both needs no right to be set.
        if has.is_some_and(|length| present.get(..length) == Some(value)) {
            return Some(());
        }
        fsetxattr(new, name, value, XattrFlags::empty()).ok()
    }

    const MAX: usize = 64 * 1024;
}

/// Removes what a run that was killed left, and tells whether there was something.
fn remove_leftover(target: &Path) -> io::Result<bool> {
    match fs::remove_file(beside(target)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The one name that a file has on its way.
pub(crate) fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or("keys".as_ref()));
    name.push(".new");
    directory(target).join(name)
}

pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The file is whole in either case; this makes the rename outlive a power failure.
fn sync_directory(path: &Path) {
    if let Ok(directory) = File::open(directory(path)) {
        let _ = directory.sync_all();
    }
}
