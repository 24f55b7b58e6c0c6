//! The session of one request, as a handler sees it. This module knows neither the keys nor the
//! format of a header.

mod bearer;
mod commit;
mod csrf;
mod data;
mod existing;
mod facts;
mod handle;
mod handles;
mod identity;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod mount;
mod opened;
mod request;
mod sign_in;
mod signed_in;
mod snapshot;
mod state;
mod write;

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) use self::mount::Identity;
#[cfg(feature = "bound")]
pub(crate) use self::opened::BoundValue;
pub use self::{
    bearer::Bearer,
    data::SessionData,
    existing::Existing,
    handle::Session,
    signed_in::{SignedIn, SignedInData, SignedInPeek},
    snapshot::Snapshot,
};
pub(crate) use self::{
    commit::Outcome,
    handle::Origin,
    handles::{Handle, Handles},
    opened::{Authentic, Candidate, Candidates, Live, Opened, OtherValue, Stone, Verdict},
};
