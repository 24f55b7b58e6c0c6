//! The session of one request, as a handler sees it. Knows neither keys nor what is in a header.

mod commit;
mod csrf;
mod data;
mod existing;
mod facts;
mod handle;
mod handles;
mod identity;
mod opened;
mod snapshot;
mod write;

pub(crate) use self::{
    commit::Outcome,
    handle::Origin,
    handles::{Handle, Handles},
    opened::{Authentic, Candidate, Candidates, Live, Opened, OtherValue, Stone, Verdict},
};
pub use self::{data::SessionData, existing::Existing, handle::Session, snapshot::Snapshot};
