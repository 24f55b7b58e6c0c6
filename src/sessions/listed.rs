//! Sessions held against a list of revocations.

use std::fmt;

use crate::{
    error::{ConfigError, UnsealError},
    format::{claims::Claims, lifetime::Timeouts},
    revocations::{Revocations, Subject},
};

/// The list that is asked about sessions, where there is one.
pub(crate) struct Listed<T>(Option<Asked<T>>);

struct Asked<T> {
    list: Revocations,
    subject: Box<SubjectOf<T>>,
}

type SubjectOf<T> = dyn for<'a> Fn(&'a T) -> Option<Subject<'a>> + Send + Sync;

impl<T> Asked<T> {
    // Apart, so that the caller pays for no more than the question whether there is a list.
    #[inline(never)]
    fn judge(&self, data: &T, claims: &Claims) -> Result<(), UnsealError> {
        self.list.judge(Some(claims.id.family()), claims.seen, || (self.subject)(data))
    }
}

impl<T> Listed<T> {
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    pub(super) fn new(
        list: Revocations,
        subject: impl for<'a> Fn(&'a T) -> Option<Subject<'a>> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Asked { list, subject: Box::new(subject) }))
    }

    pub(super) fn check(&self, timeouts: &Timeouts) -> Result<(), ConfigError> {
        let Some(asked) = &self.0 else { return Ok(()) };
        let kept = asked.list.retention().as_secs();
        match kept < u64::from(timeouts.absolute) {
            true => Err(ConfigError::Revocations { kept, configured: timeouts.absolute }),
            false => Ok(()),
        }
    }

    /// The position of now, for sessions that begin.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.0.as_ref().map_or(0, |asked| asked.list.seen())
    }

    /// Whether the session with these data and claims was revoked.
    #[inline]
    pub(super) fn judge(&self, data: &T, claims: &Claims) -> Result<(), UnsealError> {
        self.0.as_ref().map_or(Ok(()), |asked| asked.judge(data, claims))
    }

    /// Whether a session that begins with these data and claims has been revoked meanwhile.
    #[inline]
    pub(super) fn judge_birth(&self, data: &T, claims: &Claims) -> Result<(), UnsealError> {
        self.0.as_ref().map_or(Ok(()), |Asked { list, subject }| {
            list.judge(None, claims.seen, || subject(data))
        })
    }

    /// Whether the sign-in that this session came from has been revoked, whoever it is of now.
    pub(super) fn judge_family(&self, claims: &Claims) -> Result<(), UnsealError> {
        self.0.as_ref().map_or(Ok(()), |Asked { list, .. }| {
            list.judge(Some(claims.id.family()), claims.seen, || None)
        })
    }

    /// What the session is to have seen with these data in place of those that came, if the list had
    /// come to `position` when the request came. Who signs in without a `renew` was not there before:
    /// what a guest's session has seen says nothing of the user.
    #[inline]
    pub(super) fn seen(&self, (came, data): (&T, &T), seen: u64, position: u64) -> u64 {
        let is_same = |asked: &Asked<T>| (asked.subject)(came) == (asked.subject)(data);
        match self.0.as_ref().is_none_or(is_same) {
            true => seen,
            false => seen.max(position),
        }
    }
}

impl<T> fmt::Debug for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listed").field(&self.0.as_ref().map(|asked| &asked.list)).finish()
    }
}
