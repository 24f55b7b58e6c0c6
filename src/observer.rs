//! Metrics about sessions, for a dashboard.

use crate::key_id::KeyId;

/// Receives a call for each session that is opened, sealed or refused, so that you can count them.
/// Implement it for whatever keeps your metrics.
///
/// Counts by key id answer what an operator asks before a key is retired: how many sessions still
/// come in under it? The calls run inside a request, so they should count and return. They are
/// never given a value, a session's id or data.
///
/// [`Keys`](crate::Keys) has more for a dashboard: its `generation`, the `rotated_at` of its ring,
/// and the age of its `last_checked` if you use a `Follower`.
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
    /// A request brought a live session, sealed under this key. Called once for each request that
    /// uses its session.
    fn opened(&self, key_id: KeyId) {}

    /// A response sets the session's cookie, sealed under this key.
    fn sealed(&self, key_id: KeyId, reason: Sealing) {}

    /// A cookie with the session's name was refused. `class` is that of
    /// [`UnsealError::class`](crate::UnsealError::class).
    fn refused(&self, class: &'static str) {}
}

/// Why a session was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sealing {
    /// The session was started, written, renewed or given a new id.
    Written,
    /// The session was only read. It moves to a newer key, or its idle timeout slides.
    Resealed,
    /// The session was taken over from another library's cookie.
    TakenOver,
}

impl Sealing {
    /// A word for metrics. It stays the same in later versions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Resealed => "resealed",
            Self::TakenOver => "taken_over",
        }
    }
}
