//! Memory that is wiped.

use arrayvec::ArrayVec;
use zeroize::optimization_barrier;

/// Overwrites with zeros in a way that the compiler does not remove.
///
/// A `memset` and the barrier of `zeroize`: its own `Zeroize` for slices writes
/// byte by byte, which costs as much as the cipher does at 3 kB.
#[inline]
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

/// A plaintext, wiped when dropped.
pub(crate) struct Plaintext<'a>(&'a mut [u8]);

impl<'a> Plaintext<'a> {
    /// Takes bytes that are, or are about to become, secret.
    #[inline]
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.0
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0
    }
}

impl Drop for Plaintext<'_> {
    #[inline]
    fn drop(&mut self) {
        wipe(self.0);
    }
}

/// A plaintext that is being appended to a buffer. It is wiped when dropped, unless it was
/// [`declassified`](Self::declassify).
///
/// The buffer does not grow, because moving its content would leave a copy.
pub(crate) struct Draft<'a, const N: usize> {
    buffer: &'a mut ArrayVec<u8, N>,
    start: usize,
    /// How many bytes did not fit.
    missing: usize,
}

impl<'a, const N: usize> Draft<'a, N> {
    #[inline]
    pub(crate) fn behind(buffer: &'a mut ArrayVec<u8, N>) -> Self {
        Self { start: buffer.len(), buffer, missing: 0 }
    }

    /// Appends the bytes, or only counts them if there is no room.
    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if self.buffer.try_extend_from_slice(bytes).is_err() {
            self.missing = self.missing.saturating_add(bytes.len());
        }
    }

    /// The bytes that were asked for, whether they fitted or not.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.buffer.len().saturating_sub(self.start).saturating_add(self.missing)
    }

    /// What was written. Empty if not all of it fitted.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        match self.missing {
            0 => self.buffer.get_mut(self.start..).unwrap_or_default(),
            _ => &mut [],
        }
    }

    /// Ends the secrecy: the bytes have been encrypted in place.
    #[inline]
    pub(crate) fn declassify(mut self) {
        self.start = self.buffer.len();
    }
}

impl<const N: usize> Drop for Draft<'_, N> {
    #[inline]
    fn drop(&mut self) {
        wipe(self.buffer.get_mut(self.start..).unwrap_or_default());
    }
}

impl<const N: usize> std::io::Write for Draft<'_, N> {
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

    fn buffer(text: &str) -> ArrayVec<u8, 8> {
        text.bytes().collect()
    }

    /// What stands in the buffer, beyond its length too.
    fn memory(mut buffer: ArrayVec<u8, 8>) -> [u8; 8] {
        while buffer.try_push(b'.').is_ok() {}
        buffer.into_inner().unwrap()
    }

    #[test]
    fn a_write_takes_every_byte_behind_those_before() {
        let mut buffer = buffer("ab");
        let mut draft = Draft::behind(&mut buffer);
        assert_eq!(draft.write(b"cde").unwrap(), 3);
        draft.write_all(b"fg").unwrap();
        assert_eq!((draft.length(), &*draft.bytes_mut()), (5, &b"cdefg"[..]));
    }

    #[test]
    fn plaintext_is_wiped_on_drop_and_kept_when_declassified() {
        let mut bytes = *b"........";
        drop(Plaintext::new(&mut bytes[2..6]));
        assert_eq!(&bytes, b"..\0\0\0\0..");

        let mut written = buffer("ab");
        let mut draft = Draft::behind(&mut written);
        draft.append(b"cde");
        drop(draft);
        assert_eq!(&memory(written), b"ab\0\0\0...");

        let mut kept = buffer("ab");
        let mut draft = Draft::behind(&mut kept);
        draft.append(b"cde");
        draft.declassify();
        assert_eq!(&memory(kept), b"abcde...");
    }

    #[test]
    fn plaintext_that_does_not_fit_is_counted_and_what_fitted_is_wiped() {
        let mut buffer = buffer("");
        let mut draft = Draft::behind(&mut buffer);
        draft.append(b"abcdef");
        draft.append(b"ghi");
        draft.append(b"jk");
        assert_eq!((draft.length(), &*draft.bytes_mut()), (11, &b""[..]));
        drop(draft);
        assert_eq!(&memory(buffer), b"\0\0\0\0\0\0\0\0");
    }
}
