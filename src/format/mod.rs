//! The bytes of a sealed value. docs/FORMAT.md has them for other implementers.

pub(crate) mod aead;
pub(crate) mod claims;
pub(crate) mod envelope;
pub(crate) mod seal;
pub(crate) mod secret;
pub(crate) mod text;
