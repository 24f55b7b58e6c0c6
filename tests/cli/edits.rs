//! What a change leaves as it was: comments, order, formatting, line ends.

use super::{NOW, Ring, key_text, tables};

/// The text with every key that is not one of the tests' replaced by `NEW`.
fn masked(ring: &Ring) -> String {
    let known: Vec<_> = (1..=9).map(key_text).collect();
    let lines = ring.text();
    let mut text = String::new();
    for line in lines.split_inclusive('\n') {
        let start = line.find("key = \"").map(|at| at + 7);
        let key = start.and_then(|at| line.get(at..at + 44));
        match key.filter(|key| !known.iter().any(|known| known == key)) {
            Some(key) => text.push_str(&line.replace(key, "NEW")),
            None => text.push_str(line),
        }
    }
    text
}

#[test]
fn tables_keep_their_comments_and_the_new_one_stands_in_front() {
    let (k1, k2) = (key_text(1), key_text(2));
    let ring = Ring::new(format!(
        "# The shop's keys.\n# Ask Ada.\nlast_id   =  2  # of all times\n\n# The keys, newest first.\n\n\
         # made in May\n[[keys]]  # two\n  id = 2\n  key = \"{k2}\" # here\n  # since:\n  not_before = \"2031-05-01T00:00:00Z\"\n\n\
         # the first\n[[keys]]\nkey = '{k1}'\nid = 1\n# the end\n"
    ));
    ring.run("rotate", &[]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "# The shop's keys.\n# Ask Ada.\nlast_id   =  3  # of all times\nkey_count = 3\nrotated_at = \"2031-05-06T07:00:00Z\"\n\n# The keys, newest first.\n\n\
             [[keys]]\nid = 3\nkey = \"NEW\"\nnot_before = \"2031-05-06T07:15:00Z\"\n\n\
             # made in May\n[[keys]]  # two\n  id = 2\n  key = \"{k2}\" # here\n  # since:\n  not_before = \"2031-05-01T00:00:00Z\"\n\n\
             # the first\n[[keys]]\nkey = '{k1}'\nid = 1\n# the end\n"
        )
    );
    ring.run("retire", &["2", "--force"]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "# The shop's keys.\n# Ask Ada.\nlast_id   =  3  # of all times\nkey_count = 2\nrotated_at = \"2031-05-06T07:00:00Z\"\n\n# The keys, newest first.\n\n\
             [[keys]]\nid = 3\nkey = \"NEW\"\nnot_before = \"2031-05-06T07:15:00Z\"\n\n\
             # the first\n[[keys]]\nkey = '{k1}'\nid = 1\n# the end\n"
        )
    );
    ring.run("retire", &["3"]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "# The shop's keys.\n# Ask Ada.\nlast_id   =  3  # of all times\nkey_count = 1\nrotated_at = \"2031-05-06T07:00:00Z\"\n\n# The keys, newest first.\n\n\
             # the first\n[[keys]]\nkey = '{k1}'\nid = 1\n# the end\n"
        )
    );
}

#[test]
fn a_header_stays_a_header() {
    let k1 = key_text(1);
    let ring = Ring::new(format!("# Ask Ada.\n[[keys]]\nid = 1\nkey = \"{k1}\"\n"));
    ring.run("rotate", &[]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "# Ask Ada.\nlast_id = 2\nkey_count = 2\nrotated_at = \"2031-05-06T07:00:00Z\"\n\n[[keys]]\nid = 2\nkey = \"NEW\"\nnot_before = \"2031-05-06T07:15:00Z\"\n\n\
             [[keys]]\nid = 1\nkey = \"{k1}\"\n"
        )
    );
}

#[test]
fn a_list_of_inline_tables_stays_one() {
    let (k1, k2) = (key_text(1), key_text(2));
    let ring = Ring::new(format!(
        "keys = [ # newest first\n    {{ id = 2, key = \"{k2}\", not_before = \"2031-05-01T00:00:00Z\" }}, # two\n    # the first\n    {{ id = 1, key = \"{k1}\" }}, # one\n]\n"
    ));
    ring.run("rotate", &["--activate-in", "2h"]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "keys = [\n    {{ id = 3, key = \"NEW\", not_before = \"2031-05-06T09:00:00Z\" }}, # newest first\n    {{ id = 2, key = \"{k2}\", not_before = \"2031-05-01T00:00:00Z\" }}, # two\n    # the first\n    {{ id = 1, key = \"{k1}\" }}, # one\n]\nlast_id = 3\nkey_count = 3\nrotated_at = \"2031-05-06T07:00:00Z\"\n"
        )
    );
    ring.run("retire", &["1", "--force"]).done();
    ring.run("retire", &["3"]).done();
    assert_eq!(ring.ids(), [2]);
    assert!(masked(&ring).contains("# two\n]"), "{}", masked(&ring));
}

#[test]
fn a_list_on_one_line_stays_one() {
    let (k1, k2) = (key_text(1), key_text(2));
    let ring = Ring::new(format!("keys = [\"2:{k2}\", {{ id = 1, key = \"{k1}\" }}]\n"));
    ring.run("rotate", &[]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "keys = [{{ id = 3, key = \"NEW\", not_before = \"2031-05-06T07:15:00Z\" }}, \"2:{k2}\", {{ id = 1, key = \"{k1}\" }}]\nlast_id = 3\nkey_count = 3\nrotated_at = \"2031-05-06T07:00:00Z\"\n"
        )
    );
    ring.run("retire", &["3"]).done();
    ring.run("retire", &["1", "--force"]).done();
    assert_eq!(
        masked(&ring),
        format!(
            "keys = [\"2:{k2}\"]\nlast_id = 3\nkey_count = 1\nrotated_at = \"2031-05-06T07:00:00Z\"\n"
        )
    );
}

#[test]
fn keys_in_one_string_are_read_and_not_changed() {
    let ring = Ring::new(format!("# ring\nkeys = \"2:{},1:{}\"\n", key_text(2), key_text(1)));
    assert!(ring.run("check", &[]).done().contains("fingerprint"));
    let error = ring.refused("rotate", &[]);
    assert!(error.contains("keys.toml:2: the keys stand in one string"), "{error}");
    assert!(error.contains("write each as `[[keys]]`"), "{error}");
    // An incident does not wait for that.
    ring.run("emergency", &[]).done();
    assert_eq!(ring.ids(), [3]);
}

#[test]
fn line_ends_and_a_byte_order_mark_stay() {
    for mark in ["", "\u{feff}"] {
        let text = format!("{mark}{}", tables([(1, "")]).replace('\n', "\r\n"));
        let ring = Ring::new(&text);
        ring.run("rotate", &[]).done();
        let changed = ring.text();
        assert!(changed.starts_with(mark));
        assert_eq!(changed.matches('\u{feff}').count(), mark.chars().count());
        assert_eq!(changed.matches('\n').count(), changed.matches("\r\n").count());
        assert!(changed.contains(&text[text.find("id = 1").unwrap()..]));
    }
}

#[test]
fn a_setting_that_was_there_keeps_its_place_and_comment() {
    let tables = tables([(2, ""), (1, "")]);
    let ring = Ring::new(format!("# once\nno_takeover = false # after the move\n\n{tables}"));
    ring.run("emergency", &[]).done();
    let text = ring.text();
    assert!(text.starts_with("# once\nno_takeover = true # after the move\n"), "{text}");
    assert_eq!(ring.at(NOW).entries().len(), 1);
}
