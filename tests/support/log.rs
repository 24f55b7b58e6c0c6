//! What is logged.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use tracing_subscriber::{filter::LevelFilter, util::SubscriberInitExt as _};

/// Events, one in each line.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes this thread's events for as long as the guard lasts.
    pub(crate) fn listen(&self) -> impl Sized + use<> {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(LevelFilter::TRACE)
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
