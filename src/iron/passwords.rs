//! The passwords of iron-session's options.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::ConfigError;

/// The `password` of iron-session's options: one, or several by id.
///
/// Each value names its password by id, so a rotation signs nobody out. The password with the
/// highest id seals, and all of them unseal. A plain password has the id 1. An id is any whole
/// number that JavaScript writes in decimal, such as a time in milliseconds.
///
/// The passwords are wiped from memory when dropped. `Debug` shows only the ids.
///
/// ```
/// use sealed_session::{Key, iron::Passwords};
///
/// let (old, new) = (Key::generate()?.to_base64(), Key::generate()?.to_base64());
/// let passwords = Passwords::with_ids([(1, old.as_str()), (2, new.as_str())])?;
/// assert_eq!(format!("{passwords:?}"), "Passwords { ids: [2, 1] }");
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Passwords {
    /// The highest id first; never empty.
    entries: Vec<(u128, Zeroizing<String>)>,
}

impl Passwords {
    /// Creates a list with one password, which has the id 1.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Passwords`] if the password has fewer than 32 UTF-16 units (what JavaScript
    /// counts as characters), repeats a single character, or is printed in iron-session's
    /// documentation.
    pub fn new(password: &str) -> Result<Self, ConfigError> {
        Self::with_ids([(1, password)])
    }

    /// Creates a list of passwords, each with its id.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new). Also if there is no password, if an id is listed twice, or if an
    /// id is one that iron-session never writes: JavaScript's numbers are exact up to 2^53, and
    /// have an exponent from 10^21 on.
    pub fn with_ids<'a>(
        passwords: impl IntoIterator<Item = (u128, &'a str)>,
    ) -> Result<Self, ConfigError> {
        let mut entries = Vec::new();
        for (id, password) in passwords {
            check(password)?;
            if !is_written_by_javascript(id) {
                return refuse(
                    "an id is not a number as JavaScript writes it; copy it from the start of a cookie's value, between the first two `*`",
                );
            }
            if entries.iter().any(|&(other, _)| other == id) {
                return refuse("an id is listed twice; give each password an id of its own");
            }
            entries.push((id, Zeroizing::new(password.to_owned())));
        }
        if entries.is_empty() {
            return refuse("none was given; pass the `password` of iron-session's options");
        }
        entries.sort_by_key(|&(id, _)| std::cmp::Reverse(id));
        Ok(Self { entries })
    }

    /// The password that seals, and its id.
    pub(super) fn sealing(&self) -> (u128, &str) {
        let (id, password) = self.entries.first().expect("there is one, or nothing was built");
        (*id, password)
    }

    pub(super) fn find(&self, id: u128) -> Option<&str> {
        self.entries.iter().find(|&&(other, _)| other == id).map(|(_, password)| password.as_str())
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u128> = self.entries.iter().map(|&(id, _)| id).collect();
        f.debug_struct("Passwords").field("ids", &ids).finish()
    }
}

fn check(password: &str) -> Result<(), ConfigError> {
    if password.encode_utf16().count() < MIN_UTF16_UNITS {
        return refuse("one has fewer than 32 characters; iron-session refuses it, too");
    }
    let mut characters = password.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return refuse("one repeats a single character; whoever guesses it forges sessions");
    }
    if password == PUBLISHED {
        return refuse("one is printed in public documentation; whoever reads it forges sessions");
    }
    Ok(())
}

/// Whether `String(Number(id))` has these digits. Rust and JavaScript both round to the nearest
/// number, and write the shortest digits that read back as it.
fn is_written_by_javascript(id: u128) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is looked for")]
    let number = id as f64;
    id < FIRST_WITH_EXPONENT && number.to_string() == id.to_string()
}

fn refuse<R>(reason: &'static str) -> Result<R, ConfigError> {
    Err(ConfigError::Passwords(reason))
}

/// From 10^21 on JavaScript writes numbers with an exponent.
const FIRST_WITH_EXPONENT: u128 = 10_u128.pow(21);
const MIN_UTF16_UNITS: usize = 32;
/// The example of many tutorials. Public code uses it if no secret is set.
const PUBLISHED: &str = "complex_password_at_least_32_characters_long";
