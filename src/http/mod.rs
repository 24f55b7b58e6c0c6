//! Headers: the session's cookie and its rules, what a commit writes, where a request comes from.

#[cfg_attr(not(feature = "bound"), allow(dead_code))]
pub(crate) mod answer;
mod commit;
pub(crate) mod cookie;
#[cfg(feature = "http")]
pub(crate) mod head;
mod header_list;
#[cfg(feature = "http")]
pub(crate) mod header_map;
mod local_path;
mod origin_guard;
#[cfg(any(feature = "http", feature = "actix-web", feature = "bound", feature = "rocket"))]
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod rules;
pub(crate) mod token;

pub use self::{
    commit::Commit,
    local_path::LocalPath,
    origin_guard::{OriginGuard, RequestSource},
    rules::Scope,
};
