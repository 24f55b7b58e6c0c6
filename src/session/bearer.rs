//! The session of a client without cookies.

use std::{fmt, ops::Deref, sync::Arc};

use super::{
    data::SessionData,
    handle::{Origin, Session},
    handles::Handle,
};
use crate::{events, http::token::token_in, platform::clock::Moment};

/// A live session that came as a token in `Authorization: Bearer`, or in [another
/// header](crate::Builder::token_header). It is for mobile apps and programs.
///
/// As an argument of a handler it answers 401 to a request without one. As `Option<Bearer<T>>` it
/// is `None` for such a request.
///
/// It dereferences to the [`Session`], and is for reading: a response carries no header for it. To
/// change the session, call [`into_inner`](Self::into_inner), write, and send the client the new
/// token from [`Sessions::bearer_token`](crate::Sessions::bearer_token).
///
/// Timeouts, keys, audience and revocation work as for cookies. Two things differ:
///
/// - There are no [tombstones](crate::Builder::tombstones). Even if the client forgets its token, a
///   copy of it is live until it expires or is revoked.
/// - No CSRF token is needed, because no browser sends the header by itself.
///
/// ```
/// use sealed_session::{KeyRing, Sessions};
///
/// let sessions = Sessions::<Option<String>>::new(KeyRing::ephemeral()?);
/// let token = sessions.bearer_token(&sessions.create(Some("ada".to_owned()))?)?;
///
/// let bearer = sessions.load_bearer([format!("Bearer {token}")]).expect("it is live");
/// assert_eq!(bearer.read().as_deref(), Some("ada"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Bearer<T: SessionData> {
    session: Session<T>,
    token: Arc<[u8]>,
}

impl<T: SessionData> Bearer<T> {
    /// The session of the one token among a header's values.
    pub(crate) fn load<'a>(
        origin: &Arc<Handle<dyn Origin<T>>>,
        values: impl IntoIterator<Item = &'a [u8]>,
        at: Option<Moment>,
    ) -> Option<Self> {
        let token = token_in(origin.token_header(), values)?;
        let session = origin.open_token(origin, token, at)?;
        Some(Self::new(session, token))
    }

    pub(crate) fn new(session: Session<T>, token: &[u8]) -> Self {
        Self { session, token: token.into() }
    }

    /// Returns a fresh token if one is due, for the client to replace its old one: the idle timeout
    /// slides, or there is a newer key. `None` if the client can keep its token.
    ///
    /// The client has to store the fresh token. If it drops it, the idle timeout does not slide.
    /// Without an idle timeout a token is due only after its key was superseded, and at most once
    /// an hour.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Sessions};
    /// use time::OffsetDateTime;
    ///
    /// let sessions = Sessions::<u32>::builder(KeyRing::ephemeral()?)
    ///     .idle_timeout(Duration::from_secs(30 * 60))
    ///     .build()?;
    /// let earlier = OffsetDateTime::now_utc() - Duration::from_secs(10 * 60);
    /// let token = sessions.bearer_token_at(&sessions.create_at(7, earlier)?, earlier)?;
    ///
    /// let bearer = sessions.load_bearer([format!("Bearer {token}")]).expect("it is live");
    /// let fresh = bearer.refreshed().expect("it is due");
    /// let bearer = sessions.load_bearer([format!("Bearer {fresh}")]).expect("it is live");
    /// assert_eq!(bearer.refreshed(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refreshed(&self) -> Option<String> {
        let live = self.session.opened().live.filter(|live| live.reseal_due)?;
        let origin = &self.session.0.origin;
        origin.reseal_token(&self.token, live.reader, self.session.time()).unwrap_or_else(|error| {
            events::reseal_failed(origin.token_header(), &error);
            None
        })
    }

    /// Returns the session. What you write to it reaches the client only in a new token.
    pub fn into_inner(self) -> Session<T> {
        self.session
    }
}

#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
impl<T: SessionData> Session<T> {
    /// The name of the header that has tokens, in lower case.
    pub(crate) fn token_header(&self) -> &str {
        self.0.origin.token_header()
    }

    /// The session of the token that the same request has among the values of that header.
    pub(crate) fn bearer<'a>(
        &self,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Option<Bearer<T>> {
        self.0.marks.asked_for_token.store(true, std::sync::atomic::Ordering::Relaxed);
        Bearer::load(&self.0.origin, values, self.given_time())
    }
}

impl<T: SessionData> Clone for Bearer<T> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone(), token: Arc::clone(&self.token) }
    }
}

impl<T: SessionData> fmt::Debug for Bearer<T> {
    /// Shows neither data nor token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bearer").field(&self.session).finish()
    }
}

impl<T: SessionData> Deref for Bearer<T> {
    type Target = Session<T>;

    fn deref(&self) -> &Session<T> {
        &self.session
    }
}
