//! The cookie values of [iron-session](https://github.com/vvo/iron-session) 8
//! and 9 (Fe26.2): [`unseal`] theirs, [`seal`] what they read, or move every
//! visitor over to ours with a [`Migration`].
//!
//! ```text
//! Fe26.2*<password id>*<salt>*<iv>*<ciphertext>*<expiry, ms>*<MAC salt>*<MAC>~2
//! keys       = PBKDF2-HMAC-SHA1 of the password, one round, 32 bytes for each salt's text
//! ciphertext = AES-256-CBC, PKCS#7, over JSON
//! MAC        = HMAC-SHA256 over everything in front of the MAC's salt
//! ```
//!
//! ```
//! use std::time::Duration;
//!
//! use sealed_session::{Key, iron};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
//! #[serde(default, rename_all = "camelCase")]
//! struct Account {
//!     user_id: Option<String>,
//! }
//!
//! // In production the `password` of iron-session's options, from the environment.
//! let passwords = iron::Passwords::new(&Key::generate()?.to_base64())?;
//! let ada = Account { user_id: Some("ada".to_owned()) };
//! let value = iron::seal("app-session", &ada, &passwords, Some(Duration::from_secs(3600)))?;
//! assert!(value.starts_with("Fe26.2*1*") && value.ends_with("~2"));
//! assert_eq!(iron::unseal::<Account>(&value, &passwords)?.data, ada);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the format is not
//!
//! A value is not bound to the name of its cookie, nor to what it is for: give
//! each cookie passwords of its own. PBKDF2 with one round stretches nothing:
//! the password has to be random, not merely long. Where both ends are Rust,
//! use [`Sessions`](crate::Sessions).
//!
//! # Where this reader is stricter
//!
//! The MAC is verified before anything that it covers is believed, the expiry
//! included, and nothing is decrypted before. Besides, and unlike one or both
//! versions of iron-session, [`unseal`] refuses
//!
//! - any ending but `~2`: it stands outside the MAC, and version 8 lets it
//!   choose the older layout of iron-session 6, which nothing here reads;
//! - base64url that is padded, or not canonical, and white space around the value;
//! - salts that are not 64 lower-case hex digits;
//! - password ids and expiries that are not whole numbers as JavaScript writes them, in at most
//!   21 digits without a leading zero;
//! - JSON that is not UTF-8, and a text without any JSON;
//! - JSON that has lone surrogates (half an emoji), which no string of Rust holds, or that is
//!   nested more than 127 levels deep;
//! - a value of more than 16,384 bytes, four times what a browser keeps in a cookie.
//!
//! Of these iron-session itself writes the last two kinds alone, and ids that are not whole
//! numbers, such as `Infinity`. A value that is longer than four cookies comes from `sealData`.
//!
//! As iron-session does, [`unseal`] takes `null` for an object without fields, and passes over
//! a byte order mark in front of the JSON.

mod crypto;
mod error;
mod migration;
mod passwords;
mod payload;
mod value;

pub use self::{
    error::IronError,
    migration::Migration,
    passwords::Passwords,
    value::{Unsealed, seal, seal_at, unseal, unseal_at},
};
pub use crate::error::Misfit;
