//! The bytes of a sealed value. docs/FORMAT.md has them for other implementers.

pub(crate) mod aead;
pub(crate) mod claims;
#[cfg(feature = "bound")]
pub(crate) mod device;
pub(crate) mod envelope;
mod extension;
pub(crate) mod frame;
pub(crate) mod json;
pub(crate) mod layout;
pub(crate) mod lifetime;
pub(crate) mod lineage;
pub(crate) mod seal;
pub(crate) mod secret;
pub(crate) mod session_id;
pub(crate) mod text;
pub(crate) mod token;
