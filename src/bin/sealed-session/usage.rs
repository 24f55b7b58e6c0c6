//! What is wrong with a command line, without a word of it that may be a key.
//!
//! Whoever puts an argument in the wrong place may have put a key there, or text from a stranger
//! that steers the terminal; clap would show it.

use std::process::ExitCode;

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::failure::{Failure, WRONG};

pub(crate) fn explain(error: &Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        let is_written = error.print().is_ok();
        return ExitCode::from(match (error.use_stderr(), is_written) {
            (true, _) => WRONG,
            (false, true) => 0,
            (false, false) => 1,
        });
    }
    let as_json = std::env::args_os().any(|argument| argument == "--json");
    Failure::new(format!("{}; see `sealed-session --help`", message(error))).print(as_json);
    ExitCode::from(WRONG)
}

fn message(error: &Error) -> String {
    let named = |kind| names(error.get(kind));
    let argument = named(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            match argument.filter(|name| name.starts_with('-') && is_plain(name)) {
                Some(name) => format!("there is no option `{name}` here{}", suggestion(error)),
                None => format!("an argument too many, or unknown{}", suggestion(error)),
            }
        }
        ErrorKind::InvalidSubcommand => {
            let name = named(ContextKind::InvalidSubcommand).filter(|name| is_plain(name));
            let name = name.map_or_else(String::new, |name| format!(" `{name}`"));
            format!("there is no command{name}{}", suggestion(error))
        }
        ErrorKind::MissingRequiredArgument => {
            format!("missing: {}", argument.unwrap_or_default())
        }
        ErrorKind::ArgumentConflict => {
            let prior = named(ContextKind::PriorArg).unwrap_or_else(|| "another".to_owned());
            format!("{} cannot go with {prior}", argument.unwrap_or_default())
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("a value is missing for {}", argument.unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => "name a command".to_owned(),
        _ => {
            // Our own parsers quote nothing of what they refuse.
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let valid = names(error.get(ContextKind::ValidValue)).filter(|all| !all.is_empty());
            let valid = valid.map(|all| format!("one of {all}"));
            let is_empty = named(ContextKind::InvalidValue).is_some_and(|value| value.is_empty());
            let empty = is_empty.then(|| "it is empty; perhaps a variable is not set".to_owned());
            let reason = reason.or(empty).or(valid);
            let reason = reason.unwrap_or_else(|| "it is not understood".to_owned());
            format!("wrong value for {}: {reason}", source(&argument.unwrap_or_default()))
        }
    }
}

/// Where a value came from: the option, or the variable that stands for it.
fn source(argument: &str) -> String {
    let option = argument.split([' ', '=']).next().unwrap_or_default();
    let is_given = std::env::args_os().any(|word| word.to_string_lossy().starts_with(option));
    match option {
        "--absolute-timeout" | "--idle-timeout" if !is_given => format!(
            "the environment variable SEALED_SESSION{}",
            option.replace("--", "_").replace('-', "_").to_uppercase()
        ),
        _ => argument.to_owned(),
    }
}

fn names(value: Option<&ContextValue>) -> Option<String> {
    match value? {
        ContextValue::String(name) => Some(name.clone()),
        ContextValue::Strings(names) => Some(names.join(", ")),
        _ => None,
    }
}

fn suggestion(error: &Error) -> String {
    let kinds = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    let name = kinds.into_iter().find_map(|kind| names(error.get(kind)));
    name.map_or_else(String::new, |name| format!(", perhaps you mean `{name}`"))
}

/// Whether a word of the command line is the name of an option or a command, and too short for a key.
fn is_plain(word: &str) -> bool {
    word.len() <= 20 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
