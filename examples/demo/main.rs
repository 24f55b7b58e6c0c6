//! A small shop that keeps everything about its visitors in sealed cookies:
//! sign-in, flash messages, a guest's cart that is merged at sign-in, a form in
//! three steps, settings, and a page that shows what the sessions say of themselves.
//!
//! `cargo run --example demo --features axum` (and `-- --help`)

mod args;
mod pages;
mod post;
mod routes;
mod shop;
mod state;
mod tls;

use std::{env, error::Error};

use sealed_session::{Builder, ConfigError, KeyRing, Keys, SessionData, Sessions};
use tokio::net::TcpListener;

use crate::{
    args::Args,
    shop::Shop,
    state::{Account, Cart},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(args) = Args::parse(env::args_os().skip(1))? else { return Ok(()) };
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();

    // One ring for both kinds of session: each value is bound to the name of its cookie.
    let keys = Keys::from(key_ring()?);
    let accounts = Sessions::<Account>::builder(keys.clone()).absolute_timeout(args.lifetime);
    let carts = Sessions::<Cart>::builder(keys).cookie_name("__Host-cart");
    let router = routes::router(Shop::new(args.lifetime))
        .layer(build(carts, &args)?)
        .layer(build(accounts, &args)?)
        .layer(axum::middleware::map_response(routes::secure_headers));

    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    let scheme = if args.https { "https" } else { "http" };
    println!("{scheme}://localhost:{}", listener.local_addr()?.port());
    match args.https {
        true => tls::serve(listener, router).await,
        false => Ok(axum::serve(listener, router).await?),
    }
}

fn key_ring() -> Result<KeyRing, ConfigError> {
    if env::var_os(KEYS_VARIABLE).is_some() {
        return KeyRing::from_env(KEYS_VARIABLE);
    }
    eprintln!("{EPHEMERAL_WARNING}");
    KeyRing::ephemeral()
}

fn build<T: SessionData>(builder: Builder<T>, args: &Args) -> Result<Sessions<T>, ConfigError> {
    match args.https {
        true => builder.build(),
        false => builder.insecure_plain_http_for_development().build(),
    }
}

const KEYS_VARIABLE: &str = "SESSION_KEYS";

const EPHEMERAL_WARNING: &str = r#"
  ############################################################################
  #  WARNING: SESSION_KEYS is not set, so the key was made just now and is   #
  #  gone when this process ends: everybody will be signed out, and no other #
  #  machine can read these sessions. For development only.                  #
  #                                                                          #
  #      export SESSION_KEYS="1:$(openssl rand -base64 32)"                  #
  ############################################################################
"#;
