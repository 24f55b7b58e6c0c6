//! The application's hook that decides whether a session is live.

use std::fmt;

use time::OffsetDateTime;

use crate::{
    format::{
        claims::Claims,
        lifetime::Timeouts,
        session_id::{Family, SessionId},
    },
    key_id::KeyId,
    platform::clock::date_time,
};

/// What the hook of [`Builder::revoke_if`](crate::Builder::revoke_if) gets beside the session's
/// data.
///
/// The value is authentic and has not expired; the hook has the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionInfo {
    claims: Claims,
    key_id: Option<KeyId>,
    expires_at: u64,
    now: OffsetDateTime,
}

impl SessionInfo {
    pub(super) fn new(
        claims: &Claims,
        timeouts: &Timeouts,
        key_id: Option<KeyId>,
        now: OffsetDateTime,
    ) -> Self {
        Self { claims: *claims, key_id, expires_at: claims.expires_at(timeouts), now }
    }

    /// The session's id.
    pub fn id(&self) -> SessionId {
        self.claims.id
    }

    /// The sign-in that the session comes from.
    pub fn family(&self) -> Family {
        self.claims.id.family()
    }

    /// When the session began or was last renewed. `None` if this is unknown, for a session that
    /// was taken over from another library. Such a session may be older than any time you compare
    /// with.
    pub fn created_at(&self) -> Option<OffsetDateTime> {
        self.claims.known_creation().map(date_time)
    }

    /// When this value was sealed, by a write or by a re-seal. So it does not tell when the
    /// application last looked the user up; keep that time in the data.
    pub fn issued_at(&self) -> OffsetDateTime {
        date_time(self.claims.issued_at)
    }

    /// When the session ends if it is not used before.
    pub fn expires_at(&self) -> OffsetDateTime {
        date_time(self.expires_at)
    }

    /// The key under which the value was sealed. `None` if the session came in another library's
    /// cookie.
    pub fn key_id(&self) -> Option<KeyId> {
        self.key_id
    }

    /// The present time, or the time that was given to [`load_at`](crate::Sessions::load_at) and
    /// similar functions.
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }
}

/// The application's hook, if it set one.
pub(crate) struct RevokeIf<T>(Option<Box<Hook<T>>>);

type Hook<T> = dyn Fn(&T, &SessionInfo) -> bool + Send + Sync;

impl<T> RevokeIf<T> {
    /// Refuses nothing.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    pub(crate) fn new(hook: impl Fn(&T, &SessionInfo) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(hook)))
    }

    /// Whether there is a hook to ask.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn refuses(&self, data: &T, info: impl FnOnce() -> SessionInfo) -> bool {
        self.0.as_ref().is_some_and(|hook| hook(data, &info()))
    }
}

impl<T> fmt::Debug for RevokeIf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevokeIf({})", if self.is_set() { "hook" } else { "none" })
    }
}
