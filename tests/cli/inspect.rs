use sealed_session::Sessions;
use serde_json::{Value, json};
use time::Duration;

use super::{AT, NOW, Ring, Run, finish, tool};

pub(super) fn inspect(arguments: &[&str], input: &str) -> Run {
    let mut tool = tool(&["inspect"]);
    finish(tool.args(arguments).args(["--at", AT]), input)
}

pub(super) fn report(arguments: &[&str], input: &str) -> Value {
    let run = inspect(&[arguments, &["--json"]].concat(), input);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["ok"] == true, run.code == 0);
    report
}

pub(super) fn sealed(ring: &Ring, data: Value, age: Duration) -> String {
    let sessions = Sessions::<Value>::new(ring.at(NOW));
    let session = sessions.create_at(data, NOW - age).unwrap();
    sessions.seal_at(&session, NOW - age).unwrap()
}

#[test]
fn without_keys_it_tells_version_key_and_sizes() {
    let value = sealed(&Ring::of([(7, "")]), json!("hello"), Duration::ZERO);
    let said = inspect(&[&value], "").done();
    let sealed = sealed_session::Hint::read(&value).unwrap().sealed_len();
    let size = format!("size  {sealed} bytes, of which 7 are data");
    for part in ["version  1", "key id  7", &size, "--keys FILE"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("hello"));
}

#[test]
fn with_keys_it_tells_times_and_shows_data_on_demand_only() {
    let ring = Ring::of([(7, "")]);
    let file = ring.path.to_str().unwrap();
    let value = sealed(&ring, json!({ "user": "ada" }), Duration::hours(1));
    let report = report(&["--keys", file, &value], "");
    let found = &report["values"][0];
    assert_eq!(found["created"], "2031-05-06T06:00:00Z");
    assert_eq!(found["ends"], "2031-05-20T06:00:00Z");
    assert_eq!((&found["key_id"], &found["payload"]), (&json!("7"), &Value::Null));
    let said = inspect(&["--keys", file, &value], "").done();
    assert!(said.contains("live") && !said.contains("ada"), "{said}");

    let said = inspect(&["--keys", file, "--show-payload", &value], "").done();
    assert!(said.contains(r#"{"user":"ada"}"#), "{said}");
    let report = self::report(&["--keys", file, "--show-payload", &value], "");
    assert_eq!(report["values"][0]["payload"]["user"], "ada");
    let refused = inspect(&["--show-payload", &value], "");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("--keys FILE or --env NAME"), "{}", refused.err);
}

#[cfg(feature = "iron")]
#[test]
fn of_a_session_that_was_taken_over_it_says_that_nobody_knows_its_age() {
    use sealed_session::iron::{self, Migration, Passwords};

    let ring = Ring::of([(7, "")]);
    let passwords = Passwords::new("Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0").unwrap();
    let day = std::time::Duration::from_secs(24 * 3600);
    let theirs = iron::seal_at("app", &json!(1), &passwords, Some(day), NOW).unwrap();
    let sessions = Sessions::<Value>::builder(ring.at(NOW))
        .accept_iron(Migration::new("app", passwords, NOW + Duration::DAY))
        .build()
        .unwrap();
    let session = sessions.load_at([format!("app={theirs}")], NOW);
    let value = sessions.seal_at(&session, NOW).unwrap();

    let arguments = ["--keys", ring.path.to_str().unwrap(), &value];
    let found = &report(&arguments, "")["values"][0];
    assert_eq!((&found["created"], found["ends"].is_string()), (&Value::Null, true));
    let said = inspect(&arguments, "").done();
    assert!(said.contains("created  nobody knows") && said.contains("live"), "{said}");
}

#[test]
fn it_tells_why_a_value_is_refused() {
    let ring = Ring::of([
        (2, "not_before = \"2031-01-01T00:00:00Z\""),
        (1, "not_after = \"2031-04-01T00:00:00Z\""),
    ]);
    let file = ring.path.to_str().unwrap();
    let other = sealed(&Ring::of([(9, "")]), json!(1), Duration::ZERO);
    let live = sealed(&ring, json!(1), Duration::ZERO);
    let expired = sealed(&ring, json!(1), Duration::days(14));
    let ahead = sealed(&ring, json!(1), Duration::minutes(-2));
    let retired = sealed(&Ring::of([(1, "")]), json!(1), Duration::ZERO);
    let mut tampered = live.clone();
    tampered.replace_range(60..61, if &live[60..61] == "A" { "B" } else { "A" });
    for (value, class, has_times) in [
        (&other, "unknown_key", false),
        (&tampered, "not_authentic", false),
        (&expired, "expired", true),
        (&ahead, "issued_in_future", true),
        (&retired, "retired_key", true),
    ] {
        let report = report(&["--keys", file, value], "");
        let found = &report["values"][0];
        assert_eq!(found["refused"], class);
        assert_eq!(found["created"].is_string(), has_times, "{class}");
        assert!(found["reason"].is_string());
    }
    for arguments in [["--cookie", "__Host-cart"], ["--audience", "tenant"]] {
        let report = report(&[&["--keys", file, &live], &arguments[..]].concat(), "");
        assert_eq!(report["values"][0]["refused"], "not_authentic");
        assert!(
            report["values"][0]["reason"]
                .as_str()
                .unwrap()
                .contains("check --cookie and --audience")
        );
    }
}

#[test]
fn what_is_malformed_is_explained() {
    let value = sealed(&Ring::of([(1, "")]), json!("hello, world"), Duration::ZERO);
    for (value, part) in [
        (String::new(), "it is empty"),
        ("Fe26.2**abc".to_owned(), "iron-session"),
        (value[..50].to_owned(), "too few for a sealed value"),
        (format!("{}+{}", &value[..9], &value[10..]), "base64url"),
        (format!("{} {}*", &value[..60], &value[60..]), "white space at byte 60"),
        (format!("{}\u{202e}{}", &value[..60], &value[60..]), "U+202E at byte 60"),
        (format!("{value}AA")[..=value.len() / 4 * 4].to_owned(), "cut off"),
        ("A".repeat(5000), "5000 bytes"),
        (format!("Ag{}", &value[2..]), "version 2"),
    ] {
        let run = inspect(&[], &value);
        assert_eq!(run.code, 1);
        assert!(run.out.contains(part), "{part}: {}", run.out);
        assert!(!run.out.contains('\u{202e}'));
    }
}

#[test]
fn whole_lines_are_taken_apart() {
    let ring = Ring::of([(1, "")]);
    let file = ring.path.to_str().unwrap();
    let carts =
        Sessions::<Value>::builder(ring.at(NOW)).cookie_name("__Host-cart").build().unwrap();
    let cart = carts.seal_at(&carts.create_at(json!(7), NOW).unwrap(), NOW).unwrap();
    let value = sealed(&ring, json!(1), Duration::ZERO);
    for (line, names) in [
        (value.clone(), vec!["__Host-session"]),
        (format!("__Host-session={value}"), vec!["__Host-session"]),
        (format!("Cookie: theme=dark; __Host-session={value}\r\n"), vec!["__Host-session"]),
        (
            format!("cookie: __Host-cart={cart}; __Host-session={value}"),
            vec!["__Host-cart", "__Host-session"],
        ),
        (format!("__Host-cart={cart}; a=b"), vec!["__Host-cart"]),
        (format!("Set-Cookie: __Host-cart={cart}; HttpOnly; Secure; Path=/"), vec!["__Host-cart"]),
        (format!("set-cookie:__Host-session={value}"), vec!["__Host-session"]),
    ] {
        let report = report(&["--keys", file], &line);
        assert_eq!(report["ok"], true, "{line}: {report}");
        let found: Vec<_> =
            report["values"].as_array().unwrap().iter().map(|v| v["cookie"].clone()).collect();
        assert_eq!(found, names, "{line}");
    }
    let both = format!("__Host-cart={cart}; __Host-session={value}");
    assert_eq!(
        report(&["--cookie", "__Host-cart", "-"], &both)["values"].as_array().unwrap().len(),
        1
    );
    let run = inspect(&["theme=dark; a=b"], "");
    assert_eq!(run.code, 1);
    assert!(run.err.contains("--cookie"), "{}", run.err);
    let run = inspect(&["--cookie", "absent", &both], "");
    assert!(run.err.contains("no cookie"), "{}", run.err);
}

#[test]
fn whatever_way_a_value_was_pasted_it_is_read_and_what_was_done_to_it_is_said() {
    let ring = Ring::of([(1, "")]);
    let file = ring.path.to_str().unwrap();
    // Of a length that no padding is needed for, so that cutting shows.
    let value = sealed(&ring, json!({ "user": "ada" }), Duration::ZERO);
    let encoded = value.replace('-', "%2D").replace('_', "%5F") + "%3D";
    let expires = "1999999999";
    for (pasted, note) in [
        (format!("\"{value}\""), "quotes"),
        (format!("__Host-session=\"{value}\""), "quotes"),
        (format!("'__Host-session={value}'"), ""),
        (format!("__Host-session={encoded}"), "percent-encoded"),
        (encoded.clone(), "percent-encoded"),
        (format!("{value}=="), "padding"),
        (format!("__Host-session={value}="), "padding"),
        (format!("{}\n  {}", &value[..60], &value[60..]), "white space"),
        (format!("Cookie : __Host-session={value}"), ""),
        (format!("COOKIE: a=b; __Host-session={value}"), ""),
        (format!("> cookie: __Host-session={value}"), ""),
        (format!("-H 'Cookie: __Host-session={value}'"), ""),
        (format!("--cookie \"__Host-session={value}\""), ""),
        (format!("HTTP_COOKIE=__Host-session={value}"), ""),
        (format!("\"Cookie\": \"__Host-session={value}\","), ""),
        (format!("< Set-Cookie: __Host-session={value}; Path=/; Secure"), ""),
        (format!("__Host-session\t{value}\tshop.example\t/\tSession\t140\t✓\t✓\tLax"), ""),
        (format!("#HttpOnly_shop.example\tFALSE\t/\tTRUE\t{expires}\t__Host-session\t{value}"), ""),
        (format!(r#"[{{"name": "__Host-session", "value": "{value}", "path": "/"}}]"#), ""),
    ] {
        let report = report(&["--keys", file], &pasted);
        let found = &report["values"][0];
        // A server reads it as it stands, or not.
        assert_eq!(report["ok"], note.is_empty(), "{pasted}: {report}");
        assert_eq!(found["refused"].is_null(), note.is_empty(), "{pasted}");
        assert!(found["created"].is_string(), "{pasted}: {report}");
        assert_eq!(found["cookie"], "__Host-session", "{pasted}");
        let notes = found["notes"].to_string();
        assert!(notes.contains(note) && (notes == "[]") == note.is_empty(), "{pasted}: {notes}");
        let said = inspect(&["--keys", file], &pasted).out;
        let verdict = said.lines().last().unwrap();
        match note {
            "" => assert_eq!(verdict, "live", "{pasted}"),
            _ => assert!(verdict.starts_with("refused as it stands; live once "), "{said}"),
        }
    }
    // What was cut cannot be opened, and says so.
    for cut in (0..10).map(|cut| &value[..value.len() - 10 + cut]) {
        let report = report(&["--keys", file], cut);
        let reason = report["values"][0]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("cut"), "{reason}");
        let run = inspect(&["--keys", file], &format!("__Host-session={cut}…"));
        assert!(run.out.contains("its end was cut where it was shown"), "{}", run.out);
    }
}

#[test]
fn a_value_on_the_command_line_is_warned_of() {
    let value = sealed(&Ring::of([(1, "")]), json!(1), Duration::ZERO);
    let said = inspect(&[&value], "").done();
    assert!(said.contains("in the shell's history"), "{said}");
    assert!(!inspect(&[], &value).done().contains("history"));
    assert!(!inspect(&["-"], &value).done().contains("history"));
    assert!(report(&[&value], "")["warning"].is_string());
}

#[test]
fn data_cannot_steer_the_terminal() {
    let ring = Ring::of([(1, "")]);
    let evil = "a\u{1b}[2J\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\r\n\u{7f}é漢";
    let value = sealed(&ring, json!({ "name": evil }), Duration::ZERO);
    for arguments in [&[][..], &["--json"]] {
        let run = inspect(
            &[&["--keys", ring.path.to_str().unwrap(), "--show-payload", &value], arguments]
                .concat(),
            "",
        );
        let shown = run.done();
        assert!(
            shown
                .chars()
                .all(|c| c == '\n' || !(c.is_control() || "\u{202e}\u{2066}\u{200b}".contains(c))),
            "{shown:?}"
        );
        assert!(shown.contains("é漢") && shown.contains("\\u202e"), "{shown}");
        if let Ok(report) = serde_json::from_str::<Value>(&shown) {
            assert_eq!(report["values"][0]["payload"]["name"], evil);
        }
    }
    // Nor can the line, nor a name in it.
    let run = inspect(&["--cookie", "x"], "x\u{1b}[31m=\u{1b}]0;\u{7}; x=\u{1b}[2J");
    assert!(!run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'), "{} {}", run.out, run.err);
}

#[test]
fn an_idle_timeout_longer_than_the_absolute_one_is_said_with_the_remedy() {
    let ring = Ring::of([(7, "")]);
    let file = ring.path.to_str().unwrap();
    let value = sealed(&ring, json!("hello"), Duration::ZERO);
    let longer = ["--keys", file, "--idle-timeout", "20d", &value];
    let run = inspect(&longer, "");
    assert_eq!(run.code, 1, "{}", run.out);
    for part in ["idle_timeout, 1728000 s", "absolute_timeout, 1209600 s", "raise the second"] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    inspect(&[&longer[..], &["--absolute-timeout", "20d"]].concat(), "").done();
}
