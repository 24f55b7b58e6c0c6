//! The command line.

use std::{env, error::Error, ffi::OsString, time::Duration};

use lexopt::{Arg, Parser, ValueExt};

/// How to run.
pub(crate) struct Args {
    pub(crate) https: bool,
    /// Whether sign-ins are bound to their device, where the browser can.
    pub(crate) bound: bool,
    /// How long a browser may go without a proof of its device.
    pub(crate) bound_for: Duration,
    /// 0 lets the system choose.
    pub(crate) port: u16,
    /// The longest that a sign-in lasts.
    pub(crate) lifetime: Duration,
}

impl Args {
    /// `None` where help was asked for, and given.
    pub(crate) fn parse(
        args: impl IntoIterator<Item = OsString>,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        let port = match env::var("PORT") {
            Ok(port) => port.parse().map_err(|_| format!("PORT={port} is not a port number"))?,
            Err(_) => DEFAULT_PORT,
        };
        let mut parsed = Self {
            https: false,
            bound: false,
            bound_for: Duration::from_secs(10 * 60),
            port,
            lifetime: DEFAULT_LIFETIME,
        };
        let mut parser = Parser::from_args(args);
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("https") if cfg!(feature = "https") => parsed.https = true,
                Arg::Long("bound") if cfg!(feature = "https") => parsed.bound = true,
                Arg::Long("https" | "bound") => return Err(NO_HTTPS.into()),
                Arg::Long("bound-seconds") => {
                    parsed.bound_for = Duration::from_secs(parser.value()?.parse()?);
                }
                Arg::Long("port") => parsed.port = parser.value()?.parse()?,
                Arg::Long("session-seconds") => {
                    parsed.lifetime = Duration::from_secs(parser.value()?.parse()?);
                }
                Arg::Short('h') | Arg::Long("help") => {
                    println!("{HELP}");
                    return Ok(None);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        if parsed.bound && !parsed.https {
            return Err("--bound needs --https: browsers bind no session over plain HTTP".into());
        }
        Ok(Some(parsed))
    }
}

const DEFAULT_PORT: u16 = 8080;
const DEFAULT_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

const NO_HTTPS: &str = "built without HTTPS: use cargo run -p demo --features https -- --https";

const HELP: &str = "\
A small shop whose sessions live in sealed cookies.

  cargo run -p demo -- [OPTIONS]

  --https              serve HTTPS with a certificate made at start; without it
                       plain HTTP, for development alone. Built with the feature
                       https: cargo run -p demo --features https -- --https
  --bound              bind sign-ins to their device, where the browser can:
                       experimental, and with --https alone
  --bound-seconds N    how long a bound browser may go without a proof of its
                       device, 600 by default
  --port PORT          listen on 127.0.0.1:PORT, 8080 by default; 0 for any
  --session-seconds N  how long a sign-in lasts at most, 14 days by default

Environment: SESSION_KEYS, the key ring, as in 1:$(openssl rand -base64 32);
SESSION_KEYS_FILE, a TOML file of it, followed while the demo runs; PORT, the
same as --port.";
