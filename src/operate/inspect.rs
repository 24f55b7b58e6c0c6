//! What an operator with the keys can see in a value, even in a refused one.

use std::{fmt, time::Duration};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{
    error::UnsealError,
    format::{
        claims::Claims,
        lifetime::Timeouts,
        session_id::{Family, SessionId},
    },
    key_id::KeyId,
    platform::clock::date_time,
    session::SessionData,
    sessions::Sessions,
};

/// An authentic value, whether it is live or not.
///
/// For an operator's tools. A [refused](Self::refusal) value is not a session, so do not let a
/// handler use its content. `Debug` does not show the data.
///
/// ```
/// use sealed_session::{KeyRing, Sessions, UnsealError};
/// use time::{Duration, OffsetDateTime};
///
/// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
/// let value = sessions.seal(&sessions.create("hello".to_owned())?)?;
///
/// let inspection = sessions.inspect_at(&value, OffsetDateTime::now_utc() + Duration::days(15))?;
/// assert_eq!(inspection.refusal(), Some(&UnsealError::Expired));
/// let created_at = inspection.created_at().expect("it was not taken over from elsewhere");
/// assert_eq!(inspection.expires_at() - created_at, Duration::days(14));
/// assert_eq!(inspection.payload(), br#""hello""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "inspect")))]
#[derive(Clone)]
pub struct Inspection {
    key_id: KeyId,
    claims: Claims,
    timeouts: Timeouts,
    payload: Zeroizing<Vec<u8>>,
    refusal: Option<UnsealError>,
}

#[cfg_attr(docsrs, doc(cfg(feature = "inspect")))]
impl<T: SessionData> Sessions<T> {
    /// Opens a value to show what is sealed in it, and whether it is live.
    ///
    /// # Errors
    ///
    /// [`UnsealError`] if the value cannot be opened: it is malformed, its key is not in the ring,
    /// or it is not authentic.
    pub fn inspect(&self, value: &str) -> Result<Inspection, UnsealError> {
        self.inspect_at(value, OffsetDateTime::now_utc())
    }

    /// Like [`inspect`](Self::inspect), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`inspect`](Self::inspect).
    pub fn inspect_at(&self, value: &str, now: OffsetDateTime) -> Result<Inspection, UnsealError> {
        self.inspect_with(value, now, |entry, timeouts, claims, payload, refusal| Inspection {
            key_id: entry.id(),
            claims: *claims,
            timeouts: *timeouts,
            payload: Zeroizing::new(payload.to_vec()),
            refusal,
        })
    }
}

impl Inspection {
    /// The key that the value is sealed under.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The session's id.
    pub fn id(&self) -> SessionId {
        self.claims.id
    }

    /// The sign-in that the session comes from.
    pub fn family(&self) -> Family {
        self.claims.id.family()
    }

    /// When the user last proved their identity. `None` if it is unknown.
    pub fn authenticated_at(&self) -> Option<OffsetDateTime> {
        self.claims.known_authentication().map(date_time)
    }

    /// When the session began or was last renewed. `None` if it is unknown, for a session that was
    /// taken over from another library.
    pub fn created_at(&self) -> Option<OffsetDateTime> {
        self.claims.known_creation().map(date_time)
    }

    /// When the value was sealed.
    pub fn issued_at(&self) -> OffsetDateTime {
        date_time(self.claims.issued_at)
    }

    /// When the session ends if it is not used before, or when it ended.
    pub fn expires_at(&self) -> OffsetDateTime {
        date_time(self.claims.expires_at(&self.timeouts))
    }

    /// The sealed lifetime.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(self.claims.lifetime.into())
    }

    /// The sealed idle timeout.
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.claims.idle.map(|idle| Duration::from_secs(idle.into()))
    }

    /// Whether browsers keep the session's cookie when they are closed.
    pub fn is_persistent(&self) -> bool {
        self.claims.persistent
    }

    /// The data: JSON, possibly followed by spaces. Wiped when dropped.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Why the value is refused now. `None` if it is a live session.
    pub fn refusal(&self) -> Option<&UnsealError> {
        self.refusal.as_ref()
    }
}

impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspection")
            .field("key_id", &self.key_id)
            .field("claims", &self.claims)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}
