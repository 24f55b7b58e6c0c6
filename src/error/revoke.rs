//! Why a revocation does not hold, as far as is known.

use std::{error::Error, sync::Arc};

/// Why a revocation was not made, or is not known to be.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The subject could not be kept.
    #[error("the subject has {length} bytes, and must have 1 to 255: name the user by a short id")]
    Subject {
        /// The bytes it has.
        length: usize,
    },
    /// What spreads the revocations did not confirm this one. It may have been made or not:
    /// do not tell the user that it was, and try again.
    #[error(
        "the revocation is not confirmed, and may hold nowhere: {0}; try again, and say so to the user until it succeeds"
    )]
    Unconfirmed(Arc<dyn Error + Send + Sync>),
    /// All positions are used up.
    #[error(
        "there is no position left for another revocation: some machine's clock has been far ahead; empty the engine and set the clocks right"
    )]
    Exhausted,
}
