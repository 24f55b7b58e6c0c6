//! One file for each framework, and what they share.

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod body;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod csrf;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod device;
#[cfg(feature = "tower")]
mod mounts;
#[cfg(feature = "poem")]
mod poem;
#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
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
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub use self::csrf::{CsrfGuard, CsrfRejection};
#[cfg(feature = "tower")]
pub use self::csrf::{CsrfService, OriginGuardService};
#[cfg(feature = "poem")]
pub use self::poem::SessionEndpoint;
#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
pub use self::rejection::{ExistingRejection, MissingLayer};
#[cfg(feature = "tower")]
pub use self::{
    body::SessionBody,
    tower::{ResponseFuture, SessionService},
};
