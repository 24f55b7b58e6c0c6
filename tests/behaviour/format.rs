//! The wire format against vectors that another implementation made
//! (`vectors/generate_v1.py`), through the public API only.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sealed_session::{
    ConfigError, Key, KeyEntry, KeyId, KeyRing, Session, SessionData, Sessions, UnsealError,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

const VECTORS: &str = include_str!("../vectors/v1.json");
const FORMAT: &str = include_str!("../../docs/FORMAT.md");

/// Every class of [`UnsealError`], in the order of the checks.
const CLASSES: [&str; 11] = [
    "too_long",
    "malformed",
    "unsupported_version",
    "unknown_key",
    "retired_key",
    "not_authentic",
    "invalid_claims",
    "issued_in_future",
    "expired",
    "idle",
    "payload",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u8,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    ring: Vec<Entry>,
    cookie_name: String,
    audience: Option<String>,
    policy: Policy,
    now: i64,
    r#type: Option<String>,
    value: String,
    expect: Expect,
    // For writers; the unit test of `seal` reads it.
    #[serde(rename = "sealed")]
    _sealed: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: u32,
    key_hex: String,
    not_before: Option<i64>,
    not_after: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    absolute_timeout: u64,
    idle_timeout: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Expect {
    Claims(Claims),
    Refused(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    created_at: i64,
    issued_at: i64,
    expires_at: i64,
    persistent: bool,
    creation_known: bool,
    session_id: String,
    key_id: u32,
    payload: String,
    reseal_due: bool,
}

impl Vector {
    fn now(&self) -> OffsetDateTime {
        at(self.now)
    }

    fn ring(&self) -> KeyRing {
        let entries = self.ring.iter().map(|entry| {
            let bytes =
                hex(&entry.key_hex.replace(' ', "")).and_then(|bytes| bytes.try_into().ok());
            let key = Key::from_bytes(&bytes.expect("32 bytes")).expect("not weak");
            let mut built = KeyEntry::new(entry.id, key);
            if let Some(start) = entry.not_before {
                built = built.not_before(at(start));
            }
            if let Some(end) = entry.not_after {
                built = built.not_after(at(end));
            }
            built
        });
        KeyRing::new_at(entries, self.now()).expect(&self.name)
    }

    fn sessions<T: SessionData>(&self) -> Sessions<T> {
        let mut builder = Sessions::builder(self.ring())
            .cookie_name(&self.cookie_name)
            .absolute_timeout(Duration::from_secs(self.policy.absolute_timeout));
        if let Some(audience) = &self.audience {
            builder = builder.audience(audience);
        }
        if let Some(idle) = self.policy.idle_timeout {
            builder = builder.idle_timeout(Duration::from_secs(idle));
        }
        builder.build().expect(&self.name)
    }

    fn cookie_header(&self) -> String {
        format!("theme=dark; {}={}; lang=en", self.cookie_name, self.value)
    }

    /// Runs the vector, as a value and as a cookie, with the type that it asks for.
    fn check(&self) {
        match self.r#type.as_deref() {
            None => self.check_as::<Value>(),
            Some("object") => self.check_as::<Map<String, Value>>(),
            Some(other) => panic!("{}: unknown type {other}", self.name),
        }
    }

    fn check_as<T: SessionData>(&self) {
        let sessions = self.sessions::<T>();
        let unsealed = sessions.unseal_at(&self.value, self.now());
        let loaded = sessions.load_at([self.cookie_header()], self.now());
        match &self.expect {
            Expect::Claims(claims) => {
                let session = unsealed.unwrap_or_else(|error| panic!("{}: {error}", self.name));
                claims.check(&session, &self.name);
                claims.check(&loaded, &self.name);
                assert_eq!(loaded.refusal(), None, "{}", self.name);
            }
            Expect::Refused(class) => {
                let error = unsealed.map(|_| ()).expect_err(&self.name);
                assert_eq!(error.class(), class, "{}: {error}", self.name);
                let refusal = loaded.refusal().map(UnsealError::class);
                assert_eq!(refusal, Some(class.as_str()), "{}", self.name);
                assert!(loaded.is_new(), "{}", self.name);
                let commit = sessions.commit_at(&loaded, self.now()).expect(&self.name);
                assert!(!commit.sets_cookies(), "{}", self.name);
            }
        }
    }
}

impl Claims {
    fn check<T: SessionData>(&self, session: &Session<T>, name: &str) {
        let created_at = self.creation_known.then_some(at(self.created_at));
        assert_eq!(session.created_at(), created_at, "{name}");
        assert_eq!(session.issued_at(), Some(at(self.issued_at)), "{name}");
        assert_eq!(session.expires_at(), Some(at(self.expires_at)), "{name}");
        assert_eq!(session.is_persistent(), Some(self.persistent), "{name}");
        assert_eq!(session.id().map(|id| id.to_string()), Some(self.session_id.clone()), "{name}");
        assert_eq!(session.key_id().map(KeyId::get), Some(self.key_id), "{name}");
        assert_eq!(session.is_reseal_due(), self.reseal_due, "{name}");
        assert!(!session.is_new(), "{name}");
        let data = serde_json::to_value(&*session.read()).expect(name);
        assert_eq!(data, serde_json::from_str::<Value>(&self.payload).expect(name), "{name}");
    }
}

#[test]
fn every_vector_comes_to_what_it_states() {
    let vectors = vectors();
    for vector in &vectors {
        vector.check();
    }
    let live = vectors.iter().filter(|vector| matches!(vector.expect, Expect::Claims(_))).count();
    assert!(live > 0);
}

#[test]
fn vectors_have_names_of_their_own() {
    let vectors = vectors();
    let names: BTreeSet<_> = vectors.iter().map(|vector| &vector.name).collect();
    assert_eq!(names.len(), vectors.len());
}

#[test]
fn every_class_of_refusal_has_a_vector() {
    let vectors = vectors();
    let refused: BTreeSet<_> = vectors
        .iter()
        .filter_map(|vector| match &vector.expect {
            Expect::Refused(class) => Some(class.as_str()),
            Expect::Claims(_) => None,
        })
        .collect();
    assert_eq!(refused, BTreeSet::from(CLASSES));
}

#[test]
fn specification_names_every_class_in_the_order_of_the_checks() {
    // The last cell of a row, as in "| 1 | … | `too_long` |".
    let cells = FORMAT
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.strip_suffix("` |")?.rsplit_once('`')?.1));
    let mut classes: Vec<_> = cells.filter(|class| CLASSES.contains(class)).collect();
    // `malformed` stands in three rows: length, first characters, whole value.
    assert_eq!(classes.iter().filter(|class| **class == "malformed").count(), 3);
    let mut seen = BTreeSet::new();
    classes.retain(|class| seen.insert(*class));
    assert_eq!(classes, CLASSES);
}

#[test]
fn example_of_the_specification_is_the_first_vector() {
    let vectors = vectors();
    let example = vectors.first().expect("there are vectors");
    assert_eq!(example.name, "example");
    let Expect::Claims(claims) = &example.expect else { panic!("the example is live") };
    for text in [&example.value, &example.ring[0].key_hex, &claims.session_id, &claims.payload] {
        assert!(FORMAT.contains(text.as_str()), "docs/FORMAT.md lacks {text}");
    }
}

/// Whoever copies a key from our pages into a configuration must be told.
#[test]
fn every_printed_key_is_refused_as_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    for directory in ["docs", "tests/vectors", "src", "examples"] {
        collect_files(&root.join(directory), &mut files);
    }
    // Another library's values: their salts and MACs have the form of keys and are none.
    files.retain(|file| !file.ends_with("tests/vectors/iron-session.json"));
    let mut found = 0;
    for file in files.iter().filter(|file| file.exists()) {
        let text = String::from_utf8_lossy(&fs::read(file).expect("readable")).into_owned();
        for token in text.split(|char| !is_key_char(char)).filter(|token| is_key(token)) {
            let refused = token.parse::<Key>();
            assert!(
                matches!(refused, Err(ConfigError::PublishedKey | ConfigError::WeakKey)),
                "{}: the key {token} is not refused",
                file.display()
            );
            found += 1;
        }
    }
    for vector in vectors() {
        for entry in vector.ring {
            // In two halves, of which neither is a key, nor both with the space.
            assert!(matches!(entry.key_hex.parse::<Key>(), Err(ConfigError::KeyText(_))));
            assert!(entry.key_hex.split(' ').all(|half| half.parse::<Key>().is_err()));
        }
    }
    assert!(found > 0, "the search finds the values of iron-session's form among the vectors");
}

fn vectors() -> Vec<Vector> {
    let file: File = serde_json::from_str(VECTORS).expect("the vectors are JSON of this form");
    assert_eq!(file.version, 1);
    file.vectors
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a year up to 9999")
}

fn hex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok())
        .collect()
}

/// The characters of base64 and base64url. `=` is left out: a key with it is one without it too.
fn is_key_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "+/-_".contains(char)
}

/// Whether a word decodes to 32 bytes. Of 43 characters, names of tests do so
/// too; a random key has capital and small letters but for one in 10^9.
fn is_key(token: &str) -> bool {
    match token.len() {
        64 => hex(token).is_some(),
        43 => {
            token.contains(|char: char| char.is_ascii_uppercase())
                && token.contains(|char: char| char.is_ascii_lowercase())
                && !matches!(token.parse::<Key>(), Err(ConfigError::KeyText(_)))
        }
        _ => false,
    }
}

fn collect_files(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.expect("readable").path();
        match path.is_dir() {
            true => collect_files(&path, files),
            false => files.push(path),
        }
    }
}
