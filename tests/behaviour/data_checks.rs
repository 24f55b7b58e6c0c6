//! What is written comes back at the next request, or the write is an error.

use std::collections::BTreeMap;

use sealed_session::{ConfigError, SealError, Session, SessionData, Sessions};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{T0, load, open, ring, sealed, set_value};

const NAME: &str = "__Host-session";

fn sessions<T: SessionData>(check: bool) -> Sessions<T> {
    Sessions::builder(ring([1])).check_data(check).build().unwrap()
}

/// Writes the data, and gives what the next request reads, or the reason why there is none.
fn round<T: SessionData>(sessions: &Sessions<T>, data: T) -> Result<T, String> {
    let mut session = sessions.load_at([""], T0);
    session.write(|kept| *kept = data);
    match sessions.commit_at(&session, T0) {
        Ok(commit) => {
            let session = load(sessions, &set_value(&commit).unwrap(), T0);
            assert_eq!(session.refusal(), None);
            Ok(T::clone(&session.read()))
        }
        Err(SealError::Payload { type_name, reason }) => {
            assert_eq!(type_name, std::any::type_name::<T>());
            Err(reason)
        }
        Err(other) => panic!("{other}"),
    }
}

/// Arrays and objects in turn, so many of them.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, level| match level % 2 {
        0 => json!([inner]),
        _ => json!({ "a": inner }),
    })
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Measured {
    mean: f64,
    single: f32,
    all: Vec<Option<f64>>,
    by_name: BTreeMap<String, (f64, Kind)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
enum Kind {
    #[default]
    None,
    One(f64),
    Two(f32, f64),
    Named {
        number: f64,
    },
}

#[test]
fn no_number_that_is_none_is_written_wherever_it_stands() {
    let by_name = |number, kind| BTreeMap::from([("a".to_owned(), (number, kind))]);
    for bad in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        #[expect(clippy::cast_possible_truncation, reason = "NaN and infinities stay so")]
        let single = bad as f32;
        let nowhere = Measured::default();
        let places = [
            Measured { mean: bad, ..nowhere.clone() },
            Measured { single, ..nowhere.clone() },
            Measured { all: vec![None, Some(1.0), Some(bad)], ..nowhere.clone() },
            Measured { by_name: by_name(bad, Kind::None), ..nowhere.clone() },
            Measured { by_name: by_name(1.0, Kind::One(bad)), ..nowhere.clone() },
            Measured { by_name: by_name(1.0, Kind::Two(single, 1.0)), ..nowhere.clone() },
            Measured { by_name: by_name(1.0, Kind::Named { number: bad }), ..nowhere.clone() },
        ];
        // In any build, whether the data is read back or not.
        for check in [true, false] {
            let sessions = sessions::<Measured>(check);
            for data in &places {
                let reason = round(&sessions, data.clone()).unwrap_err();
                assert!(reason.contains("NaN") && reason.contains("infinity"), "{reason}");
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Meters(f64);

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Point(f64, f64);

/// Beside a `null`, after which it is looked whether a number was none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    height: Meters,
    point: Point,
    kind: Kind,
    floor: i64,
    is_open: bool,
    seats: Option<u32>,
}

#[test]
fn a_number_that_is_none_is_found_where_fields_have_no_names() {
    let place = Place { height: Meters(1.5), floor: -1, is_open: true, ..Place::default() };
    for check in [false, true] {
        let sessions = sessions::<Place>(check);
        assert_eq!(round(&sessions, place), Ok(place));
        for bad in [
            Place { height: Meters(f64::NAN), ..place },
            Place { point: Point(0.0, f64::INFINITY), ..place },
        ] {
            let reason = round(&sessions, bad).unwrap_err();
            assert!(reason.contains("NaN"), "{reason}");
        }
    }
}

/// A map whose only key is a number, with a `null`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
struct Keyed(f64);

impl Serialize for Keyed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, None::<u8>)])
    }
}

#[test]
fn no_number_that_is_none_is_written_as_the_name_of_a_member() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        round(&sessions::<Keyed>(false), Keyed(bad)).unwrap_err();
    }
}

#[test]
fn every_finite_number_and_every_none_comes_back() {
    let numbers = [0.0, -0.0, 1.5, f64::MIN_POSITIVE, f64::from_bits(1), f64::MAX, f64::MIN];
    for check in [true, false] {
        let sessions = sessions::<Measured>(check);
        for mean in numbers {
            let data = Measured {
                mean,
                single: f32::MAX,
                all: vec![None, Some(mean), None],
                by_name: BTreeMap::from([("ü".to_owned(), (mean, Kind::Named { number: mean }))]),
            };
            let back = round(&sessions, data.clone()).unwrap();
            assert_eq!(back, data);
            assert_eq!(back.mean.to_bits(), mean.to_bits());
        }
    }
}

#[test]
fn nesting_is_written_as_deep_as_readers_take_it() {
    for check in [true, false] {
        let sessions = sessions::<Value>(check);
        for depth in [0, 1, 126, 127] {
            assert_eq!(round(&sessions, nested(depth)), Ok(nested(depth)), "{depth}");
        }
        for depth in [128, 129, 200] {
            let reason = round(&sessions, nested(depth)).unwrap_err();
            assert!(reason.contains("127 levels"), "{reason}");
        }
        // Side by side is not deep.
        let wide = json!([nested(126), nested(126)]);
        assert_eq!(round(&sessions, wide.clone()), Ok(wide));
    }
}

/// A field that is left out where it is empty, and that no reader misses or one does.
macro_rules! skipping {
    ($name:ident $(, $default:meta)?) => {
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        struct $name {
            #[serde(skip_serializing_if = "Vec::is_empty" $(, $default)?)]
            items: Vec<u32>,
        }
    };
}

skipping!(Missed);
skipping!(Defaulted, default);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Inner {
    id: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Twice {
    id: u32,
    #[serde(flatten)]
    inner: Inner,
}

#[test]
fn a_skipped_field_without_a_default_and_two_fields_of_one_name_are_told_at_the_write() {
    let reason = round(&sessions(true), Missed::default()).unwrap_err();
    assert!(reason.contains("#[serde(default)]"), "{reason}");
    let full = Missed { items: vec![1] };
    assert_eq!(round(&sessions(true), full.clone()), Ok(full));
    assert_eq!(round(&sessions(true), Defaulted::default()), Ok(Defaulted::default()));
    let reason = round(&sessions(true), Twice { id: 1, inner: Inner { id: 2 } }).unwrap_err();
    assert!(reason.contains("no two fields have one name"), "{reason}");
}

/// A key of which two may be written alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct AnyCase(String);

impl Serialize for AnyCase {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_lowercase())
    }
}

#[test]
fn two_keys_of_a_map_that_are_written_alike_are_told_at_the_write() {
    let map = |keys: [&str; 2]| BTreeMap::from(keys.map(|key| (AnyCase(key.to_owned()), 1)));
    let reason = round(&sessions(true), map(["a", "A"])).unwrap_err();
    assert!(reason.contains("two members of one name"), "{reason}");
    assert_eq!(round(&sessions(true), map(["a", "b"])), Ok(map(["a", "b"])));
}

#[test]
fn without_the_check_such_a_value_is_written_and_refused_by_who_reads_it() {
    let sessions = sessions::<Missed>(false);
    let value = sealed(&sessions, Missed::default(), T0);
    assert_eq!(load(&sessions, &value, T0).refusal().unwrap().class(), "payload");
}

#[test]
fn the_check_is_on_in_debug_builds_alone_unless_it_is_switched() {
    let default = Sessions::<Missed>::new(ring([1]));
    assert_eq!(round_is_refused(&default), cfg!(debug_assertions));
    assert!(round_is_refused(&sessions::<Missed>(true)));
    assert!(!round_is_refused(&sessions::<Missed>(false)));
}

fn round_is_refused(sessions: &Sessions<Missed>) -> bool {
    let session = sessions.create_at(Missed::default(), T0).unwrap();
    sessions.seal_at(&session, T0).is_err()
}

#[test]
fn a_refused_write_leaves_the_visitor_the_session_that_came() {
    let sessions = sessions::<f64>(true);
    let value = sealed(&sessions, 1.0, T0);
    let mut session = load(&sessions, &value, T0);
    session.write(|number| *number = f64::NAN);
    assert!(sessions.commit_at(&session, T0).is_err());
    // The handler may mend it.
    session.write(|number| *number = 2.0);
    let fresh = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    let read = |value: &str| load(&sessions, value, T0).read().to_bits();
    assert_eq!((read(&fresh), read(&value)), (2.0_f64.to_bits(), 1.0_f64.to_bits()));
}

#[test]
fn the_longest_cookie_is_as_long_as_it_was_configured() {
    for limit in [512, 513, 1000, 2048, 4095, 4096] {
        let sessions =
            Sessions::<String>::builder(ring([1])).max_cookie_len(limit).build().unwrap();
        let room = (limit - NAME.len()) * 3 / 4 - 95;
        for (length, fits) in [(room - 2, true), (room - 1, false)] {
            let session = sessions.create_at("x".repeat(length), T0).unwrap();
            match sessions.seal_at(&session, T0) {
                Ok(value) => {
                    assert!(fits && (limit - 1..=limit).contains(&(value.len() + NAME.len())));
                }
                Err(error) => {
                    let SealError::TooLarge { size, limit: told } = error else {
                        panic!("{error}")
                    };
                    assert!(!fits && size > limit && size <= limit + 2 && told == limit);
                }
            }
        }
    }
    for limit in [0, 511, 4097, usize::MAX] {
        let error = Sessions::<u32>::builder(ring([1])).max_cookie_len(limit).build().unwrap_err();
        assert_eq!(error, ConfigError::CookieLength { least: 512, most: 4096 });
    }
}

#[test]
fn padding_keeps_to_the_configured_length() {
    let builder = Sessions::<String>::builder(ring([1])).max_cookie_len(600).pad_to(1024);
    let sessions = builder.build().unwrap();
    let value = sealed(&sessions, "x".to_owned(), T0);
    assert_eq!(open(1, NAME, &value).len(), 50 + (600 - NAME.len()) * 3 / 4 - 95);
}

#[test]
fn try_write_keeps_what_fits_and_takes_back_what_does_not() {
    let sessions = Sessions::<Vec<String>>::new(ring([1]));
    let value = sealed(&sessions, vec!["first".to_owned()], T0);
    let mut session = load(&sessions, &value, T0);
    let count = session.try_write(|lines| {
        lines.push("second".to_owned());
        lines.len()
    });
    assert_eq!(count, Ok(2));
    let refused = session.try_write(|lines| lines.push("x".repeat(4000)));
    assert!(matches!(refused, Err(SealError::TooLarge { size, limit: 4096 }) if size > 4096));
    assert_eq!(*session.read(), ["first", "second"]);
    let fresh = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert_eq!(*load(&sessions, &fresh, T0).read(), ["first", "second"]);

    // What was refused alone changes nothing.
    let mut session = load(&sessions, &value, T0);
    session.try_write(|lines| lines.push("x".repeat(4000))).unwrap_err();
    assert!(!session.is_changed());
    assert_eq!(set_value(&sessions.commit_at(&session, T0).unwrap()), None);

    let mut numbers = Sessions::<f64>::new(ring([1])).load_at([""], T0);
    let refused = numbers.try_write(|number| *number = f64::NAN);
    assert!(matches!(refused, Err(SealError::Payload { .. })));
    assert!(numbers.is_new() && numbers.read().to_bits() == 0);
}

#[test]
fn try_write_takes_back_what_no_reader_could_read_where_a_write_would_fail() {
    for check in [true, false] {
        let mut session = sessions::<Missed>(check).load_at([""], T0);
        session.try_write(|data| data.items.push(1)).unwrap();
        let refused = session.try_write(|data| data.items.clear());
        assert_eq!(matches!(refused, Err(SealError::Payload { .. })), check);
        assert_eq!(session.read().items.is_empty(), !check);
    }
}

#[test]
fn try_write_is_exact_to_the_byte() {
    let sessions = Sessions::<String>::new(ring([1]));
    let fill = |session: &mut Session<String>, length: usize| {
        session.try_write(|text| *text = "x".repeat(length))
    };
    let mut session = sessions.load_at([""], T0);
    assert!(fill(&mut session, 2965).is_err());
    fill(&mut session, 2964).unwrap();
    assert!(sessions.commit_at(&session, T0).unwrap().sets_cookies());
}
