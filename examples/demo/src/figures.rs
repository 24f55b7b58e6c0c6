//! Figures of the sessions, on a page that Prometheus reads.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use sealed_session::{KeyId, Keys, Observer, Sealing};
use time::OffsetDateTime;

/// Counts by metric and labels.
#[derive(Clone, Default)]
pub(crate) struct Figures(Arc<Mutex<BTreeMap<String, u64>>>);

impl Figures {
    fn count(&self, figure: String) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(figure).or_default();
        *count = count.saturating_add(1);
    }

    /// In the text format of Prometheus.
    pub(crate) fn page(&self, keys: &Keys, now: OffsetDateTime) -> String {
        let mut page = String::new();
        for (figure, count) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
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
        self.count(format!("sessions_opened_total{{key=\"{key_id}\"}}"));
    }

    fn sealed(&self, key_id: KeyId, reason: Sealing) {
        let reason = reason.as_str();
        self.count(format!("sessions_sealed_total{{key=\"{key_id}\",reason=\"{reason}\"}}"));
    }

    fn refused(&self, class: &'static str) {
        self.count(format!("sessions_refused_total{{class=\"{class}\"}}"));
    }
}
