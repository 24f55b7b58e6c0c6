//! Everything that JavaScript calls.

pub use sealed_session_js::*;
