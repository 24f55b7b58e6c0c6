//! Which [`Sessions`](crate::Sessions) made a session, without its data type. Several middlewares
//! around one request compare it.

use std::{
    any::{TypeId, type_name},
    fmt, ptr,
    sync::Arc,
};

use super::{data::SessionData, handle::Origin, handles::Handle};
#[cfg(feature = "tower")]
use super::{
    handle::{Session, Source},
    request::Attachment,
};

/// One configuration with all its clones.
#[derive(Clone)]
pub(crate) struct Identity(Arc<dyn Named>);

#[cfg(feature = "tower")]
impl<T: SessionData> Session<T> {
    /// Of the layer that made it. `None` for a session that the application made.
    pub(crate) fn layer(&self) -> Option<Identity> {
        match &self.0.source {
            Source::Exchange { request: Attachment::Layer(_), .. } => {
                Some(Identity::of(Arc::clone(&self.0.origin)))
            }
            _ => None,
        }
    }
}

impl Identity {
    pub(crate) fn of<T: SessionData>(origin: Arc<Handle<dyn Origin<T>>>) -> Self {
        Self(origin)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.address() == other.0.address()
    }

    /// Whether the two can be confused: handlers tell them apart by the data type, browsers by the
    /// cookies' names, and devices by the path. A former name counts as well: one of the two would
    /// read and remove the cookie of the other.
    pub(crate) fn is_confused_with(&self, other: &Self) -> bool {
        !self.is(other)
            && (self.0.data() == other.0.data()
                || self.shares_a_name_with(other)
                || self.shares_a_path_with(other))
    }

    /// Whether both read a cookie of one name.
    pub(crate) fn shares_a_name_with(&self, other: &Self) -> bool {
        let names = self.0.cookie_names();
        other.0.cookie_names().iter().any(|name| names.contains(name))
    }

    #[cfg(feature = "bound")]
    fn shares_a_path_with(&self, other: &Self) -> bool {
        let paths = self.0.device_paths();
        other.0.device_paths().iter().any(|path| paths.contains(path))
    }

    #[cfg(not(feature = "bound"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn shares_a_path_with(&self, _: &Self) -> bool {
        false
    }

    pub(crate) fn cookie_name(&self) -> &str {
        self.0.cookie_name()
    }

    pub(crate) fn data_name(&self) -> &'static str {
        self.0.data_name()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions<{}>({})", self.data_name(), self.cookie_name())
    }
}

trait Named: Send + Sync {
    /// The address of the configuration, which lives as long as an identity of it.
    fn address(&self) -> usize;

    fn cookie_name(&self) -> &str;

    fn cookie_names(&self) -> Vec<&str>;

    #[cfg(feature = "bound")]
    fn device_paths(&self) -> &[String];

    fn data(&self) -> TypeId;

    fn data_name(&self) -> &'static str;
}

impl<T: SessionData> Named for Handle<dyn Origin<T>> {
    fn address(&self) -> usize {
        ptr::from_ref(&**self).addr()
    }

    fn cookie_name(&self) -> &str {
        (**self).cookie_name()
    }

    fn cookie_names(&self) -> Vec<&str> {
        (**self).cookie_names()
    }

    #[cfg(feature = "bound")]
    fn device_paths(&self) -> &[String] {
        (**self).device_paths()
    }

    fn data(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn data_name(&self) -> &'static str {
        type_name::<T>()
    }
}
