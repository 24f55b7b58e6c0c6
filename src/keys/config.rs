//! What an operator writes: a ring as one string, or through serde.
//!
//! Serde's own errors quote the text that does not fit, so wherever a key may
//! stand by mistake a string is accepted or refused here, without quoting it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    key::Key,
    ring::{KeyEntry, KeyRing},
};
use crate::{error::ConfigError, key_id::KeyId};

impl KeyRing {
    /// The ring in its text form, with the present given: entries `ID:KEY` or
    /// `ID@START:KEY`, newest first, separated by commas.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Entry`], which tells the place of an entry that cannot
    /// be read and why; otherwise as for [`new`](Self::new).
    pub fn parse_at(text: &str, now: OffsetDateTime) -> Result<Self, ConfigError> {
        Self::new_at(parse_entries(text)?, now)
    }
}

impl FromStr for KeyRing {
    type Err = ConfigError;

    /// [`parse_at`](Self::parse_at) the present.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_at(text, OffsetDateTime::now_utc())
    }
}

impl FromStr for KeyEntry {
    type Err = ConfigError;

    /// `ID:KEY`, or `ID@START:KEY` with an RFC 3339 start.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A key has no colon, a time has some: the last one divides them.
        let (head, key) = text.trim().rsplit_once(':').ok_or(ConfigError::EntryForm)?;
        let (id, start) = match head.split_once('@') {
            Some((id, start)) => (id, Some(parse_time(start)?)),
            None => (head, None),
        };
        let entry = Self::new(id.parse::<KeyId>()?, key.parse()?);
        Ok(match start {
            Some(start) => entry.not_before(start),
            None => entry,
        })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl de::Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key in quotes, as printed by `openssl rand -base64 32`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl de::Visitor<'_> for IdVisitor {
            type Value = KeyId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0 to 4294967295")
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<KeyId, E> {
                u32::try_from(id).map(KeyId::new).map_err(|_| E::custom(ConfigError::KeyId))
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<KeyId, E> {
                u32::try_from(id).map(KeyId::new).map_err(|_| E::custom(ConfigError::KeyId))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyId, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}

impl<'de> Deserialize<'de> for KeyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl<'de> de::Visitor<'de> for EntryVisitor {
            type Value = KeyEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key with its id: { id = 1, key = \"…\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyEntry, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<KeyEntry, A::Error> {
                let (mut id, mut key, mut not_before, mut not_after) = (None, None, None, None);
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Id => once(&mut id, map.next_value()?)?,
                        Field::Key => once(&mut key, map.next_value()?)?,
                        Field::NotBefore => once(&mut not_before, map.next_value()?)?,
                        Field::NotAfter => once(&mut not_after, map.next_value()?)?,
                        _ => {
                            map.next_value_seed(Refuse(
                                "unknown field: an entry has id, key, not_before and not_after",
                            ))?;
                        }
                    }
                }
                let missing = de::Error::missing_field;
                Ok(KeyEntry {
                    id: id.ok_or_else(|| missing("id"))?,
                    key: key.ok_or_else(|| missing("key"))?,
                    not_before: not_before.flatten().map(|Time(time)| time),
                    not_after: not_after.flatten().map(|Time(time)| time),
                })
            }
        }

        deserializer.deserialize_any(EntryVisitor)
    }
}

impl<'de> Deserialize<'de> for KeyRing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RingConfig::deserialize(deserializer)?
            .ring_at(OffsetDateTime::now_utc())
            .map_err(de::Error::custom)
    }
}

/// A ring as it is written, each entry read, the whole not yet judged.
pub(crate) struct RingConfig {
    pub(crate) keys: Vec<KeyEntry>,
    pub(crate) not_created_before: Option<OffsetDateTime>,
    /// The greatest id that was ever in the file: a record for whoever chooses the next.
    #[cfg_attr(not(feature = "reload"), expect(dead_code, reason = "read for its form alone"))]
    pub(crate) last_id: Option<KeyId>,
}

impl RingConfig {
    pub(crate) fn ring_at(self, now: OffsetDateTime) -> Result<KeyRing, ConfigError> {
        let ring = KeyRing::new_at(self.keys, now)?;
        Ok(match self.not_created_before {
            Some(time) => ring.with_not_created_before(time),
            None => ring,
        })
    }
}

impl<'de> Deserialize<'de> for RingConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RingVisitor;

        impl<'de> de::Visitor<'de> for RingVisitor {
            type Value = RingConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key ring: a list of { id, key }, or { keys, not_created_before }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RingConfig, E> {
                let keys = EntriesVisitor.visit_str(text)?;
                Ok(RingConfig { keys, not_created_before: None, last_id: None })
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<RingConfig, A::Error> {
                let keys = EntriesVisitor.visit_seq(seq)?;
                Ok(RingConfig { keys, not_created_before: None, last_id: None })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<RingConfig, A::Error> {
                let (mut keys, mut not_created_before, mut last_id) = (None, None, None);
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Keys => once(&mut keys, map.next_value()?)?,
                        Field::NotCreatedBefore => {
                            once(&mut not_created_before, map.next_value()?)?;
                        }
                        Field::LastId => once(&mut last_id, map.next_value()?)?,
                        _ => {
                            map.next_value_seed(Refuse(
                                "unknown field: a key ring has keys, not_created_before and last_id",
                            ))?;
                        }
                    }
                }
                let Entries(keys) = keys.ok_or_else(|| de::Error::missing_field("keys"))?;
                Ok(RingConfig {
                    keys,
                    not_created_before: not_created_before.flatten().map(|Time(time)| time),
                    last_id: last_id.flatten(),
                })
            }
        }

        deserializer.deserialize_any(RingVisitor)
    }
}

/// Refuses a value where it stands, so that formats that know places name this one.
struct Refuse(&'static str);

impl<'de> de::DeserializeSeed<'de> for Refuse {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(de::Error::custom(self.0))
    }
}

/// The names of all fields; an unknown one, which may be a key out of place, is not kept.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Id,
    Key,
    NotBefore,
    NotAfter,
    Keys,
    NotCreatedBefore,
    LastId,
    #[serde(other)]
    Unknown,
}

fn once<V, E: de::Error>(field: &mut Option<V>, value: V) -> Result<(), E> {
    match field.replace(value) {
        Some(_) => Err(E::custom("a field stands twice")),
        None => Ok(()),
    }
}

struct Entries(Vec<KeyEntry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor).map(Self)
    }
}

struct EntriesVisitor;

impl<'de> de::Visitor<'de> for EntriesVisitor {
    type Value = Vec<KeyEntry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of { id, key }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        parse_entries(text).map_err(E::custom)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

struct Time(OffsetDateTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;

        impl de::Visitor<'_> for TimeVisitor {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time in quotes, as in \"2026-12-01T00:00:00Z\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                parse_time(text).map(Time).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TimeVisitor)
    }
}

fn parse_entries(text: &str) -> Result<Vec<KeyEntry>, ConfigError> {
    if text.trim().is_empty() {
        return Err(ConfigError::EmptyRing);
    }
    let entries = text.split(',').enumerate().map(|(index, entry)| {
        entry.parse().map_err(|error| ConfigError::Entry {
            position: index.saturating_add(1),
            reason: Box::new(error),
        })
    });
    entries.collect()
}

fn parse_time(text: &str) -> Result<OffsetDateTime, ConfigError> {
    OffsetDateTime::parse(text.trim(), &Rfc3339).map_err(|_| ConfigError::Time)
}
