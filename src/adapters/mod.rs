//! One file for each framework, and what they share.

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod body;
#[cfg(feature = "poem")]
mod poem;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod rejection;
#[cfg(feature = "rocket")]
mod rocket;
#[cfg(feature = "salvo")]
mod salvo;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod shared;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "warp")]
mod warp;

#[cfg(feature = "actix-web")]
pub use self::actix::SessionMiddleware;
#[cfg(feature = "poem")]
pub use self::poem::SessionEndpoint;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub use self::rejection::{ExistingRejection, MissingLayer};
#[cfg(feature = "tower")]
pub use self::{
    body::SessionBody,
    tower::{ResponseFuture, SessionService},
};
