//! Why a command did nothing: where, what is wrong, and what to do.

use std::{
    fmt,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{report, unprintable::escape};

/// Shown as `FILE:LINE: message`. The message holds the remedy and no key.
#[derive(Debug)]
pub(crate) struct Failure {
    file: Option<PathBuf>,
    line: Option<usize>,
    message: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No, or it failed.
    Refused,
    /// The command line is wrong.
    Usage,
    /// What should be a ring is none.
    NoRing,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { file: None, line: None, message: message.into(), kind: Kind::Refused }
    }

    /// Of a word of the command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, ..Self::new(message) }
    }

    /// Of a text that should be a ring.
    pub(crate) fn of_no_ring(self) -> Self {
        Self { kind: Kind::NoRing, ..self }
    }

    /// With what to do where what should be a ring is none.
    pub(crate) fn or_if_no_ring(mut self, advice: &str) -> Self {
        if self.kind == Kind::NoRing {
            self.message = format!("{}; {advice}", self.message);
        }
        self
    }

    pub(crate) fn status(&self) -> u8 {
        match self.kind {
            Kind::Refused | Kind::NoRing => NO,
            Kind::Usage => WRONG,
        }
    }

    pub(crate) fn in_file(file: &Path, message: impl Into<String>) -> Self {
        Self { file: Some(file.to_owned()), ..Self::new(message) }
    }

    pub(crate) fn at_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    pub(crate) fn print(&self, as_json: bool) {
        if as_json {
            let error = json!({
                "file": self.file.as_ref().map(|file| file.display().to_string()),
                "line": self.line,
                "message": self.message,
            });
            // Where standard output cannot be written, standard error may.
            if report::print_json(&json!({ "ok": false, "error": error })).is_ok() {
                return;
            }
        }
        let style = report::BAD;
        let shown = format!("{style}error{style:#}: {}\n", escape(&self.to_string()));
        // With standard error closed too, the exit status is left.
        let _ = anstream::stderr().write_all(shown.as_bytes());
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}

/// No, or not done.
pub(crate) const NO: u8 = 1;
/// The command line is wrong.
pub(crate) const WRONG: u8 = 2;
