//! Refusals of one class take one time, wherever in the value the fault is.
//!
//! The two sides of a comparison are measured in turns, so that whatever else the
//! machine does falls on both, and compared by Welch's t over the faster nine
//! tenths of the samples, as in dudect (Reparaz, Balasch, Verbauwhede 2017). A
//! difference that is real shows each time; one by chance does not, so a
//! comparison has several tries. `malformed` beside `not_authentic` shows that a difference is seen.

mod support;

use std::{hint::black_box, time::Instant};

use sealed_session::{Session, Sessions};
use support::{T0, forge_for, load, open, ring, sealed};

const NAME: &str = "__Host-session";
const SAMPLES: usize = 2000;
const TRIES: usize = 8;
/// Beyond this the samples can be told apart, by dudect's convention.
const LIMIT: f64 = 4.5;

/// How far apart the times of the two are, in standard errors.
fn t(a: &mut dyn FnMut(), b: &mut dyn FnMut()) -> f64 {
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    for round in 0..SAMPLES {
        // Who goes first changes, or being first would be a difference.
        for side in [round % 2, 1 - round % 2] {
            let start = Instant::now();
            match side {
                0 => a(),
                _ => b(),
            }
            times[side].push(start.elapsed().as_secs_f64());
        }
    }
    let [a, b] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.truncate(SAMPLES / 10 * 9);
        #[expect(clippy::cast_precision_loss, reason = "is small")]
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (a.0 - b.0).abs() / (a.1 + b.1).sqrt()
}

fn is_told_apart(mut a: impl FnMut(), mut b: impl FnMut()) -> bool {
    (0..TRIES).all(|_| t(&mut a, &mut b) > LIMIT)
}

/// `value` with another character in this place.
fn changed(value: &str, index: usize) -> String {
    let mut bytes = value.as_bytes().to_vec();
    bytes[index] = if bytes[index] == b'A' { b'Q' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

fn sessions() -> Sessions<String> {
    Sessions::new(ring([1]))
}

fn unseal<'a>(sessions: &'a Sessions<String>, value: &'a str) -> impl FnMut() + 'a {
    move || {
        assert_eq!(black_box(sessions.unseal_at(value, T0)).unwrap_err().class(), "not_authentic");
    }
}

#[test]
fn a_difference_would_be_seen() {
    let sessions = sessions();
    let value = sealed(&sessions, "x".repeat(100), T0);
    let forged = changed(&value, value.len() - 4);
    let malformed = changed(&value, value.len() - 4).replace('A', "*");
    assert!(is_told_apart(unseal(&sessions, &forged), || {
        assert_eq!(black_box(sessions.unseal_at(&malformed, T0)).unwrap_err().class(), "malformed");
    }));
}

#[test]
fn place_of_the_change_does_not_show() {
    let sessions = sessions();
    let value = sealed(&sessions, "x".repeat(100), T0);
    let end = value.len();
    // Base64: a group of four characters holds three bytes, the last 16 bytes are the tag.
    for (what, a, b) in [
        ("first and last byte of the tag", changed(&value, end - 20), changed(&value, end - 4)),
        ("first and last byte of the ciphertext", changed(&value, 40), changed(&value, end - 26)),
        ("nonce and tag", changed(&value, 10), changed(&value, end - 4)),
    ] {
        assert!(!is_told_apart(unseal(&sessions, &a), unseal(&sessions, &b)), "{what}");
    }
}

#[test]
fn why_a_value_is_not_authentic_does_not_show() {
    let sessions = sessions();
    let value = sealed(&sessions, "x".repeat(100), T0);
    let plaintext = open(1, NAME, &value);
    let forged = changed(&value, value.len() - 4);
    for (what, other) in [
        ("another purpose", forge_for(2, 1, NAME, &plaintext)),
        ("another name", forge_for(1, 1, "__Host-another", &plaintext)),
    ] {
        assert_eq!(other.len(), forged.len());
        assert!(!is_told_apart(unseal(&sessions, &forged), unseal(&sessions, &other)), "{what}");
    }
}

#[test]
fn how_much_of_a_session_id_a_token_has_right_does_not_show() {
    let sessions = sessions();
    let value = sealed(&sessions, String::new(), T0);
    let id = open(1, NAME, &value)[28..44].to_vec();
    let token = |wrong: usize| {
        let mut id = id.clone();
        id[wrong] ^= 1;
        forge_for(2, 1, NAME, &id)
    };
    let (first, last) = (token(0), token(15));
    let session: Session<String> = load(&sessions, &value, T0);
    let verify = |token: &str| {
        assert_eq!(black_box(session.verify_csrf(token)).unwrap_err().class(), "other_session");
    };
    assert!(!is_told_apart(|| verify(&first), || verify(&last)));
}
