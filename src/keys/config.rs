//! A ring through serde.
//!
//! Serde's own errors quote the text that does not fit. So wherever a key may be put by mistake, a
//! string is accepted or refused here, without quoting it.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use time::OffsetDateTime;

use super::{
    config_values::{Count, LastId, Span, Switch, Time},
    key::Key,
    ring::{KeyEntry, KeyRing},
    text::parse_ring,
    written::RingConfig,
};
use crate::{error::ConfigError, key_id::KeyId};

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
                        other => map.next_value_seed(Refuse(format!(
                            "{}: an entry has id, key, not_before and not_after",
                            other.unknown()
                        )))?,
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

impl<'de> Deserialize<'de> for RingConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RingVisitor;

        impl<'de> de::Visitor<'de> for RingVisitor {
            type Value = RingConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key ring: a list of { id, key }, or { keys, no_takeover }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RingConfig, E> {
                parse_ring(text).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<RingConfig, A::Error> {
                let keys = EntriesVisitor.visit_seq(seq)?.keys;
                Ok(RingConfig { keys, ..RingConfig::default() })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<RingConfig, A::Error> {
                let mut keys = None;
                let (mut no_takeover, mut last_id, mut key_count) = (None, None, None);
                let (mut rotated_at, mut absolute_timeout) = (None, None);
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Keys => once(&mut keys, map.next_value()?)?,
                        Field::NoTakeover => once(&mut no_takeover, map.next_value()?)?,
                        Field::LastId => once(&mut last_id, map.next_value()?)?,
                        Field::KeyCount => once(&mut key_count, map.next_value()?)?,
                        Field::RotatedAt => once(&mut rotated_at, map.next_value()?)?,
                        Field::AbsoluteTimeout => once(&mut absolute_timeout, map.next_value()?)?,
                        other => map.next_value_seed(Refuse(format!(
                            "{}: a key ring has keys, no_takeover, last_id, key_count, rotated_at and absolute_timeout",
                            other.unknown()
                        )))?,
                    }
                }
                let Entries(mut ring) = keys.ok_or_else(|| de::Error::missing_field("keys"))?;
                // A string in `keys` may have settings too.
                merge(&mut ring.no_takeover, no_takeover.flatten().map(|Switch(on)| on))?;
                merge(&mut ring.last_id, last_id.flatten().map(|LastId(id)| id))?;
                merge(&mut ring.key_count, key_count.flatten().map(|Count(count)| count))?;
                merge(&mut ring.rotated_at, rotated_at.flatten().map(|Time(time)| time))?;
                merge(
                    &mut ring.absolute_timeout,
                    absolute_timeout.flatten().map(|Span(span)| span),
                )?;
                Ok(ring)
            }
        }

        deserializer.deserialize_any(RingVisitor)
    }
}

/// Refuses a value at its own place, so that formats with line numbers name the right one.
struct Refuse(String);

impl<'de> de::DeserializeSeed<'de> for Refuse {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(de::Error::custom(self.0))
    }
}

/// The names of all fields.
enum Field {
    Id,
    Key,
    NotBefore,
    NotAfter,
    Keys,
    NoTakeover,
    LastId,
    KeyCount,
    RotatedAt,
    AbsoluteTimeout,
    /// A name that may be a misplaced key is not kept.
    Unknown(Option<String>),
}

impl Field {
    fn unknown(self) -> String {
        match self {
            Self::Unknown(Some(name)) => format!("unknown field `{name}`"),
            _ => "unknown field".to_owned(),
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl de::Visitor<'_> for FieldVisitor {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
                // Much shorter than a key, whose letters are of both cases.
                let is_plain = name.len() <= 20
                    && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                Ok(match name {
                    "id" => Field::Id,
                    "key" => Field::Key,
                    "not_before" => Field::NotBefore,
                    "not_after" => Field::NotAfter,
                    "keys" => Field::Keys,
                    "no_takeover" => Field::NoTakeover,
                    "last_id" => Field::LastId,
                    "key_count" => Field::KeyCount,
                    "rotated_at" => Field::RotatedAt,
                    "absolute_timeout" => Field::AbsoluteTimeout,
                    other => Field::Unknown(is_plain.then(|| other.to_owned())),
                })
            }

            fn visit_bytes<E: de::Error>(self, name: &[u8]) -> Result<Field, E> {
                match std::str::from_utf8(name) {
                    Ok(name) => self.visit_str(name),
                    Err(_) => Ok(Field::Unknown(None)),
                }
            }
        }

        deserializer.deserialize_identifier(FieldVisitor)
    }
}

fn once<V, E: de::Error>(field: &mut Option<V>, value: V) -> Result<(), E> {
    match field.replace(value) {
        Some(_) => Err(E::custom("a field is there twice; remove one of them")),
        None => Ok(()),
    }
}

fn merge<V, E: de::Error>(field: &mut Option<V>, value: Option<V>) -> Result<(), E> {
    value.map_or(Ok(()), |value| once(field, value))
}

/// The entries, and the settings if they are in one string with them.
struct Entries(RingConfig);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor).map(Self)
    }
}

struct EntriesVisitor;

impl<'de> de::Visitor<'de> for EntriesVisitor {
    type Value = RingConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of { id, key }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        parse_ring(text).map_err(E::custom)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut keys = Vec::new();
        while let Some(entry) = seq.next_element()? {
            keys.push(entry);
        }
        Ok(RingConfig { keys, ..RingConfig::default() })
    }
}

/// Whether a message is from serde, not from this crate.
#[cfg(feature = "reload")]
pub(super) fn is_serdes(message: &str) -> bool {
    ["missing field", "invalid type", "invalid value", "invalid length"]
        .iter()
        .any(|start| message.starts_with(start))
}
