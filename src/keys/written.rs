//! A ring as it is written. Its entries were read, but not yet checked as a whole.

use std::time::Duration;

use time::OffsetDateTime;

use super::ring::{KeyEntry, KeyRing};
use crate::{error::ConfigError, key_id::KeyId};

#[derive(Default)]
pub(super) struct RingConfig {
    pub(super) keys: Vec<KeyEntry>,
    pub(super) no_takeover: Option<bool>,
    pub(super) last_id: Option<KeyId>,
    pub(super) key_count: Option<u32>,
    pub(super) rotated_at: Option<OffsetDateTime>,
    pub(super) absolute_timeout: Option<Duration>,
}

impl RingConfig {
    pub(super) fn ring_at(self, now: OffsetDateTime) -> Result<KeyRing, ConfigError> {
        let found = self.keys.len();
        if let Some(expected) = self.key_count.filter(|count| usize::try_from(*count) != Ok(found))
        {
            return Err(ConfigError::KeyCount { expected, found });
        }
        let mut ring = KeyRing::new_at(self.keys, now)?;
        ring.no_takeover = self.no_takeover.unwrap_or(false);
        ring.last_id = self.last_id;
        ring.rotated_at = self.rotated_at;
        ring.absolute_timeout = self.absolute_timeout;
        Ok(ring)
    }
}
