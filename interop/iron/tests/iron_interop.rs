//! The real iron-session of npm, versions 8 and 9, reads what we write, and we what it writes.
//!
//! Needs Node and the packages (`npm ci` in interop/node). Without them each
//! test says so on standard error and passes; where the variable
//! `REQUIRE_NODE` is set, as in .ci/run, it fails.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sealed_session::{
    KeyRing, Sessions,
    iron::{self, Migration, Passwords},
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

const PAYLOADS: usize = 1000;
const TTL: Duration = Duration::from_secs(3600);
const OLD: &str = "an older password, of 32 characters at least";
const NEW: &str = "pässwörd-ünïcödé-密码-🔑-with-32-utf16-units";

/// Where the packages are, or `None` with a loud word.
fn node() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node");
    let has_node = Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success());
    let missing = match (has_node, folder.join("node_modules/iron-session9").exists()) {
        (true, true) => return Some(folder),
        (false, _) => "there is no `node`",
        (true, false) => "the packages are not installed; run `npm ci` in interop/node",
    };
    assert!(std::env::var_os("REQUIRE_NODE").is_none(), "{missing}");
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "\nSKIPPED, NOT TESTED: {name}: {missing}\n");
    None
}

/// One process for all lines: passwords first, then one message a line.
fn ask(folder: &Path, package: &str, direction: &str, messages: &[Value]) -> Vec<Value> {
    let mut child = Command::new("node")
        .current_dir(folder)
        .args(["values.mjs", package, direction])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node was found");
    let passwords = json!({"1": OLD, "2": NEW});
    let lines = std::iter::once(&passwords).chain(messages);
    let input: String = lines.flat_map(|line| [line.to_string(), "\n".to_owned()]).collect();
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("node answers");
    writer.join().expect("no panic").expect("node reads everything");
    assert!(output.status.success(), "{package} {direction} failed");
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .expect("JSON is UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(lines.len(), messages.len());
    lines
}

fn passwords() -> Passwords {
    Passwords::with_ids([(1, OLD), (2, NEW)]).unwrap()
}

/// Objects with text of all planes, numbers, nesting; the same in each run.
fn payloads() -> Vec<Value> {
    static PAYLOADS: OnceLock<Vec<Value>> = OnceLock::new();
    PAYLOADS.get_or_init(draw_payloads).clone()
}

fn draw_payloads() -> Vec<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        // What a JavaScript number holds without loss.
        (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
        (any::<i32>(), 1_u8..20)
            .prop_map(|(number, bits)| Value::from(f64::from(number) / f64::from(1 << bits))),
        any::<String>().prop_map(Value::from),
        "[a-zA-Z0-9 äöü€密码🔑\\u{0}-\\u{1f}\"\\\\/\u{2028}]{0,40}".prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::from(Map::from_iter(map))),
        ]
    });
    let object = prop::collection::btree_map("[a-z]{1,8}|\\PC{1,8}", nested, 0..6)
        .prop_map(|map| Value::from(Map::from_iter(map)))
        .prop_filter("fits into a cookie", |value| value.to_string().len() < 2800);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[26; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..PAYLOADS)
        .map(|_| object.new_tree(&mut runner).expect("few are too long").current())
        .collect()
}

/// With each number as JavaScript has it, which knows no difference between 5 and 5.0.
fn as_javascript(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().expect("it is in range")),
        Value::Array(items) => items.into_iter().map(as_javascript).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, as_javascript(value))).collect()
        }
        other => other,
    }
}

fn it_reads_what_we_write(package: &str) {
    let Some(folder) = node() else { return };
    let payloads = payloads();
    let messages: Vec<Value> = payloads
        .iter()
        .enumerate()
        .map(|(index, payload)| {
            let ttl = (index % 2 == 0).then_some(Duration::from_secs(3600));
            json!({"value": iron::seal("app", payload, &passwords(), ttl).unwrap()})
        })
        .collect();
    for (payload, answer) in payloads.into_iter().zip(ask(&folder, package, "unseal", &messages)) {
        assert_eq!(as_javascript(answer), as_javascript(payload));
    }
}

fn we_read_what_it_writes(package: &str) {
    let Some(folder) = node() else { return };
    let payloads = payloads();
    let messages: Vec<Value> = payloads
        .iter()
        .enumerate()
        .map(|(index, payload)| json!({"data": payload, "ttl": if index % 2 == 0 { 3600 } else { 0 }}))
        .collect();
    let values = ask(&folder, package, "seal", &messages);
    for (index, (payload, value)) in payloads.into_iter().zip(values).enumerate() {
        let unsealed = iron::unseal::<Value>(value.as_str().unwrap(), &passwords()).unwrap();
        assert_eq!(as_javascript(unsealed.data), as_javascript(payload));
        assert_eq!(unsealed.expires_at.is_some(), index % 2 == 0);
    }
}

#[test]
fn version_8_reads_a_thousand_of_our_values() {
    it_reads_what_we_write("iron-session8");
}

#[test]
fn version_9_reads_a_thousand_of_our_values() {
    it_reads_what_we_write("iron-session9");
}

#[test]
fn we_read_a_thousand_values_of_version_8() {
    we_read_what_it_writes("iron-session8");
}

#[test]
fn we_read_a_thousand_values_of_version_9() {
    we_read_what_it_writes("iron-session9");
}

/// In one cookie, in two and in four, of which only the first two kinds fit into one of ours.
#[test]
fn a_thousand_sessions_that_version_9_splits_come_along_part_for_part() {
    let Some(folder) = node() else { return };
    let length = |index: usize| [10, 2700, 2850, 9000][index % 4];
    let messages: Vec<Value> = (0..PAYLOADS)
        .map(|index| {
            let data = json!({"user": index, "text": "x".repeat(length(index))});
            json!({"data": data, "ttl": 3600, "cookieName": "app"})
        })
        .collect();
    let sessions: Sessions<Map<String, Value>> = Sessions::builder(KeyRing::ephemeral().unwrap())
        .accept_iron(Migration::new("app", passwords(), OffsetDateTime::now_utc() + TTL).ttl(TTL))
        .build()
        .unwrap();
    let mut in_parts = 0;
    for (index, cookies) in ask(&folder, "iron-session9", "save", &messages).iter().enumerate() {
        let cookies = cookies.as_object().unwrap();
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
            .collect();
        let session = sessions.load([pairs.join("; ")]);
        assert_eq!(session.read()["user"], index, "{:?}", session.refusal());
        assert_eq!(session.read()["text"].as_str().unwrap().len(), length(index));
        let commit = sessions.commit(&session).unwrap();
        let removed: Vec<_> = commit.cookies().iter().filter(|c| c.value().is_empty()).collect();
        if length(index) == 9000 {
            assert!(commit.cookies().is_empty() && cookies.len() > 2);
            continue;
        }
        assert_eq!(commit.cookies().len() - removed.len(), 1);
        for name in cookies.keys() {
            assert!(removed.iter().any(|cookie| cookie.name() == name), "{name} is left");
        }
        in_parts += usize::from(cookies.len() > 1);
    }
    assert!(in_parts >= PAYLOADS / 4, "{in_parts}");
}

#[path = "../../../examples/iron_side_by_side.rs"]
#[expect(dead_code, reason = "its `main`")]
mod side_by_side;

fn they_share_one_session(package: &str) {
    let Some(folder) = node() else { return };
    let told: Vec<_> = side_by_side::go_to_and_fro(&folder, package)
        .unwrap()
        .into_iter()
        .map(|(server, session)| (server, session.visits, session.last_seen_by))
        .collect();
    let rust = |visits| ("Rust", visits, "Rust".to_owned());
    let node = |visits| ("Node", visits, package.to_owned());
    let signed_out = ("Node, sign out", 0, String::new());
    assert_eq!(told, [rust(1), node(2), rust(3), node(4), signed_out, rust(1)]);
}

#[test]
fn a_rust_server_and_one_with_version_8_share_one_session() {
    they_share_one_session("iron-session8");
}

#[test]
fn a_rust_server_and_one_with_version_9_share_one_session() {
    they_share_one_session("iron-session9");
}

#[path = "../../../examples/iron_rehearsal.rs"]
#[expect(dead_code, reason = "its `main`")]
mod rehearsal;

#[test]
fn the_rehearsal_tells_what_a_take_over_does_and_shows_no_data() {
    let Some(folder) = node() else { return };
    let day = 24 * 3600;
    let messages = [
        json!({"data": {"userId": "ada-of-the-rehearsal"}, "ttl": day}),
        json!({"data": {"userId": "ada-of-the-rehearsal"}, "ttl": 0}),
        json!({"data": {"userId": "x".repeat(5000)}, "ttl": day}),
    ];
    let values = ask(&folder, "iron-session9", "seal", &messages);
    let value = |at: usize| values[at].as_str().unwrap();
    let now = OffsetDateTime::now_utc();
    let ttl = Some(Duration::from_secs(day));
    let rehearsal = rehearsal::Rehearsal::new("app", passwords(), ttl, now).unwrap();
    let parts = value(2).as_bytes().chunks(4000).zip(0..);
    let in_parts: Vec<_> =
        parts.map(|(part, n)| format!("app.{n}={}", str::from_utf8(part).unwrap())).collect();
    for (line, expected) in [
        (value(0).to_owned(), "taken over"),
        (format!("theme=dark; app={}", value(0)), "taken over"),
        (value(1).to_owned(), "refused (no_expiry)"),
        (in_parts.join("; "), "stays there"),
        (value(0).replace("Fe26.2*2*", "Fe26.2*7*"), "refused (unknown_key)"),
        (value(0).replace("Fe26.2*2*", "Fe26.2*1*"), "refused (not_authentic)"),
        ("theme=dark".to_owned(), "anonymous"),
    ] {
        let (verdict, details) = rehearsal.of(&line);
        assert_eq!(verdict, expected, "{details}");
        assert!(!details.contains("ada-of"), "{details}");
    }
    let (_, details) = rehearsal.of(value(0));
    assert!(details.contains("saved 20") && details.contains(" of 4096 bytes"), "{details}");
}
