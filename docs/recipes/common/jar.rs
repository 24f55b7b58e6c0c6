//! The cookies that a browser keeps, and whether the chapter shows this program.

use std::collections::BTreeMap;

/// `program` is what the test runs.
pub(crate) fn assert_is_shown(program: &str) {
    let chapter = include_str!("../../guide/recipes.md");
    assert!(chapter.contains(&format!("\n```rust,ignore\n{program}```\n")), "the chapter differs");
}

#[derive(Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    pub(crate) fn header(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn store(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        match attributes.contains("Max-Age=0") {
            true => self.0.remove(name),
            false => self.0.insert(name.to_owned(), value.to_owned()),
        };
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.0.contains_key("__Host-session")
    }
}
