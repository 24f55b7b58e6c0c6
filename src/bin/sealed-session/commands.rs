//! A file for each command: its arguments, what it does, what it says.

pub(crate) mod check;
pub(crate) mod emergency;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod prune;
pub(crate) mod retire;
pub(crate) mod rotate;
pub(crate) mod status;
