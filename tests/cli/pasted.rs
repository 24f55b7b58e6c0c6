//! What operators paste into `inspect`, from wherever they see a cookie.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::json;
use time::Duration;

use super::{
    AT, CLOCK, Ring,
    inspect::{inspect, report, sealed},
    key_text,
};

#[test]
fn copies_of_browsers_commands_of_curl_logs_and_exports_are_read() {
    let ring = Ring::of([(1, "")]);
    let file = ring.path.to_str().unwrap();
    let value = sealed(&ring, json!({ "user": "ada" }), Duration::ZERO);
    let pair = format!("__Host-session={value}");
    for pasted in [
        format!("__Host-session:\"{value}\""),
        format!("\"__Host-session\": \"{value}\","),
        format!("\u{feff}{value}"),
        format!(
            "curl 'https://shop.example/?a=b' -H 'accept: */*' -H 'Cookie: theme=dark; {pair}' --compressed"
        ),
        format!(
            "curl 'https://shop.example/' \\\n  -H 'accept: */*' \\\n  -H 'Cookie: theme=dark; {pair}' \\\n  --compressed"
        ),
        format!("curl https://shop.example/ -b '{pair}'"),
        format!("curl 'https://shop.example/' \\\n  -b '{pair}' \\\n  -H 'x: y'"),
        format!(
            "10.0.0.1 - - [06/May/2031:07:00:00 +0000] \"GET /?q=1 HTTP/1.1\" 200 5 \"-\" \"Mozilla/5.0 (X11; Linux x86_64) x\" \"{pair}; theme=dark\""
        ),
        format!("2031-05-06T07:00:00Z level=info cookie={pair}"),
        format!("\"cookies\": [{{\"name\": \"__Host-session\", \"value\": \"{value}\"}}]"),
        format!("\"cookies\": [{{\"name\": \"__Host-session\", \"value\": \"{value}\"}}],"),
        format!(
            r#"{{"headers": [{{"name": "Cookie", "value": "a=b; {pair}"}}], "cookies": [{{"name": "__Host-session", "value": "{value}"}}]}}"#
        ),
        format!(r#"{{"__Host-session": "{value}"}}"#),
        format!("Cookie:\n{pair}"),
    ] {
        let report = report(&["--keys", file], &pasted);
        assert_eq!(report["ok"], true, "{pasted}: {report}");
        let values = report["values"].as_array().unwrap();
        assert_eq!((values.len(), &values[0]["cookie"]), (1, &json!("__Host-session")), "{pasted}");
        let named = self::report(&["--keys", file, "--cookie", "__Host-session"], &pasted);
        assert_eq!(named["ok"], true, "{pasted}: {named}");
    }
    let comma = report(&["--keys", file], &format!("{value},"));
    assert_eq!(comma["ok"], false);
    assert!(comma["values"][0]["notes"][0].as_str().unwrap().contains("comma"), "{comma}");
}

#[test]
fn every_value_of_several_is_shown() {
    let ring = Ring::of([(1, "")]);
    let file = ring.path.to_str().unwrap();
    let (one, two) =
        (sealed(&ring, json!(1), Duration::ZERO), sealed(&ring, json!(2), Duration::HOUR));
    let cut = &two[..two.len() - 20];
    for (pasted, verdicts) in [
        (format!("__Host-session={one}\n__Host-session={two}"), vec![true, true]),
        (format!("{one}\n{two}"), vec![true, true]),
        (format!("__Host-session={one}; __Host-session={cut}"), vec![true, false]),
        (format!("__Host-session={}; __Host-session={two}", &one[..30]), vec![false, true]),
    ] {
        let report = report(&["--keys", file], &pasted);
        let found: Vec<_> = report["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["refused"].is_null())
            .collect();
        assert_eq!(found, verdicts, "{pasted}: {report}");
        assert_eq!(report["ok"], verdicts.iter().all(|is_live| *is_live));
    }
}

#[test]
fn an_empty_value_is_told_from_a_line_that_removes_the_cookie() {
    let reason = |line: &str| {
        let run = inspect(&[], line);
        assert_eq!(run.code, 1, "{}{}", run.out, run.err);
        run.out
    };
    let said = reason("__Host-session=");
    assert!(said.contains("cookie  __Host-session") && said.contains("it is empty\n"), "{said}");
    let said = reason("Cookie: a=b; __Host-session=");
    assert!(said.contains("it is empty\n"), "{said}");
    let said = reason("Set-Cookie: __Host-session=; Path=/; Secure; HttpOnly; Max-Age=0");
    assert!(said.contains("takes the cookie out of the browser"), "{said}");
}

#[test]
fn a_key_that_was_pasted_is_warned_of_and_not_shown() {
    let (key, ring) = (key_text(1), Ring::of([(1, "")]).text());
    for pasted in [key.clone(), format!("1:{key}"), ring, format!("{key}\n")] {
        let run = inspect(&[], &pasted);
        assert_eq!((run.code, run.out.as_str()), (1, ""));
        assert!(
            run.err.contains("a key or a ring") && run.err.contains("emergency"),
            "{}",
            run.err
        );
        assert!(!run.err.contains(&key[..8]));
    }
    // A token of another cookie, as long as a key, is none.
    let value = sealed(&Ring::of([(1, "")]), json!(1), Duration::ZERO);
    inspect(&[], &format!("csrf={key}; __Host-session={value}")).done();
}

/// What is said on a terminal where this is typed.
#[cfg(target_os = "linux")]
fn on_a_terminal(typed: &str) -> String {
    let tool = env!("CARGO_BIN_EXE_sealed-session");
    let mut script = Command::new("script")
        .args(["-qec", &format!("stty -echo; {tool} inspect"), "/dev/null"])
        .env(CLOCK, AT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("util-linux is there");
    let mut input = script.stdin.take().unwrap();
    // Typed once the tool asks: what came before `stty` would be echoed.
    std::thread::sleep(std::time::Duration::from_millis(700));
    input.write_all(typed.as_bytes()).unwrap();
    input.flush().unwrap();
    // The line's end alone ends the input: nothing is closed yet.
    let said = std::io::read_to_string(script.stdout.take().unwrap()).unwrap();
    drop(input);
    script.wait().unwrap();
    said
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_asks_for_one_line_and_says_when_the_terminal_cut_it() {
    let value = sealed(&Ring::of([(1, "")]), json!(1), Duration::ZERO);
    let said = on_a_terminal(&format!("__Host-session={value}\n"));
    assert!(said.contains("Paste the value or the whole Cookie line"), "{said}");
    assert!(said.contains("well-formed") && !said.contains("4095"), "{said}");
    let said = on_a_terminal(&format!("__Host-session={}\n", value.repeat(60)));
    assert!(said.contains("the terminal passes 4095 bytes"), "{said}");
}
