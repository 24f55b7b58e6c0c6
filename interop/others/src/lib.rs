//! Readers for the cookies of other Rust libraries, to copy into an application that moves over.
//!
//! The tests open what these libraries write themselves. See docs/MIGRATION.md.

mod actix_session;
mod private_jar;

pub use self::{actix_session::ActixSession, private_jar::PrivateJar};
