//! Kinds of session: from the Cookie headers of a request to the Set-Cookie headers of its
//! response, with the policy in between.

mod accepted;
mod bearer;
mod builder;
mod commit;
mod core;
mod csrf;
#[cfg_attr(not(feature = "bound"), path = "no_device.rs")]
mod device;
mod ending;
// Without the feature nobody reads another library's cookie.
#[cfg_attr(not(feature = "takeover"), allow(dead_code, unreachable_pub))]
pub mod fallback;
#[cfg(feature = "http")]
mod headers;
#[cfg(all(test, shuttle))]
mod interleavings;
mod listed;
mod open;
mod revocation;
#[cfg_attr(not(feature = "takeover"), allow(dead_code))]
mod takeover;
mod testing;
mod tombstones;
mod value;

#[cfg(feature = "bound")]
pub use self::device::Bound;
pub use self::{builder::Builder, core::Sessions, revocation::SessionInfo};
#[cfg(feature = "bound")]
pub(crate) use self::{
    core::Core,
    device::{DeviceRules, Step},
};
