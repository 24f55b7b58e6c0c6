//! What is known about a session besides its data.

use time::OffsetDateTime;

use super::{data::SessionData, handle::Session};
use crate::{
    error::UnsealError,
    format::{
        claims::{Bond, Claims},
        session_id::{Family, SessionId},
    },
    key_id::KeyId,
    platform::clock::date_time,
};

impl<T: SessionData> Session<T> {
    /// Whether the session was begun or [renewed](Self::renew) less than `age` ago.
    ///
    /// Only `renew` and [`sign_in`](Self::sign_in) restart this time. Use, writes, re-seals and a
    /// new id do not. For an action that requires a recent sign-in, use
    /// [`authenticated_within`](Self::authenticated_within).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<Option<String>>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// assert!(!session.created_within(Duration::from_secs(300)));
    /// session.renew();
    /// session.write(|user| *user = Some("ada".to_owned()));
    /// assert!(session.read().is_some() && session.created_within(Duration::from_secs(300)));
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn created_within(&self, age: std::time::Duration) -> bool {
        self.is_recent(self.claims().and_then(|claims| claims.known_creation()), age)
    }

    /// Whether the user proved their identity less than `age` ago, by [`renew`](Self::renew),
    /// [`sign_in`](Self::sign_in) or [`reauthenticate`](Self::reauthenticate). Check it before an
    /// action such as a change of password or a payment. If it is false, ask for the password, then
    /// call `reauthenticate`.
    ///
    /// It does not tell whether somebody is signed in. Check the session's data for that.
    pub fn authenticated_within(&self, age: std::time::Duration) -> bool {
        self.is_recent(self.claims().and_then(|claims| claims.known_authentication()), age)
    }

    pub(super) fn claims(&self) -> Option<Claims> {
        self.look();
        self.claims_in(&self.state()).and_then(Result::ok)
    }

    fn is_recent(&self, time: Option<u64>, age: std::time::Duration) -> bool {
        time.is_some_and(|time| self.now().saturating_sub(time) < age.as_secs())
    }

    /// When the user last proved their identity. `None` if there is no session, or if the time is
    /// unknown: a session that was taken over from another library has none until it is renewed or
    /// reauthenticated.
    pub fn authenticated_at(&self) -> Option<OffsetDateTime> {
        self.claims().and_then(|claims| claims.known_authentication()).map(date_time)
    }

    /// The sign-in that the session comes from. `None` if there is no session.
    pub fn family(&self) -> Option<Family> {
        self.id().map(|id| id.family())
    }

    /// The session's id. `None` if there is no session.
    pub fn id(&self) -> Option<SessionId> {
        self.claims().map(|claims| claims.id)
    }

    /// When the session began or was last renewed. `None` if there is no session, or if the time is
    /// unknown: a session that was taken over from another library has none until it is renewed.
    pub fn created_at(&self) -> Option<OffsetDateTime> {
        self.claims().and_then(|claims| claims.known_creation()).map(date_time)
    }

    /// When the value in the visitor's cookie was sealed. `None` if there is no session.
    pub fn issued_at(&self) -> Option<OffsetDateTime> {
        self.claims().map(|claims| date_time(claims.issued_at))
    }

    /// When the session ends if it is not used before: at the end of its lifetime, or by the idle
    /// timeout. `None` if there is no session.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.claims().map(|claims| date_time(claims.expires_at(self.0.origin.timeouts())))
    }

    /// Whether the cookie is kept when the browser is closed. `None` if there is no session.
    pub fn is_persistent(&self) -> Option<bool> {
        self.claims().map(|claims| claims.persistent)
    }

    /// The key under which the session's value was sealed. `None` if no live session came, or if it
    /// came in another library's cookie.
    pub fn key_id(&self) -> Option<KeyId> {
        self.look().live.and_then(|live| live.key_id)
    }

    /// Whether the session is bound to a device, and the request proved that it comes from that
    /// device. See `Builder::bound`.
    pub fn is_bound(&self) -> bool {
        self.claims().is_some_and(|claims| claims.bond == Bond::Bound)
    }

    /// Whether the visitor is anonymous: no live session came with the request, or it was
    /// destroyed.
    pub fn is_new(&self) -> bool {
        let opened = self.look();
        opened.live.is_none() || self.state().is_destroyed
    }

    /// Whether the session was written, renewed, given a new id or destroyed.
    pub fn is_changed(&self) -> bool {
        let state = self.state();
        state.is_changed() || state.is_destroyed
    }

    /// How many bytes of JSON the session can hold. This is the cookie's limit, less what the name,
    /// the times and the tag take.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// let room = session.room();
    /// session.write(|text| *text = "x".repeat(room - 2)); // and two quotation marks
    /// assert!(sessions.commit(&session).is_ok());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn room(&self) -> usize {
        let extension = self.look().extension.as_ref().map_or(0, |block| block.len());
        self.0.origin.room(extension)
    }

    /// How many bytes of JSON can be added: [`room`](Self::room) less the size of the present data.
    /// 0 if the present data is too large already.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// session.write(|text| "x".repeat(10).clone_into(text)); // 12 bytes of JSON
    /// assert_eq!(session.room_left(), session.room() - 12);
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn room_left(&self) -> usize {
        let extension = self.look().extension.as_ref().map_or(0, |block| block.len());
        self.0.origin.left(&self.peek(), extension).unwrap_or_default()
    }

    /// Whether the value that came should be sealed again although nothing was written: because the
    /// idle timeout slides, or because there is a newer key.
    pub fn is_reseal_due(&self) -> bool {
        self.look().live.is_some_and(|live| live.reseal_due)
    }

    /// Why the cookie was refused, if one came and no live session was found. For logs; do not show
    /// it to the visitor.
    pub fn refusal(&self) -> Option<&UnsealError> {
        self.look().refusal.as_deref()
    }
}
