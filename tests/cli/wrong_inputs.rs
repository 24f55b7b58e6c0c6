//! A hundred kinds of wrong input, through a file, a variable and standard input: each error names
//! what is wrong and what to do, and shows no key.

use super::{AT, CLOCK, Ring, bad_files::bad_files, finish, key_text, tables, tool};

#[expect(clippy::too_many_lines, reason = "it is a table")]
/// What is wrong, the text, and a part of what is said. Those of TOML are in `bad_files`.
fn more() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let (k1, k2) = (key_text(1), key_text(2));
    let json = |entry: &str| format!(r#"{{"keys": [{entry}]}}"#);
    let openssl = "openssl rand -base64 32";
    let texts = [
        // One string.
        ("double quotes around a string", format!("\"1:{k1}\""), "remove the quotes"),
        ("single quotes around a string", format!("'2:{k2},1:{k1}'"), "remove the quotes"),
        ("quotes of a word processor", format!("\u{201c}1:{k1}\u{201d}"), "remove the quotes"),
        ("semicolons", format!("2:{k2};1:{k1}"), "separate them with commas"),
        ("lines", format!("2:{k2}\n1:{k1}"), "separate the entries with commas"),
        ("spaces", format!("2:{k2} 1:{k1}"), "separate them with commas"),
        ("a comma at the end", format!("1:{k1},"), "none after the last"),
        ("two commas", format!("2:{k2},,1:{k1}"), "none after the last"),
        ("an equals sign", format!("1={k1}"), "no `:` between id and key"),
        ("spaces around the colon", format!("1 : {k1}"), "without spaces"),
        ("an id with a letter", format!("v1:{k1}"), "not a key id"),
        ("a word for nothing", "null\n".to_owned(), "a word for nothing"),
        ("a template's word for nothing", "<no value>".to_owned(), "a word for nothing"),
        ("a ciphertext of Vault", format!("vault:v1:{k1}"), "transit engine"),
        (
            "an answer of Vault",
            format!(r#"{{"request_id": "x", "lease_id": "", "data": {{"keys": "1:{k1}"}}}}"#),
            "-field=NAME",
        ),
        (
            "base64 of a file",
            STANDARD.encode(format!("# ours\n{}", tables([(1, "")]))),
            "base64 -d",
        ),
        (
            "base64 of a string with settings",
            STANDARD.encode(format!("last-id=1,1:{k1}")),
            "base64 -d",
        ),
        (
            "a misspelled setting of TOML",
            format!("absolut_timeout = \"14d\"\n{}", tables([(1, "")])),
            "unknown field `absolut_timeout`",
        ),
        ("an id without a key", "1:".to_owned(), openssl),
        ("a passphrase behind an id", "1:correct horse battery staple".to_owned(), openssl),
        ("a cut key behind an id", format!("1:{}", &k1[..30]), openssl),
        ("a key twice in a string", format!("2:{k1},1:{k1}"), openssl),
        ("an id twice in a string", format!("1:{k2},1:{k1}"), "its own id"),
        ("an id too great in a string", format!("4294967296:{k1}"), "from 0 to 4294967295"),
        (
            "a start with an underscore",
            format!("2@2026-12-01_00:00:00Z:{k2},1:{k1}"),
            "2026-12-01T00:00:00Z",
        ),
        (
            "a start with a space",
            format!("2@2026-12-01 00:00:00Z:{k2},1:{k1}"),
            "2026-12-01T00:00:00Z",
        ),
        (
            "a start in lower case",
            format!("2@2026-12-01t00:00:00z:{k2},1:{k1}"),
            "2026-12-01T00:00:00Z",
        ),
        ("a date alone", format!("2@2026-12-01:{k2},1:{k1}"), "2026-12-01T00:00:00Z"),
        (
            "no key to seal yet",
            format!("1@2099-12-01T00:00:00Z:{k1}"),
            "keep one key that has no not_after",
        ),
        ("a count that is wrong", format!("key-count=3,2:{k2},1:{k1}"), "correct its key_count"),
        (
            "a misspelled setting",
            format!("last-id=3,no-takover,1:{k1}"),
            "with a comma between entries",
        ),
        ("a setting twice", format!("last-id=3,last-id=4,1:{k1}"), "remove one of them"),
        ("a repeated word", format!("1:{}", "deadbeef".repeat(8)), openssl),
        ("digits in order", format!("1:{}", "0123456789abcdef".repeat(4)), openssl),
        ("a word four times", format!("1:{}", STANDARD.encode("changeme".repeat(4))), openssl),
        (
            "a sentence for a key",
            "1:thisisaverylongsentencethatnobodyshouldusee".to_owned(),
            openssl,
        ),
        // JSON.
        (
            "JSON that ends early",
            format!(r#"{{"keys": [{{"id": 1, "key": "{k1}"}}"#),
            r#"write the ring as {"keys""#,
        ),
        (
            "JSON with a comma too many",
            json(&format!(r#"{{"id": 1, "key": "{k1}"}},"#)),
            r#"write the ring as {"keys""#,
        ),
        ("JSON without keys", r#"{"last_id": 3}"#.to_owned(), r#"write the ring as {"keys""#),
        (
            "JSON with an unknown field",
            format!(r#"{{"kees": [], "keys": [{{"id": 1, "key": "{k1}"}}]}}"#),
            "a key ring has keys",
        ),
        (
            "JSON with a number for a key",
            json(r#"{"id": 1, "key": 5}"#),
            r#"write the ring as {"keys""#,
        ),
        ("JSON with a bad key", json(r#"{"id": 1, "key": "short"}"#), openssl),
        ("an empty list of JSON", "[]".to_owned(), openssl),
        (
            "JSON behind JSON",
            format!("{}{}", json(&format!(r#"{{"id": 1, "key": "{k1}"}}"#)), "{}"),
            r#"write the ring as {"keys""#,
        ),
        // Other files.
        ("YAML that begins a document", format!("---\nkeys:\n- {k1}\n"), "it is YAML"),
        (
            "an Ansible vault",
            "$ANSIBLE_VAULT;1.1;AES256\n3662\n".to_owned(),
            "a task that decrypts it",
        ),
        ("age", "age-encryption.org/v1\n-> X25519\n".to_owned(), "age -d"),
        ("PGP", "-----BEGIN PGP MESSAGE-----\n".to_owned(), "gpg -d"),
        ("PEM", "-----BEGIN PRIVATE KEY-----\n".to_owned(), "it is PEM"),
        (
            "a pointer of Git LFS",
            "version https://git-lfs.github.com/spec/v1\n".to_owned(),
            "git lfs pull",
        ),
        ("a page of a proxy", "<html><h1>502</h1></html>".to_owned(), "HTML"),
        ("a template", "{{ with secret \"kv\" }}".to_owned(), "template"),
        ("a shell's file", format!("SESSION_KEYS=1:{k1}\n"), "what follows the `=`"),
        (
            "an exported variable",
            format!("export SESSION_KEYS=\"1:{k1}\"\n"),
            "what follows the `=`",
        ),
        ("base64 of a ring", STANDARD.encode(format!("1:{k1}")), "base64 -d"),
        ("a key alone", k1.clone(), "write `1:` in front"),
        (
            "a setting of another type",
            format!("absolute_timeout = true\n{}", tables([(1, "")])),
            "14d",
        ),
        (
            "a timeout without a unit",
            format!("absolute_timeout = \"14\"\n{}", tables([(1, "")])),
            "14d",
        ),
        (
            "a file that was cut",
            format!("key_count = 2\n{}", tables([(1, "")])),
            "correct its key_count",
        ),
    ];
    let texts = texts.into_iter().map(|(what, text, part)| (what, text.into_bytes(), part));
    let bytes: [(_, &[u8], _); 4] = [
        ("UTF-16 without a mark", b"1\0:\0A\0B\0C\0D\0", "it is UTF-16"),
        ("git-crypt", b"\0GITCRYPT\0\x8e\x11", "git-crypt unlock"),
        ("gzip", b"\x1f\x8b\x08\x00", "gunzip"),
        ("UTF-16", b"\xff\xfe1\0:\0", "UTF-8"),
    ];
    texts.chain(bytes.map(|(what, bytes, part)| (what, bytes.to_vec(), part))).collect()
}

#[test]
fn a_hundred_kinds_are_named_through_each_way_in() {
    let of_toml = bad_files().into_iter().map(|(what, text, _, part)| (what, text, part));
    let all: Vec<_> = of_toml.chain(more()).collect();
    assert!(all.len() >= 100, "{}", all.len());
    for (what, bytes, part) in all {
        let ring = Ring::new(&bytes);
        let path = ring.path.to_str().unwrap();
        let from_file = finish(tool(&["check", path]).env(CLOCK, AT), "");
        let mut piped = tool(&["check", "-"]);
        let from_stdin = feed(piped.env(CLOCK, AT), &bytes);
        let mut runs = vec![("keys.toml", from_file), ("standard input", from_stdin)];
        // A variable has no NUL, and is not empty.
        if !bytes.contains(&0) && !bytes.is_empty() {
            use std::os::unix::ffi::OsStrExt as _;
            let mut tool = tool(&["check", "--env", "RING"]);
            tool.env("RING", std::ffi::OsStr::from_bytes(&bytes));
            runs.push(("environment variable RING", finish(tool.env(CLOCK, AT), "")));
        }
        for (place, run) in runs {
            if bytes.is_empty() && place == "standard input" {
                assert!(run.err.contains("it is empty; give it the ring"), "{}", run.err);
                continue;
            }
            assert_eq!((run.code, run.out.as_str()), (1, ""), "{what}, {place}: {}", run.err);
            assert!(run.err.contains(place), "{what}, {place}: {}", run.err);
            assert!(run.err.contains(part), "{what}, {place}: {}", run.err);
            super::assert_shows_no_key(&run, &String::from_utf8_lossy(&bytes));
        }
    }
}

fn feed(tool: &mut std::process::Command, bytes: &[u8]) -> super::Run {
    use std::{io::Write as _, process::Stdio};

    let mut child =
        tool.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let output = child.wait_with_output().unwrap();
    super::Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
