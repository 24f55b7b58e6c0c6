//! A file for each command: its arguments, what it does, what it says.

pub(crate) mod check;
pub(crate) mod emergency;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod prune;
pub(crate) mod retire;
pub(crate) mod rotate;
pub(crate) mod status;

use std::path::PathBuf;

use crate::schedule::Timeouts;

// What every command takes that asks which keys sessions can be under. A doc
// comment here would take the place of the command's own in its help.
#[derive(clap::Args)]
pub(crate) struct RingArgs {
    /// The ring's TOML file
    file: PathBuf,
    #[command(flatten)]
    timeouts: Timeouts,
}
