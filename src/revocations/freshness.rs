//! How far this machine can be trusted to know what was revoked.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
    },
    time::Duration,
};

use crate::{error::UnsealError, platform::stopwatch::Stopwatch};

pub(super) struct Freshness {
    /// Milliseconds of the stopwatch, and one more, when the source was heard last. 0 for never.
    heard: AtomicU64,
    /// Why it was not heard since.
    trouble: Mutex<Option<String>>,
    policy: Policy,
}

/// What is done where the list may lag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    /// The list is the only one, so there is nothing to lag behind.
    pub(super) is_alone: bool,
    pub(super) serve_unread: bool,
    pub(super) refuse_after: Option<Duration>,
}

impl Freshness {
    pub(super) fn new(policy: Policy) -> Self {
        Self { heard: AtomicU64::new(0), trouble: Mutex::new(None), policy }
    }

    /// Whether sessions may be held against the list.
    #[inline]
    pub(super) fn check(&self, stopwatch: &Stopwatch) -> Result<(), UnsealError> {
        if self.policy.is_alone {
            return Ok(());
        }
        let is_read = self.heard.load(Acquire) != 0;
        if !is_read && !self.policy.serve_unread {
            return Err(UnsealError::RevocationsUnknown { read_before: false });
        }
        // Of a list that was never read, since it began.
        let age = || self.age(stopwatch).unwrap_or_else(|| stopwatch.elapsed());
        match self.policy.refuse_after.is_some_and(|bound| age() > bound) {
            true => Err(UnsealError::RevocationsUnknown { read_before: is_read }),
            false => Ok(()),
        }
    }

    pub(super) fn heard(&self, stopwatch: &Stopwatch) {
        let now = u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now.saturating_add(1), Release);
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long ago the source was heard last, `None` for never.
    pub(super) fn age(&self, stopwatch: &Stopwatch) -> Option<Duration> {
        if self.policy.is_alone {
            return Some(Duration::ZERO);
        }
        let heard = Duration::from_millis(self.heard.load(Acquire).checked_sub(1)?);
        Some(stopwatch.elapsed().saturating_sub(heard))
    }
}
