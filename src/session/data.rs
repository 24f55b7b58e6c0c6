//! What a session can hold.

use serde::{Serialize, de::DeserializeOwned};

/// What a session can hold: any type with these traits, without further ado.
///
/// `Default` is what an anonymous visitor has. `Clone` lets a write work on a
/// copy, so that readers never wait and a panic leaves nothing half-written.
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
