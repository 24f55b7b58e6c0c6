//! In the place of `device`, where sessions are not bound to devices.

use cookie::Cookie;

use super::{accepted::Accepted, core::Core};
use crate::{
    error::{ConfigError, SealError},
    format::{
        claims::{Bond, Claims, Device},
        frame::Seal,
        session_id::Family,
    },
    platform::clock::Moment,
    session::{Candidates, Session, SessionData},
};

/// Nothing can be asked for.
pub(super) struct Asked;

/// No rules.
pub(super) struct Rules;

impl Asked {
    pub(super) const NOTHING: Self = Self;

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as `device` has it")]
    pub(super) fn check(self, _: &Accepted) -> Result<Rules, ConfigError> {
        Ok(Rules)
    }
}

impl<T: SessionData> Core<T> {
    /// A session that is bound elsewhere is refused.
    #[expect(clippy::unused_self, reason = "as `device` has it")]
    pub(super) fn device_of(
        &self,
        _: &Seal<'_>,
        _: &Candidates,
        _: Option<Family>,
        _: (&Claims, u64),
    ) -> Device {
        Device::Unproven
    }

    #[expect(clippy::unused_self, reason = "as `device` has it")]
    pub(super) fn first_bond(&self) -> Bond {
        Bond::None
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as `device` has it")]
    pub(super) fn offer(&self, _: &Claims, _: Moment) -> Result<Option<String>, SealError> {
        Ok(None)
    }

    #[expect(clippy::unused_self, reason = "as `device` has it")]
    pub(super) fn remove_bound(&self, _: &Session<T>, _: &mut Vec<Cookie<'static>>) {}
}
