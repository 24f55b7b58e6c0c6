//! Room for later versions between claims and payload.
//!
//! ```text
//! block = u16 length ‖ entries      entry = type (1) ‖ u8 length ‖ bytes
//! ```
//!
//! This version defines no type. An unknown even type is refused, because ignoring it would be
//! unsafe. An unknown odd type is copied.

use crate::error::UnsealError;

/// The extension block in front of a payload, and what follows it.
pub(crate) fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), UnsealError> {
    let invalid = UnsealError::InvalidClaims;
    let (length, rest) = bytes.split_first_chunk::<LENGTH_LEN>().ok_or(invalid.clone())?;
    let length = usize::from(u16::from_be_bytes(*length));
    let mut entries =
        rest.get(..length).filter(|entries| !entries.is_empty()).ok_or(invalid.clone())?;
    let (block, payload) =
        bytes.split_at_checked(LENGTH_LEN.saturating_add(length)).ok_or(invalid.clone())?;

    let mut last_kind = None;
    let mut unknown = None;
    while let [kind, length, rest @ ..] = entries {
        let (_, next) = rest.split_at_checked(usize::from(*length)).ok_or(invalid.clone())?;
        if last_kind >= Some(kind) {
            return Err(invalid);
        }
        if kind % 2 == 0 && unknown.is_none() {
            unknown = Some(*kind);
        }
        last_kind = Some(kind);
        entries = next;
    }
    match (entries, unknown) {
        ([], None) => Ok((block, payload)),
        ([], Some(kind)) => Err(UnsealError::UnsupportedExtension(kind)),
        _ => Err(invalid),
    }
}

const LENGTH_LEN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_type_is_copied_and_an_even_one_refused() {
        assert_eq!(split(b"\0\x05\x01\x03abc{}"), Ok((&b"\0\x05\x01\x03abc"[..], &b"{}"[..])));
        assert_eq!(split(b"\0\x04\x01\0\x03\0[]"), Ok((&b"\0\x04\x01\0\x03\0"[..], &b"[]"[..])));
        assert_eq!(split(b"\0\x02\x02\0{}"), Err(UnsealError::UnsupportedExtension(2)));
        assert_eq!(split(b"\0\x04\x01\0\x08\0{}"), Err(UnsealError::UnsupportedExtension(8)));
    }

    #[test]
    fn a_broken_block_is_refused() {
        for block in [
            &b""[..],
            b"\0",
            b"\0\0",
            b"\0\x01\x01",
            b"\0\x02\x01",
            b"\0\x02\x01\x01",
            b"\0\x03\x01\0\x03",
            b"\0\x04\x03\0\x01\0",
            b"\0\x04\x01\0\x01\0",
            b"\xff\xff\x01\0",
            b"\0\x04\x02\0\x03\x01",
        ] {
            assert_eq!(split(block), Err(UnsealError::InvalidClaims), "{block:?}");
        }
    }
}
