//! The session's data: a JSON text, whose type only JavaScript knows.

use std::{cell::RefCell, fmt, rc::Rc};

use js_sys::Function;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

/// A JSON text that every reader of the format takes.
#[derive(Clone)]
pub(crate) struct Data(Box<RawValue>);

impl Data {
    /// A text that JavaScript has written.
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        check(json)?;
        RawValue::from_string(json.to_owned()).map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn json(&self) -> &str {
        self.0.get()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        check(json.get()).map_err(D::Error::custom)?;
        Ok(Self(json))
    }
}

impl Default for Data {
    /// What an anonymous visitor has.
    fn default() -> Self {
        CURRENT.with_borrow(|kind| match kind {
            Some(kind) => kind.initial.clone(),
            None => Self(RawValue::NULL.to_owned()),
        })
    }
}

/// What JavaScript knows of the data of one kind of session.
pub(crate) struct Kind {
    initial: Data,
    /// Throws for data of another type.
    check: Option<Function>,
    /// Whether the session is revoked.
    revoke_if: Option<Function>,
}

thread_local! {
    /// The kind of the call that is under way: serde has no place to hand it over.
    static CURRENT: RefCell<Option<Rc<Kind>>> = const { RefCell::new(None) };
}

impl Kind {
    pub(crate) fn new(
        initial: &str,
        check: Option<Function>,
        revoke_if: Option<Function>,
    ) -> Result<Rc<Self>, String> {
        let kind = Rc::new(Self { initial: Data(RawValue::NULL.to_owned()), check, revoke_if });
        let initial = kind.run(|| Data::read(initial))?;
        let kind = Rc::into_inner(kind).ok_or("the kind is shared")?;
        Ok(Rc::new(Self { initial, ..kind }))
    }

    /// Calls the crate for sessions of this kind.
    pub(crate) fn run<R>(self: &Rc<Self>, call: impl FnOnce() -> R) -> R {
        let before = CURRENT.replace(Some(Rc::clone(self)));
        let result = call();
        CURRENT.set(before);
        result
    }
}

/// Whether every reader of the format takes the text, and the application's own `parse`.
fn check(text: &str) -> Result<(), String> {
    // JavaScript reads more than others do: half a character, a number beyond a double.
    serde_json::from_str::<Readable>(text).map_err(|error| error.to_string())?;
    let kind = CURRENT.with_borrow(Clone::clone);
    match kind.as_ref().and_then(|kind| kind.check.as_ref()) {
        Some(check) => match check.call1(&JsValue::NULL, &text.into()) {
            Ok(_) => Ok(()),
            Err(_) => Err("`parse` refused it".to_owned()),
        },
        None => Ok(()),
    }
}

/// What the application's function says of a session; one that throws lets nobody in.
pub(crate) fn is_revoked(data: &Data, facts: &str) -> bool {
    let kind = CURRENT.with_borrow(Clone::clone);
    kind.as_ref().and_then(|kind| kind.revoke_if.as_ref()).is_some_and(|revoke_if| {
        revoke_if
            .call2(&JsValue::NULL, &data.json().into(), &facts.into())
            .map_or(true, |answer| answer.is_truthy())
    })
}

/// Any JSON, each string and number of it read.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Name, Self>()?.is_some() {}
        Ok(self)
    }
}

/// A member's name.
struct Name;

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, _: &str) -> Result<Name, E> {
                Ok(Name)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
