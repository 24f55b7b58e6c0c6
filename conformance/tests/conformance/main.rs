//! What holds in every framework. One suite, and for each adapter a server with
//! the same routes; a test's name says which of them fails it.
//!
//! The servers listen on real sockets, the clients keep cookies as browsers do.
#![cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "tower",
    feature = "warp"
))]

mod app;
#[macro_use]
mod cases;
mod client;
mod log;
mod server;
#[path = "../../../tests/support/mod.rs"]
mod support;

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "tower")]
mod arrival;
#[cfg(feature = "axum")]
mod axum;
#[cfg(any(feature = "tower", feature = "warp"))]
mod hyper;
#[cfg(feature = "poem")]
mod poem;
#[cfg(feature = "rocket")]
mod rocket;
#[cfg(feature = "salvo")]
mod salvo;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "warp")]
mod warp;
