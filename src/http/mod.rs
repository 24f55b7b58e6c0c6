//! Headers: the session's cookie and its rules, what a commit writes, where a request comes from.

mod commit;
pub(crate) mod cookie;
#[cfg(feature = "http")]
mod header_map;
pub(crate) mod local_path;
mod origin_guard;
#[cfg(any(feature = "http", feature = "actix-web", feature = "rocket"))]
pub(crate) mod response;
pub(crate) mod rules;

pub use self::{
    commit::Commit,
    local_path::LocalPath,
    origin_guard::{OriginGuard, RequestSource},
    rules::Scope,
};
