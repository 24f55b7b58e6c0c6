//! Whether an object of a JSON text has two members of one name.
//!
//! Readers take one of them or refuse both, so nobody can say what such a text holds.

use std::{cell::Cell, collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use zeroize::Zeroizing;

/// Looks at a text that is JSON.
pub(crate) fn has_twins(json: &str) -> bool {
    let found = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_str(json);
    // What is wrong besides, whoever reads the text for its data tells.
    let _ = Search(&found).deserialize(&mut reader);
    found.get()
}

#[derive(Clone, Copy)]
struct Search<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            if !names.insert(name) {
                self.0.set(true);
            }
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// A member's name. One that is copied, for it has escapes, may be data, and is wiped.
struct Name<'de>(Result<&'de str, Zeroizing<String>>);

impl Name<'_> {
    fn as_str(&self) -> &str {
        match &self.0 {
            Ok(borrowed) => borrowed,
            Err(copied) => copied,
        }
    }
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name<'_> {}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(name: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Ok(name)))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Err(Zeroizing::new(name.to_owned()))))
            }
        }

        name.deserialize_str(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_found_at_any_depth_and_however_they_are_spelled() {
        for json in [
            r#"{"a":1,"a":2}"#,
            r#"[{"b":{"a":1,"c":[],"a":null}}]"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"":1,"":1}"#,
        ] {
            assert!(has_twins(json), "{json}");
        }
        for json in ["7", "null", r#"["a","a"]"#, r#"{"a":{"a":{"a":"a"}},"b":1.5}"#, "{} x", "{"] {
            assert!(!has_twins(json), "{json}");
        }
    }
}
