//! What a session can hold.

use serde::{Serialize, de::DeserializeOwned};

/// The bounds on a session's data. Every type with these traits implements it automatically.
///
/// `Default` is the data of an anonymous visitor. `Clone` lets a write work on a copy, so that
/// readers never wait, and a panic leaves nothing half-written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a session",
    note = "derive `Serialize`, `Deserialize`, `Default` and `Clone`, and hold no borrowed data"
)]
pub trait SessionData:
    Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static
{
}

impl<T> SessionData for T where
    T: Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static
{
}
