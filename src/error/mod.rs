//! The errors: of keys and configuration, of sealing, unsealing and revoking.
//!
//! No message contains a key, a cookie value or session data, because errors end up in logs and
//! error trackers. For the same reason no variant carries the error of `serde_json`, which quotes
//! the text that it could not read.

mod config;
mod csrf;
mod misfit;
mod revoke;
mod seal;
mod unseal;

pub use self::{
    config::ConfigError,
    csrf::{CsrfError, ForeignRequest},
    misfit::Misfit,
    revoke::RevokeError,
    seal::SealError,
    unseal::UnsealError,
};
