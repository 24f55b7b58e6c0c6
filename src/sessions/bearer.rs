//! Sessions of clients without cookies: tokens in a header.

use std::{borrow::Cow, sync::Arc};

use time::OffsetDateTime;

use super::{
    builder::Builder,
    core::{Core, Sessions},
};
use crate::{
    error::{SealError, UnsealError},
    events,
    format::{
        claims::Device,
        envelope::Binding,
        frame::{Seal, key_id},
    },
    platform::clock::Moment,
    session::{Bearer, Handle, Origin, Session, SessionData},
};

impl<T: SessionData> Builder<T> {
    /// Sets the header that carries [tokens](Bearer). The default is `Authorization`, with the
    /// scheme `Bearer` before the token. Any other header contains only the token, as in
    /// `X-Session: TOKEN`.
    pub fn token_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.token_header = name.into();
        self
    }
}

impl<T: SessionData> Sessions<T> {
    /// Seals a session's present state into a token for a client without cookies, such as a mobile
    /// app or a program. The client sends it in a header.
    ///
    /// Tokens and cookies are sealed for different purposes, so neither is accepted as the other.
    /// Make a session for the token with [`create`](Self::create), and put only what the client
    /// needs into it. For a change, use the session of the [`Bearer`] that came.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session::{KeyRing, Lifetime, Sessions};
    ///
    /// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
    ///
    /// // POST /token: check the password, then answer with:
    /// let mut session = sessions.create("ada".to_owned())?;
    /// session.renew_with(Lifetime::persistent(Duration::from_secs(7 * 24 * 3600)))?;
    /// let token = sessions.bearer_token(&session)?;
    ///
    /// assert!(sessions.load_bearer([format!("Bearer {token}")]).is_some());
    /// assert!(sessions.unseal(&token).is_err()); // it is no cookie
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`seal`](Self::seal). Also [`SealError::Refused`] for a session that is bound to a
    /// device, because a header does not prove that the request comes from there.
    pub fn bearer_token(&self, session: &Session<T>) -> Result<String, SealError> {
        self.bearer_token_for(session, Moment::now())
    }

    /// Like [`bearer_token`](Self::bearer_token), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`bearer_token`](Self::bearer_token).
    pub fn bearer_token_at(
        &self,
        session: &Session<T>,
        now: OffsetDateTime,
    ) -> Result<String, SealError> {
        self.bearer_token_for(session, now.into())
    }

    fn bearer_token_for(&self, session: &Session<T>, now: Moment) -> Result<String, SealError> {
        self.check_origin(session)?;
        session.seal_with(now.seconds(), |is_renewal, claims, data| {
            if !claims.fits_a_token() {
                return Err(SealError::Refused(Box::new(UnsealError::Bound)));
            }
            self.0.with_token(self.0.accepted.token_binding(), |seal, ring| {
                self.0.seal_judged_by((seal, ring), session, (is_renewal, claims, data), now)
            })
        })
    }

    /// Loads the session of a request's token, from the values of the header that carries tokens.
    /// `None` if there is no such header or more than one, if it has another scheme, or if the
    /// token is refused. For a refused token, a `tracing` event gives the reason.
    pub fn load_bearer<H: AsRef<[u8]>>(
        &self,
        header: impl IntoIterator<Item = H>,
    ) -> Option<Bearer<T>> {
        self.load_bearer_for(header, None)
    }

    /// Like [`load_bearer`](Self::load_bearer), at a given time.
    pub fn load_bearer_at<H: AsRef<[u8]>>(
        &self,
        header: impl IntoIterator<Item = H>,
        now: OffsetDateTime,
    ) -> Option<Bearer<T>> {
        self.load_bearer_for(header, Some(now.into()))
    }

    fn load_bearer_for<H: AsRef<[u8]>>(
        &self,
        header: impl IntoIterator<Item = H>,
        at: Option<Moment>,
    ) -> Option<Bearer<T>> {
        let values: Vec<H> = header.into_iter().collect();
        Bearer::load(self.handle(), values.iter().map(AsRef::as_ref), at)
    }

    /// Opens a token that [`bearer_token`](Self::bearer_token) returned, without the header's
    /// scheme.
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the token was refused.
    pub fn unseal_bearer(&self, token: &str) -> Result<Bearer<T>, UnsealError> {
        self.unseal_bearer_for(token, None)
    }

    /// Like [`unseal_bearer`](Self::unseal_bearer), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`unseal_bearer`](Self::unseal_bearer).
    pub fn unseal_bearer_at(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Bearer<T>, UnsealError> {
        self.unseal_bearer_for(token, Some(now.into()))
    }

    fn unseal_bearer_for(&self, token: &str, at: Option<Moment>) -> Result<Bearer<T>, UnsealError> {
        let value = token.as_bytes();
        let session = self.0.open_apart(self.handle(), value, at, |reader| &reader.token)?;
        Ok(Bearer::new(session, value))
    }
}

impl<T: SessionData> Core<T> {
    /// The session of a token that a request brought. Tells of what is refused.
    pub(super) fn load_token(
        &self,
        origin: &Arc<Handle<dyn Origin<T>>>,
        token: &[u8],
        at: Option<Moment>,
    ) -> Option<Session<T>> {
        let opened = self.open_apart(origin, token, at, |reader| &reader.token);
        let key_id = key_id(token).ok();
        match &opened {
            Ok(_) => {
                if let (Some(observer), Some(key_id)) = (&self.observer, key_id) {
                    observer.opened(key_id);
                }
            }
            Err(error) => {
                events::token_refused(&self.token_header, error, key_id);
                if let Some(observer) = &self.observer {
                    observer.refused(error.class());
                }
            }
        }
        opened.ok()
    }

    /// The token sealed again with the same data, if that is due.
    pub(super) fn reseal_token_value(
        &self,
        token: &[u8],
        reader: usize,
        now: Moment,
    ) -> Result<Option<String>, UnsealError> {
        let from = self.accepted.reader(reader).filter(|_| reader > 0).map(|from| &from.token);
        let fresh = self.with_token(self.accepted.token_binding(), |seal, _| {
            self.reseal_by((seal, Device::Unproven), from, token, now)
        });
        Ok(fresh?.map(|(token, _)| token))
    }

    /// Calls `f` with the ring in use. A token has no cookie name, so none counts toward its size.
    pub(super) fn with_token<R>(
        &self,
        binding: &Binding,
        f: impl FnOnce(&Seal<'_>, u64) -> R,
    ) -> R {
        self.with_binding(binding, |seal, ring| f(&Seal { name_len: 0, ..*seal }, ring))
    }
}
