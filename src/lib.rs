//! Encrypted-cookie sessions without a session store.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// Input is never indexed: every access has an answer for bytes that are not there.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aead;
mod builder;
mod claims;
mod cookie;
mod envelope;
mod error;
mod events;
#[cfg(feature = "http")]
mod http;
mod key;
mod keyring;
mod keys;
mod seal;
mod secret;
mod session;
mod sessions;

pub use ::cookie::{Cookie, SameSite};

pub use crate::{
    builder::Builder,
    claims::{Lifetime, SessionId},
    cookie::Scope,
    error::{ConfigError, SealError, UnsealError},
    key::{Key, KeyId},
    keyring::{KeyEntry, KeyRing},
    keys::Keys,
    session::{Session, SessionData, Snapshot},
    sessions::{Commit, Sessions},
};
