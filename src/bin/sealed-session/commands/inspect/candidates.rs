//! The sealed values in what an operator pastes.

use sealed_session::Hint;

use super::{
    clean::{Candidate, clean},
    pasted::{Pair, pairs, rows, scan},
};

/// The sealed values in a text; with a name, those of that cookie, whatever they look like.
pub(super) fn candidates(text: &str, name: Option<&str>) -> Vec<Candidate> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let wanted = name.unwrap_or(DEFAULT_NAME);
    let is_found = |one: &Candidate| one.name == wanted || name.is_none() && is_sealed(one);
    let mut found = cleaned(match rows(text) {
        rows if rows.is_empty() => pairs(text, wanted),
        rows => rows,
    });
    // A command or a line of a log is taken apart wrongly by the rules of a Cookie line.
    let is_readable = |all: &[Candidate]| all.iter().any(|one| is_found(one) && is_sealed(one));
    if !is_readable(&found) {
        let scanned = cleaned(scan(text));
        if is_readable(&scanned) || !found.iter().any(is_found) {
            found = scanned;
        }
    }
    let sealed: Vec<_> =
        found.iter().filter(|one| is_sealed(one)).map(|one| one.name.clone()).collect();
    found.retain(|one| is_found(one) || name.is_none() && sealed.contains(&one.name));
    found
}

fn cleaned(pairs: Vec<Pair>) -> Vec<Candidate> {
    let mut once = Vec::new();
    for pair in pairs {
        if !once.contains(&pair) {
            once.push(pair);
        }
    }
    once.iter().map(clean).collect()
}

fn is_sealed(one: &Candidate) -> bool {
    Hint::read(&one.value).is_ok()
}

const DEFAULT_NAME: &str = "__Host-session";
