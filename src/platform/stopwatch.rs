//! Time that only moves forward, whatever happens to the machine's clock.

use std::time::Duration;

/// Where the host has no such time, as a script's, that of its clock.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
type Start = time::OffsetDateTime;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
type Start = std::time::Instant;

pub(crate) struct Stopwatch(Start);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        return Self(super::clock::now());
        #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
        Self(Start::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        return Duration::try_from(super::clock::now() - self.0).unwrap_or_default();
        #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
        self.0.elapsed()
    }

    /// Whole seconds since the start.
    pub(crate) fn seconds(&self) -> i64 {
        i64::try_from(self.elapsed().as_secs()).unwrap_or(i64::MAX)
    }
}

#[cfg(all(test, not(all(target_arch = "wasm32", target_os = "unknown"))))]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_those_since_the_start() {
        let start = Start::now().checked_sub(Duration::from_secs(5)).expect("the machine runs");
        let seconds = Stopwatch(start).seconds();
        assert!((5..60).contains(&seconds), "{seconds}");
        assert!((0..55).contains(&Stopwatch::start().seconds()));
    }
}
