//! Whether a request comes from the device of a session.

use ctutils::CtEq as _;

use crate::{
    error::UnsealError,
    events,
    format::{
        claims::{Claims, Device},
        device::{BoundCookie, Tag},
        frame::Seal,
        session_id::Family,
    },
    http::rules::CheckedCookie,
    session::{BoundValue, Candidates, SessionData},
    sessions::{
        core::Core,
        open::{MAX_CANDIDATES, MAX_DECRYPTIONS, readers_of},
    },
};

impl<T: SessionData> Core<T> {
    /// Keeps what may be a bound cookie, under the name at this place. Whether there was room.
    pub(in crate::sessions) fn collect_bound(
        &self,
        (name, place): (&CheckedCookie, usize),
        (tag, value): (Tag, &[u8]),
        now: u64,
        candidates: &mut Candidates,
    ) -> bool {
        let is_session_name =
            || self.accepted.names(now).any(|(_, other)| other.cookie.is_bound_name_of(name, tag));
        if self.device.get().is_none() || is_session_name() {
            return true;
        }
        let has_room = candidates.bound.len() < MAX_CANDIDATES;
        if has_room {
            candidates.bound.push(BoundValue { tag, value: value.into(), name: place });
        }
        has_room
    }

    /// Whether the request proves that it comes from the device of this session: by a live bound
    /// cookie, or since the device of the family `proven` has just signed.
    #[inline]
    pub(in crate::sessions) fn device_of(
        &self,
        seal: &Seal<'_>,
        candidates: &Candidates,
        proven: Option<Family>,
        (claims, now): (&Claims, u64),
    ) -> Device {
        if candidates.bound.is_empty() && proven.is_none() {
            return Device::Unproven;
        }
        self.look_for_device(seal, candidates, proven, (claims.id.family(), now))
    }

    fn look_for_device(
        &self,
        seal: &Seal<'_>,
        candidates: &Candidates,
        proven: Option<Family>,
        (family, now): (Family, u64),
    ) -> Device {
        let is_of = |other: Family| other.as_bytes().as_slice().ct_eq(family.as_bytes()).to_bool();
        let tag = Tag::of(family);
        let mut matching =
            candidates.bound.iter().filter(|value| value.tag == tag).take(MAX_DECRYPTIONS);
        let is_live = |value: &BoundValue| match self.open_bound(seal, value, now) {
            Ok(bound) => is_of(bound.family) && now < bound.until,
            Err(error) => {
                events::bound_cookie_refused(self.cookie().name(), &error);
                false
            }
        };
        match proven.is_some_and(is_of) || matching.any(is_live) {
            true => Device::Proven,
            false => Device::Unproven,
        }
    }

    fn open_bound(
        &self,
        seal: &Seal<'_>,
        value: &BoundValue,
        now: u64,
    ) -> Result<BoundCookie, UnsealError> {
        let mut refusal = UnsealError::Malformed;
        for (_, reader) in readers_of(&self.accepted, value.name, now) {
            let opened = seal.bound_to(&reader.device.bound).unseal_token(&value.value, now);
            match opened {
                Err(error @ UnsealError::NotAuthentic(_)) => refusal = error,
                other => return other,
            }
        }
        Err(refusal)
    }
}
