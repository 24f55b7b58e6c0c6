//! The session's data: a JSON text, whose type only JavaScript knows.

use std::{cell::RefCell, rc::Rc};

use js_sys::Function;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use crate::json;

/// A JSON text that every reader of the format takes.
#[derive(Clone)]
pub(crate) struct Data(Box<RawValue>);

impl Data {
    /// A text that JavaScript has written.
    pub(crate) fn read(json: &str) -> Result<Self, &'static str> {
        check(json)?;
        RawValue::from_string(json.to_owned()).map(Self).map_err(|_| "it is not JSON")
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
    ) -> Result<Rc<Self>, &'static str> {
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
fn check(text: &str) -> Result<(), &'static str> {
    json::check(text)?;
    let kind = CURRENT.with_borrow(Clone::clone);
    match kind.as_ref().and_then(|kind| kind.check.as_ref()) {
        Some(check) => match check.call1(&JsValue::NULL, &text.into()) {
            Ok(_) => Ok(()),
            Err(_) => Err("`parse` refused it"),
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
