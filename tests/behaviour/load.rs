//! From the Cookie headers of a request to its session: whose value it is, which one wins, what is refused.

use std::cell::Cell;

use proptest::prelude::*;
use sealed_session::{KeyEntry, KeyRing, Keys, SealError, Session, Sessions, UnsealError};
use serde::{Deserialize, Deserializer, Serialize};
use time::{Duration, OffsetDateTime};

use crate::common::{NOW, forged, header, key, ring, ring_of, sealed, sessions, value_of};

const SECOND: Duration = Duration::SECOND;

fn load<const N: usize>(sessions: &Sessions<u32>, headers: [&str; N]) -> Session<u32> {
    sessions.load_at(headers, NOW)
}

/// The data of the live session that these values of our name come to.
fn chosen(sessions: &Sessions<u32>, values: &[String]) -> Option<u32> {
    let pairs: Vec<_> = values.iter().map(|value| header(sessions, value)).collect();
    let session = load(sessions, [&pairs.join("; ")]);
    (!session.is_new()).then(|| *session.read())
}

#[track_caller]
fn assert_not_ours(session: &Session<u32>) {
    assert_eq!((session.is_new(), session.refusal()), (true, None));
}

/// Looked at and read, and still without a word to the browser.
#[track_caller]
fn assert_says_nothing(sessions: &Sessions<u32>, session: &Session<u32>) {
    assert!(session.is_new());
    assert_eq!((*session.read(), session.id(), session.key_id()), (0, None, None));
    let commit = sessions.commit_at(session, NOW).unwrap();
    assert!(commit.cookies().is_empty());
    assert!(!commit.sets_cookies() && commit.depends_on_cookie());
}

// Headers and pairs

#[test]
fn several_headers_are_one_list() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    for headers in [[&*ours, "a=b", "c=d; e"], ["a=b", &ours, ""], ["", "a=b; c=d", &ours]] {
        assert_eq!(*load(&sessions, headers).read(), 7);
    }
    let newer = header(&sessions, &sealed(&sessions, 8, NOW + SECOND));
    assert_eq!(*load(&sessions, [&ours, &newer]).read(), 8);
    assert_eq!(*load(&sessions, [&newer, &ours]).read(), 8);
    assert_not_ours(&sessions.load_at(Vec::<&str>::new(), NOW));
}

#[test]
fn spaces_and_tabs_around_a_pair_are_not_part_of_it() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    for header in [
        ours.clone(),
        format!("a=b;{ours};c=d"),
        format!(" \t{ours}\t "),
        format!("a=b; {ours} ; c=d"),
        format!(";;{ours};;"),
        format!("=; {ours}"),
    ] {
        assert_eq!(*load(&sessions, [&header]).read(), 7, "{header:?}");
    }
}

#[test]
fn names_are_compared_byte_by_byte() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, NOW);
    let names = [
        "%5F%5FHost-session",
        "__Host%2Dsession",
        "__host-session",
        "__HOST-SESSION",
        "__Host-Session",
        "__Host-session ",
        "__Host-session\t",
        "\u{a0}__Host-session",
        "\u{85}__Host-session",
        "\u{3000}__Host-session",
        "\u{feff}__Host-session",
        "\x0b__Host-session",
        "\x0c__Host-session",
        "\n__Host-session",
        "\0__Host-session",
        "__Host-session\u{a0}",
        "=__Host-session",
        "= __Host-session",
        "\"__Host-session",
        "$Version=1,__Host-session",
        "x__Host-session",
        "__Host-sessions",
        "_Host-session",
        "session",
        "",
        "a=b,__Host-session",
    ];
    for name in names {
        let session = load(&sessions, [&format!("{name}={value}")]);
        assert_not_ours(&session);
        assert_says_nothing(&sessions, &session);
    }
    assert_not_ours(&load(&sessions, ["__Host-session"]));
    assert_not_ours(&load(&sessions, [&value]));
}

#[test]
fn a_name_that_is_not_ours_shadows_nothing() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    let newer = sealed(&sessions, 666, NOW + SECOND);
    for name in ["%5F%5FHost-session", "\u{a0}__Host-session", "=__Host-session", "__Host-session "]
    {
        let theirs = format!("{name}={newer}");
        assert_eq!(*load(&sessions, [&theirs, &ours]).read(), 7);
        assert_eq!(*load(&sessions, [&format!("{ours}; {theirs}")]).read(), 7);
    }
}

#[test]
fn cookies_of_others_that_are_not_utf8_hide_nothing() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    let bytes = [b"theme=\xff\xfe; \xc3=\x80; ", ours.as_bytes(), b"; z=\xed\xa0\x80"].concat();
    assert_eq!(*sessions.load_at([bytes], NOW).read(), 7);
    assert_eq!(*sessions.load_at([&b"\xff"[..], ours.as_bytes()], NOW).read(), 7);
}

#[test]
fn value_of_ours_that_is_not_utf8_is_refused_as_any_other() {
    let sessions = sessions::<u32>();
    let good = sealed(&sessions, 7, NOW).into_bytes();
    let last = good.len() - 1;
    let at = |place: usize, byte| {
        let mut value = good.clone();
        value[place] = byte;
        value
    };
    let unknown = sealed(&Sessions::<u32>::new(ring_of([2])), 7, NOW);
    for (value, class) in [
        (b"\xff\xfe".to_vec(), "malformed"),
        (at(0, 0xff), "malformed"),
        (at(40, 0xc3), "malformed"),
        (at(last, 0xff), "malformed"),
        ([&good, &b"\xed\xa0\x80"[..]].concat(), "malformed"),
        ("é".repeat(2048).into_bytes(), "malformed"),
        // Cut within a character.
        ("é".repeat(2049).into_bytes(), "too_long"),
        ([unknown.as_bytes(), b"\xff"].concat(), "unknown_key"),
    ] {
        let session = sessions.load_at([[b"__Host-session=", &*value].concat()], NOW);
        assert_eq!(session.refusal().map(UnsealError::class), Some(class), "{value:x?}");
        assert_says_nothing(&sessions, &session);
        let both = [b"__Host-session=", &*value, b"; __Host-session=", &good].concat();
        assert_eq!(*sessions.load_at([both], NOW).read(), 7);
    }
}

#[test]
fn quotes_are_part_of_the_value() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, NOW);
    for quoted in
        [format!("\"{value}\""), format!("\"{value}"), format!("{value}\""), format!("'{value}'")]
    {
        let session = load(&sessions, [&header(&sessions, &quoted)]);
        assert_eq!(session.refusal(), Some(&UnsealError::Malformed));
        assert_says_nothing(&sessions, &session);
    }
}

#[test]
fn odd_values_are_no_session() {
    let short = Sessions::<u32>::builder(ring()).cookie_name("s").build().unwrap();
    let value = sealed(&short, 7, NOW);
    for odd in [
        "*******",
        "",
        "=",
        "null",
        "{}",
        "e30",
        "%",
        "Fe26.2**",
        &"A".repeat(200),
        &"=".repeat(120),
    ] {
        let session = load(&short, [&format!("s={odd}")]);
        assert!(session.refusal().is_some(), "{odd}");
        assert_says_nothing(&short, &session);
    }
    for altered in
        [format!("={value}"), format!(" {value}"), format!("{value}="), format!("{value}, x")]
    {
        assert_eq!(
            load(&short, [&format!("s={altered}")]).refusal(),
            Some(&UnsealError::Malformed)
        );
    }
}

// Several values

#[test]
fn of_several_live_values_the_one_issued_last_wins() {
    let sessions = sessions();
    let [a, b, c] =
        [1, 2, 3].map(|n| sealed(&sessions, n, NOW - SECOND * i32::try_from(n).unwrap()));
    for order in [[&a, &b, &c], [&b, &a, &c], [&c, &b, &a]] {
        assert_eq!(chosen(&sessions, &order.map(String::clone)), Some(1));
    }
}

#[test]
fn issued_decides_and_not_created() {
    let sessions = sessions();
    let old = sealed(&sessions, 1, NOW - SECOND * 100);
    let mut session = load(&sessions, [&header(&sessions, &old)]);
    session.write(|n| *n = 2);
    let rewritten = sessions.seal_at(&session, NOW - SECOND * 5).unwrap();
    let created_later = sealed(&sessions, 3, NOW - SECOND * 10);
    assert_eq!(chosen(&sessions, &[rewritten.clone(), created_later.clone()]), Some(2));
    assert_eq!(chosen(&sessions, &[created_later, rewritten]), Some(2));
}

#[test]
fn of_values_issued_in_the_same_second_the_last_wins() {
    let sessions = sessions();
    let [a, b] = [1, 2].map(|n| sealed(&sessions, n, NOW));
    assert_eq!(chosen(&sessions, &[a.clone(), b.clone()]), Some(2));
    assert_eq!(chosen(&sessions, &[b, a]), Some(1));
}

#[test]
fn junk_around_a_live_value_is_skipped() {
    let sessions = sessions();
    let good = sealed(&sessions, 7, NOW);
    let junk = ["junk".to_owned(), forged(&good, 0), String::new()];
    for at in 0..=junk.len() {
        let mut values = junk.to_vec();
        values.insert(at, good.clone());
        assert_eq!(chosen(&sessions, &values), Some(7));
        let pairs: Vec<_> = values.iter().map(|value| header(&sessions, value)).collect();
        assert_eq!(sessions.load_at(pairs, NOW).refusal(), None, "there is a live session");
    }
}

#[test]
fn refusal_is_that_of_the_last_value() {
    let sessions = sessions();
    let good = sealed(&sessions, 7, NOW);
    let pair = |value: &str| header(&sessions, value);
    let session = load(&sessions, [&pair("junk"), &pair(&forged(&good, 0))]);
    assert_eq!(session.refusal().map(UnsealError::class), Some("not_authentic"));
    let session = load(&sessions, [&pair(&forged(&good, 0)), &pair("junk")]);
    assert_eq!(session.refusal().map(UnsealError::class), Some("malformed"));
}

#[test]
fn eight_values_are_decrypted_and_no_ninth() {
    let sessions = sessions();
    let good = sealed(&sessions, 7, NOW);
    let with_forged = |count| {
        let mut values: Vec<_> = (0..count).map(|index| forged(&good, index)).collect();
        values.push(good.clone());
        chosen(&sessions, &values)
    };
    assert_eq!(with_forged(7), Some(7));
    assert_eq!(with_forged(8), None);
    assert_eq!(with_forged(39), None);
}

#[test]
fn live_expired_and_misfit_values_count_as_decrypted() {
    let sessions = sessions();
    let good = sealed(&sessions, 7, NOW);
    let other_type = Sessions::<String>::new(ring());
    let fillers = [
        sealed(&sessions, 1, NOW - SECOND),
        sealed(&sessions, 2, NOW - Duration::days(15)),
        sealed(&sessions, 3, NOW + Duration::minutes(5)),
        sealed(&other_type, "text".to_owned(), NOW),
    ];
    for filler in fillers {
        let mut values = vec![filler; 7];
        values.push(good.clone());
        assert_eq!(chosen(&sessions, &values), Some(7));
        let filler = values[0].clone();
        values.insert(0, filler);
        assert_ne!(chosen(&sessions, &values), Some(7));
    }
}

#[test]
fn what_is_refused_without_decryption_does_not_count() {
    let keys = [KeyEntry::new(1, key(1)), KeyEntry::new(3, key(3)).not_after(NOW - SECOND)];
    let sessions = Sessions::<u32>::new(KeyRing::new_at(keys, NOW).unwrap());
    let good = sealed(&sessions, 7, NOW);
    let fillers = [
        String::new(),
        "junk".to_owned(),
        "*".repeat(200),
        format!("{good}*"),
        format!("{}!", &good[..good.len() - 1]),
        "A".repeat(5000),
        format!("AgAAAAE{}", &good[7..]),
        sealed(&Sessions::<u32>::new(ring_of([2])), 1, NOW),
        sealed(&Sessions::<u32>::new(ring_of([3])), 1, NOW),
    ];
    for filler in &fillers {
        let mut values = vec![filler.clone(); 50];
        values.push(good.clone());
        assert_eq!(chosen(&sessions, &values), Some(7), "{filler}");
    }
}

#[test]
fn very_long_headers_are_read_to_the_end() {
    let sessions = sessions();
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    for filler in [
        "a=b; ".repeat(200_000),
        ";".repeat(1_000_000),
        " ".repeat(1_000_000),
        "=".repeat(1_000_000) + ";",
    ] {
        assert_eq!(*load(&sessions, [&format!("{filler}{ours}")]).read(), 7);
    }
    let long = format!("__Host-session={}", "A".repeat(1_000_000));
    let session = load(&sessions, [&long]);
    assert_eq!(session.refusal(), Some(&UnsealError::TooLong { limit: 4096 }));
    assert_says_nothing(&sessions, &session);
    assert_eq!(*load(&sessions, [&long, &ours]).read(), 7);
}

// Refusals

/// What may be good on another machine, or in a moment. An unknown key is so only with an id
/// greater than those of the ring, which this one does not have.
const PASSING: [&str; 2] = ["unsupported_version", "issued_in_future"];

fn refused_values() -> Vec<(&'static str, Sessions<u32>, String)> {
    let plain = sessions();
    let good = sealed(&plain, 7, NOW);
    let retired = [KeyEntry::new(2, key(2)), KeyEntry::new(1, key(1)).not_after(NOW)];
    let retired = Sessions::new(KeyRing::new_at(retired, NOW).unwrap());
    let idle =
        Sessions::builder(ring()).idle_timeout(std::time::Duration::from_secs(60)).build().unwrap();
    let idle_value = sealed(&idle, 7, NOW - SECOND * 60);
    let text = sealed(&Sessions::<String>::new(ring()), "text".to_owned(), NOW);
    vec![
        ("malformed", plain.clone(), "junk".to_owned()),
        ("too_long", plain.clone(), "A".repeat(4097)),
        ("unsupported_version", plain.clone(), format!("AgAAAAE{}", &good[7..])),
        ("unknown_key", Sessions::new(ring_of([2])), good.clone()),
        ("retired_key", retired, good.clone()),
        ("not_authentic", plain.clone(), forged(&good, 0)),
        ("issued_in_future", plain.clone(), sealed(&plain, 7, NOW + SECOND * 61)),
        ("expired", plain.clone(), sealed(&plain, 7, NOW - Duration::days(14))),
        ("idle", idle, idle_value),
        ("payload", plain, text),
    ]
}

#[test]
fn refused_cookie_is_no_session_and_stays_in_the_browser() {
    for (class, sessions, value) in refused_values() {
        let session = load(&sessions, [&header(&sessions, &value)]);
        assert_eq!(session.refusal().map(UnsealError::class), Some(class));
        assert_eq!(session.refusal(), sessions.unseal_at(&value, NOW).as_ref().err());
        assert_says_nothing(&sessions, &session);
    }
}

#[test]
fn write_after_a_refusal_begins_a_session() {
    for (class, sessions, value) in refused_values() {
        let mut session = load(&sessions, [&header(&sessions, &value)]);
        session.write(|n| {
            assert_eq!(*n, 0, "nothing of the refused value");
            *n = 9;
        });
        if PASSING.contains(&class) {
            let error = sessions.commit_at(&session, NOW).unwrap_err();
            assert!(matches!(error, SealError::NotReadable(_)), "{class}: {error}");
            session.renew();
        }
        assert_eq!(session.created_at(), Some(NOW));
        let fresh = value_of(&sessions.commit_at(&session, NOW).unwrap());
        let next = load(&sessions, [&header(&sessions, &fresh)]);
        assert_eq!((next.is_new(), *next.read(), next.id()), (false, 9, session.id()), "{class}");
        assert_eq!(next.key_id(), sessions.keys().current().sealing_key_id(NOW));
    }
}

// The first look

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// Counts how often it is read from JSON, which happens right after a decryption.
#[derive(Clone, Default, Serialize)]
struct Counted;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ.set(READ.get() + 1);
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

type Look = fn(&mut Session<Counted>);

const LOOKS: [(&str, Look); 15] = [
    ("read", |s| drop(s.read())),
    ("peek", |s| drop(s.peek())),
    ("write", |s| s.write(|_| ())),
    ("renew", Session::renew),
    ("regenerate_id", Session::regenerate_id),
    ("id", |s| assert!(s.id().is_some())),
    ("created_at", |s| assert!(s.created_at().is_some())),
    ("issued_at", |s| assert!(s.issued_at().is_some())),
    ("expires_at", |s| assert!(s.expires_at().is_some())),
    ("is_persistent", |s| assert!(s.is_persistent().is_some())),
    ("key_id", |s| assert!(s.key_id().is_some())),
    ("is_new", |s| assert!(!s.is_new())),
    ("is_reseal_due", |s| assert!(!s.is_reseal_due())),
    ("refusal", |s| assert!(s.refusal().is_none())),
    ("clone", |s| drop(s.clone().read())),
];

const NO_LOOKS: [(&str, Look); 4] = [
    ("nothing", |_| ()),
    ("is_changed", |s| assert!(!s.is_changed())),
    ("debug", |s| assert!(!format!("{s:?}").is_empty())),
    ("clone", |s| drop(s.clone())),
];

#[test]
fn first_look_decrypts_once_and_makes_the_response_depend_on_the_cookie() {
    let sessions = sessions::<Counted>();
    let ours = header(&sessions, &sealed(&sessions, Counted, NOW));
    for (what, look) in LOOKS {
        READ.set(0);
        let mut session = sessions.load_at([&ours], NOW);
        assert_eq!(READ.get(), 0, "{what}: load decrypts nothing");
        look(&mut session);
        assert_eq!(READ.get(), 1, "{what}");
        session.read();
        let commit = sessions.commit_at(&session, NOW).unwrap();
        let read_back = usize::from(cfg!(debug_assertions) && commit.sets_cookies());
        assert_eq!(READ.get(), 1 + read_back, "{what}: one decryption for a request");
        assert!(commit.depends_on_cookie(), "{what}");
    }
}

#[test]
fn without_a_look_nothing_is_decrypted_and_the_response_does_not_vary() {
    let sessions = sessions::<Counted>();
    let ours = header(&sessions, &sealed(&sessions, Counted, NOW));
    for (what, no_look) in NO_LOOKS {
        READ.set(0);
        let mut session = sessions.load_at([&ours], NOW);
        no_look(&mut session);
        let commit = sessions.commit_at(&session, NOW).unwrap();
        assert_eq!((READ.get(), commit.depends_on_cookie()), (0, false), "{what}");
    }
}

#[test]
fn looking_at_an_absent_session_makes_the_response_depend_on_the_cookie() {
    let sessions = sessions::<u32>();
    let session = load(&sessions, ["a=b"]);
    assert!(session.is_new());
    assert!(sessions.commit_at(&session, NOW).unwrap().depends_on_cookie());
}

#[test]
fn what_was_unsealed_or_created_in_its_place_makes_a_response_depend_on_the_cookie() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, NOW);
    let unsealed = sessions.unseal_at(&value, NOW).unwrap();
    assert!(sessions.commit_at(&unsealed, NOW).unwrap().depends_on_cookie());

    let end = NOW + Duration::days(14);
    assert!(sessions.unseal_at(&value, end).is_err());
    let created = sessions.create_at(8, end).unwrap();
    // Too late for a Set-Cookie, and with it for `no-store`.
    let late = sessions.commit_at(&created, end + Duration::days(14));
    assert_eq!(late.map(drop), Err(SealError::Expired));
    let commit = sessions.commit_at(&created, end).unwrap();
    assert!(commit.sets_cookies() && commit.depends_on_cookie());
}

#[test]
fn of_several_reasons_against_a_value_the_first_of_the_specification_is_told() {
    let sessions = sessions();
    let retired = [KeyEntry::new(2, key(2)), KeyEntry::new(1, key(1)).not_after(NOW)];
    let retired = Sessions::new(KeyRing::new_at(retired, NOW).unwrap());
    let unknown = Sessions::new(ring_of([2]));

    let class =
        |sessions: &Sessions<u32>, value: &str| sessions.unseal_at(value, NOW).unwrap_err().class();
    let cut = |value: &str| format!("{}*", &value[..value.len() - 1]);
    let version = |value: &str| format!("Ag{}", &value[2..]);
    let long = |value: &str| format!("{value}{}", "*".repeat(4097));
    let good = sealed(&sessions, 7, NOW);
    for (value, expected) in [
        (cut(&good), ["malformed", "unknown_key", "retired_key"]),
        (version(&cut(&good)), ["unsupported_version"; 3]),
        (version(&good), ["unsupported_version"; 3]),
        (long(&version(&good)), ["too_long"; 3]),
        (version(&good)[..59].to_owned(), ["malformed"; 3]),
        (format!("*{}", &good[1..]), ["malformed"; 3]),
    ] {
        let told = [&sessions, &unknown, &retired].map(|sessions| class(sessions, &value));
        assert_eq!(told, expected, "{value}");
    }
}

#[test]
fn late_look_judges_by_the_time_of_the_load() {
    let sessions = sessions();
    let value = sealed(&sessions, 7, NOW);
    let end = NOW + Duration::days(14);
    let at = |now: OffsetDateTime| sessions.load_at([header(&sessions, &value)], now);
    let (live, dead) = (at(end - SECOND), at(end));
    assert_eq!((live.is_new(), live.refusal()), (false, None));
    assert_eq!((dead.is_new(), dead.refusal()), (true, Some(&UnsealError::Expired)));
}

#[test]
fn late_look_uses_the_keys_of_that_moment() {
    let keys = Keys::from(ring());
    let sessions = Sessions::<u32>::new(keys.clone());
    let ours = header(&sessions, &sealed(&sessions, 7, NOW));
    let (before, after) = (load(&sessions, [&ours]), load(&sessions, [&ours]));
    assert!(!before.is_new());
    keys.replace(ring_of([2]));
    assert_eq!(after.refusal().map(UnsealError::class), Some("unknown_key"));
    assert_eq!(*before.read(), 7, "what was opened stays open");
}

// Any bytes

fn cookie_like() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "__Host-session",
        "__Host-session=",
        "=",
        ";",
        "; ",
        " ",
        "\t",
        ",",
        "\"",
        "%3D",
        "\r\n",
        "\0",
        "é",
        "AQAAAAE",
        "AQAAAAEAAAAA",
        "_-_-",
        "AAAA",
        "session",
        "path=/",
        "$Version",
        "\u{a0}",
    ];
    let long = "[A-Za-z0-9_-]{100,140}".prop_map(|text| format!("__Host-session=AQAAAAE{text}"));
    let piece = prop_oneof![6 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => long];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn assert_any_bytes_are_no_session(headers: &[Vec<u8>]) {
    let sessions = sessions::<u32>();
    assert_says_nothing(&sessions, &sessions.load_at(headers, NOW));
    if let Some(Ok(text)) = headers.first().map(|header| str::from_utf8(header)) {
        assert!(sessions.unseal_at(text, NOW).is_err());
        assert!(sessions.reseal_at(text, NOW).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn any_bytes_are_no_session(headers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..3)) {
        assert_any_bytes_are_no_session(&headers);
    }

    #[test]
    fn any_bytes_as_our_value_are_no_session(value in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_any_bytes_are_no_session(&[[b"__Host-session=", &value[..]].concat()]);
    }

    #[test]
    fn cookie_like_text_is_no_session(headers in prop::collection::vec(cookie_like(), 1..3)) {
        let headers: Vec<_> = headers.into_iter().map(String::into_bytes).collect();
        assert_any_bytes_are_no_session(&headers);
    }

    #[test]
    fn junk_before_and_after_hides_nothing(before in cookie_like(), after in cookie_like()) {
        let sessions = sessions::<u32>();
        let ours = header(&sessions, &sealed(&sessions, 7, NOW));
        let session = sessions.load_at([format!("{before};{ours};{after}")], NOW);
        // Each piece list is too short for eight forged values.
        prop_assert!(!session.is_new());
        prop_assert_eq!(*session.read(), 7);
    }
}
