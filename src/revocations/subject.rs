//! Whom a revocation is about.

use std::{borrow::Cow, fmt};

use crate::{error::RevokeError, format::session_id::Family};

/// Whose sessions a revocation concerns, usually a user: 1 to 255 bytes that identify the user for
/// good.
///
/// It can be made from a string, bytes, or a number, which stands for its decimal digits. Use an id
/// that is never given to somebody else, and that reveals nothing: an engine that spreads the
/// revocations stores subjects as they are.
///
/// ```
/// use sealed_session::Subject;
///
/// assert_eq!(Subject::from(42_u64), Subject::from("42"));
/// assert_ne!(Subject::from("shop/ada"), Subject::from(format!("blog/{}", "ada")));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Subject<'a>(Cow<'a, [u8]>);

impl Subject<'_> {
    /// The subject's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<'a> From<&'a str> for Subject<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

impl<'a> From<&'a String> for Subject<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Subject<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }
}

impl<'a> From<&'a [u8]> for Subject<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Subject<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self(Cow::Borrowed(bytes))
    }
}

macro_rules! from_number {
    ($($number:ty)*) => {
        $(impl From<$number> for Subject<'_> {
            fn from(number: $number) -> Self {
                Self::from(number.to_string())
            }
        })*
    };
}
from_number!(i32 i64 u32 u64 u128);

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({} bytes)", self.0.len())
    }
}

/// What is revoked: the earlier sessions of a subject, or all sessions of a family.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// The sessions of this subject that began before the revocation.
    Subject(Subject<'static>),
    /// The sessions of this family.
    Family(Family),
}

impl Revocation {
    /// Refuses what could never be asked for.
    pub(crate) fn of_subject(subject: &Subject<'_>) -> Result<Self, RevokeError> {
        match subject.0.len() {
            1..=MAX_SUBJECT => Ok(Self::Subject(Subject(Cow::Owned(subject.0.to_vec())))),
            length => Err(RevokeError::Subject { length }),
        }
    }

    pub(crate) fn as_target(&self) -> Target<'_> {
        match self {
            Self::Subject(subject) => Target::Subject(subject.as_bytes()),
            Self::Family(family) => Target::Family(*family),
        }
    }

    /// Returns one byte for the kind, then the bytes of the subject or family. A source can store
    /// this.
    ///
    /// ```
    /// use sealed_session::{Family, Revocation};
    ///
    /// let revocation = Revocation::Family(Family::from_bytes(*b"12345678"));
    /// assert_eq!(revocation.to_bytes(), b"f12345678");
    /// assert_eq!(Revocation::from_bytes(b"f12345678"), Some(revocation));
    /// assert!(Revocation::from_bytes(b"sada").is_some());
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        self.as_target().to_bytes()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) returned. `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&SUBJECT, name) => Self::of_subject(&Subject::from(name)).ok(),
            (&FAMILY, family) => Some(Self::Family(Family::from_bytes(family.try_into().ok()?))),
            _ => None,
        }
    }
}

/// [`Revocation`], borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Subject(&'a [u8]),
    Family(Family),
}

impl Target<'_> {
    pub(crate) fn to_owned(self) -> Revocation {
        match self {
            Self::Subject(name) => Revocation::Subject(Subject(Cow::Owned(name.to_vec()))),
            Self::Family(family) => Revocation::Family(family),
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        let (kind, name) = match &self {
            Self::Subject(name) => (SUBJECT, *name),
            Self::Family(family) => (FAMILY, family.as_bytes().as_slice()),
        };
        [&[kind], name].concat()
    }
}

const SUBJECT: u8 = b's';
const FAMILY: u8 = b'f';
/// A length of one byte.
pub(super) const MAX_SUBJECT: usize = 255;
