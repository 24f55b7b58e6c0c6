//! `sealed-session`: makes, rotates, checks and retires the keys of sealed-session rings.
#![expect(clippy::format_push_string, reason = "a report is short, and reads better so")]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)]

mod commands;
mod edit;
mod failure;
mod file;
mod report;
mod schedule;
mod unprintable;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{failure::Failure, report::Report};

/// Makes, rotates, checks and retires the keys of sealed-session.
///
/// A ring of keys is a TOML file; see `rotate --create` for a new one. Keys are
/// never taken from the command line, and printed by `keygen` alone.
///
/// Exit status: 0 for yes and done, 1 for no and failed, 2 for a wrong command line.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print JSON for a script, errors included
    #[arg(long, global = true)]
    json: bool,
    /// Take TIME (RFC 3339) for the present, to see what would be then
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    at: Option<OffsetDateTime>,
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
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let now = cli.at.unwrap_or_else(OffsetDateTime::now_utc);
    let outcome = match &cli.command {
        Command::Keygen(args) => args.run(),
        Command::Rotate(args) => args.run(now),
        Command::Status(args) => args.run(now),
        Command::Check(args) => args.run(now),
        Command::Retire(args) => args.run(now),
        Command::Prune(args) => args.run(now),
        Command::Emergency(args) => args.run(now),
        Command::Inspect(args) => args.run(now),
    };
    match outcome.and_then(|report| report.print(cli.json).map(|()| report)) {
        Ok(Report { is_good: true, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(failure) => {
            failure.print(cli.json);
            ExitCode::FAILURE
        }
    }
}

fn parse_time(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "write it as in 2026-12-01T00:00:00Z (RFC 3339)".to_owned())
}
