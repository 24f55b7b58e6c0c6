//! A checked configuration, and the handle to it.

use std::{borrow::Cow, fmt, ops::Deref, sync::Arc};

#[cfg(feature = "tower")]
use http::HeaderMap;
use time::OffsetDateTime;

use super::{accepted::Accepted, device, fallback::Fallback, listed::Listed, revocation::RevokeIf};
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
use crate::session::Identity;
use crate::{
    error::SealError,
    format::{envelope::Binding, frame::Seal, lifetime::Timeouts},
    http::{Commit, rules::CheckedCookie},
    keys::{KeyRing, Keys},
    observer::Observer,
    platform::clock::Moment,
    session::{Handle, Handles, Origin, Session, SessionData},
};
#[cfg(feature = "tower")]
use crate::{http::header_map::CookieHeaders, platform::clock::Reading};

/// A kind of session: its keys, its cookie and its timeouts. Build it once, at startup. Clones are
/// cheap and share everything.
///
/// ```
/// use sealed_session::{KeyRing, Sessions};
///
/// let sessions = Sessions::<Vec<u32>>::new(KeyRing::ephemeral()?);
///
/// // A visitor without a cookie puts something into the cart.
/// let mut cart = sessions.load([""]);
/// cart.write(|items| items.push(7));
/// let response = sessions.commit(&cart)?;
/// let cookie = &response.cookies()[0];
/// assert_eq!(cookie.name(), "__Host-session");
///
/// // The next request brings the cookie.
/// let cart = sessions.load([format!("theme=dark; {}={}", cookie.name(), cookie.value())]);
/// assert_eq!(*cart.read(), [7]);
/// assert!(sessions.commit(&cart)?.cookies().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sessions<T>(pub(super) Arc<Shared<T>>);

/// What the clones share.
// Aligned away from the cache line of its reference count. Otherwise each clone would slow down all
// readers.
#[repr(align(128))]
pub(super) struct Shared<T> {
    core: Arc<Core<T>>,
    handles: Handles<dyn Origin<T>>,
}

impl<T> Deref for Shared<T> {
    type Target = Core<T>;

    fn deref(&self) -> &Core<T> {
        &self.core
    }
}

/// A configuration that was checked as a whole.
pub(crate) struct Core<T> {
    pub(super) keys: Keys,
    /// The accepted names, audiences and scopes. The present ones come first.
    pub(super) accepted: Accepted,
    pub(super) timeouts: Timeouts,
    pub(super) max_len: usize,
    pub(super) pad_to: Option<usize>,
    pub(super) check_data: bool,
    pub(super) tombstones: bool,
    pub(super) listed: Listed<T>,
    /// The header that has tokens, in lower case.
    pub(super) token_header: Cow<'static, str>,
    pub(super) revoke_if: RevokeIf<T>,
    /// See [`fallback`](Self::fallback).
    pub(super) fallback: Option<Fallback<T>>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    #[cfg_attr(not(feature = "bound"), allow(dead_code))]
    pub(super) device: device::Rules,
}

impl<T: SessionData> Sessions<T> {
    /// The keys in use.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The cookie's name.
    pub fn cookie_name(&self) -> &str {
        self.0.cookie().name()
    }

    /// Loads the session of a request, from the values of its Cookie headers.
    ///
    /// Nothing is decrypted until the session is first used. This never fails. If the cookie is
    /// refused, the visitor is anonymous; [`Session::refusal`] and a `tracing` event give the
    /// reason.
    pub fn load<H: AsRef<[u8]>>(&self, cookie_headers: impl IntoIterator<Item = H>) -> Session<T> {
        self.load_for(cookie_headers, Moment::now())
    }

    /// Like [`load`](Self::load), but with a given time. For this session, the time is always
    /// `now`.
    pub fn load_at<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        now: OffsetDateTime,
    ) -> Session<T> {
        self.load_for(cookie_headers, now.into())
    }

    fn load_for<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        at: Moment,
    ) -> Session<T> {
        Session::loaded(self.origin(), self.0.listed.position(), cookie_headers, at)
    }

    /// A session without a request, for a middleware to keep beside the request. Until it is
    /// [attached](Session::attach), it costs one allocation and no more.
    #[cfg(any(feature = "actix-web", feature = "rocket"))]
    pub(crate) fn exchange(&self) -> Session<T> {
        Session::unopened(self.origin(), self.0.listed.position())
    }

    /// The session of a request with these headers, as it comes now.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn arrived(&self, headers: &HeaderMap) -> Session<T> {
        let headers = CookieHeaders::of(headers);
        Session::arrived(self.origin(), self.0.listed.position(), headers, Reading::now())
    }

    /// Commits the session: returns what the response has to carry.
    ///
    /// That is a Set-Cookie if the session was written, renewed or given a new id, or if its value
    /// is due to be sealed again. If the session was destroyed, it is the removal. Otherwise there
    /// is none. A session can be committed once; later changes are ignored.
    ///
    /// # Errors
    ///
    /// [`SealError`] if the session cannot be sealed: for example, it is too large, the session
    /// that came is no longer good ([`SealError::Refused`]), or this machine cannot read it yet
    /// ([`SealError::NotReadable`]). After an error the session stays open: you can make it smaller
    /// and commit again. The visitor keeps the cookie that came with the request. A
    /// [`destroy`](Session::destroy) is committed in any case.
    pub fn commit(&self, session: &Session<T>) -> Result<Commit, SealError> {
        self.check_origin(session)?;
        session.commit(&Moment::now)
    }

    /// Like [`commit`](Self::commit), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`commit`](Self::commit).
    pub fn commit_at(
        &self,
        session: &Session<T>,
        now: OffsetDateTime,
    ) -> Result<Commit, SealError> {
        self.check_origin(session)?;
        session.commit(&|| now.into())
    }

    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn identity(&self) -> Identity {
        Identity::of(self.origin())
    }

    pub(super) fn with(core: Core<T>) -> Self
    where
        Core<T>: Origin<T>,
    {
        let core = Arc::new(core);
        let origin: Arc<dyn Origin<T>> = Arc::clone(&core) as _;
        Self(Arc::new(Shared { handles: Handles::new(&origin), core }))
    }

    pub(super) fn origin(&self) -> Arc<Handle<dyn Origin<T>>> {
        Arc::clone(self.handle())
    }

    pub(super) fn handle(&self) -> &Arc<Handle<dyn Origin<T>>> {
        self.0.handles.get()
    }

    /// Whether this configuration, or a clone of it, made the session.
    pub(crate) fn is_origin_of(&self, session: &Session<T>) -> bool {
        session.is_of(&self.0.core)
    }

    /// Refuses a session of another `Sessions`: it may have another audience.
    pub(super) fn check_origin(&self, session: &Session<T>) -> Result<(), SealError> {
        match self.is_origin_of(session) {
            true => Ok(()),
            false => Err(SealError::OtherOrigin),
        }
    }
}

impl<T> Sessions<T> {
    /// For the floors above.
    #[cfg(feature = "bound")]
    pub(crate) fn core(&self) -> &Core<T> {
        &self.0.core
    }
}

impl<T> Core<T> {
    /// The other library whose cookies are accepted. Without the feature there is none, so that a
    /// program has nothing of what opens them.
    #[inline]
    pub(super) fn fallback(&self) -> Option<&Fallback<T>> {
        self.fallback.as_ref().filter(|_| cfg!(feature = "takeover"))
    }

    /// The present cookie.
    #[inline]
    pub(super) fn cookie(&self) -> &CheckedCookie {
        self.accepted.cookie()
    }

    /// Calls `f` with the ring in use and its number.
    #[inline]
    pub(super) fn with_ring<R>(&self, f: impl FnOnce(&Seal<'_>, u64) -> R) -> R {
        self.with_binding(self.accepted.binding(), f)
    }

    #[inline]
    pub(super) fn with_binding<R>(
        &self,
        binding: &Binding,
        f: impl FnOnce(&Seal<'_>, u64) -> R,
    ) -> R {
        let generation = self.keys.snapshot();
        let ring: &KeyRing = &generation;
        let seal = Seal {
            ring,
            binding,
            timeouts: &self.timeouts,
            name_len: self.cookie().name().len(),
            max_len: self.max_len,
            pad_to: self.pad_to,
            check_data: self.check_data,
        };
        f(&seal, generation.number())
    }
}

impl<T> Clone for Sessions<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Sessions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("keys", &self.0.keys)
            .field("cookie", self.0.cookie().config())
            .field("timeouts", &self.0.timeouts)
            .field("tombstones", &self.0.tombstones)
            .field("revocations", &self.0.listed)
            .field("revoke_if", &self.0.revoke_if)
            .finish_non_exhaustive()
    }
}
