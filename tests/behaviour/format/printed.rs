//! What docs/FORMAT.md prints.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use sealed_session::{ConfigError, Key};

use super::{
    file::{Expect, file, hex},
    values::CLASSES,
};

const FORMAT: &str = include_str!("../../../docs/FORMAT.md");

#[test]
fn specification_names_every_class_in_the_order_of_the_checks() {
    let checks = FORMAT.split_once("\n## Unsealing").expect("the checks have a heading").1;
    // The last cell of a row, as in "| 1 | … | `too_long` |".
    let cells = checks
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.strip_suffix("` |")?.rsplit_once('`')?.1));
    // Those that need more than the value come before the last one.
    let (last, before) = CLASSES.split_last().expect("there are classes");
    let known = [before, &["revoked", "ended", last]].concat();
    let mut classes: Vec<_> = cells.filter(|class| known.contains(class)).collect();
    // `malformed` stands in three rows: length, first characters, whole value.
    assert_eq!(classes.iter().filter(|class| **class == "malformed").count(), 3);
    let mut seen = BTreeSet::new();
    classes.retain(|class| seen.insert(*class));
    assert_eq!(classes, known);
}

#[test]
fn examples_of_the_specification_are_vectors() {
    let file = file();
    let example = file.vectors.first().expect("there are vectors");
    assert_eq!(example.name, "example");
    let Expect::Claims(claims) = &example.expect else { panic!("the example is live") };
    let nonce = example.sealed.as_ref().and_then(|sealed| sealed["nonce"].as_str()).unwrap();
    for text in [
        &example.value,
        &example.reader.ring[0].key_hex,
        &claims.session_id,
        &claims.payload,
        nonce,
    ] {
        assert!(FORMAT.contains(text), "docs/FORMAT.md lacks {text}");
    }
    let tombstone = file.vectors.iter().find(|vector| vector.name == "tombstone").unwrap();
    let Expect::Tombstone(expected) = &tombstone.expect else { panic!("the example is live") };
    for text in [&tombstone.value, &expected.cookie, &expected.until.to_string()] {
        assert!(FORMAT.contains(text), "docs/FORMAT.md lacks {text}");
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
    let is_iron = |file: &Path| file.to_string_lossy().contains("tests/vectors/iron-session");
    // Checksums, which nobody takes for keys, and what is built.
    let is_made = |file: &Path| {
        file.ends_with("Cargo.lock") || file.components().any(|part| part.as_os_str() == "pkg")
    };
    files.retain(|file| !is_iron(file) && !is_made(file));
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
    for vector in &file().vectors {
        for entry in &vector.reader.ring {
            // In two halves, of which neither is a key, nor both with the space.
            assert!(matches!(entry.key_hex.parse::<Key>(), Err(ConfigError::KeyText(_))));
            assert!(entry.key_hex.split(' ').all(|half| half.parse::<Key>().is_err()));
        }
    }
    assert!(found > 0, "the search finds the values of iron-session's form among the vectors");
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
