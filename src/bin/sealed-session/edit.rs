//! Changes to a ring, in whatever form it is kept.

mod new_key;
mod toml;

use sealed_session::{KeyEntry, KeyId, KeyRing, RingForm};
use time::OffsetDateTime;
use toml_edit::Value;
use zeroize::Zeroizing;

pub(crate) use self::new_key::NewKey;
use self::toml::TomlEdit;
use crate::{failure::Failure, file::RingText, report};

/// The ring of a new file, with one key.
pub(crate) fn new_ring(new: &NewKey, now: OffsetDateTime) -> Result<KeyRing, Failure> {
    let ring = KeyRing::new_at([KeyEntry::from(new)], now);
    let ring = ring.map_err(|error| Failure::new(error.to_string()))?;
    Ok(ring.with_last_id(new.id).with_rotated_at(in_seconds(now)))
}

/// An id that no key of the ring has, nor had.
pub(crate) fn next_id(file: &RingText, exhausted: &str) -> Result<KeyId, Failure> {
    let next = last_id(&file.ring).and_then(|last| last.checked_add(1));
    next.map(KeyId::new).ok_or_else(|| file.failure(exhausted))
}

fn last_id(ring: &KeyRing) -> Option<u32> {
    let ids = ring.entries().iter().map(KeyEntry::id);
    ids.chain(ring.last_id()).map(KeyId::get).max()
}

/// A ring while it is changed.
pub(crate) struct Edit<'a> {
    file: &'a RingText,
    now: OffsetDateTime,
    /// Of TOML, whose comments stay; the other forms are written anew.
    toml: Option<TomlEdit<'a>>,
    entries: Vec<KeyEntry>,
    no_takeover: bool,
    last_id: Option<KeyId>,
    rotated_at: Option<OffsetDateTime>,
}

/// The changed ring, and its text.
pub(crate) struct Changed {
    pub(crate) ring: KeyRing,
    pub(crate) text: Zeroizing<String>,
}

impl<'a> Edit<'a> {
    pub(crate) fn new(file: &'a RingText, now: OffsetDateTime) -> Result<Self, Failure> {
        let mut toml = (file.form == RingForm::Toml).then(|| TomlEdit::new(file)).transpose()?;
        // Before anything else changes, so that the comment at the file's head stays there.
        if let (Some(toml), Some(last)) = (&mut toml, last_id(&file.ring)) {
            toml.set_root("last_id", Value::from(i64::from(last)));
        }
        Ok(Self {
            file,
            now,
            toml,
            entries: file.ring.entries().to_vec(),
            no_takeover: !file.ring.accepts_takeover(),
            // An id stays used when its key is gone.
            last_id: last_id(&file.ring).map(KeyId::new),
            rotated_at: file.ring.rotated_at(),
        })
    }

    pub(crate) fn prepend(&mut self, new: &NewKey) -> Result<(), Failure> {
        if let Some(toml) = &mut self.toml {
            toml.prepend(new)?;
        }
        self.entries.insert(0, new.into());
        self.began(new.id);
        Ok(())
    }

    /// Takes out the entry at this place.
    pub(crate) fn remove(&mut self, position: usize) -> Result<(), Failure> {
        if let Some(toml) = &mut self.toml {
            toml.remove(position)?;
        }
        self.entries.remove(position);
        Ok(())
    }

    /// Puts one key in the place of all, and refuses other libraries' cookies.
    pub(crate) fn start_over(&mut self, new: &NewKey) -> Result<(), Failure> {
        if let Some(toml) = &mut self.toml {
            toml.start_over(new)?;
        }
        self.entries = vec![new.into()];
        self.no_takeover = true;
        self.began(new.id);
        Ok(())
    }

    fn began(&mut self, id: KeyId) {
        self.last_id = Some(id);
        self.rotated_at = Some(in_seconds(self.now));
    }

    /// A start that has passed is of no use where no older key is left, and in the way of a machine
    /// that boots in 1970.
    fn drop_passed_start(&mut self) {
        let Some(position) = self.entries.len().checked_sub(1) else { return };
        let Some(entry) = self.entries.last_mut() else { return };
        if entry.starts_at().is_none_or(|start| self.now < start) {
            return;
        }
        *entry = entry.clone().without_start();
        if let Some(toml) = &mut self.toml {
            toml.drop_start(position);
        }
    }

    /// The changed ring, which is checked as whoever reads it does.
    pub(crate) fn finish(mut self) -> Result<Changed, Failure> {
        self.drop_passed_start();
        let wrong = |error: sealed_session::ConfigError| {
            self.file.failure(format!("the change would leave a ring that is wrong: {error}"))
        };
        let text = match self.toml {
            Some(mut toml) => {
                if let Some(id) = self.last_id {
                    toml.set_root("last_id", Value::from(i64::from(id.get())));
                }
                let count = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
                toml.set_root("key_count", Value::from(count));
                if let Some(time) =
                    self.rotated_at.filter(|_| self.rotated_at != self.file.ring.rotated_at())
                {
                    toml.set_root("rotated_at", Value::from(report::time(time)));
                }
                if self.no_takeover && self.file.ring.accepts_takeover() {
                    toml.set_root("no_takeover", Value::from(true));
                }
                toml.finish()
            }
            None => {
                let mut ring = KeyRing::new_at(self.entries, self.now).map_err(wrong)?;
                if self.no_takeover {
                    ring = ring.without_takeover();
                }
                if let Some(id) = self.last_id {
                    ring = ring.with_last_id(id);
                }
                if let Some(time) = self.rotated_at {
                    ring = ring.with_rotated_at(time);
                }
                if let Some(timeout) = self.file.ring.absolute_timeout() {
                    ring = ring.with_absolute_timeout(timeout);
                }
                self.file.form.write(&ring).map_err(wrong)?
            }
        };
        let ring = self.file.form.parse_at(&text, self.now).map_err(wrong)?;
        Ok(Changed { ring, text })
    }
}

/// Times are written to the second.
pub(crate) fn in_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}
