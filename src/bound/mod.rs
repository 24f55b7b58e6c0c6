//! Device Bound Session Credentials (W3C), for sessions without a store: answers what a browser
//! asks to bind a session to its device, and to prove the device from time to time.
//!
//! ```text
//! sign-in       → Secure-Session-Registration: challenge       (`sessions::device::offer`)
//! registration  ← JWT: challenge and public key, signed    → identifier, bound cookie
//! refresh       ← identifier                               → 403, challenge
//!               ← identifier, JWT: challenge, signed       → bound cookie
//! ```
//!
//! Everything that is needed later is sealed into what the browser keeps: the public key into the
//! identifier, and the family into all three. A bound session is accepted only together with a live
//! bound cookie of its family (`sessions::device::proof`).

mod answer;
mod arrival;
mod desk;
mod header;
mod jwt;
mod refresh;
mod register;

pub use self::answer::{DeviceAnswer, DeviceRequest};
