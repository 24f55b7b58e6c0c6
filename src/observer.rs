//! Figures for a dashboard.

use crate::key_id::KeyId;

/// Is told what becomes of sessions, to be counted: an adapter to whatever keeps figures.
///
/// By key id they answer what an operator asks before a key is retired: how many sessions still
/// come under it? The calls are made while a request is served, so they should count and
/// return. What is told is never a value, an id of a session, or data.
///
/// What else belongs on the page is asked of [`Keys`](crate::Keys): its `generation`, the
/// `rotated_at` of its ring, and, where a `Follower` follows, the age of its `last_checked`.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// use sealed_session::{KeyId, KeyRing, Observer, Sessions};
///
/// /// How many sessions came under key 1.
/// #[derive(Default)]
/// struct UnderKey1(AtomicU64);
///
/// impl Observer for &'static UnderKey1 {
///     fn opened(&self, key_id: KeyId) {
///         if key_id == KeyId::new(1) {
///             self.0.fetch_add(1, Relaxed);
///         }
///     }
/// }
///
/// static COUNT: UnderKey1 = UnderKey1(AtomicU64::new(0));
///
/// let sessions = Sessions::<u8>::builder(KeyRing::ephemeral()?).observer(&COUNT).build()?;
/// let value = sessions.seal(&sessions.create(7)?)?;
/// let session = sessions.load([format!("__Host-session={value}")]);
/// assert_eq!(*session.read(), 7);
/// assert_eq!(COUNT.0.load(Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(unused_variables, reason = "whoever counts one of them need not name the others")]
pub trait Observer: Send + Sync {
    /// A request came with a live session, under this key. Once for each request that looks at it.
    fn opened(&self, key_id: KeyId) {}

    /// A response sets the session's cookie, sealed under this key.
    fn sealed(&self, key_id: KeyId, reason: Sealing) {}

    /// A cookie of the session's name was refused, with the class of [`UnsealError::class`](crate::UnsealError::class).
    fn refused(&self, class: &'static str) {}
}

/// Why a session was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sealing {
    /// It was written, started, renewed or given a new id.
    Written,
    /// It was only read, and moves to a newer key or slides its idle timeout.
    Resealed,
    /// It was taken over from another library's cookie.
    TakenOver,
}

impl Sealing {
    /// A stable word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Resealed => "resealed",
            Self::TakenOver => "taken_over",
        }
    }
}
