use sealed_session::RingForm;
use serde_json::json;
use time::OffsetDateTime;

use crate::{failure::Failure, file::RingText, place::PlaceArgs, report::Report};

/// Print a ring in another form, with all its keys
///
/// TOML is for files, which the tool changes and leaves the comments of; JSON is for other programs; one
/// string, `text`, is for environment variables and secret managers. Comments are not kept.
/// Where the output goes to a file, run `umask 077` first.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// The form to print
    #[arg(long, value_name = "FORM")]
    to: Form,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    Toml,
    Json,
    Text,
}

impl Args {
    pub(crate) fn run(&self, now: OffsetDateTime) -> Result<Report, Failure> {
        let file = RingText::read(&self.place.place()?, now)?;
        let form = match self.to {
            Form::Toml => RingForm::Toml,
            Form::Json => RingForm::Json,
            Form::Text => RingForm::Text,
        };
        let output = form.write(&file.ring).map_err(|error| file.failure(error.to_string()))?;
        let json = json!({ "ok": true, "fingerprint": file.ring.fingerprint().to_string() });
        let text = format!("fingerprint {}\n", file.ring.fingerprint());
        Ok(Report { output: Some(output), ..Report::good(text, json) })
    }
}
