//! The ids of a session: its own, and that of its sign-in.

use std::fmt;

use ctutils::CtEq as _;

use crate::platform::random::{RandomSource, random};

/// The id of a session: 16 bytes. It changes at [`renew`](crate::Session::renew),
/// [`sign_in`](crate::Session::sign_in), [`reauthenticate`](crate::Session::reauthenticate) and
/// [`regenerate_id`](crate::Session::regenerate_id), and only there.
///
/// The first half is the session's [family](Self::family). The second half is new after each of
/// these calls. The id is sealed, so the visitor cannot see or choose it. It is no secret: it is
/// safe to log. `Display` writes 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// Another id of the same family.
    pub(crate) fn sibling(&self) -> Result<Self, RandomSource> {
        let own = random::<8>()?;
        let mut bytes = self.0;
        let (_family, rest) = bytes.split_at_mut(FAMILY_LEN);
        rest.copy_from_slice(&own);
        Ok(Self(bytes))
    }

    /// An id that stands for this one, and that no session has.
    pub(crate) fn complement(&self) -> Self {
        Self(self.0.map(|byte| !byte))
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Whether the ids are equal. The time that this takes does not reveal where they differ.
    pub(crate) fn ct_eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).to_bool()
    }

    /// The id's 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The sign-in that the session comes from.
    #[expect(clippy::missing_panics_doc, reason = "an id is longer than a family")]
    pub const fn family(&self) -> Family {
        let (family, _) = self.0.split_first_chunk().expect("an id is longer than a family");
        Family(*family)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// One sign-in in one browser: the first 8 bytes of a [`SessionId`].
///
/// It is new when a session begins, at [`renew`](crate::Session::renew) and at
/// [`sign_in`](crate::Session::sign_in). Nothing else changes it. So it can identify a row on a
/// page "your devices". It is no secret. `Display` writes 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family([u8; FAMILY_LEN]);

impl Family {
    /// Creates the family with these bytes, for example from a database.
    pub const fn from_bytes(bytes: [u8; FAMILY_LEN]) -> Self {
        Self(bytes)
    }

    /// The family's 8 bytes.
    pub const fn as_bytes(&self) -> &[u8; FAMILY_LEN] {
        &self.0
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Family({self})")
    }
}

const FAMILY_LEN: usize = 8;
