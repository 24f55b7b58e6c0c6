//! What is logged.

use std::{
    io::{self, Write},
    sync::{Arc, LazyLock, Mutex},
};

use tracing::{Dispatch, subscriber::NoSubscriber};
use tracing_subscriber::{filter::LevelFilter, util::SubscriberInitExt as _};

/// Events, one in each line.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes this thread's events for as long as the guard lasts.
    pub(crate) fn listen(&self) -> impl Sized + use<> {
        self.listen_from(LevelFilter::TRACE)
    }

    /// [`listen`](Self::listen), to events of this level and above.
    pub(crate) fn listen_from(&self, level: LevelFilter) -> impl Sized + use<> {
        LazyLock::force(&SECOND);
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(level)
            .with_writer(move || writer.clone());
        subscriber.set_default()
    }

    /// The events since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where there is but one subscriber, `tracing` asks that of the thread by which an event first comes
/// whether it is ever of interest. Of another test's that is none, and the event would be lost here.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
