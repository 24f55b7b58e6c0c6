//! Sealed values as strings, without a cookie around them.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{
    accepted::Reader,
    core::{Core, Sessions},
    open::live_of,
};
use crate::{
    error::{SealError, UnsealError},
    format::{claims::Device, envelope::Binding},
    platform::clock::Moment,
    session::{Handle, Origin, Session, SessionData},
};
#[cfg(feature = "inspect")]
use crate::{
    format::{claims::Claims, lifetime::Timeouts},
    keys::KeyEntry,
};

impl<T: SessionData> Sessions<T> {
    /// Creates a session without a request, to be sealed with [`seal`](Self::seal).
    ///
    /// # Errors
    ///
    /// [`SealError::RandomSource`] if the operating system's random source fails.
    pub fn create(&self, data: T) -> Result<Session<T>, SealError> {
        self.create_for(data, None)
    }

    /// Like [`create`](Self::create), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create).
    pub fn create_at(&self, data: T, now: OffsetDateTime) -> Result<Session<T>, SealError> {
        self.create_for(data, Some(now.into()))
    }

    fn create_for(&self, data: T, at: Option<Moment>) -> Result<Session<T>, SealError> {
        let seen = self.0.listed.position();
        let mut session =
            Session::given(self.origin(), seen, at, (None, &[]), || Ok::<_, SealError>(data))?;
        session.renew();
        Ok(session)
    }

    /// Seals the session's present state into a string, whether or not it was changed.
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
    /// [`SealError`]. For example, [`SealError::Expired`] for a session that has ended or that
    /// never began, and [`SealError::Refused`] for one that is bound to a device: nothing beside a
    /// string proves that it comes from there.
    pub fn seal(&self, session: &Session<T>) -> Result<String, SealError> {
        self.seal_for(session, Moment::now())
    }

    /// Like [`seal`](Self::seal), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`seal`](Self::seal).
    pub fn seal_at(&self, session: &Session<T>, now: OffsetDateTime) -> Result<String, SealError> {
        self.seal_for(session, now.into())
    }

    fn seal_for(&self, session: &Session<T>, now: Moment) -> Result<String, SealError> {
        self.check_origin(session)?;
        session.seal_with(now.seconds(), |is_renewal, claims, data| {
            if !claims.fits_a_token() {
                return Err(SealError::Refused(Box::new(UnsealError::Bound)));
            }
            self.0.seal_judged(session, (is_renewal, claims, data), now)
        })
    }

    /// Opens a value that [`seal`](Self::seal) returned, or that a cookie carried.
    ///
    /// The session knows its key ([`Session::key_id`]) and whether the value should be replaced
    /// ([`Session::is_reseal_due`]; [`reseal`](Self::reseal) makes the new value).
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the value was refused.
    pub fn unseal(&self, value: &str) -> Result<Session<T>, UnsealError> {
        self.unseal_for(value, None)
    }

    /// Like [`unseal`](Self::unseal), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`unseal`](Self::unseal).
    pub fn unseal_at(&self, value: &str, now: OffsetDateTime) -> Result<Session<T>, UnsealError> {
        self.unseal_for(value, Some(now.into()))
    }

    fn unseal_for(&self, value: &str, at: Option<Moment>) -> Result<Session<T>, UnsealError> {
        self.0.open_apart(self.handle(), value.as_bytes(), at, |reader| &reader.session)
    }

    /// Seals a value again if it is due. The new value has the same payload, byte for byte. Returns
    /// `None` if the value can stay as it is. [`commit`](Self::commit) does the same for a session
    /// that was only read.
    ///
    /// # Errors
    ///
    /// [`UnsealError`] says why the value was refused. If the value is live but cannot be sealed
    /// again, that is no error: the result is `None`.
    pub fn reseal(&self, value: &str) -> Result<Option<String>, UnsealError> {
        self.reseal_for(value, Moment::now())
    }

    /// Like [`reseal`](Self::reseal), at a given time.
    ///
    /// # Errors
    ///
    /// As for [`reseal`](Self::reseal).
    pub fn reseal_at(
        &self,
        value: &str,
        now: OffsetDateTime,
    ) -> Result<Option<String>, UnsealError> {
        self.reseal_for(value, now.into())
    }

    fn reseal_for(&self, value: &str, now: Moment) -> Result<Option<String>, UnsealError> {
        let fresh = self.0.by_readers(now.seconds(), |place, _| {
            self.0.reseal_value(value.as_bytes(), place, Device::Unproven, now)
        })?;
        Ok(fresh.map(|(value, _)| value))
    }

    /// Shows an operator what a value contains, if it is authentic under the present name and
    /// audience.
    #[cfg(feature = "inspect")]
    pub(crate) fn inspect_with<R>(
        &self,
        value: &str,
        now: OffsetDateTime,
        read: impl FnOnce(&KeyEntry, &Timeouts, &Claims, &[u8], Option<UnsealError>) -> R,
    ) -> Result<R, UnsealError> {
        self.0.with_ring(|seal, _| {
            seal.inspect(
                value.as_bytes(),
                Moment::from(now).seconds(),
                |entry, claims, payload, refusal| {
                    read(entry, &self.0.timeouts, claims, payload, refusal)
                },
            )
        })
    }
}

impl<T: SessionData> Core<T> {
    /// Opens a value of a kind that came without a cookie around it.
    pub(super) fn open_apart(
        &self,
        origin: &Arc<Handle<dyn Origin<T>>>,
        value: &[u8],
        at: Option<Moment>,
        kind: impl Fn(&Reader) -> &Binding,
    ) -> Result<Session<T>, UnsealError> {
        let now = at.unwrap_or_else(Moment::now);
        let seconds = now.seconds();
        self.by_readers(seconds, |place, reader| {
            self.with_binding(kind(reader), |seal, ring| {
                seal.unseal(
                    value,
                    seconds,
                    // Without the cookie that proves a device.
                    |_| Device::Unproven,
                    |unsealed| {
                        // Before the list of revocations is asked, so that no entry falls between.
                        let seen = self.listed.position();
                        let live = Some(live_of(&unsealed, ring, place));
                        let came = (live, unsealed.extension);
                        let origin = Arc::clone(origin);
                        let session = Session::given(origin, seen, at, came, || unsealed.data())?;
                        let data = &session.opened().data;
                        self.ask_hook(data, unsealed.claims, Some(unsealed.key_id()), now)?;
                        Ok(session)
                    },
                )
            })
        })
    }
}
