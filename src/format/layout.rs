//! The claims as bytes.
//!
//! ```text
//! claims = flags (1) ‖ created_at (5) ‖ issued offset (4) ‖ lifetime (4) ‖ idle (4)
//!          ‖ authenticated offset (4) ‖ lineage (4) ‖ generation (2) ‖ session id (16) ‖ seen (6)
//! ```

use super::{
    claims::{Bond, Claims},
    lineage::{Descent, Lineage, MAX_GENERATION},
    session_id::SessionId,
};
use crate::{
    error::{SealError, UnsealError},
    platform::clock::MAX_TIME,
};

/// The length of what comes before extension and payload.
pub(crate) const CLAIMS_LEN: usize = 1 + 5 + 4 + 4 + 4 + 4 + 4 + 2 + 16 + 6;

const PERSISTENT: u8 = 1;
const CREATION_UNKNOWN: u8 = 1 << 1;
const BOUND: u8 = 1 << 2;
const OWN_IDLE: u8 = 1 << 3;
const AWAITS_BOND: u8 = 1 << 4;
const EXTENSION: u8 = 1 << 7;
const KNOWN_FLAGS: u8 = PERSISTENT | CREATION_UNKNOWN | BOUND | OWN_IDLE | AWAITS_BOND | EXTENSION;
const NO_IDLE_TIMEOUT: u32 = u32::MAX;

impl Claims {
    /// The claims. `extended` tells whether an extension block follows.
    #[inline]
    pub(crate) fn encode(&self, extended: bool) -> Result<[u8; CLAIMS_LEN], SealError> {
        fn put<const N: usize>(rest: &mut [u8], field: [u8; N]) -> &mut [u8] {
            let (head, tail) = rest.split_first_chunk_mut().expect("the fields are as long as all");
            *head = field;
            tail
        }
        let since_creation = |time: u64| {
            let offset = time.checked_sub(self.created_at)?;
            u32::try_from(offset).ok()
        };
        let (Some(issued), Some(authenticated), true) = (
            since_creation(self.issued_at),
            since_creation(self.authenticated_at),
            self.is_representable(),
        ) else {
            return Err(SealError::TimeOutOfRange);
        };
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let flags = flag(self.persistent, PERSISTENT)
            | flag(!self.creation_known, CREATION_UNKNOWN)
            | flag(self.bond == Bond::Bound, BOUND)
            | flag(self.own_idle, OWN_IDLE)
            | flag(self.bond == Bond::Awaited, AWAITS_BOND)
            | flag(extended, EXTENSION);
        let [_, _, _, created_at @ ..] = self.created_at.to_be_bytes();
        let [_, _, seen @ ..] = self.seen.to_be_bytes();

        let mut bytes = [0; CLAIMS_LEN];
        let rest = put(&mut bytes, [flags]);
        let rest = put(rest, created_at);
        let rest = put(rest, issued.to_be_bytes());
        let rest = put(rest, self.lifetime.to_be_bytes());
        let rest = put(rest, self.idle.unwrap_or(NO_IDLE_TIMEOUT).to_be_bytes());
        let rest = put(rest, authenticated.to_be_bytes());
        let rest = put(rest, self.descent.lineage.0.to_be_bytes());
        let rest = put(rest, self.descent.generation.to_be_bytes());
        let rest = put(rest, *self.id.as_bytes());
        put(rest, seen);
        Ok(bytes)
    }

    /// The claims of an authentic plaintext, and whether an extension block follows.
    // A call would pass them through memory, written in pieces and then read as a whole. The
    // processor would wait until all are written: 25 ns of an unseal.
    #[inline(always)]
    pub(crate) fn decode(bytes: &[u8; CLAIMS_LEN]) -> Result<(Self, bool), UnsealError> {
        fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> &'a [u8; N] {
            let (head, tail) = rest.split_first_chunk().expect("the fields are as long as all");
            *rest = tail;
            head
        }
        let rest = &mut bytes.as_slice();
        let [flags] = *take(rest);
        let created_at = wide(take::<5>(rest));
        let issued = u32::from_be_bytes(*take(rest));
        let lifetime = u32::from_be_bytes(*take(rest));
        let idle = Some(u32::from_be_bytes(*take(rest))).filter(|&idle| idle != NO_IDLE_TIMEOUT);
        let authenticated = u32::from_be_bytes(*take(rest));
        let claims = Self {
            persistent: flags & PERSISTENT != 0,
            creation_known: flags & CREATION_UNKNOWN == 0,
            bond: match flags & (BOUND | AWAITS_BOND) {
                0 => Bond::None,
                AWAITS_BOND => Bond::Awaited,
                _ => Bond::Bound,
            },
            own_idle: flags & OWN_IDLE != 0,
            created_at,
            issued_at: created_at.saturating_add(issued.into()),
            lifetime,
            idle,
            authenticated_at: created_at.saturating_add(authenticated.into()),
            descent: Descent {
                lineage: Lineage(u32::from_be_bytes(*take(rest))),
                generation: u16::from_be_bytes(*take(rest)),
            },
            id: SessionId::from_bytes(*take(rest)),
            seen: wide(take::<6>(rest)),
        };
        let is_valid = flags & !KNOWN_FLAGS == 0
            && flags & (BOUND | AWAITS_BOND) != BOUND | AWAITS_BOND
            && authenticated <= issued
            && claims.descent.generation <= MAX_GENERATION
            && claims.is_representable();
        match is_valid {
            true => Ok((claims, flags & EXTENSION != 0)),
            false => Err(UnsealError::InvalidClaims),
        }
    }

    /// Whether every time that follows from the claims is a date of four-digit year.
    #[inline]
    fn is_representable(&self) -> bool {
        self.created_at <= MAX_TIME
            && self.issued_at <= MAX_TIME
            && self.created_at.checked_add(self.lifetime.into()).is_some_and(|end| end <= MAX_TIME)
    }
}

/// An integer of fewer bytes than a `u64` has.
#[inline]
pub(crate) fn wide<const N: usize>(bytes: &[u8; N]) -> u64 {
    let mut number = [0; 8];
    *number.last_chunk_mut().expect("it has fewer bytes") = *bytes;
    u64::from_be_bytes(number)
}
