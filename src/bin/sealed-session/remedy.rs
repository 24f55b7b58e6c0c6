//! What to do about an error of the operating system.

use std::io::{self, ErrorKind};

use sealed_session::RingForm;

/// How a ring of this form says how long sessions live.
pub(crate) fn write_timeout(form: RingForm) -> &'static str {
    match form {
        RingForm::Text => {
            "write the application's absolute timeout in front of the ring, as in `absolute-timeout=14d,`"
        }
        RingForm::Json => {
            "write the application's absolute timeout into the ring, as in \"absolute_timeout\": \"14d\""
        }
        _ => {
            "write the application's absolute timeout at the top of the ring, as in absolute_timeout = \"14d\""
        }
    }
}

pub(crate) const DANGLING: &str =
    "it is a symbolic link to a file that is not there; mend the link, or remove it";

/// An error while the ring's file is opened, read or locked.
pub(crate) fn cannot(verb: &str, error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::NotFound => {
            "check the path; `sealed-session rotate --create FILE` makes a new ring"
        }
        ErrorKind::PermissionDenied => "run this as the file's owner",
        ErrorKind::NotADirectory => "a part of the path is a file; check the path",
        ErrorKind::IsADirectory => "give the path of a file, not of a folder",
        ErrorKind::InvalidFilename | ErrorKind::InvalidInput => "check the path",
        _ => "check the path, and what the system's log says",
    };
    format!("cannot {verb} it: {error}; {remedy}")
}

/// An error while the new file is written or put in place.
pub(crate) fn cannot_write(error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space on its disk",
        ErrorKind::ReadOnlyFilesystem => {
            "its file system is read-only, as a mounted Secret or ConfigMap is: change the ring where it comes from"
        }
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => {
            "the file is mounted by itself, so nothing can be renamed over it: change it where it is mounted from, and mount its folder instead"
        }
        ErrorKind::PermissionDenied => {
            "run this as a user who may write to its folder; the file is replaced, not written over"
        }
        ErrorKind::NotFound => "its folder is gone; check the path",
        ErrorKind::FileTooLarge => "raise the limit on file sizes (`ulimit -f`)",
        _ => "see what the system's log says of its disk",
    };
    format!("cannot write it: {error}; {remedy}; it is as it was")
}
