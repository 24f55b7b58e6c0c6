//! Which layers are around a request of the `http` crate.
//!
//! Their sessions are in the request's extensions already, each under its data type. A list beside
//! them would cost each request an allocation. So there is a list of the data types that ever had a
//! layer, one for the process, and each of these is looked up.

use std::{
    any::{TypeId, type_name},
    marker::PhantomData,
    sync::OnceLock,
};

use http::Extensions;

use super::shared::Mounting;
use crate::{
    session::{Identity, Session, SessionData},
    sessions::Sessions,
};

/// Adds a layer to those around a request. A clash emits an error event.
pub(super) fn mount<T: SessionData>(
    sessions: &Sessions<T>,
    extensions: &mut Extensions,
) -> Mounting {
    let mounting = relate(sessions, extensions);
    if mounting == Mounting::First {
        extensions.insert(Mounted::<T>(PhantomData));
    }
    mounting
}

#[inline]
fn relate<T: SessionData>(sessions: &Sessions<T>, extensions: &Extensions) -> Mounting {
    let mut slot = &FIRST;
    let mut is_known = false;
    loop {
        let kind = match slot.get() {
            Some(kind) => kind,
            None if is_known => return Mounting::First,
            None => slot.get_or_init(|| Box::new(Kind::of::<T>())),
        };
        is_known |= kind.data == TypeId::of::<T>();
        if let Some(outer) = (kind.find)(extensions) {
            let new = sessions.identity();
            let mounting = match outer {
                Ok(outer) => new.inside(&outer),
                // The application took the session out, or put another in its place, so nobody knows
                // whose it was.
                Err(data) => new.inside_unknown(data),
            };
            if mounting != Mounting::First {
                return mounting;
            }
        }
        slot = &kind.next;
    }
}

/// In the extensions of a request: a layer of this data type is around it. Not the session itself,
/// which the application may put in or take out. It has no size, and so needs no allocation.
struct Mounted<T>(PhantomData<fn() -> T>);

impl<T> Clone for Mounted<T> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

/// A data type that has had a layer.
struct Kind {
    data: TypeId,
    /// Finds its layer around a request, and which one that is, or else the data type's name.
    find: fn(&Extensions) -> Option<Result<Identity, &'static str>>,
    next: Slot,
}

type Slot = OnceLock<Box<Kind>>;

/// Only ever grows, by one for each data type. Threads that read it do not disturb each other.
static FIRST: Slot = OnceLock::new();

impl Kind {
    fn of<T: SessionData>() -> Self {
        let find = |extensions: &Extensions| {
            extensions.get::<Mounted<T>>()?;
            let layer = extensions.get::<Session<T>>().and_then(Session::layer);
            Some(layer.ok_or(type_name::<T>()))
        };
        Self { data: TypeId::of::<T>(), find, next: OnceLock::new() }
    }
}
