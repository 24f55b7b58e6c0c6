//! Fixed keys, a fixed present and one-line requests.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod jar;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use sealed_session::{Commit, Key, KeyEntry, KeyRing, Session, SessionData, Sessions};
use time::{Duration, OffsetDateTime, macros::datetime};

/// The present of most tests.
pub(crate) const T0: OffsetDateTime = datetime!(2026-12-01 00:00 UTC);

/// 32 bytes that differ from each other and between seeds.
pub(crate) fn key_bytes(seed: u8) -> [u8; Key::LENGTH] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_mul(5).wrapping_add(89);
        state ^ seed.rotate_left(3)
    })
}

pub(crate) fn key(seed: u8) -> Key {
    Key::from_bytes(&key_bytes(seed)).expect("the bytes differ")
}

pub(crate) fn key_text(seed: u8) -> String {
    STANDARD.encode(key_bytes(seed))
}

/// The entry with this id; its key follows from the id.
pub(crate) fn entry(id: u8) -> KeyEntry {
    KeyEntry::new(u32::from(id), key(id))
}

/// A ring of these ids, newest first, without windows.
pub(crate) fn ring<const N: usize>(ids: [u8; N]) -> KeyRing {
    KeyRing::new_at(ids.map(entry), T0).expect("ids differ and no key ends")
}

/// `T0` and so many seconds.
pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    T0 + Duration::seconds(seconds)
}

pub(crate) fn secs(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

/// A value with `data`, of a session that begins at `now`.
pub(crate) fn sealed<T: SessionData>(
    sessions: &Sessions<T>,
    data: T,
    now: OffsetDateTime,
) -> String {
    let session = sessions.create_at(data, now).expect("randomness");
    sessions.seal_at(&session, now).expect("seals")
}

/// `value` with the last bit of its tag changed.
pub(crate) fn flipped(value: &str) -> String {
    let mut sealed = URL_SAFE_NO_PAD.decode(value).expect("base64url");
    *sealed.last_mut().expect("has a tag") ^= 1;
    URL_SAFE_NO_PAD.encode(sealed)
}

/// A value of iron-session with the first character of its MAC changed.
pub(crate) fn flipped_mac(value: &str) -> String {
    let (front, mac) = value.rsplit_once('*').expect("a MAC is its last field");
    let other = if mac.starts_with('A') { "B" } else { "A" };
    format!("{front}*{other}{}", &mac[1..])
}

/// A request with this cookie value.
pub(crate) fn load<T: SessionData>(
    sessions: &Sessions<T>,
    value: &str,
    now: OffsetDateTime,
) -> Session<T> {
    sessions.load_at([format!("{}={value}", sessions.cookie_name())], now)
}

/// The value that a response sets, `None` where it sets no cookie. A removal is a panic.
pub(crate) fn set_value(commit: &Commit) -> Option<String> {
    let sessions = commit.cookies().iter().filter(|cookie| !cookie.name().contains("-ended-"));
    match &*sessions.collect::<Vec<_>>() {
        [] => None,
        [cookie] => {
            assert!(!cookie.value().is_empty(), "removed where it should be set");
            Some(cookie.value().to_owned())
        }
        several => panic!("{} cookies where one would do", several.len()),
    }
}

/// A request at `now` that reads, and what its response, at once, sets.
pub(crate) fn visit<T: SessionData>(
    sessions: &Sessions<T>,
    value: &str,
    now: OffsetDateTime,
) -> Option<String> {
    let session = load(sessions, value, now);
    let _ = session.read();
    set_value(&sessions.commit_at(&session, now).expect("commits"))
}

/// Why a value is refused, as its class.
pub(crate) fn class<T: SessionData>(
    sessions: &Sessions<T>,
    value: &str,
    now: OffsetDateTime,
) -> &'static str {
    match sessions.unseal_at(value, now) {
        Ok(_) => "live",
        Err(error) => error.class(),
    }
}

/// The plaintext of a value that key `id` sealed without an audience: claims and payload, by
/// docs/FORMAT.md and not by the crate's own code.
pub(crate) fn open(id: u8, name: &str, value: &str) -> Vec<u8> {
    let key = key_bytes(id);
    Forge { key, key_id: id.into(), purpose: SESSION, name, audience: None }.open(value)
}

/// A value with this plaintext, as only a holder of key `id` can make it.
pub(crate) fn forge(id: u8, name: &str, plaintext: &[u8]) -> String {
    forge_for(SESSION, id, name, plaintext)
}

/// [`forge`] for another purpose than a session.
pub(crate) fn forge_for(purpose: u8, id: u8, name: &str, plaintext: &[u8]) -> String {
    let key = key_bytes(id);
    Forge { key, key_id: id.into(), purpose, name, audience: None }.value(plaintext)
}

/// What a value is sealed under.
pub(crate) struct Forge<'a> {
    pub(crate) key: [u8; Key::LENGTH],
    pub(crate) key_id: u32,
    pub(crate) purpose: u8,
    pub(crate) name: &'a str,
    pub(crate) audience: Option<&'a str>,
}

impl Forge<'_> {
    /// The value with this plaintext.
    pub(crate) fn value(&self, plaintext: &[u8]) -> String {
        let nonce = [9; 24];
        let mut body = plaintext.to_vec();
        let tag = XChaCha20Poly1305::new(&self.key.into())
            .encrypt_inout_detached((&nonce).into(), &self.aad(), body.as_mut_slice().into())
            .expect("is short");
        let header = [&[1][..], &self.key_id.to_be_bytes(), &nonce].concat();
        URL_SAFE_NO_PAD.encode([&header[..], &body, tag.as_slice()].concat())
    }

    /// The plaintext of a value.
    pub(crate) fn open(&self, value: &str) -> Vec<u8> {
        let mut sealed = URL_SAFE_NO_PAD.decode(value).expect("base64url");
        let (header, rest) = sealed.split_at_mut(29);
        let (body, tag) = rest.split_last_chunk_mut::<16>().expect("has a tag");
        let nonce: &[u8; 24] = header.last_chunk().expect("has a nonce");
        XChaCha20Poly1305::new(&self.key.into())
            .decrypt_inout_detached(nonce.into(), &self.aad(), (&mut *body).into(), (&*tag).into())
            .expect("authentic");
        body.to_vec()
    }

    pub(crate) fn aad(&self) -> Vec<u8> {
        let bound = |text: &str| {
            let length = u16::try_from(text.len()).expect("is short").to_be_bytes();
            [&length[..], text.as_bytes()].concat()
        };
        let head = [&[1][..], &self.key_id.to_be_bytes(), &[self.purpose]].concat();
        [head, bound(self.name), bound(self.audience.unwrap_or_default())].concat()
    }
}

/// The claims of a session by docs/FORMAT.md, to change one field at a time. Offsets count from `created_at`.
#[derive(Clone, Copy)]
pub(crate) struct Claims {
    pub(crate) flags: u8,
    pub(crate) created_at: u64,
    pub(crate) issued: u32,
    pub(crate) lifetime: u32,
    /// `u32::MAX` is none.
    pub(crate) idle: u32,
    pub(crate) authenticated: u32,
    pub(crate) lineage: u32,
    pub(crate) generation: u16,
    pub(crate) id: [u8; 16],
    pub(crate) seen: u64,
}

impl Claims {
    /// Of a persistent session that begins at `now`, is sealed at once, and lives as long as the
    /// defaults let it.
    pub(crate) fn begun(now: OffsetDateTime) -> Self {
        Self {
            flags: 1,
            created_at: now.unix_timestamp().try_into().expect("after 1970"),
            issued: 0,
            lifetime: 14 * 24 * 60 * 60,
            idle: u32::MAX,
            authenticated: 0,
            lineage: 0x0102_0304,
            generation: 0,
            id: [0xab; 16],
            seen: 0,
        }
    }

    /// What [`open`] gave, read back.
    pub(crate) fn of(plaintext: &[u8]) -> Self {
        let field = |from: usize, to: usize| {
            plaintext[from..to].iter().fold(0, |n, &byte| n << 8 | u64::from(byte))
        };
        let short = |from| u32::try_from(field(from, from + 4)).expect("four bytes");
        Self {
            flags: plaintext[0],
            created_at: field(1, 6),
            issued: short(6),
            lifetime: short(10),
            idle: short(14),
            authenticated: short(18),
            lineage: short(22),
            generation: field(26, 28).try_into().expect("two bytes"),
            id: plaintext[28..44].try_into().expect("16 bytes"),
            seen: field(44, 50),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let bytes = [
            &[self.flags][..],
            &self.created_at.to_be_bytes()[3..],
            &self.issued.to_be_bytes(),
            &self.lifetime.to_be_bytes(),
            &self.idle.to_be_bytes(),
            &self.authenticated.to_be_bytes(),
            &self.lineage.to_be_bytes(),
            &self.generation.to_be_bytes(),
            &self.id,
            &self.seen.to_be_bytes()[2..],
        ]
        .concat();
        assert_eq!(bytes.len(), CLAIMS_LEN);
        bytes
    }

    /// The plaintext with this payload.
    pub(crate) fn with(&self, payload: impl AsRef<[u8]>) -> Vec<u8> {
        [&self.bytes(), payload.as_ref()].concat()
    }
}

/// What stands in front of extension block and payload.
pub(crate) const CLAIMS_LEN: usize = 50;

/// The body of a tombstone.
pub(crate) fn tombstone(lineage: u32, limit: u16, ended_at: u64, until: u64) -> Vec<u8> {
    [
        &lineage.to_be_bytes()[..],
        &limit.to_be_bytes(),
        &ended_at.to_be_bytes()[3..],
        &until.to_be_bytes()[3..],
    ]
    .concat()
}

/// The name of a tombstone's cookie.
pub(crate) fn tombstone_name(name: &str, lineage: u32, limit: u16) -> String {
    let end = [&lineage.to_be_bytes()[..], &limit.to_be_bytes()].concat();
    format!("{name}-ended-{}", URL_SAFE_NO_PAD.encode(end))
}

/// A time as the format counts it.
pub(crate) fn unix(time: OffsetDateTime) -> u64 {
    time.unix_timestamp().try_into().expect("after 1970")
}

/// The purpose of a session.
const SESSION: u8 = 1;
