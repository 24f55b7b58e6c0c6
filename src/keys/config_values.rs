//! The values of a ring's fields through serde. No error quotes a value, because it may be a
//! misplaced key.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, de};
use time::OffsetDateTime;

use super::moment::{parse_span, parse_time};
use crate::{error::ConfigError, key_id::KeyId};

/// A time in quotes, or TOML's own.
pub(super) struct Time(pub(super) OffsetDateTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;

        impl<'de> de::Visitor<'de> for TimeVisitor {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time, as in \"2026-12-01T00:00:00Z\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                parse_time(text).map(Time).map_err(E::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Time, A::Error> {
                let refused = || de::Error::invalid_type(de::Unexpected::Map, &self);
                match map.next_key()? {
                    Some(TomlField::Datetime) => map.next_value::<TomlTime>().map(|time| time.0),
                    _ => Err(refused()),
                }
            }
        }

        deserializer.deserialize_any(TimeVisitor)
    }
}

/// The name under which the TOML crates pass a time that is written without quotes.
#[derive(Deserialize)]
enum TomlField {
    #[serde(rename = "$__toml_private_datetime")]
    Datetime,
    #[serde(other)]
    Other,
}

struct TomlTime(Time);

impl<'de> Deserialize<'de> for TomlTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_time(&text).map(|time| Self(Time(time))).map_err(de::Error::custom)
    }
}

/// A number that is no id.
pub(super) struct Count(pub(super) u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;

        impl de::Visitor<'_> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number: how many keys the ring has")
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Count, E> {
                u32::try_from(count).map(Count).map_err(|_| refused(&self))
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Count, E> {
                u32::try_from(count).map(Count).map_err(|_| refused(&self))
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Count, E> {
                Err(refused(&self))
            }
        }

        deserializer.deserialize_any(CountVisitor)
    }
}

/// The id of a key, which must be a number here.
pub(super) struct LastId(pub(super) KeyId);

impl<'de> Deserialize<'de> for LastId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl de::Visitor<'_> for IdVisitor {
            type Value = LastId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0 to 4294967295: the greatest id that a key of the ring ever had")
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<LastId, E> {
                let id = u32::try_from(id).map_err(|_| E::custom(ConfigError::KeyId))?;
                Ok(LastId(KeyId::new(id)))
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<LastId, E> {
                self.visit_u64(u64::try_from(id).unwrap_or(u64::MAX))
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<LastId, E> {
                Err(refused(&self))
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}

/// `true` or `false`.
pub(super) struct Switch(pub(super) bool);

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchVisitor;

        impl de::Visitor<'_> for SwitchVisitor {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false, without quotes")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Switch, E> {
                Ok(Switch(on))
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Switch, E> {
                Err(refused(&self))
            }
        }

        deserializer.deserialize_any(SwitchVisitor)
    }
}

/// `"14d"`. A bare number is refused: who writes `14` means days, and it would be read as seconds.
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanVisitor;

        impl de::Visitor<'_> for SpanVisitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time with its unit, in quotes, as in \"14d\"")
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Span, E> {
                Err(without_unit())
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Span, E> {
                Err(without_unit())
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Span, E> {
                Err(without_unit())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                parse_span(text).map(Span).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(SpanVisitor)
    }
}

/// Serde's own error would quote the text.
fn refused<E: de::Error>(expected: &dyn de::Expected) -> E {
    E::custom(format_args!("expected {expected}"))
}

fn without_unit<E: de::Error>() -> E {
    E::custom(format_args!("{}, in quotes", ConfigError::Span))
}
