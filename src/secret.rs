//! Randomness from the operating system, and memory that is wiped.

use rand::{TryRng as _, rngs::SysRng};
use zeroize::optimization_barrier;

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

/// Overwrites with zeros in a way that the compiler keeps.
///
/// A `memset` and the barrier of `zeroize`: its own `Zeroize` for slices writes
/// byte by byte, which costs as much as the cipher does at 3 kB.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

/// A buffer whose first bytes are secret until [`declassify`](Self::declassify), and wiped when dropped.
pub(crate) struct Plaintext<'a> {
    buffer: &'a mut [u8],
    /// May be more than the buffer holds: the length that was asked for.
    length: usize,
}

impl<'a> Plaintext<'a> {
    /// Starts empty; what is appended counts as secret.
    #[inline]
    pub(crate) fn empty(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// Takes a buffer that is, or is about to become, secret as a whole.
    #[inline]
    pub(crate) fn full(buffer: &'a mut [u8]) -> Self {
        let length = buffer.len();
        Self { buffer, length }
    }

    /// Appends, or only counts where the buffer is full.
    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        if let Some(room) = self.buffer.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
        }
        self.length = end;
    }

    /// The bytes that were asked for, whether they fitted or not.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The secret bytes, none where they did not fit.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(..self.length).unwrap_or_default()
    }

    /// The secret bytes, none where they did not fit.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Ends the secrecy: the bytes have been encrypted in place.
    #[inline]
    pub(crate) fn declassify(mut self) {
        self.length = 0;
    }
}

impl Drop for Plaintext<'_> {
    fn drop(&mut self) {
        let end = self.length.min(self.buffer.len());
        wipe(self.buffer.get_mut(..end).unwrap_or_default());
    }
}

impl std::io::Write for Plaintext<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.append(bytes);
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_write_takes_every_byte_behind_those_before() {
        let mut buffer = *b"........";
        let mut plaintext = Plaintext::empty(&mut buffer);
        assert_eq!(plaintext.write(b"abc").unwrap(), 3);
        plaintext.write_all(b"de").unwrap();
        assert_eq!(plaintext.bytes(), b"abcde");
    }

    #[test]
    fn plaintext_is_wiped_on_drop_and_kept_when_declassified() {
        let mut buffer = *b"........";
        Plaintext::full(&mut buffer[2..6]);
        assert_eq!(&buffer, b"..\0\0\0\0..");

        let mut plaintext = Plaintext::empty(&mut buffer);
        plaintext.append(b"abc");
        plaintext.declassify();
        assert_eq!(&buffer[..3], b"abc");
    }

    #[test]
    fn plaintext_that_does_not_fit_is_counted_and_what_fitted_is_wiped() {
        let mut buffer = *b"........";
        let mut plaintext = Plaintext::empty(&mut buffer);
        plaintext.append(b"abcdef");
        plaintext.append(b"ghi");
        assert_eq!(plaintext.length(), 9);
        assert!(plaintext.bytes().is_empty());
        drop(plaintext);
        assert_eq!(&buffer, &[0; 8]);
    }
}
