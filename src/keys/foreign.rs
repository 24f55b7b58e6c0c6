//! Recognizes files that are deployed as a ring by mistake, to tell the operator what they are.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::text::{BARE_KEY, TOML_SETTING, TOML_SETTINGS, is_bare_key};

/// What these bytes are, and what to do. `None` if they may be a ring.
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
    if bytes.is_empty() {
        return Some(EMPTY);
    }
    let begins = |start: &[u8]| bytes.starts_with(start);
    MARKS
        .iter()
        .find(|(start, _)| begins(start))
        .map(|(_, message)| *message)
        .or_else(|| is_word(bytes).then_some(WORD))
        .or_else(|| is_utf16(bytes).then_some(UTF16))
        .or_else(|| is_answer(bytes).then_some(ANSWER))
        .or_else(|| is_yaml(bytes).then_some(YAML))
        .or_else(|| is_assignment(bytes).then_some(DOTENV))
        .or_else(|| has_toml_setting(bytes).then_some(TOML_SETTING))
        .or_else(|| is_encoded(bytes).then_some(ENCODED))
        .or_else(|| is_bare_key(bytes).then_some(BARE_KEY))
}

const EMPTY: &str = "it is empty, perhaps because the step that writes it failed; bring the ring again, or make the first one with `sealed-session rotate --create`";
const WORD: &str =
    "it is a word for nothing, from a template or a query that found no value; check its path";
const UTF16: &str = "it is UTF-16; save the file as UTF-8 text";
const ANSWER: &str = "it is the whole answer of a secret manager; take the one field out of it, as in `vault kv get -field=NAME`";
const YAML: &str = "it is YAML, which is not supported; `sealed-session convert` shows the TOML, JSON and string forms";
const DOTENV: &str = "it begins with the name of a variable, like a file for a shell; keep only what follows the `=`, without quotes";
const ENCODED: &str =
    "it is the base64 of a ring, as in a Kubernetes Secret; decode it with `base64 -d`";

const MARKS: &[(&[u8], &str)] = &[
    (b"\0GITCRYPT\0", "it is encrypted by git-crypt; run `git-crypt unlock` before you deploy it"),
    (b"$ANSIBLE_VAULT", "it is encrypted by Ansible Vault; deploy it with a task that decrypts it"),
    (b"age-encryption.org", "it is encrypted by age; decrypt it with `age -d`"),
    (b"-----BEGIN AGE", "it is encrypted by age; decrypt it with `age -d`"),
    (b"-----BEGIN PGP", "it is encrypted by PGP; decrypt it with `gpg -d`"),
    (
        b"-----BEGIN",
        "it is PEM, which is for keys of another kind; print a key with `sealed-session keygen`",
    ),
    (b"Salted__", "it is encrypted by openssl; decrypt it first"),
    (
        b"vault:v",
        "it is encrypted by Vault's transit engine; decrypt it with `vault write transit/decrypt/NAME`",
    ),
    (b"ENC[", "it is encrypted by sops; decrypt it with `sops -d`"),
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the file; run `git lfs pull`"),
    (b"<<<<<<<", "it has merge conflicts; keep one whole version of it"),
    (b"=======", "it has merge conflicts; keep one whole version of it"),
    (b"<?xml", "it is XML, which is not supported; check the path"),
    (b"<!DOCTYPE", "it is an HTML page, perhaps from a proxy; check where it was fetched from"),
    (b"<html", "it is an HTML page, perhaps from a proxy; check where it was fetched from"),
    (b"{{", "it is a template that was not rendered; check the step that renders it"),
    (b"\x1f\x8b", "it is compressed by gzip; unpack it with `gunzip`"),
    (b"PK\x03\x04", "it is a ZIP archive; unpack it"),
    (b"SQLite format 3", "it is a database; check the path"),
    (b"\x7fELF", "it is a program; check the path"),
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
];

fn is_word(bytes: &[u8]) -> bool {
    let words: [&[u8]; 6] = [b"null", b"nil", b"None", b"undefined", b"<no value>", b"<nil>"];
    words.contains(&bytes.trim_ascii())
}

/// Whether every second byte is zero, as in ASCII that was saved as UTF-16.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_zero = |skip: usize| bytes.iter().skip(skip).step_by(2).take(8).all(|&byte| byte == 0);
    bytes.len() >= 8 && (is_zero(0) || is_zero(1))
}

/// Whether it is JSON around a secret: of Vault, or of Kubernetes.
fn is_answer(bytes: &[u8]) -> bool {
    let has = |field: &[u8]| bytes.windows(field.len()).any(|part| part == field);
    bytes.starts_with(b"{")
        && (has(b"\"request_id\"") && has(b"\"lease_id\"")
            || has(b"\"kind\"") && has(b"\"Secret\""))
}

/// Whether the first line is `name:` or `- …`, which TOML does not have.
fn is_yaml(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    first.is_some_and(|line| {
        let name =
            line.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count();
        let rest = line.get(name..).unwrap_or_default();
        line == b"---"
            || line.starts_with(b"- ")
            || line.starts_with(b"%YAML")
            || name > 0 && (rest == b":" || rest.starts_with(b": "))
    })
}

/// `NAME=1:…`, perhaps with `export` and quotes; TOML has no such value.
fn is_assignment(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"export ").unwrap_or(bytes);
    let name =
        bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let rest = bytes.get(name..).unwrap_or_default();
    let Some(value) = rest.strip_prefix(b"=") else { return false };
    let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
    name > 0 && begins_an_entry(value)
}

/// A setting as TOML has it, in front of a ring in one string.
fn has_toml_setting(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| matches!(byte, b',' | b'\n')).map(<[u8]>::trim_ascii);
    let name = parts.next().and_then(|first| first.split(|&byte| byte == b'=').next());
    let is_setting = name.is_some_and(|name| {
        TOML_SETTINGS.iter().any(|setting| setting.as_bytes() == name.trim_ascii())
    });
    // A string of several lines in TOML belongs to a field.
    let is_toml = bytes.windows(4).any(|word| word == b"keys");
    is_setting && !is_toml && parts.any(begins_an_entry)
}

/// Digits and a `:` or `@`, as every ring in one string begins.
pub(super) fn begins_an_entry(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && matches!(bytes.get(digits), Some(b':' | b'@'))
}

/// Like [`begins_an_entry`], or what people write in the place of it.
pub(super) fn begins_like_an_entry(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"v").unwrap_or(bytes);
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = bytes.get(digits..).unwrap_or_default().trim_ascii_start();
    digits > 0 && matches!(rest.first(), Some(b':' | b'@' | b'='))
}

fn is_encoded(bytes: &[u8]) -> bool {
    let text: Zeroizing<Vec<u8>> =
        Zeroizing::new(bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let decoded = STANDARD.decode(&*text).map(Zeroizing::new);
    decoded.is_ok_and(|ring| {
        let has = |field: &[u8]| ring.windows(field.len()).any(|part| part == field);
        begins_an_entry(&ring)
            || has(b"[[keys]]")
            || has(b"\"keys\"")
            || ring.contains(&b',') && ring.split(|&byte| byte == b',').any(begins_an_entry)
    })
}
