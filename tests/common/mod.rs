//! What the test files share.
#![allow(dead_code, reason = "each test file uses a part")]

use sealed_session::{Commit, Cookie, Key, KeyEntry, KeyRing, SessionData, Sessions};
use time::{OffsetDateTime, macros::datetime};

/// Far from the machine's clock, so that whatever reads that clock in place of its argument is seen.
pub(crate) const NOW: OffsetDateTime = datetime!(2031-05-06 07:08:09 UTC);

/// A key that differs for each `seed`.
pub(crate) fn key(seed: u8) -> Key {
    Key::from_bytes(&key_bytes(seed)).expect("the bytes differ")
}

pub(crate) fn key_bytes(seed: u8) -> [u8; Key::LENGTH] {
    let mut byte = seed;
    [(); Key::LENGTH].map(|()| {
        byte = byte.wrapping_mul(5).wrapping_add(211);
        byte
    })
}

/// Key 1 alone.
pub(crate) fn ring() -> KeyRing {
    ring_of([1])
}

/// Keys with these ids, newest first; equal ids have equal keys.
pub(crate) fn ring_of<const N: usize>(ids: [u8; N]) -> KeyRing {
    KeyRing::new(ids.map(|id| KeyEntry::new(u32::from(id), key(id)))).expect("ids differ")
}

/// The defaults, under key 1.
pub(crate) fn sessions<T: SessionData>() -> Sessions<T> {
    Sessions::new(ring())
}

/// A value that holds `data`, sealed at `at`.
pub(crate) fn sealed<T: SessionData>(
    sessions: &Sessions<T>,
    data: T,
    at: OffsetDateTime,
) -> String {
    let session = sessions.create_at(data, at).expect("the random source works");
    sessions.seal_at(&session, at).expect("the data is small")
}

/// The Cookie header that carries `value`.
pub(crate) fn header<T: SessionData>(sessions: &Sessions<T>, value: &str) -> String {
    format!("{}={value}", sessions.cookie_name())
}

/// `value` with one character of its ciphertext changed, a different one for each `index` below 40.
pub(crate) fn forged(value: &str, index: usize) -> String {
    let at = 50 + index;
    let mut bytes = value.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("ASCII stays ASCII")
}

/// The value of the one cookie that a commit sets beside tombstones.
pub(crate) fn value_of(commit: &Commit) -> String {
    let sessions: Vec<_> = session_cookies(commit).collect();
    let [cookie] = &*sessions else { panic!("{} cookies", sessions.len()) };
    cookie.value().to_owned()
}

/// The cookies of a commit that are no tombstones.
pub(crate) fn session_cookies(commit: &Commit) -> impl Iterator<Item = &Cookie<'static>> {
    commit.cookies().iter().filter(|cookie| !cookie.name().contains("-ended-"))
}

/// Every Set-Cookie of a commit, but for tombstones, as it goes over the wire.
pub(crate) fn set_cookies(commit: &Commit) -> Vec<String> {
    session_cookies(commit).map(ToString::to_string).collect()
}
