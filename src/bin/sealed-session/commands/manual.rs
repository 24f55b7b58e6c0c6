use clap::Command;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{failure::Failure, report::Report};

/// Print the completions of a shell, to be sourced by it
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Print the manual page, in roff, of the tool or of one command
#[derive(clap::Args)]
pub(crate) struct Man {
    /// The command
    command: Option<String>,
}

impl Completions {
    #[expect(clippy::unnecessary_wraps, reason = "a command like the others")]
    pub(crate) fn run(&self, mut all: Command) -> Result<Report, Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut all, NAME, &mut text);
        Ok(printed(&text))
    }
}

impl Man {
    pub(crate) fn run(&self, mut all: Command) -> Result<Report, Failure> {
        all.build();
        let page = match &self.command {
            None => Some(all),
            Some(name) => all.find_subcommand(name).cloned(),
        };
        let page = page.ok_or_else(|| {
            Failure::usage("there is no such command; `sealed-session --help` lists them")
        })?;
        let mut text = Vec::new();
        clap_mangen::Man::new(page)
            .render(&mut text)
            .map_err(|error| Failure::new(format!("cannot write the page: {error}")))?;
        Ok(printed(&text))
    }
}

fn printed(text: &[u8]) -> Report {
    let text = String::from_utf8_lossy(text).into_owned();
    let report = Report::good(String::new(), json!({ "ok": true }));
    Report { output: Some(Zeroizing::new(text)), ..report }
}

const NAME: &str = "sealed-session";
