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
        "the revocation was not confirmed and may not be in effect: {0}; try again, and do not tell the user that it succeeded until it does"
    )]
    Unconfirmed(Arc<dyn Error + Send + Sync>),
    /// All positions are used up.
    #[error(
        "no position is left for another revocation, because some machine's clock was far ahead; correct the clocks and empty the engine"
    )]
    Exhausted,
}
