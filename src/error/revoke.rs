//! Why a revocation may not be in effect.

use std::{error::Error, sync::Arc};

/// Why a revocation failed or could not be confirmed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The subject's length is out of range.
    #[error("the subject has {length} bytes, and must have 1 to 255: name the user by a short id")]
    Subject {
        /// The subject's length in bytes.
        length: usize,
    },
    /// The source did not confirm the revocation. It may have been made or not: try again, and do
    /// not tell the user that it was made.
    #[error(
        "the revocation was not confirmed and may not be in effect: {0}; try again, and do not tell the user that it succeeded until it does"
    )]
    Unconfirmed(Arc<dyn Error + Send + Sync>),
    /// All positions are used up.
    #[error(
        "no position is left for another revocation, because some machine's clock was far ahead; correct the clocks and empty the engine"
    )]
    Exhausted,
}
