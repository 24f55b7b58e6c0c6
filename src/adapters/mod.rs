//! One file for each framework, and what they share.

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "rocket")]
mod rocket;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod shared;
#[cfg(feature = "tower")]
mod tower;

#[cfg(feature = "actix-web")]
pub use self::actix::SessionMiddleware;
#[cfg(feature = "axum")]
pub use self::axum::{ExistingRejection, MissingLayer};
#[cfg(feature = "tower")]
pub use self::tower::{ResponseFuture, SessionBody, SessionService};
