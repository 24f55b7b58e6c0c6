//! The application, once for each contender.

mod actix_session;
mod ours_actix;
mod ours_axum;
mod tower_sessions;

use std::{error::Error, io::Write as _, net::SocketAddr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    OursAxum,
    TowerSessions,
    OursActix,
    ActixSession,
}

impl Contender {
    pub(crate) const ALL: [Self; 4] =
        [Self::OursAxum, Self::TowerSessions, Self::OursActix, Self::ActixSession];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OursAxum => "sealed-session, axum",
            Self::TowerSessions => "tower-sessions, axum, Redis",
            Self::OursActix => "sealed-session, actix-web",
            Self::ActixSession => "actix-session, Redis",
        }
    }

    /// Ours with the same framework.
    pub(crate) const fn ours(self) -> Self {
        match self {
            Self::OursAxum | Self::TowerSessions => Self::OursAxum,
            Self::OursActix | Self::ActixSession => Self::OursActix,
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        self == self.ours()
    }

    /// Prints its address, and serves until it is killed.
    pub(crate) fn serve(self, redis: &str) -> Result<(), Box<dyn Error>> {
        match self {
            Self::OursAxum => on_tokio(ours_axum::serve()),
            Self::TowerSessions => on_tokio(tower_sessions::serve(redis)),
            Self::OursActix => actix_web::rt::System::new().block_on(ours_actix::serve()),
            Self::ActixSession => {
                actix_web::rt::System::new().block_on(actix_session::serve(redis))
            }
        }
    }
}

fn on_tokio(
    server: impl Future<Output = Result<(), Box<dyn Error>>>,
) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(server)
}

/// For the process that started this one.
fn announce(address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{address}")?;
    out.flush()
}

const ANY_PORT: (&str, u16) = ("127.0.0.1", 0);
/// How long a session lives at most, with all of them: our default.
const DAYS: i64 = 14;
