//! What is sealed to bind a session to a device: the cookie that says it was there, the challenges
//! that it signs, and its public key.

mod bound_cookie;
mod challenge;
mod es256;
mod identifier;

pub(crate) use self::{
    bound_cookie::{BoundCookie, Tag},
    challenge::{Challenge, Kind},
    es256::{PublicKey, Signature},
    identifier::Identifier,
};
