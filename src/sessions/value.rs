//! Sealed values as strings, without a cookie around them.

use time::OffsetDateTime;

use super::{core::Sessions, open::live_of};
use crate::{
    error::{SealError, UnsealError},
    platform::clock::{self, unix_seconds},
    session::{Session, SessionData},
};
#[cfg(feature = "inspect")]
use crate::{
    format::{claims::Claims, lifetime::Timeouts},
    keys::KeyEntry,
};

impl<T: SessionData> Sessions<T> {
    /// A new session that came with no request, to be sealed with [`seal`](Self::seal).
    ///
    /// # Errors
    ///
    /// [`SealError::RandomSource`] if the operating system's random source fails.
    pub fn create(&self, data: T) -> Result<Session<T>, SealError> {
        self.create_for(data, None)
    }

    /// [`create`](Self::create), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create).
    pub fn create_at(&self, data: T, now: OffsetDateTime) -> Result<Session<T>, SealError> {
        self.create_for(data, Some(now))
    }

    fn create_for(&self, data: T, at: Option<OffsetDateTime>) -> Result<Session<T>, SealError> {
        let mut session = Session::given(self.origin(), at, None, || Ok::<_, SealError>(data))?;
        session.renew();
        Ok(session)
    }

    /// Seals a session into a string, as it is now, whether it was changed or not.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<String>::new(KeyRing::ephemeral()?);
    /// let value = sessions.seal(&sessions.create("hello".to_owned())?)?;
    /// assert_eq!(*sessions.unseal(&value)?.read(), "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SealError`], among others [`SealError::Expired`] for a session that has
    /// ended or that never began.
    pub fn seal(&self, session: &Session<T>) -> Result<String, SealError> {
        self.seal_at(session, clock::now())
    }

    /// [`seal`](Self::seal), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`seal`](Self::seal).
    pub fn seal_at(&self, session: &Session<T>, now: OffsetDateTime) -> Result<String, SealError> {
        self.check_origin(session)?;
        let seconds = unix_seconds(now);
        session.seal_with(seconds, |is_renewal, claims, data| {
            self.0.seal_judged(session, (is_renewal, claims, data), now)
        })
    }

    /// Opens a value that [`seal`](Self::seal) returned, or that a cookie carried.
    ///
    /// The session tells under which key it came ([`Session::key_id`]) and
    /// whether the value should be replaced ([`Session::is_reseal_due`], with
    /// [`reseal`](Self::reseal)).
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the value was refused.
    pub fn unseal(&self, value: &str) -> Result<Session<T>, UnsealError> {
        self.unseal_for(value, None)
    }

    /// [`unseal`](Self::unseal), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`unseal`](Self::unseal).
    pub fn unseal_at(&self, value: &str, now: OffsetDateTime) -> Result<Session<T>, UnsealError> {
        self.unseal_for(value, Some(now))
    }

    fn unseal_for(
        &self,
        value: &str,
        at: Option<OffsetDateTime>,
    ) -> Result<Session<T>, UnsealError> {
        let now = at.unwrap_or_else(clock::now);
        self.0.by_readers(now, |place, reader| {
            self.0.with_binding(&reader.session, |seal, ring| {
                seal.unseal(
                    value.as_bytes(),
                    unix_seconds(now),
                    |_| {},
                    |unsealed| {
                        let live = live_of(&unsealed, ring, place);
                        let came = Some((live, unsealed.extension));
                        let session = Session::given(self.origin(), at, came, || unsealed.data())?;
                        self.0.ask_hook(
                            &session.opened().data,
                            unsealed.claims,
                            live.key_id,
                            now,
                        )?;
                        Ok(session)
                    },
                )
            })
        })
    }

    /// A fresh value with the payload of this one byte for byte, or `None` if
    /// the value may stay as it is. What [`commit`](Self::commit) does for a session that was read.
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the value was refused. A value that is live but
    /// cannot be sealed anew may stay as it is.
    pub fn reseal(&self, value: &str) -> Result<Option<String>, UnsealError> {
        self.reseal_at(value, clock::now())
    }

    /// [`reseal`](Self::reseal), with the present given.
    ///
    /// # Errors
    ///
    /// As for [`reseal`](Self::reseal).
    pub fn reseal_at(
        &self,
        value: &str,
        now: OffsetDateTime,
    ) -> Result<Option<String>, UnsealError> {
        let fresh =
            self.0.by_readers(now, |place, _| self.0.reseal_value(value.as_bytes(), place, now))?;
        Ok(fresh.map(|(value, _)| value))
    }

    /// A value as an operator sees it, where it is authentic under the present name and audience.
    #[cfg(feature = "inspect")]
    pub(crate) fn inspect_with<R>(
        &self,
        value: &str,
        now: OffsetDateTime,
        read: impl FnOnce(&KeyEntry, &Timeouts, &Claims, &[u8], Option<UnsealError>) -> R,
    ) -> Result<R, UnsealError> {
        self.0.with_ring(|seal, _| {
            seal.inspect(value.as_bytes(), unix_seconds(now), |entry, claims, payload, refusal| {
                read(entry, &self.0.timeouts, claims, payload, refusal)
            })
        })
    }
}
