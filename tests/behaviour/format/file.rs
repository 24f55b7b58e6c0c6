//! The file of the vectors, as docs/FORMAT.md describes it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sealed_session::{Builder, Key, KeyEntry, KeyRing, SessionData, Sessions};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use time::OffsetDateTime;

use crate::support::Forge;

const VECTORS: &str = include_str!("../../vectors/v1.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    version: u8,
    pub(super) vectors: Vec<Vector>,
    pub(super) keys: Vec<KeyVector>,
    pub(super) rings: Vec<RingVector>,
    pub(super) cookies: Vec<CookieVector>,
    pub(super) reseals: Vec<ResealVector>,
}

/// What describes the reader.
#[derive(Deserialize)]
pub(super) struct Reader {
    pub(super) ring: Vec<Entry>,
    pub(super) cookie_name: String,
    pub(super) audience: Option<String>,
    policy: Policy,
    pub(super) now: i64,
    pub(super) r#type: Option<String>,
    #[serde(default)]
    pub(super) former_names: Vec<FormerName>,
    #[serde(default)]
    pub(super) former_audiences: Vec<FormerAudience>,
    pub(super) bound_families: Option<Vec<String>>,
    #[serde(default)]
    pub(super) binding: bool,
}

#[derive(Deserialize)]
pub(super) struct Vector {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) reader: Reader,
    pub(super) purpose: Option<u8>,
    pub(super) value: String,
    pub(super) expect: Expect,
    // For writers; the unit tests of `seal` read it.
    pub(super) sealed: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) id: u32,
    pub(super) key_hex: String,
    pub(super) not_before: Option<i64>,
    pub(super) not_after: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    absolute_timeout: u64,
    idle_timeout: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormerName {
    pub(super) name: String,
    until: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormerAudience {
    audience: Option<String>,
    until: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[allow(dead_code, reason = "to be there is all that some are for")]
pub(super) enum Expect {
    Claims(Claims),
    Tombstone(Tombstone),
    Token(IgnoredAny),
    // This build does not read them.
    BoundCookie(IgnoredAny),
    Challenge(IgnoredAny),
    Identifier(IgnoredAny),
    Refused(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "as the file has them")]
pub(super) struct Claims {
    pub(super) created_at: i64,
    pub(super) issued_at: i64,
    pub(super) authenticated_at: Option<i64>,
    pub(super) expires_at: i64,
    pub(super) persistent: bool,
    pub(super) creation_known: bool,
    pub(super) bound: bool,
    pub(super) session_id: String,
    pub(super) family: String,
    pub(super) key_id: u32,
    pub(super) payload: String,
    pub(super) reseal_due: bool,
}

#[derive(Deserialize)]
pub(super) struct Tombstone {
    pub(super) cookie: String,
    pub(super) lineage: String,
    pub(super) limit: u16,
    pub(super) until: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyVector {
    pub(super) name: String,
    pub(super) text: Option<Vec<String>>,
    pub(super) bytes: Option<String>,
    pub(super) expect: KeyExpect,
    #[serde(default)]
    pub(super) should: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyExpect {
    pub(super) key_hex: Option<String>,
    pub(super) refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RingVector {
    pub(super) name: String,
    pub(super) form: String,
    pub(super) text: Vec<String>,
    pub(super) now: i64,
    pub(super) expect: RingExpect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum RingExpect {
    Ring(Ring),
    Refused(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ring {
    pub(super) entries: Vec<Entry>,
    pub(super) no_takeover: bool,
    pub(super) last_id: Option<u32>,
    pub(super) sealing: u32,
    pub(super) accepted: Vec<u32>,
}

#[derive(Deserialize)]
pub(super) struct CookieVector {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) reader: Reader,
    headers: Vec<String>,
    pub(super) expect: CookieExpect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CookieExpect {
    pub(super) candidates: Vec<Candidate>,
    pub(super) winner: Option<usize>,
    pub(super) reseal_due: bool,
    pub(super) passing: bool,
    pub(super) collectable: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Candidate {
    pub(super) cookie: String,
    pub(super) result: String,
    pub(super) ended_by: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct ResealVector {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) reader: Reader,
    pub(super) cookie: Option<String>,
    pub(super) value: String,
    pub(super) pad_to: Option<usize>,
    pub(super) expect: ResealExpect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResealExpect {
    pub(super) refused: Option<String>,
    pub(super) due: Option<bool>,
    pub(super) value: Option<String>,
    pub(super) aad: Option<String>,
    pub(super) key_id: Option<u32>,
    pub(super) max_age: Option<i64>,
}

impl Entry {
    pub(super) fn key_bytes(&self) -> [u8; Key::LENGTH] {
        key_bytes(&self.key_hex)
    }

    pub(super) fn build(&self) -> KeyEntry {
        let mut built = KeyEntry::new(self.id, Key::from_bytes(&self.key_bytes()).expect("strong"));
        if let Some(start) = self.not_before {
            built = built.not_before(at(start));
        }
        if let Some(end) = self.not_after {
            built = built.not_after(at(end));
        }
        built
    }
}

impl Reader {
    pub(super) fn now(&self) -> OffsetDateTime {
        at(self.now)
    }

    fn ring(&self) -> KeyRing {
        KeyRing::new_at(self.ring.iter().map(Entry::build), self.now()).expect("a good ring")
    }

    /// A live bound cookie of each family that the reader has one of, as a Cookie header.
    pub(super) fn bound_cookies(&self, cookie_name: &str) -> String {
        let families = self.bound_families.iter().flatten().map(|family| hex(family).expect("hex"));
        let cookies = families.map(|family| {
            let until = u64::try_from(self.now + 1).expect("after 1970").to_be_bytes();
            let forge = Forge {
                key: self.ring[0].key_bytes(),
                key_id: self.ring[0].id,
                purpose: 4,
                name: cookie_name,
                audience: self.audience.as_deref(),
            };
            let value = forge.value(&[&family[..], &until[3..]].concat());
            format!("{cookie_name}-bound-{}={value}", URL_SAFE_NO_PAD.encode(&family[..6]))
        });
        cookies.collect::<Vec<_>>().join("; ")
    }

    pub(super) fn builder<T: SessionData>(&self) -> Builder<T> {
        let mut builder = Sessions::builder(self.ring())
            .cookie_name(&self.cookie_name)
            .absolute_timeout(Duration::from_secs(self.policy.absolute_timeout));
        if let Some(audience) = &self.audience {
            builder = builder.audience(audience);
        }
        if let Some(idle) = self.policy.idle_timeout {
            builder = builder.idle_timeout(Duration::from_secs(idle));
        }
        #[cfg(feature = "bound")]
        if self.binding || self.bound_families.is_some() {
            builder = builder.bound(sealed_session::Bound::new().path("/device"));
        }
        for former in &self.former_names {
            builder = builder.former_name(&former.name, at(former.until));
        }
        for former in &self.former_audiences {
            builder = builder.former_audience(former.audience.as_deref(), at(former.until));
        }
        builder
    }

    pub(super) fn sessions<T: SessionData>(&self) -> Sessions<T> {
        self.builder().build().expect("a good configuration")
    }

    /// The bytes of the key with this id.
    pub(super) fn key(&self, id: u32) -> [u8; Key::LENGTH] {
        self.ring.iter().find(|entry| entry.id == id).expect("a key of the ring").key_bytes()
    }
}

impl CookieVector {
    /// Each character stands for a byte.
    pub(super) fn headers(&self) -> Vec<Vec<u8>> {
        let bytes = |header: &String| {
            header.chars().map(|char| u8::try_from(u32::from(char)).expect("a byte")).collect()
        };
        self.headers.iter().map(bytes).collect()
    }
}

pub(super) fn file() -> File {
    let file: File = serde_json::from_str(VECTORS).expect("the vectors are JSON of this form");
    assert_eq!(file.version, 1);
    file
}

pub(super) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a year up to 9999")
}

pub(super) fn key_bytes(hex_text: &str) -> [u8; Key::LENGTH] {
    hex(&hex_text.replace(' ', "")).and_then(|bytes| bytes.try_into().ok()).expect("32 bytes")
}

pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok())
        .collect()
}
