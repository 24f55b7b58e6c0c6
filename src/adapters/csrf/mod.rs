//! Guards against forged requests, mounted: one file for each framework.

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "poem")]
mod poem;
#[cfg(feature = "rocket")]
mod rocket;
#[cfg(feature = "salvo")]
mod salvo;
mod token;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "warp")]
mod warp;

pub use self::token::{CsrfGuard, CsrfRejection};
#[cfg(feature = "tower")]
pub use self::tower::{CsrfService, OriginGuardService};
