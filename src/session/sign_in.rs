//! A sign-in: a new session with changed data, in one step.

use super::{data::SessionData, handle::Session};
use crate::{
    error::ConfigError,
    format::lifetime::{Lifetime, Timeouts},
};

impl<T: SessionData> Session<T> {
    /// Signs a user in: does [`renew`](Self::renew) and [`write`](Self::write) in one step. Call it
    /// once the password was verified. If the closure panics, neither is done.
    ///
    /// The closure gets the data that is already there: a guest's cart, for example, or everything
    /// of another user who was signed in before. Overwrite what must not be kept.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Clone, Default, Serialize, Deserialize)]
    /// #[serde(default)]
    /// struct Account {
    ///     user: Option<String>,
    ///     cart: Vec<u32>,
    /// }
    ///
    /// let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
    /// let guest = Account { cart: vec![7], ..Account::default() };
    /// let mut session = sessions.load([sessions.test_cookie(guest).to_string()]);
    /// let id = session.id();
    /// session.sign_in(|account| account.user = Some("ada".to_owned()));
    /// assert_eq!(session.read().cart, [7]);
    /// assert_ne!(session.id(), id);
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As for [`write`](Self::write).
    #[track_caller]
    pub fn sign_in<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let timeouts = *self.0.origin.timeouts();
        self.sign_in_by(&timeouts, change)
    }

    /// Like [`sign_in`](Self::sign_in), with a lifetime for this one sign-in, as for "remember me".
    ///
    /// # Errors
    ///
    /// As for [`renew_with`](Self::renew_with). In that case the closure does not run.
    ///
    /// # Panics
    ///
    /// As for [`write`](Self::write).
    #[track_caller]
    pub fn sign_in_with<R>(
        &mut self,
        lifetime: Lifetime,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, ConfigError> {
        let timeouts = self.0.origin.timeouts().of(lifetime)?;
        Ok(self.sign_in_by(&timeouts, change))
    }

    #[track_caller]
    fn sign_in_by<R>(&mut self, timeouts: &Timeouts, change: impl FnOnce(&mut T) -> R) -> R {
        let renew = |state: &mut _| self.renew_in(state, timeouts, self.now());
        self.write_where("sign_in", change, |_, _, _| true, renew).0
    }
}
