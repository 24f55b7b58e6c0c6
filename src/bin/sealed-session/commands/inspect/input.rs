//! What is to be looked at, and how it came.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use sealed_session::{Key, RingForm};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::failure::Failure;

pub(super) struct Input {
    pub(super) text: Zeroizing<String>,
    /// What the operator should know of the way.
    pub(super) warning: Option<&'static str>,
}

impl Input {
    /// The value of the command line, or what is on standard input.
    pub(super) fn read(value: Option<&str>) -> Result<Self, Failure> {
        if let Some(value) = value.filter(|value| *value != "-") {
            let text = Zeroizing::new(value.to_owned());
            return Ok(Self { text, warning: Some(ON_COMMAND_LINE) });
        }
        let is_terminal = io::stdin().is_terminal();
        let mut bytes = Zeroizing::new(Vec::new());
        let input = io::stdin().lock();
        let read = match is_terminal {
            true => {
                let _ = anstream::stderr().write_all(PROMPT.as_bytes());
                input.take(MAX_INPUT).read_until(b'\n', &mut bytes)
            }
            false => input.take(MAX_INPUT).read_to_end(&mut bytes),
        };
        read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        let is_cut = is_terminal && bytes.trim_ascii_end().len() >= MAX_TERMINAL_LINE;
        let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
        Ok(Self { text, warning: is_cut.then_some(CUT_BY_TERMINAL) })
    }

    /// Whether it is a key, or a ring in any form.
    pub(super) fn is_secret(&self, now: OffsetDateTime) -> bool {
        let is_ring = RingForm::detect(self.text.as_bytes())
            .is_ok_and(|(form, text)| form.parse_at(text, now).is_ok());
        is_ring || self.text.parse::<Key>().is_ok()
    }
}

const PROMPT: &str = "Paste the value or the whole Cookie line, then press Enter:\n";
const ON_COMMAND_LINE: &str = "a value given on the command line is in the shell's history and in the list of processes; give it on standard input, and sign its session out";
const CUT_BY_TERMINAL: &str = "the terminal passes 4095 bytes of a line on and drops the rest; if this line was longer, put it in a file: `sealed-session inspect < FILE`";
/// Much more than a server takes for its headers.
const MAX_INPUT: u64 = 64 * 1024;
/// Of Linux; those of other systems are shorter.
const MAX_TERMINAL_LINE: usize = 4095;
