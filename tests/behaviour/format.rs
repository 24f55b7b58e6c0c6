//! The wire format against vectors that another implementation made
//! (`vectors/generate_v1.py`), through the public API only.
//!
//! What no public function reads, tokens and tombstones by themselves, the unit tests of `seal` do.

mod cookies;
mod file;
mod keys;
mod printed;
mod reseals;
mod rings;
mod values;
