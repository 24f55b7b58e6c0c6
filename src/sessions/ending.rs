//! What ends a session before its time.

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
    /// Refuses what a list of revocations has: the sessions of a subject that began before it was
    /// revoked, and those of a revoked [`Family`](crate::Family). `subject` says whose a session is,
    /// `None` for nobody's.
    ///
    /// The list is asked wherever a value is opened, and again by `commit`; a sign-in that was under
    /// way when its user was revoked is [`SealError::Refused`](crate::SealError::Refused). Beside it there may be a hook of
    /// [`revoke_if`](Self::revoke_if). See [`Revocations`] for an example.
    ///
    /// Each session holds how far the list had come when the request came in which it began,
    /// or was [renewed](Session::renew). So call `renew` at every sign-in; a write that makes a session
    /// another subject's counts as a beginning too.
    ///
    /// [`build`](Self::build) refuses a list that keeps its entries for less than the absolute timeout.
    pub fn revocations(
        mut self,
        revocations: &Revocations,
        subject: impl for<'a> Fn(&'a T) -> Option<Subject<'a>> + Send + Sync + 'static,
    ) -> Self {
        self.listed = Listed::new(revocations.clone(), subject);
        self
    }

    /// Refuses the sessions for which `hook` returns true: of a user who was
    /// deleted, who changed the password, or who asked to be signed out everywhere.
    ///
    /// The hook is asked wherever a value is opened, after the signature and the
    /// times: by `load`, at the first look, and by `unseal` and `reseal`, so that what is revoked
    /// is neither seen nor sealed again. By `commit` it is asked once more, for the data that came; in a
    /// renewal, for the data that are sealed. It runs within the request, so
    /// it must not block for long: let it read what the application keeps in memory and
    /// refreshes at its own pace. A panic in it is a panic of whoever looks.
    ///
    /// A generation counter for each user, in the session and beside the account, is enough:
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
    /// The example `revocation` does the same with a look-up every few minutes.
    pub fn revoke_if(
        mut self,
        hook: impl Fn(&T, &SessionInfo) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.revoke_if = RevokeIf::new(hook);
        self
    }

    /// Whether what was ended or replaced in a browser stays so there, whichever response
    /// arrives last. `true` by default.
    ///
    /// A response to a parallel request may reach the browser after that of the sign-out, or of
    /// the next user's sign-in, and set the old session again. So [`destroy`](crate::Session::destroy),
    /// [`renew`](crate::Session::renew), [`reauthenticate`](crate::Session::reauthenticate) and
    /// [`regenerate_id`](crate::Session::regenerate_id) set a small sealed cookie too, a
    /// tombstone: `__Host-session-ended-` and eight characters that say what it ends. It adds some
    /// 112 bytes to each request, and goes ten minutes later, as soon as the browser
    /// holds nothing any more that it ends.
    ///
    /// Its bounds: it binds this browser alone (a copy of the cookie elsewhere is live until it
    /// expires, unless it is [revoked](Self::revoke_if)); a browser may evict cookies; and a
    /// response that comes more than ten minutes after the sign-out, when the tombstone may be gone, can
    /// set the session again.
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
