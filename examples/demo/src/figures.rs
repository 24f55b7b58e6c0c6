//! Figures of the sessions, for the operator's page and for Prometheus.

use std::{
    collections::BTreeMap,
    fmt,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use sealed_session::{KeyId, Keys, Observer, Sealing};
use time::OffsetDateTime;

/// Counts of what became of sessions.
#[derive(Clone, Default)]
pub(crate) struct Figures(Arc<Mutex<BTreeMap<Figure, u64>>>);

/// Something that is counted. `Display` is the metric with its labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    /// By the key's id.
    Opened(u32),
    Sealed(u32, &'static str),
    /// By the class of the refusal.
    Refused(&'static str),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(key) => write!(f, "sessions_opened_total{{key=\"{key}\"}}"),
            Self::Sealed(key, reason) => {
                write!(f, "sessions_sealed_total{{key=\"{key}\",reason=\"{reason}\"}}")
            }
            Self::Refused(class) => write!(f, "sessions_refused_total{{class=\"{class}\"}}"),
        }
    }
}

impl Figures {
    fn count(&self, figure: Figure) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(figure).or_default();
        *count = count.saturating_add(1);
    }

    /// As they are now.
    pub(crate) fn counts(&self) -> BTreeMap<Figure, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In the text format of Prometheus.
    pub(crate) fn page(&self, keys: &Keys, now: OffsetDateTime) -> String {
        let mut page = String::new();
        for (figure, count) in self.counts() {
            let _ = writeln!(page, "{figure} {count}");
        }
        let age = |time: Option<OffsetDateTime>| time.map(|time| (now - time).whole_seconds());
        let gauges = [
            ("session_keys_generation", i64::try_from(keys.generation()).ok()),
            ("session_keys_age_seconds", age(keys.current().rotated_at())),
            ("session_keys_last_checked_seconds", age(keys.last_checked())),
        ];
        for (name, value) in gauges {
            if let Some(value) = value {
                let _ = writeln!(page, "{name} {value}");
            }
        }
        page
    }
}

impl Observer for Figures {
    fn opened(&self, key_id: KeyId) {
        self.count(Figure::Opened(key_id.get()));
    }

    fn sealed(&self, key_id: KeyId, reason: Sealing) {
        self.count(Figure::Sealed(key_id.get(), reason.as_str()));
    }

    fn refused(&self, class: &'static str) {
        self.count(Figure::Refused(class));
    }
}
