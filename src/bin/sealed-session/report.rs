//! What a command has to say, as text for people and as JSON for scripts.

use std::io::{self, IsTerminal as _};

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use zeroize::Zeroizing;

use crate::unprintable::escape;

/// What a command did or found.
pub(crate) struct Report {
    /// Whether the exit status is that of success.
    pub(crate) is_good: bool,
    /// For people, with the colours of a terminal.
    pub(crate) text: String,
    /// For scripts.
    pub(crate) json: Value,
    /// Whether a ring was changed, in its file or in `output`.
    pub(crate) has_changed: bool,
    /// What goes to standard output as it is; the report then goes to standard error.
    pub(crate) output: Option<Zeroizing<String>>,
}

impl Report {
    pub(crate) fn good(text: String, json: Value) -> Self {
        Self { is_good: true, text, json, has_changed: false, output: None }
    }

    /// Prints the ring, if it is to be printed.
    pub(crate) fn print_output(&self) -> Result<(), String> {
        let Some(output) = &self.output else { return Ok(()) };
        if self.has_changed && is_null_device() {
            return Err("cannot write the ring: standard output is closed, or goes to /dev/null, and the new key would be lost".to_owned());
        }
        let wrong = |error: io::Error| format!("cannot write the ring: {error}");
        write_all(io::stdout(), output).map_err(wrong)?;
        // What comes next on a terminal begins a line.
        match io::stdout().is_terminal() && !output.ends_with('\n') {
            true => write_all(io::stdout(), "\n").map_err(wrong),
            false => Ok(()),
        }
    }

    /// What is said of it.
    pub(crate) fn print(&self, as_json: bool) -> io::Result<()> {
        let json = || format!("{}\n", escape(&self.json.to_string()));
        // `anstream` drops the colours where there is no terminal or NO_COLOR is set.
        match (as_json, self.output.is_some()) {
            (true, false) => write_all(io::stdout(), &json()),
            (true, true) => write_all(io::stderr(), &json()),
            (false, false) => write_all(anstream::stdout(), &self.text),
            (false, true) => write_all(anstream::stderr(), &self.text),
        }
    }
}

/// Whether standard output goes nowhere. One that is closed does too: at its start a program of Rust
/// opens the null device in its place.
fn is_null_device() -> bool {
    #[cfg(unix)]
    {
        use std::os::{fd::AsFd as _, unix::fs::MetadataExt as _};
        let Ok(output) = io::stdout().as_fd().try_clone_to_owned() else { return true };
        let device = |metadata: std::fs::Metadata| metadata.rdev();
        match (std::fs::File::from(output).metadata(), std::fs::metadata("/dev/null")) {
            (Ok(output), Ok(null)) => device(output) == device(null),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    false
}

pub(crate) fn print_json(value: &Value) -> io::Result<()> {
    write_all(io::stdout(), &format!("{}\n", escape(&value.to_string())))
}

fn write_all(mut to: impl io::Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// A time in UTC, to the second.
pub(crate) fn time(time: OffsetDateTime) -> String {
    let utc = time.to_offset(time::UtcOffset::UTC);
    utc.replace_nanosecond(0).unwrap_or(utc).format(&Rfc3339).unwrap_or_else(|_| utc.to_string())
}

/// A duration in words: `14days`, `1h 30m`.
pub(crate) fn duration(duration: std::time::Duration) -> String {
    humantime::format_duration(std::time::Duration::from_secs(duration.as_secs())).to_string()
}

/// Cells in columns, the first row as a heading; each cell with its style.
pub(crate) fn table(rows: &[Vec<(String, Style)>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|(cell, _)| cell.len()).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, style), width) in row.iter().zip(&widths) {
            let padding = " ".repeat(width.saturating_sub(cell.len()).saturating_add(2));
            line.push_str(&format!("{style}{cell}{style:#}{padding}"));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
