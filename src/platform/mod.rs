//! What the crate needs of the machine it runs on, one small module each.

pub(crate) mod clock;
pub(crate) mod few;
pub(crate) mod random;
pub(crate) mod sync;
