//! What is sealed and opened for the binding protocol.

use std::time::Duration;

use cookie::Cookie;

use super::config::DeviceRules;
use crate::{
    error::{SealError, UnsealError},
    format::{
        device::{BoundCookie, Challenge, Identifier, Kind, PublicKey, Tag},
        envelope::Binding,
        session_id::Family,
        token::Body,
    },
    key_id::KeyId,
    platform::clock::Moment,
    session::{Candidates, Opened, SessionData},
    sessions::{accepted::DeviceBindings, core::Core, open::readers_of},
};

impl<T: SessionData> Core<T> {
    pub(crate) fn device_rules(&self) -> Option<&DeviceRules> {
        self.device.get()
    }

    pub(crate) fn seal_challenge(
        &self,
        family: Family,
        kind: Kind,
        now: Moment,
    ) -> Result<String, SealError> {
        let challenge = Challenge { family, kind, issued_at: now.seconds() };
        self.seal_for_device(|bindings| &bindings.challenge, &challenge, now)
    }

    /// A challenge that is good at `now`.
    pub(crate) fn open_challenge(
        &self,
        value: &[u8],
        now: Moment,
    ) -> Result<Challenge, UnsealError> {
        let (challenge, _) =
            self.open_for_device::<14, Challenge>(|bindings| &bindings.challenge, value, now)?;
        challenge.judge(now.seconds()).map(|()| challenge)
    }

    pub(crate) fn device_cookie_name(&self) -> &str {
        self.cookie().name()
    }

    /// Seals the name of a device.
    pub(crate) fn seal_identifier(
        &self,
        family: Family,
        key: PublicKey,
        now: Moment,
    ) -> Result<String, SealError> {
        let identifier = Identifier { family, key, created_at: now.seconds() };
        self.seal_for_device(|bindings| &bindings.identifier, &identifier, now)
    }

    /// What the name of a device says, whatever its times, and the place of the session cookie's
    /// name under which it was registered.
    pub(crate) fn open_identifier(
        &self,
        value: &[u8],
        now: Moment,
    ) -> Result<(Identifier, usize), UnsealError> {
        self.open_for_device(|bindings| &bindings.identifier, value, now)
    }

    /// Whether the name of a device is good at `now`.
    pub(crate) fn judge_identifier(
        &self,
        identifier: &Identifier,
        now: Moment,
    ) -> Result<(), UnsealError> {
        identifier.judge(now.seconds(), &self.timeouts)
    }

    /// The bound cookie for a device that answered a challenge which was issued then, under the
    /// session cookie's name at this place.
    pub(crate) fn set_bound(
        &self,
        (family, place): (Family, usize),
        challenged_at: u64,
        now: Moment,
    ) -> Result<Option<Cookie<'static>>, SealError> {
        // The first of a name has the present audience.
        let reader = readers_of(&self.accepted, place, now.seconds()).next();
        let (Some(rules), Some(name), Some((_, reader))) =
            (self.device.get(), self.accepted.name(place), reader)
        else {
            return Ok(None);
        };
        // Counted from the challenge. Otherwise whoever captured its answer would gain the
        // challenge's lifetime.
        let end = challenged_at.saturating_add(rules.lifetime);
        let bound = BoundCookie { family, until: end.saturating_add(UNDER_WAY) };
        let now = now.seconds();
        let value =
            self.with_binding(&reader.device.bound, |seal, _| seal.seal_token(&bound, now))?;
        let max_age = Duration::from_secs(end.saturating_sub(now));
        Ok(Some(name.cookie.set_bound(Tag::of(family), value, max_age)))
    }

    /// The name of the bound cookie of a family, and its attributes as the binding protocol has them.
    pub(crate) fn describe_bound(&self, family: Family) -> (String, String) {
        let tag = Tag::of(family);
        let mut cookie = self.cookie().set_bound(tag, String::new(), Duration::ZERO);
        let name = cookie.name().to_owned();
        // The protocol takes no Max-Age.
        cookie.set_max_age(None);
        let text = cookie.to_string();
        let attributes = text.split_once("; ").map_or("", |(_, attributes)| attributes).to_owned();
        (name, attributes)
    }

    /// Opens a request's cookies as if the device of this family had proved itself.
    pub(crate) fn open_on_device(
        &self,
        candidates: &Candidates,
        family: Family,
        now: Moment,
    ) -> Opened<T> {
        self.open_all(candidates, now, Some(family))
    }

    /// The greatest key id that is known here.
    pub(crate) fn newest_key_id(&self) -> KeyId {
        self.keys.snapshot().newest_id()
    }

    fn seal_for_device<const N: usize>(
        &self,
        binding: impl Fn(&DeviceBindings) -> &Binding,
        body: &impl Body<N>,
        now: Moment,
    ) -> Result<String, SealError> {
        let binding = binding(self.accepted.device_bindings());
        self.with_binding(binding, |seal, _| seal.seal_token(body, now.seconds()))
    }

    /// Opens a value with one of the readers. Also returns the index of its name.
    fn open_for_device<const N: usize, B: Body<N>>(
        &self,
        binding: impl Fn(&DeviceBindings) -> &Binding,
        value: &[u8],
        now: Moment,
    ) -> Result<(B, usize), UnsealError> {
        let now = now.seconds();
        self.by_readers(now, |_, reader| {
            let opened = self
                .with_binding(binding(&reader.device), |seal, _| seal.unseal_token(value, now))?;
            Ok((opened, reader.name))
        })
    }
}

/// Seconds during which a request with a bound cookie may still arrive.
const UNDER_WAY: u64 = 60;
