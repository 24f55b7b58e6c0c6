//! The events of one server, kept apart from those of servers beside it.

use std::{
    io, mem,
    sync::{Arc, Mutex},
};

use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt as _};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects the events of this thread, for as long as it lives.
    pub(crate) fn install(&self) {
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(self.clone());
        let subscriber = subscriber.with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG);
        mem::forget(subscriber.finish().set_default());
    }

    /// Every event of the crate so far, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().filter(|line| line.contains("sealed_session:")).map(str::to_owned).collect()
    }

    /// Forgets the events so far.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// The one event there is.
    #[track_caller]
    pub(crate) fn only_line(&self) -> String {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "one event, not {lines:#?}");
        lines.concat()
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
