use sealed_session::Key;
use serde_json::json;

use crate::{failure::Failure, report::Report};

/// Print a new key, ready to paste
///
/// A secret manager is the place for it.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    #[expect(clippy::unused_self, reason = "a command like the others")]
    pub(crate) fn run(&self) -> Result<Report, Failure> {
        let key = Key::generate().map_err(|error| Failure::new(error.to_string()))?;
        let key = key.to_base64();
        Ok(Report::good(format!("{}\n", *key), json!({ "ok": true, "key": *key })))
    }
}
