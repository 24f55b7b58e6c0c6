//! What the crate needs of the machine it runs on, one small module each.
//!
//! WebAssembly without a system interface (`wasm32-unknown-unknown`) has neither a clock nor
//! randomness. With the feature `js` they are those of the JavaScript host that runs it.

pub(crate) mod clock;
pub(crate) mod few;
pub(crate) mod random;
pub(crate) mod stopwatch;
pub(crate) mod sync;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod unsupported;
