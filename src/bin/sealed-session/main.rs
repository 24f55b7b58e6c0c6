//! `sealed-session`: makes, rotates, checks and retires the keys of sealed-session rings.
#![expect(clippy::format_push_string, reason = "a report is short, and reads better so")]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)]

mod clock;
mod commands;
mod edit;
mod failure;
mod file;
mod place;
mod remedy;
mod report;
mod schedule;
mod unprintable;
mod usage;
mod write;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::{
    failure::{Failure, NO},
    report::Report,
};

/// Makes, rotates, checks and retires the keys of sealed-session.
///
/// A ring of keys is a file in TOML or JSON, or one string, in an environment variable or on
/// standard input; see `rotate --create` for a new one. Keys are never taken from the command line.
/// A file's keys are printed by `convert` alone, a fresh one by `keygen`.
#[derive(Parser)]
#[command(version, after_long_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print JSON for a script, errors included
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Keygen(commands::keygen::Args),
    Rotate(commands::rotate::Args),
    Status(commands::status::Args),
    Check(commands::check::Args),
    Retire(commands::retire::Args),
    Prune(commands::prune::Args),
    Emergency(commands::emergency::Args),
    Inspect(commands::inspect::Args),
    Convert(commands::convert::Args),
    Completions(commands::manual::Completions),
    Man(commands::manual::Man),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::explain(&error),
    };
    let now = clock::now();
    let outcome = match &cli.command {
        Command::Keygen(args) => args.run(),
        Command::Rotate(args) => args.run(now),
        Command::Status(args) => args.run(now),
        Command::Check(args) => args.run(now),
        Command::Retire(args) => args.run(now),
        Command::Prune(args) => args.run(now),
        Command::Emergency(args) => args.run(now),
        Command::Inspect(args) => args.run(now),
        Command::Convert(args) => args.run(now),
        Command::Completions(args) => args.run(Cli::command()),
        Command::Man(args) => args.run(Cli::command()),
    };
    match outcome {
        Ok(report) => finish(&report, cli.json),
        Err(failure) => {
            failure.print(cli.json);
            ExitCode::from(failure.status())
        }
    }
}

/// What was done is what the status says, also where the report cannot be written.
fn finish(report: &Report, as_json: bool) -> ExitCode {
    // A ring that nobody got is no change.
    if let Err(error) = report.print_output() {
        Failure::new(format!("{error}; nothing was changed")).print(false);
        return ExitCode::from(NO);
    }
    match report.print(as_json) {
        Ok(()) if report.is_good => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(NO),
        Err(error) => {
            let (done, status) = match (&report.output, report.has_changed) {
                (Some(_), _) => ("the ring was printed whole", UNSAID),
                (None, true) => ("the ring was changed", UNSAID),
                (None, false) => ("nothing was changed", NO),
            };
            // With standard error closed too, only the status is left to tell.
            Failure::new(format!("cannot write the report: {error}; {done}")).print(false);
            ExitCode::from(status)
        }
    }
}

/// Done, and the report could not be written.
const UNSAID: u8 = 3;
const EXIT_CODES: &str = "\
Exit status:
  0  done, or yes
  1  no, or it failed; nothing was changed
  2  wrong command line; nothing was changed
  3  the ring was changed, or printed whole, and the report could not be written";
