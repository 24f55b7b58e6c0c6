//! Looks for keys and plaintexts in the memory of this very process, after they were dropped.
//!
//! Linux lets a process read its memory as a file, so no unsafe code is needed.
//! A needle must not be in memory on the searcher's account: the test keeps each one as two
//! halves of an exclusive or, puts it together a byte at a time, and reads memory
//! through a buffer that is left out of the search and wiped after each piece.
#![cfg(target_os = "linux")]

use std::{
    fmt,
    fs::{self, File},
    hint::black_box,
    os::unix::fs::FileExt as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sealed_session::{Key, KeyEntry, KeyRing, Keys, Sessions};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroize as _;

/// One search at a time: the buffer of another could hold our needle.
static SEARCH: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    SEARCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes to look for, never together in memory.
#[derive(Clone)]
struct Needle {
    /// A copy of so many bytes in a row is one too many.
    part: usize,
    mask: Vec<u8>,
    masked: Vec<u8>,
}

impl Needle {
    /// Bytes to be added one at a time.
    fn empty(part: usize) -> Self {
        Self { part, mask: Vec::new(), masked: Vec::new() }
    }

    fn push(&mut self, byte: u8) {
        let mask = random_byte();
        self.mask.push(mask);
        self.masked.push(byte ^ mask);
    }

    fn byte(&self, index: usize) -> u8 {
        // Opaque, or the compiler could put the needle together beforehand.
        black_box(self.mask[index]) ^ black_box(self.masked[index])
    }

    fn len(&self) -> usize {
        self.mask.len()
    }

    /// How often any of its parts is in memory.
    fn hits(&self) -> usize {
        let memory = File::open("/proc/self/mem").expect("a process may read its own memory");
        let maps = fs::read_to_string("/proc/self/maps").expect("its map too");
        let mut buffer = vec![0; ZEROS.len()];
        let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
        let firsts: Vec<u8> = (0..self.len()).step_by(self.part).map(|i| self.byte(i)).collect();
        let mut hits = 0;
        for (from, to) in maps.lines().filter_map(readable) {
            for at in (from..to).step_by(PIECE) {
                // A bit more, so that nothing hides on the border of two pieces.
                let piece = &mut buffer[..(PIECE + self.part - 1).min(to - at)];
                if memory.read_exact_at(piece, at as u64).is_ok() && *piece != ZEROS[..piece.len()]
                {
                    for (offset, byte) in piece.iter().enumerate().take(PIECE) {
                        let is_hit = firsts.contains(byte) && self.has_part_at(&piece[offset..]);
                        hits += usize::from(is_hit && !own.contains(&(at + offset)));
                    }
                }
                piece.zeroize();
            }
        }
        hits
    }

    fn has_part_at(&self, bytes: &[u8]) -> bool {
        (0..self.len()).step_by(self.part).any(|start| {
            bytes.len() >= self.part && (0..self.part).all(|i| bytes[i] == self.byte(start + i))
        })
    }
}

/// Half a key. A shorter part could be there by chance.
const KEY_PART: usize = 16;
/// More than the four blocks of 64 bytes that the cipher works on at a time: in a build
/// without optimization it leaves those in dead places of the stack, where nobody can wipe them.
const TEXT_PART: usize = 320;
const PIECE: usize = 4096;
const ZEROS: [u8; PIECE + TEXT_PART] = [0; PIECE + TEXT_PART];

/// A line of the map, if it is memory that can be read and written.
fn readable(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (from, to) = fields.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    fields.next()?.starts_with("rw").then_some(())?;
    Some((address(from)?, address(to)?))
}

/// A byte of the operating system's, by way of a file that keeps no buffer.
fn random_byte() -> u8 {
    let mut byte = [0];
    File::open("/dev/urandom")
        .and_then(|file| file.read_exact_at(&mut byte, 0))
        .expect("the random source works");
    byte[0]
}

/// The bytes of a key, taken from its text three at a time.
fn needle_of(key: &Key) -> Needle {
    let text = key.to_base64();
    let mut needle = Needle::empty(KEY_PART);
    for quad in text.as_bytes().chunks(4) {
        let bits = quad.iter().fold(0_u32, |bits, &character| {
            let value = match character {
                b'A'..=b'Z' => character - b'A',
                b'a'..=b'z' => character - b'a' + 26,
                b'0'..=b'9' => character - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => 0,
            };
            bits << 6 | u32::from(value)
        });
        for byte in &bits.to_be_bytes()[1..] {
            if needle.len() < Key::LENGTH {
                needle.push(*byte);
            }
        }
    }
    needle
}

/// How many copies there are at a time: the allocator gives the place of a few of them away at
/// once, also to the search itself, which would hide that those were not wiped.
const CROWD: usize = 64;

#[test]
fn keys_leave_no_copy_when_they_are_dropped() {
    let _alone = alone();
    let key = Key::generate().unwrap();
    let needle = needle_of(&key);
    assert!(needle.hits() >= 2, "found while it lives, or this test could not fail");
    let copies = vec![key; CROWD];
    assert!(needle.hits() >= 2 * CROWD);
    drop(copies);
    assert_eq!(needle.hits(), 0);
}

#[test]
fn parsed_keys_leave_no_copy_of_their_bytes() {
    let _alone = alone();
    let key = Key::generate().unwrap();
    let needle = needle_of(&key);
    let text = key.to_base64();
    drop(key);
    for form in [text.to_string(), text.trim_end_matches('=').to_owned()] {
        let keys: Vec<Key> = (0..CROWD).map(|_| form.parse().unwrap()).collect();
        assert!(needle.hits() >= 2 * CROWD);
        drop(keys);
        assert_eq!(needle.hits(), 0);
        let rings: Vec<KeyRing> =
            (0..CROWD).map(|_| format!("1:{form}").parse().unwrap()).collect();
        assert!(needle.hits() >= 2 * CROWD);
        drop(rings);
        assert_eq!(needle.hits(), 0);
    }
}

#[test]
fn replaced_and_dropped_rings_leave_no_copy_of_their_keys_after_use() {
    let _alone = alone();
    let (old, new) = (Key::generate().unwrap(), Key::generate().unwrap());
    let (old_needle, new_needle) = (needle_of(&old), needle_of(&new));
    let ring = |id: u32, key: &Key| KeyRing::new([KeyEntry::new(id, key.clone())]).unwrap();
    let servers: Vec<_> = (0..CROWD)
        .map(|_| {
            let keys = Keys::from(ring(1, &old));
            let sessions = Sessions::<u32>::new(keys.clone());
            let value = sessions.seal(&sessions.create(7).unwrap()).unwrap();
            let mut session = sessions.unseal(&value).unwrap();
            session.csrf_token().unwrap();
            assert!(sessions.unseal(&value[..value.len() - 4]).is_err());
            assert!(sessions.unseal(&format!("{}AAAA", &value[..value.len() - 4])).is_err());
            (keys, sessions, session)
        })
        .collect();
    drop(old);
    assert!(old_needle.hits() >= 2 * CROWD);

    // What a revoked key leaves behind in a running server.
    for (keys, ..) in &servers {
        keys.replace(ring(2, &new));
    }
    drop(new);
    assert_eq!(old_needle.hits(), 0);
    assert!(new_needle.hits() >= 2 * CROWD);
    drop(servers);
    assert_eq!(new_needle.hits(), 0);
}

const MARKER_LEN: usize = 2 * TEXT_PART;

/// Data whose text is in no memory but the crate's: it is written a character at
/// a time, and read where the crate decrypted it.
#[derive(Clone)]
struct Marker(Needle);

impl Marker {
    fn random() -> Self {
        let mut needle = Needle::empty(TEXT_PART);
        for _ in 0..MARKER_LEN {
            needle.push(b'!' + random_byte() % 64);
        }
        // No character that JSON would escape.
        for index in 0..MARKER_LEN {
            if matches!(needle.byte(index), b'"' | b'\\') {
                needle.masked[index] = b'x' ^ needle.mask[index];
            }
        }
        Self(needle)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0.len()).try_for_each(|index| write!(f, "{}", char::from(self.0.byte(index))))
    }
}

impl Serialize for Marker {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Default for Marker {
    fn default() -> Self {
        Self(Needle::empty(TEXT_PART))
    }
}

impl<'de> Deserialize<'de> for Marker {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Marker;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a marker")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Marker, E> {
                let mut needle = Needle::empty(TEXT_PART);
                text.bytes().for_each(|byte| needle.push(byte));
                assert!(needle.hits() >= 2, "decrypted right now, or this test could not fail");
                match REFUSE.load(std::sync::atomic::Ordering::SeqCst) {
                    true => Err(E::custom("refused")),
                    false => Ok(Marker(needle)),
                }
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

static REFUSE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

#[test]
fn plaintext_leaves_no_copy_whether_the_value_is_sealed_opened_or_refused() {
    let _alone = alone();
    let marker = Marker::random();
    let needle = marker.0.clone();
    assert_eq!(needle.hits(), 0, "the searcher's own parts are no hits");

    let keys = Keys::from(KeyRing::new([KeyEntry::new(1, Key::generate().unwrap())]).unwrap());
    let sessions = Sessions::<Marker>::new(keys);
    let value = sessions.seal(&sessions.create(marker).unwrap()).unwrap();
    assert_eq!(needle.hits(), 0, "after sealing");

    let session = sessions.unseal(&value).unwrap();
    assert_eq!(session.read().0.len(), MARKER_LEN);
    assert_eq!(needle.hits(), 0, "after opening");

    REFUSE.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(sessions.unseal(&value).unwrap_err().class(), "payload");
    assert_eq!(needle.hits(), 0, "after a payload that was refused");

    let late = time::OffsetDateTime::now_utc() + time::Duration::days(15);
    assert_eq!(sessions.unseal_at(&value, late).unwrap_err().class(), "expired");
    assert_eq!(needle.hits(), 0, "after the times refused it");

    let forged = format!("{}AAAA", &value[..value.len() - 4]);
    assert_eq!(sessions.unseal(&forged).unwrap_err().class(), "not_authentic");
    assert_eq!(needle.hits(), 0, "after a tag that did not verify");
}

#[test]
fn plaintext_that_does_not_fit_or_does_not_serialize_leaves_no_copy() {
    #[derive(Clone, Default)]
    struct Broken(Marker, usize);

    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::{Error as _, SerializeSeq as _};
            let mut list = serializer.serialize_seq(None)?;
            list.serialize_element(&self.0)?;
            if self.1 == 0 {
                return Err(S::Error::custom("broken"));
            }
            list.serialize_element(&"x".repeat(self.1))?;
            list.end()
        }
    }

    impl<'de> Deserialize<'de> for Broken {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(de::Error::custom("is never read"))
        }
    }

    let _alone = alone();
    let sessions = Sessions::<Broken>::new(KeyRing::ephemeral().unwrap());
    for length in [0, 2500, 5000] {
        let marker = Marker::random();
        let needle = marker.0.clone();
        assert!(sessions.seal(&sessions.create(Broken(marker, length)).unwrap()).is_err());
        assert_eq!(needle.hits(), 0, "{length}");
    }
}
