//! Reads `SESSION_KEYS`, a ring such as `1:KEY`, and `STAGE`, which is empty or `/prod`.

use lambda_http::Error;
use sealed_session::{KeyRing, Sessions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let sessions = Sessions::new(KeyRing::from_env("SESSION_KEYS")?);
    // It lives as long as the process.
    let stage = std::env::var("STAGE").unwrap_or_default().leak();
    lambda_http::run(lambda_example::router(sessions, stage)).await
}
