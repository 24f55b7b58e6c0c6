//! Reads and writes the cookie values of [iron-session](https://github.com/vvo/iron-session) 8 and
//! 9 (Fe26.2). [`unseal`] opens their values, and [`seal`] writes values that they can read. A
//! [`Migration`] moves every visitor over to the sessions of this crate.
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
//! A value is bound neither to its cookie's name nor to a purpose, so give each cookie passwords of
//! its own. PBKDF2 with one round does not stretch a password: it has to be random, not just long.
//! If both ends are Rust, use [`Sessions`](crate::Sessions).
//!
//! # Where this reader is stricter
//!
//! The MAC is verified first: nothing that it covers is trusted before, not even the expiry, and
//! nothing is decrypted. In addition, [`unseal`] refuses some values that one or both versions of
//! iron-session accept:
//!
//! - any ending except `~2`. The MAC does not cover the ending, and in version 8 it selects the
//!   older layout of iron-session 6, which is not supported here;
//! - base64url with padding or in a form that is not canonical, and white space around the value;
//! - salts that are not 64 lower-case hex digits;
//! - password ids and expiries that are not whole numbers as JavaScript writes them, in at most 21
//!   digits without a leading zero;
//! - JSON that is not UTF-8, and an empty text;
//! - JSON with lone surrogates (half an emoji), which a Rust string cannot hold, and JSON that is
//!   nested more than 127 levels deep;
//! - values of more than 16,384 bytes, four times what a browser keeps in a cookie.
//!
//! iron-session itself writes only the last two of these, and ids that are not whole numbers, such
//! as `Infinity`. A value that is longer than four cookies comes from `sealData`.
//!
//! Like iron-session, [`unseal`] reads `null` as an object without fields, and skips a byte order
//! mark before the JSON.

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
