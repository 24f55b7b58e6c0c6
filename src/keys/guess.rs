//! Keys that somebody could guess: they repeat, count, or spell something.
//!
//! A random key is refused with a probability below 2^-64, the sum of
//!
//! | What is refused | Chance, at most |
//! |---|---|
//! | a period of 16 bytes or less | 2^-127 |
//! | 12 different bytes or fewer | 2^-74 |
//! | a constant step from byte to byte | 2^-240 |
//! | every second byte is one of three, as in UTF-16 and in many scripts of UTF-8 | 2^-79 |
//! | letters and digits alone, as ASCII | 2^-65.5 |
//! | prose, as ASCII | 2^-68 |
//! | prose, in the key's base64 | 2^-66.5 |
//! | runs of an alphabet or a keyboard, as ASCII, in base64, or in hex | 3 · 2^-70 |

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use zeroize::Zeroizing;

use self::prose::{BIT, Cost};

mod prose;

/// Whether somebody could guess these bytes.
pub(super) fn is_guessable(bytes: &[u8; LENGTH]) -> bool {
    (1..=MAX_PERIOD).any(|period| has_period(bytes, period))
        || different(bytes.iter()) <= MAX_FEW
        || is_arithmetic(bytes)
        || different(bytes.iter().step_by(2)) <= MAX_LEADS
        || different(bytes.iter().skip(1).step_by(2)) <= MAX_LEADS
        || bytes.iter().all(u8::is_ascii_alphanumeric)
        || is_text(bytes)
}

fn has_period(bytes: &[u8], period: usize) -> bool {
    bytes.iter().zip(bytes.iter().skip(period)).all(|(one, other)| one == other)
}

fn different<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    seen.iter().filter(|seen| **seen).count()
}

fn is_arithmetic(bytes: &[u8; LENGTH]) -> bool {
    let [first, second, ..] = bytes;
    let step = second.wrapping_sub(*first);
    bytes.iter().zip(bytes.iter().skip(1)).all(|(one, next)| one.wrapping_add(step) == *next)
}

/// Whether the bytes, their base64 or their hex look like text that people type.
fn is_text(bytes: &[u8; LENGTH]) -> bool {
    let base64 = Zeroizing::new(STANDARD_NO_PAD.encode(bytes));
    let nibbles = || bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex = nibbles().filter_map(|nibble| HEX.get(usize::from(nibble)).copied());
    let is_shorter = |cost: Cost, by: Cost| cost.saturating_add(by) <= KEY_COST;

    prose::of_bytes(bytes.iter().copied()).is_some_and(|cost| is_shorter(cost, 68 * BIT))
        || prose::of_base64(base64.bytes()).is_some_and(|cost| is_shorter(cost, 133 * BIT / 2))
        || is_shorter(prose::of_runs(bytes.iter().copied(), (2 + 8) * BIT), 70 * BIT)
        || is_shorter(prose::of_runs(base64.bytes(), (2 + 6) * BIT), 70 * BIT)
        // From 9 to a is a step by value, and 0 follows 9 on a keyboard.
        || is_shorter(prose::of_runs(nibbles(), (2 + 4) * BIT), 71 * BIT)
        || is_shorter(prose::of_runs(hex, (2 + 4) * BIT), 71 * BIT)
}

const HEX: &[u8; 16] = b"0123456789abcdef";
/// The length of a key in bytes.
const LENGTH: usize = 32;
const KEY_COST: Cost = 256 * BIT;
const MAX_PERIOD: usize = 16;
const MAX_FEW: usize = 12;
const MAX_LEADS: usize = 3;
