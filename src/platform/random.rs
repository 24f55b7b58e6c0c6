//! Randomness from the operating system, or from the JavaScript host that takes its place.

/// The random source did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RandomSource;

/// Fresh random bytes. Each call asks the operating system, because a generator in the process
/// would repeat itself after a fork or after the restore of a snapshot.
#[inline]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomSource> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[inline]
fn fill(bytes: &mut [u8]) -> Result<(), RandomSource> {
    use rand::{TryRng as _, rngs::SysRng};

    SysRng.try_fill_bytes(bytes).map_err(|_| RandomSource)
}

/// `crypto.getRandomValues`.
#[cfg(all(target_family = "wasm", target_os = "unknown", feature = "js"))]
fn fill(bytes: &mut [u8]) -> Result<(), RandomSource> {
    getrandom::fill(bytes).map_err(|_| RandomSource)
}

#[cfg(all(target_family = "wasm", target_os = "unknown", not(feature = "js")))]
fn fill(_: &mut [u8]) -> Result<(), RandomSource> {
    Err(RandomSource)
}
