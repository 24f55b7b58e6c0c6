//! Randomness from the operating system.

use rand::{TryRng as _, rngs::SysRng};

/// The operating system's random source did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RandomSource;

/// Fresh random bytes, each call from the operating system: a generator of the
/// process would repeat itself after a fork or the restore of a snapshot.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomSource> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| RandomSource)?;
    Ok(bytes)
}
