//! A small shop that keeps everything about its visitors in sealed cookies: sign-in, flash
//! messages, a guest's cart that is merged at sign-in, a form in three steps, settings. Its pages
//! show what is in them: the session byte by byte, the customer's devices, every cookie of
//! the site with its purpose, and what an operator sees.
//!
//! `cargo run -p demo` (and `-- --help`)

mod anatomy;
mod args;
mod devices;
mod figures;
mod pages;
mod plain;
mod post;
mod routes;
mod shop;
mod state;
#[cfg(feature = "https")]
mod tls;
mod view;

use std::{env, error::Error, process::ExitCode, time::Duration};

use sealed_session::{
    Builder, ConfigError, Follower, KeyRing, Keys, OriginGuard, Revocations, RingFile, SessionData,
    Sessions, Subject,
};
use tokio::net::TcpListener;

use crate::{
    args::Args,
    devices::Devices,
    figures::Figures,
    routes::App,
    shop::Shop,
    state::{Account, Cart},
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        // What is displayed has the remedy; a `Result` from `main` would show the `Debug` form.
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Some(args) = Args::parse(env::args_os().skip(1))? else { return Ok(()) };
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();

    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    let scheme = if args.https { "https" } else { "http" };
    let url = format!("{scheme}://localhost:{}", listener.local_addr()?.port());

    // One ring for both kinds of session: each value is bound to the name of its cookie.
    let (keys, owns_ring) = keys()?;
    let shop = Shop::new(args.lifetime);
    let devices = Devices::new(args.lifetime);
    let revocations = Revocations::in_memory(args.lifetime);
    let figures = Figures::default();
    let accounts = Sessions::<Account>::builder(keys.clone())
        .observer(figures.clone())
        .absolute_timeout(args.lifetime)
        .revocations(&revocations, |account| account.user.as_deref().map(Subject::from));
    #[cfg(feature = "https")]
    let accounts = match args.bound {
        true => accounts.bound(sealed_session::Bound::new().lifetime(args.bound_for)),
        false => accounts,
    };
    let carts = Sessions::<Cart>::builder(keys.clone()).cookie_name("__Host-cart");
    // Programs without cookies, such as a load test, need no protection from forgery.
    let guard = OriginGuard::new().trust(&url)?.allow_without_headers(true);
    let (https, binds) = (args.https, args.bound);
    let router = routes::router(App {
        shop,
        devices,
        revocations,
        guard,
        keys,
        figures,
        https,
        owns_ring,
        binds,
    })
    .layer(build(carts, &args)?)
    .layer(build(accounts, &args)?)
    .layer(axum::middleware::map_response(routes::finish));

    println!("{url}");
    match args.https {
        #[cfg(feature = "https")]
        true => tls::serve(listener, router).await,
        _ => Ok(axum::serve(listener, router).await?),
    }
}

/// The ring of a file that is followed while the demo runs, of a variable, or one made just now;
/// and whether it is in this process alone.
fn keys() -> Result<(Keys, bool), Box<dyn Error>> {
    if let Some(file) = env::var_os(FILE_VARIABLE) {
        let follower = Follower::new(RingFile::new(file))?;
        let keys = follower.keys();
        follower
            .spawn(RELOAD_INTERVAL, |error| tracing::warn!(%error, "the last good ring stays"))?;
        return Ok((keys, false));
    }
    if env::var_os(KEYS_VARIABLE).is_some() {
        return Ok((KeyRing::from_env(KEYS_VARIABLE)?.into(), true));
    }
    eprintln!("{EPHEMERAL_WARNING}");
    Ok((KeyRing::ephemeral()?.into(), true))
}

fn build<T: SessionData>(builder: Builder<T>, args: &Args) -> Result<Sessions<T>, ConfigError> {
    match args.https {
        true => builder.build(),
        false => builder.insecure_plain_http_for_development().build(),
    }
}

const KEYS_VARIABLE: &str = "SESSION_KEYS";
const FILE_VARIABLE: &str = "SESSION_KEYS_FILE";
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

const EPHEMERAL_WARNING: &str = r#"
  ############################################################################
  #  WARNING: SESSION_KEYS is not set, so the key was made just now and is   #
  #  gone when this process ends: everybody will be signed out, and no other #
  #  machine can read these sessions. For development only.                  #
  #                                                                          #
  #      export SESSION_KEYS="1:$(openssl rand -base64 32)"                  #
  ############################################################################
"#;
