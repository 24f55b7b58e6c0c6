//! What an operator looks at.

mod hint;
mod inspect;

pub use self::{hint::Hint, inspect::Inspection};
