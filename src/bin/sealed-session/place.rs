//! Where a ring is: a file, an environment variable, or standard input.

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use sealed_session::{ConfigError, Key};
use zeroize::Zeroizing;

use crate::{failure::Failure, unprintable::escape};

// A doc comment here would take the place of the command's own in its help.
#[derive(clap::Args)]
pub(crate) struct PlaceArgs {
    /// The ring's file: TOML, JSON, or one string; `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "env")]
    file: Option<PathBuf>,
    /// Take the ring from the environment variable of this name
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    env: Option<String>,
}

/// As the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Variable(String),
    Stdin,
}

impl PlaceArgs {
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        match (&self.file, &self.env) {
            (_, Some(name)) => Place::variable(name),
            (Some(path), None) => Place::path(path),
            (None, None) => Err(Failure::new("name the ring's file, or give --env NAME")),
        }
    }
}

impl Place {
    pub(crate) fn path(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdin);
        }
        if !path.exists() && is_secret(&path.as_os_str().to_os_string()) {
            return Err(Failure::usage(
                "what stands for FILE is a key or a ring itself, and is in the shell's history now: \
                 give the path of its file, `--env NAME`, or `-` for standard input",
            ));
        }
        Ok(Self::File(path.to_owned()))
    }

    pub(crate) fn variable(name: &str) -> Result<Self, Failure> {
        let is_name = name.len() <= 100
            && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && name.parse::<Key>().is_err();
        match is_name {
            true => Ok(Self::Variable(name.to_owned())),
            false => Err(Failure::usage(
                "--env takes the name of a variable, as in `--env SESSION_KEYS`, and not its value",
            )),
        }
    }

    /// What a change is made to.
    pub(crate) fn ring(&self) -> String {
        match self {
            Self::File(_) => self.to_string(),
            _ => format!("the ring of {self}"),
        }
    }

    /// Where a changed ring has yet to be stored. A file has it already.
    pub(crate) fn as_it_was(&self) -> String {
        match self {
            Self::File(_) => String::new(),
            Self::Variable(_) => format!(
                "the changed ring is printed, and {self} is as it was: store the ring there\n"
            ),
            Self::Stdin => {
                "the changed ring is printed, and stored nowhere: store it where it came from\n"
                    .to_owned()
            }
        }
    }

    /// The bytes of a ring that is no file.
    pub(crate) fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match self {
            Self::File(_) => Err(self.failure("it is a file")),
            Self::Variable(name) => {
                let text = std::env::var_os(name).filter(|text| !text.is_empty());
                let text = text.ok_or_else(|| {
                    self.failure(
                        "it is not set, or is empty; set and export it to the ring, `ID:KEY`",
                    )
                })?;
                Ok(Zeroizing::new(text.into_encoded_bytes()))
            }
            Self::Stdin => {
                let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
                io::stdin()
                    .take(MAX_LEN as u64)
                    .read_to_end(&mut bytes)
                    .map_err(|error| self.failure(format!("cannot be read: {error}")))?;
                match bytes.len() {
                    0 => Err(self.failure("it is empty; give it the ring")),
                    MAX_LEN => Err(self.failure("more than 64 KiB; give it a ring")),
                    _ => Ok(bytes),
                }
            }
        }
    }

    pub(crate) fn failure(&self, message: impl Into<String>) -> Failure {
        match self {
            Self::File(path) => Failure::in_file(path, message),
            Self::Variable(name) => {
                Failure::new(format!("environment variable {name}: {}", message.into()))
            }
            Self::Stdin => Failure::new(format!("standard input: {}", message.into())),
        }
    }

    /// The ring here, which the library refused.
    pub(crate) fn refused(&self, error: &ConfigError) -> Failure {
        let failure = match (error, self) {
            (ConfigError::Line { line, message }, Self::File(_)) => {
                self.failure(message).at_line(Some(*line))
            }
            (ConfigError::Line { line, message }, _) => {
                self.failure(format!("line {line}: {message}")).at_line(Some(*line))
            }
            (other, _) => self.failure(other.to_string()),
        };
        failure.of_no_ring()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.write_str(&escape(&path.display().to_string())),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// Whether a word is a key, or begins as a ring in one string does.
fn is_secret(word: &OsString) -> bool {
    let Some(word) = word.to_str() else { return false };
    let word = word.trim_matches(['"', '\'']);
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let is_ring = word.len() > 40
        && (digits > 0 && word.get(digits..).is_some_and(|rest| rest.starts_with([':', '@']))
            || word.starts_with("no-takeover,")
            || word.starts_with('{'));
    is_ring || word.split([':', ',']).any(|part| part.parse::<Key>().is_ok())
}

/// As much as the library reads of a ring's file.
pub(crate) const MAX_LEN: usize = 64 * 1024;
