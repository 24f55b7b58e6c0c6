//! A key to put in front of the others.

use sealed_session::{Key, KeyEntry, KeyId};
use time::OffsetDateTime;
use toml_edit::Value;

use crate::{failure::Failure, report};

pub(crate) struct NewKey {
    pub(crate) id: KeyId,
    pub(crate) key: Key,
    pub(crate) not_before: Option<OffsetDateTime>,
}

impl NewKey {
    pub(crate) fn generate(id: KeyId, not_before: Option<OffsetDateTime>) -> Result<Self, Failure> {
        let key = Key::generate().map_err(|error| Failure::new(error.to_string()))?;
        Ok(Self { id, key, not_before })
    }

    /// As a table of TOML has them.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let key = self.key.to_base64();
        [
            Some(("id", Value::from(i64::from(self.id.get())))),
            Some(("key", Value::from(key.as_str()))),
            self.not_before.map(|start| ("not_before", Value::from(report::time(start)))),
        ]
        .into_iter()
        .flatten()
    }
}

impl From<&NewKey> for KeyEntry {
    fn from(new: &NewKey) -> Self {
        let entry = Self::new(new.id, new.key.clone());
        match new.not_before {
            Some(start) => entry.not_before(start),
            None => entry,
        }
    }
}
