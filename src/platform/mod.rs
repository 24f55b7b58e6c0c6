//! What the crate needs from the machine it runs on, in one small module each.
//!
//! WebAssembly without a system interface (`wasm32-unknown-unknown`) has neither a clock nor
//! randomness. With the feature `js`, both come from the JavaScript host.

pub(crate) mod clock;
pub(crate) mod few;
pub(crate) mod random;
pub(crate) mod stopwatch;
pub(crate) mod sync;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod unsupported;
