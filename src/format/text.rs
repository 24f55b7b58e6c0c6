//! The text form of sealed bytes: base64url without padding, canonical, so that
//! one session has one spelling.
//!
//! Two backends accept and write the same text, and differ only in speed.

#[cfg(not(feature = "simd"))]
use self::scalar as backend;
#[cfg(feature = "simd")]
use self::simd as backend;

/// The bytes as text.
#[inline]
pub(crate) fn encode(bytes: &[u8]) -> String {
    backend::encode(bytes)
}

/// Writes the bytes of a text to the front of `buffer`. `None` if the text is not canonical
/// base64url, or if `buffer` is too short.
#[inline]
pub(crate) fn decode<'a>(text: &[u8], buffer: &'a mut [u8]) -> Option<&'a mut [u8]> {
    let length = text.len().checked_mul(3)? / 4;
    let bytes = buffer.get_mut(..length)?;
    backend::decode(text, bytes).then_some(bytes)
}

/// Calls `read` with the bytes of a text, in room for at most `N`. `None` as for [`decode`].
#[inline]
pub(crate) fn decode_apart<const N: usize, R>(
    text: &[u8],
    read: impl FnOnce(Option<&mut [u8]>) -> R,
) -> R {
    backend::decode_apart::<N, R>(text, read)
}

/// The length of the text of this many bytes.
#[inline]
pub(crate) fn encoded_len(bytes: usize) -> usize {
    base64::encoded_len(bytes, false).unwrap_or(usize::MAX)
}

#[cfg(any(not(feature = "simd"), test))]
mod scalar {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    #[inline]
    pub(super) fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether `text` is the text of as many bytes as there is room for, which are written.
    #[inline]
    pub(super) fn decode(text: &[u8], room: &mut [u8]) -> bool {
        let length = room.len();
        URL_SAFE_NO_PAD.decode_slice(text, room) == Ok(length)
    }

    #[cfg(not(feature = "simd"))]
    #[inline]
    pub(super) fn decode_apart<const N: usize, R>(
        text: &[u8],
        read: impl FnOnce(Option<&mut [u8]>) -> R,
    ) -> R {
        /// Most values are shorter than one of these, and zeroing room for the longest takes as
        /// long as it takes to decode 100 bytes.
        const SHORT: usize = 384;
        const MEDIUM: usize = 768;
        const SHORT_TEXT: usize = base64::encoded_len(SHORT, false).expect("is short");
        const MEDIUM_TEXT: usize = base64::encoded_len(MEDIUM, false).expect("is short");

        let (mut short, mut medium, mut long);
        let room: &mut [u8] = if text.len() <= SHORT_TEXT {
            short = [0; SHORT];
            &mut short
        } else if text.len() <= MEDIUM_TEXT {
            medium = [0; MEDIUM];
            &mut medium
        } else {
            long = [0; N];
            &mut long
        };
        let bytes = room.get_mut(..text.len().saturating_mul(3) / 4);
        read(bytes.and_then(|bytes| decode(text, bytes).then_some(bytes)))
    }
}

#[cfg(feature = "simd")]
mod simd {
    use std::mem::MaybeUninit;

    use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};

    #[inline]
    pub(super) fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode_to_string(bytes)
    }

    /// Whether `text` is the text of as many bytes as there is room for, which are written.
    #[inline]
    pub(super) fn decode(text: &[u8], room: &mut [u8]) -> bool {
        let length = room.len();
        URL_SAFE_NO_PAD.decode(text, room.as_out()).is_ok_and(|bytes| bytes.len() == length)
    }

    // The library hands out what it wrote and no more, so the room need not be zeroed before.
    #[inline]
    pub(super) fn decode_apart<const N: usize, R>(
        text: &[u8],
        read: impl FnOnce(Option<&mut [u8]>) -> R,
    ) -> R {
        let mut room = [MaybeUninit::uninit(); N];
        let length = text.len().saturating_mul(3) / 4;
        let room = room.get_mut(..length);
        let bytes = room.and_then(|room| URL_SAFE_NO_PAD.decode(text, room.as_out()).ok());
        read(bytes.filter(|bytes| bytes.len() == length))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Decode = fn(&[u8], &mut [u8]) -> bool;

    const DECODERS: &[(&str, Decode)] = &[
        ("scalar", scalar::decode),
        #[cfg(feature = "simd")]
        ("simd", simd::decode),
    ];

    #[test]
    fn a_last_character_with_spare_bits_is_refused_at_every_length() {
        for (name, decode) in DECODERS {
            for length in (0..200).filter(|length| length % 3 != 0) {
                let text = encode(&vec![0; length]);
                assert!(decode(text.as_bytes(), &mut vec![0; length]), "{name}, {length}");
                let text = format!("{}B", &text[..text.len() - 1]);
                assert!(!decode(text.as_bytes(), &mut vec![0; length]), "{name}, {length}");
            }
        }
    }

    #[test]
    fn every_byte_outside_the_alphabet_is_refused_at_every_place() {
        for (name, decode) in DECODERS {
            for length in [4, 8, 31, 32, 64, 100] {
                for place in 0..length {
                    for byte in 0..=u8::MAX {
                        let mut text = vec![b'A'; length];
                        text[place] = byte;
                        let is_last = place == length - 1;
                        let in_alphabet = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                        // Of 31 characters the last has two spare bits.
                        let is_canonical =
                            !(length == 31 && is_last) || b"AEIMQUYcgkosw048".contains(&byte);
                        let accepted = decode(&text, &mut vec![0; length * 3 / 4]);
                        assert_eq!(
                            accepted,
                            in_alphabet && is_canonical,
                            "{name}: {byte} at {place} of {length}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn room_of_its_own_holds_what_a_buffer_would_at_every_length_and_no_more() {
        const ROOM: usize = 1000;
        for length in 0..=ROOM + 1 {
            let bytes: Vec<_> = (0..length).map(|i| i.to_le_bytes()[0]).collect();
            let (good, mut bad) = (encode(&bytes), encode(&bytes) + "=");
            let fits = |read: Option<&mut [u8]>| read.is_some_and(|read| *read == *bytes);
            assert_eq!(decode_apart::<ROOM, _>(good.as_bytes(), fits), length <= ROOM, "{length}");
            assert!(decode_apart::<ROOM, _>(bad.as_bytes(), |read| read.is_none()), "{length}");
            bad.replace_range(bad.len() - 1.., "A");
            let other = decode_apart::<ROOM, _>(bad.as_bytes(), |read| {
                read.is_none_or(|read| *read != *bytes)
            });
            assert!(other, "{length}");
        }
    }

    #[test]
    fn a_buffer_that_is_too_short_is_refused() {
        assert_eq!(decode(b"AAAA", &mut [0; 2]), None);
        assert_eq!(decode(b"AAAA", &mut [1; 3]), Some(&mut [0; 3][..]));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(bytes in prop::collection::vec(any::<u8>(), 0..3100)) {
            let text = encode(&bytes);
            prop_assert_eq!(&text, &scalar::encode(&bytes));
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            let mut buffer = vec![0; bytes.len() + 5];
            prop_assert_eq!(decode(text.as_bytes(), &mut buffer), Some(&mut bytes.clone()[..]));
        }

        #[test]
        fn what_decodes_encodes_to_the_same(text in "[A-Za-z0-9_-]{0,70}") {
            let mut buffer = [0; 64];
            if let Some(bytes) = decode(text.as_bytes(), &mut buffer) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }

    #[cfg(feature = "simd")]
    fn agree(text: &[u8]) -> Result<(), TestCaseError> {
        let room = text.len() * 3 / 4;
        let (mut one, mut other) = (vec![0; room], vec![0; room]);
        let accepted = scalar::decode(text, &mut one);
        prop_assert_eq!(simd::decode(text, &mut other), accepted);
        prop_assert!(!accepted || one == other);
        Ok(())
    }

    #[cfg(feature = "simd")]
    proptest! {
        #[test]
        fn backends_agree(text in "[A-Za-z0-9_+/= -]{0,140}") {
            agree(text.as_bytes())?;
        }

        #[test]
        fn backends_agree_on_text_with_one_byte_of_any_kind(
            text in "[A-Za-z0-9_-]{1,140}", place: prop::sample::Index, byte: u8,
        ) {
            let mut text = text.into_bytes();
            *place.get_mut(&mut text) = byte;
            agree(&text)?;
        }
    }
}
