//! What a framework has to bring, and how its server is started and stopped.

use std::net::SocketAddr;

use crate::{
    app::{App, Mounted},
    client::Visitor,
    log::Log,
};

/// A framework with an adapter.
pub(crate) trait Adapter {
    /// Whether a mistake in mounting keeps the server from starting. Elsewhere
    /// the first request that it concerns is answered with a 500.
    const CHECKS_MOUNTING: bool = false;

    /// Whether the framework turns every error of an optional extractor into `None`.
    const OPTIONS_SWALLOW_ERRORS: bool = false;

    /// Whether there is a guard for tokens, and not only for origins.
    const CHECKS_TOKENS: bool = true;

    /// Whether that guard holds all of a form in memory, and not only its start.
    const HOLDS_FORMS: bool = true;

    /// Whether there are guards that know of a sign-in page.
    const SENDS_TO_SIGN_IN: bool = true;

    /// What the event names where a handler asks for a session and nothing is mounted. Without
    /// extractors there is none, and the handler has to say it.
    const REMEDY: Option<&'static str>;

    /// Serves `app` on a port of the system's choice. The error is why it did not start.
    async fn serve(app: App) -> Result<Server, String>;
}

pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send>>,
}

impl Server {
    pub(crate) fn new(address: SocketAddr, stop: impl FnOnce() + Send + 'static) -> Self {
        Self { address, stop: Some(Box::new(stop)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

/// The threads of a server, whose events go to `log`.
#[cfg(any(
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "tower",
    feature = "warp"
))]
pub(crate) fn runtime(log: &Log) -> tokio::runtime::Runtime {
    let log = log.clone();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().on_thread_start(move || log.install());
    builder.build().expect("threads can be started")
}

/// A running server, and what it was started with.
pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    _server: Server,
}

impl Site {
    /// A server with both kinds of session, the account's outside the cart's.
    pub(crate) async fn open<A: Adapter>() -> Self {
        Self::with::<A>(Mounted::Both).await
    }

    pub(crate) async fn with<A: Adapter>(mounted: Mounted) -> Self {
        Self::try_with::<A>(App::new(mounted)).await.expect("the server starts")
    }

    pub(crate) async fn try_with<A: Adapter>(app: App) -> Result<Self, String> {
        let server = A::serve(app.clone()).await?;
        Ok(Self { app, address: server.address, _server: server })
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    pub(crate) fn log(&self) -> &Log {
        &self.app.log
    }
}
