//! Views of a value for an operator.

mod hint;
mod inspect;

pub use self::{hint::Hint, inspect::Inspection};
