//! Every entry as it came, in the order of its coming, to be forgotten in time and told again.
//!
//! ```text
//! chunk:  the time of its newest entry, and bytes
//! bytes:  position (6) ‖ kind of target (1) ‖ length (1) ‖ its bytes, again and again
//! ```

use super::{
    position::Position,
    subject::{MAX_SUBJECT, Target},
};
use crate::format::{layout::wide, session_id::Family};

/// Seconds since the list began; those that were revoked before are negative.
pub(super) type Seconds = i64;

#[derive(Default)]
pub(super) struct Log {
    chunks: Vec<Chunk>,
    count: usize,
}

struct Chunk {
    oldest: Seconds,
    newest: Seconds,
    bytes: Vec<u8>,
}

impl Log {
    pub(super) fn push(&mut self, target: Target<'_>, position: Position, at: Seconds, span: i64) {
        let fits = |chunk: &Chunk| {
            let (oldest, newest) = (chunk.oldest.min(at), chunk.newest.max(at));
            chunk.bytes.len() < CHUNK && newest.saturating_sub(oldest) <= span
        };
        if !self.chunks.last().is_some_and(fits) {
            if let Some(full) = self.chunks.last_mut() {
                full.bytes.shrink_to_fit();
            }
            self.chunks.push(Chunk { oldest: at, newest: at, bytes: Vec::new() });
        }
        let Some(chunk) = self.chunks.last_mut() else { return };
        chunk.oldest = chunk.oldest.min(at);
        chunk.newest = chunk.newest.max(at);
        chunk.push(target, position);
        self.count = self.count.saturating_add(1);
    }

    /// Takes out the chunks of which every entry came before `limit`.
    pub(super) fn forget_before(
        &mut self,
        limit: Seconds,
        mut forgotten: impl FnMut(Target<'_>, Position),
    ) {
        self.chunks.retain(|chunk| {
            let is_kept = chunk.newest >= limit;
            if !is_kept {
                for (target, position) in chunk.entries() {
                    self.count = self.count.saturating_sub(1);
                    forgotten(target, position);
                }
            }
            is_kept
        });
    }

    /// Drops the entries that are not wanted, and keeps the times of the others.
    pub(super) fn retain(&mut self, mut is_wanted: impl FnMut(Target<'_>, Position) -> bool) {
        self.count = 0;
        for chunk in &mut self.chunks {
            let mut kept = Chunk { bytes: Vec::new(), ..*chunk };
            for (target, position) in chunk.entries() {
                if is_wanted(target, position) {
                    kept.push(target, position);
                    self.count = self.count.saturating_add(1);
                }
            }
            kept.bytes.shrink_to_fit();
            *chunk = kept;
        }
        self.chunks.retain(|chunk| !chunk.bytes.is_empty());
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (Target<'_>, Position)> {
        self.chunks.iter().flat_map(Chunk::entries)
    }

    /// Those that were superseded by later ones of the same target count too.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        let chunks = self.chunks.iter().map(|chunk| chunk.bytes.capacity());
        chunks
            .fold(self.chunks.capacity().saturating_mul(size_of::<Chunk>()), usize::saturating_add)
    }
}

impl Chunk {
    fn push(&mut self, target: Target<'_>, position: Position) {
        let (kind, name) = match &target {
            Target::Subject(name) => (0, *name),
            Target::Family(family) => (1, family.as_bytes().as_slice()),
        };
        let length = u8::try_from(name.len().min(MAX_SUBJECT)).unwrap_or(u8::MAX);
        let [_, _, position @ ..] = position.get().to_be_bytes();
        self.bytes.extend_from_slice(&position);
        self.bytes.extend_from_slice(&[kind, length]);
        self.bytes.extend_from_slice(name);
    }

    fn entries(&self) -> impl Iterator<Item = (Target<'_>, Position)> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (position, behind) = rest.split_first_chunk::<6>()?;
            let (&[kind, length], behind) = behind.split_first_chunk()?;
            let (name, behind) = behind.split_at_checked(length.into())?;
            rest = behind;
            let target = match kind {
                0 => Target::Subject(name),
                _ => Target::Family(Family::from_bytes(name.try_into().ok()?)),
            };
            Some((target, Position::new(wide(position))?))
        })
    }
}

/// Bytes after which another chunk begins.
const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn position(number: u64) -> Position {
        Position::new(number).unwrap()
    }

    #[test]
    fn tells_again_what_came_and_forgets_by_time() {
        let mut log = Log::default();
        let family = Family::from_bytes(*b"\0amily\xff!");
        let name = [b'n'; MAX_SUBJECT];
        for at in 0..100 {
            log.push(Target::Subject(&name), position(2 * at + 1), at.cast_signed(), 10);
            log.push(Target::Family(family), Position::MAX, at.cast_signed(), 10);
        }
        assert_eq!(log.count(), 200);
        let subjects = log.entries().filter(|(target, _)| *target == Target::Subject(&name));
        assert!(subjects.map(|entry| entry.1).eq((0..100).map(|at| position(2 * at + 1))));
        assert!(log.entries().any(|entry| entry == (Target::Family(family), Position::MAX)));

        let mut forgotten = 0;
        log.forget_before(50, |_, _| forgotten += 1);
        assert_eq!(forgotten + log.count(), 200);
        // In whole chunks, and none that is young.
        assert!((78..=100).contains(&forgotten), "{forgotten}");

        log.retain(|target, _| target == Target::Family(family));
        assert_eq!(log.count(), 200 - 100 - 50 + (100 - forgotten) / 2);
        assert_eq!(log.entries().count(), log.count());
    }
}
