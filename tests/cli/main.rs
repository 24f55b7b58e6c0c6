//! The operator's tool, run as a process: what it changes, what it refuses, what it says,
//! and that it never shows a key.
#![cfg(unix)]

mod bad_files;
mod check;
mod crashes;
mod edits;
mod emergency;
mod files;
mod first_ring;
mod gate;
mod inspect;
mod output;
mod pasted;
mod places;
mod recipes;
mod retire;
mod rotate;
mod runbook;
mod schedule;
mod schema;
mod wrong_inputs;

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sealed_session::{Key, KeyId, KeyRing, RingForm};
use serde_json::Value;
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};

/// The present of every command here.
pub(crate) const NOW: OffsetDateTime = datetime!(2031-05-06 07:00 UTC);
const AT: &str = "2031-05-06T07:00:00Z";
/// Where a debug build of the tool takes the present from.
const CLOCK: &str = "SEALED_SESSION_TEST_CLOCK";

/// A ring's file in a directory of its own.
pub(crate) struct Ring {
    directory: TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ring {
    pub(crate) fn new(text: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Self { directory, path }
    }

    /// Keys with these ids and lines, newest first.
    pub(crate) fn of<const N: usize>(entries: [(u8, &str); N]) -> Self {
        Self::new(tables(entries))
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    pub(crate) fn at(&self, now: OffsetDateTime) -> KeyRing {
        let text = self.text();
        let (form, text) = RingForm::detect(text.as_bytes()).unwrap();
        form.parse_at(text, now).unwrap()
    }

    pub(crate) fn ids(&self) -> Vec<u32> {
        self.at(NOW).entries().iter().map(|entry| entry.id().get()).collect()
    }

    /// Runs `COMMAND FILE …` at [`NOW`]. No output may show a key of the file, old or new.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Run {
        self.run_at(AT, command, arguments)
    }

    pub(crate) fn run_at(&self, at: &str, command: &str, arguments: &[&str]) -> Run {
        let before = fs::read(&self.path).unwrap_or_default();
        let mut tool = tool(&[command, self.path.to_str().unwrap()]);
        // What the ring of no test says itself, but where that is the test's business.
        tool.env("SEALED_SESSION_ABSOLUTE_TIMEOUT", "14d");
        let run = finish(tool.args(arguments).env(CLOCK, at), "");
        for text in [before, fs::read(&self.path).unwrap_or_default()] {
            assert_shows_no_key(&run, &String::from_utf8_lossy(&text));
        }
        run
    }

    #[track_caller]
    pub(crate) fn json(&self, command: &str, arguments: &[&str]) -> Value {
        let run = self.run(command, &[arguments, &["--json"]].concat());
        assert_eq!(run.err, "");
        serde_json::from_str(&run.out).unwrap()
    }

    /// Runs what has to be refused, and returns why. The file stays as it is.
    #[track_caller]
    pub(crate) fn refused(&self, command: &str, arguments: &[&str]) -> String {
        let before = fs::read(&self.path).unwrap();
        let run = self.run(command, arguments);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        assert_eq!(fs::read(&self.path).unwrap(), before, "the file is untouched");
        assert_eq!(fs::read_dir(self.directory()).unwrap().count(), 1, "nothing is left behind");
        run.err
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }
}

pub(crate) fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealed-session"));
    for variable in ["ABSOLUTE", "IDLE"] {
        command.env_remove(format!("SEALED_SESSION_{variable}_TIMEOUT"));
    }
    command.env_remove("CLICOLOR_FORCE").args(arguments);
    command
}

pub(crate) fn finish(command: &mut Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read has closed its end by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn key(seed: u8) -> Key {
    let mut state = seed;
    let bytes = std::array::from_fn(|_| {
        state = state.wrapping_mul(5).wrapping_add(89);
        state ^ seed.rotate_left(3)
    });
    Key::from_bytes(&bytes).unwrap()
}

pub(crate) fn key_text(seed: u8) -> String {
    key(seed).to_base64().to_string()
}

pub(crate) fn tables<const N: usize>(entries: [(u8, &str); N]) -> String {
    let entries = entries
        .map(|(id, more)| format!("[[keys]]\nid = {id}\nkey = \"{}\"\n{more}\n", key_text(id)));
    entries.join("\n")
}

pub(crate) fn id(id: u32) -> KeyId {
    KeyId::new(id)
}

/// Whatever in `text` may be a key, or a good part of one, is not in the output.
#[track_caller]
fn assert_shows_no_key(run: &Run, text: &str) {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let words = text.split(|c| !is_of_key(c)).filter(|word| word.len() >= 20);
    let parts: BTreeSet<_> =
        words.flat_map(|word| word.as_bytes().windows(8)).map(String::from_utf8_lossy).collect();
    for shown in [&run.out, &run.err] {
        // A fingerprint is as long as a word of a key may be; no test ring has one in its text.
        for part in &parts {
            assert!(!shown.contains(part.as_ref()), "{part} in: {shown}");
        }
    }
}
