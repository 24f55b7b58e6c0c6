//! What ends a session before it expires.

use super::{
    builder::Builder,
    listed::Listed,
    revocation::{RevokeIf, SessionInfo},
};
use crate::{
    revocations::{Revocations, Subject},
    session::SessionData,
};

impl<T: SessionData> Builder<T> {
    /// Refuses the sessions that a list of revocations names: those of a subject that began before
    /// the subject was revoked, and those of a revoked [`Family`](crate::Family). `subject` returns
    /// to whom a session belongs, or `None` if it belongs to nobody.
    ///
    /// The list is checked whenever a value is opened, and again by `commit`. If a user is revoked
    /// while their sign-in is being handled, the commit fails with
    /// [`SealError::Refused`](crate::SealError::Refused). You can use it together with a hook of
    /// [`revoke_if`](Self::revoke_if). See [`Revocations`] for an example.
    ///
    /// Each session records the list's position at the time of the request in which it began or was
    /// [renewed](crate::Session::renew). So call `renew` or [`sign_in`](crate::Session::sign_in) at
    /// every sign-in. A write that changes the session's subject counts as a beginning too.
    ///
    /// [`build`](Self::build) refuses a list that keeps its entries for less than the absolute
    /// timeout.
    pub fn revocations(
        mut self,
        revocations: &Revocations,
        subject: impl for<'a> Fn(&'a T) -> Option<Subject<'a>> + Send + Sync + 'static,
    ) -> Self {
        self.listed = Listed::new(revocations.clone(), subject);
        self
    }

    /// Refuses every session for which `hook` returns true. Use it for a user who was deleted, who
    /// changed the password, or who wants to be signed out everywhere.
    ///
    /// The hook runs whenever an authentic value that has not expired is opened: at the first use
    /// of a loaded session, and in `unseal` and `reseal`. So a revoked session is neither shown to
    /// a handler nor sealed again. `commit` asks it once more, with the data that came; in a
    /// renewal, with the data that is sealed.
    ///
    /// The hook runs inside the request, so it must not block for long. Let it read from memory
    /// what the application refreshes in the background. If it panics, so does the caller that uses
    /// the session.
    ///
    /// A generation counter for each user is enough. Keep it in the session and with the account:
    ///
    /// ```
    /// use std::{collections::HashMap, sync::{Arc, RwLock}};
    ///
    /// use sealed_session::{KeyRing, Sessions};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Clone, Default, Serialize, Deserialize)]
    /// struct Account {
    ///     user: Option<String>,
    ///     generation: u32,
    /// }
    ///
    /// let generations = Arc::new(RwLock::new(HashMap::from([("ada".to_owned(), 1)])));
    /// let known = Arc::clone(&generations);
    /// let sessions = Sessions::<Account>::builder(KeyRing::ephemeral()?)
    ///     .revoke_if(move |account, _| match &account.user {
    ///         // A user who was deleted has no generation.
    ///         Some(user) => known.read().unwrap().get(user) != Some(&account.generation),
    ///         None => false,
    ///     })
    ///     .build()?;
    ///
    /// let ada = Account { user: Some("ada".to_owned()), generation: 1 };
    /// let value = sessions.seal(&sessions.create(ada)?)?;
    /// assert!(sessions.unseal(&value).is_ok());
    ///
    /// // "Sign me out everywhere", or a new password
    /// generations.write().unwrap().insert("ada".to_owned(), 2);
    /// assert_eq!(sessions.unseal(&value).unwrap_err().class(), "revoked");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The example `revocation` does the same, and refreshes the counters every few minutes.
    pub fn revoke_if(
        mut self,
        hook: impl Fn(&T, &SessionInfo) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.revoke_if = RevokeIf::new(hook);
        self
    }

    /// Sets whether a session that was ended or replaced stays ended in its browser, in whatever
    /// order responses arrive. The default is `true`.
    ///
    /// Suppose that a sign-out and another request run in parallel. The other response may reach
    /// the browser last, and set the old session's cookie again, even after the next user signed
    /// in. To prevent this, [`destroy`](crate::Session::destroy), [`renew`](crate::Session::renew),
    /// [`sign_in`](crate::Session::sign_in), [`reauthenticate`](crate::Session::reauthenticate) and
    /// [`regenerate_id`](crate::Session::regenerate_id) also set a small sealed cookie, a
    /// *tombstone*. Its name is `__Host-session-ended-` and eight characters that identify the
    /// ended session. It adds about 112 bytes to each request. It is removed after ten minutes,
    /// once the browser holds no value that it ends.
    ///
    /// Its limits:
    ///
    /// - It works in this browser only. A copy of the cookie elsewhere is live until it expires,
    ///   unless it is [revoked](Self::revoke_if).
    /// - A browser may evict cookies.
    /// - A response that arrives more than ten minutes after the sign-out can set the session
    ///   again, because the tombstone may be gone.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let value = sessions.seal(&sessions.create(7)?)?;
    ///
    /// let mut session = sessions.load([format!("__Host-session={value}")]);
    /// session.destroy();
    /// let response = sessions.commit(&session)?;
    /// let [removal, tombstone] = response.cookies() else { panic!() };
    /// assert!(tombstone.name().starts_with("__Host-session-ended-"));
    ///
    /// // A response that was under way sets the session again.
    /// let header = format!("__Host-session={value}; {}={}", tombstone.name(), tombstone.value());
    /// assert!(sessions.load([header]).is_new());
    /// # assert_eq!(removal.value(), "");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tombstones(mut self, set: bool) -> Self {
        self.tombstones = set;
        self
    }
}
