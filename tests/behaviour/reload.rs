//! A ring that follows its source: what it takes over, what it refuses, and that nobody waits.

use std::{
    error::Error,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use sealed_session::{
    Follower, KeyEntry, KeyId, KeyRing, Keys, Reload, ReloadError, RingFile, RingSource,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::support::{T0, at, entry, key, key_text, ring};

/// A source that has whatever was put into it last.
#[derive(Clone, Default)]
struct Source(Arc<Mutex<Option<KeyRing>>>);

impl Source {
    fn with(ring: KeyRing) -> Self {
        Self(Arc::new(Mutex::new(Some(ring))))
    }

    fn put(&self, ring: impl Into<Option<KeyRing>>) {
        *self.0.lock().unwrap() = ring.into();
    }
}

impl RingSource for Source {
    fn read(&mut self, _: OffsetDateTime) -> Result<KeyRing, ReloadError> {
        self.0.lock().unwrap().clone().ok_or_else(|| ReloadError::source("the vault is sealed"))
    }
}

fn table(id: u8) -> String {
    format!("[[keys]]\nid = {id}\nkey = \"{}\"\n", key_text(id))
}

/// Puts a file in place at a stroke.
fn place(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

fn ids(keys: &Keys) -> Vec<u32> {
    keys.current().entries().iter().map(|entry| entry.id().get()).collect()
}

mod rings {
    use super::*;

    #[test]
    fn a_new_ring_is_taken_over_once() {
        let source = Source::with(ring([1]));
        let mut follower = Follower::new_at(source.clone(), T0).unwrap();
        let keys = follower.keys();
        assert_eq!((ids(&keys), keys.generation()), (vec![1], 1));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Unchanged);
        source.put(ring([2, 1]));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Unchanged);
        assert_eq!((ids(&keys), keys.generation()), (vec![2, 1], 2));
    }

    #[test]
    fn whatever_a_ring_says_makes_it_another_one() {
        let rings = [
            ring([2, 1]),
            ring([1, 2]),
            ring([2]),
            ring([2, 1]).without_takeover(),
            KeyRing::new_at([entry(2).not_before(T0), entry(1)], T0).unwrap(),
            KeyRing::new_at([entry(2), entry(1).not_after(at(9))], T0).unwrap(),
            KeyRing::new_at([entry(2), entry(1).not_before(at(9))], T0).unwrap(),
            KeyRing::new_at([KeyEntry::new(3, key(2)), entry(1)], T0).unwrap(),
        ];
        for (index, one) in rings.iter().enumerate() {
            for (other_index, other) in rings.iter().enumerate() {
                let is_same = index == other_index;
                assert_eq!(one == other, is_same);
                assert_eq!(one.fingerprint() == other.fingerprint(), is_same);
            }
        }
        let other_bytes = KeyRing::new_at([KeyEntry::new(2, key(9)), entry(1)], T0).unwrap();
        assert_ne!(ring([2, 1]).fingerprint(), other_bytes.fingerprint());
    }

    #[test]
    fn a_fingerprint_is_the_same_in_every_version() {
        // Machines that run different versions of this crate compare them. From another
        // implementation of what `Fingerprint` says.
        assert_eq!(ring([2, 1]).fingerprint().to_string(), "ef299d3986019fd565ba668a5b849670");
    }

    #[test]
    fn a_fingerprint_is_one_number_in_all_its_forms() {
        let fingerprint = ring([2, 1]).fingerprint();
        let hex = format!("{:032x}", u128::from_be_bytes(*fingerprint.as_bytes()));
        assert_eq!(hex, fingerprint.to_string());
        assert_eq!(format!("{fingerprint:?}"), format!("Fingerprint({hex})"));
    }

    #[test]
    fn a_follower_shows_its_ring_and_no_key() {
        let follower = Follower::new_at(Source::with(ring([7])), T0).unwrap();
        let shown = format!("{follower:?}");
        assert!(shown.contains("KeyId(7)") && shown.contains("Key(..)"), "{shown}");
        assert!(!shown.contains(&key_text(7)[..8]));
    }

    #[test]
    fn a_source_without_a_ring_leaves_the_last_one_and_is_reported_each_time() {
        let source = Source::with(ring([1]));
        let mut follower = Follower::new_at(source.clone(), T0).unwrap();
        let keys = follower.keys();
        source.put(None);
        for _ in 0..3 {
            let error = follower.check_at(T0).unwrap_err();
            assert_eq!(error.to_string(), "the vault is sealed");
            assert!(Arc::ptr_eq(&error, &keys.last_error().unwrap()));
            assert_eq!((ids(&keys), keys.generation()), (vec![1], 1));
        }
        source.put(ring([1]));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Unchanged);
        assert!(keys.last_error().is_none());
    }

    #[test]
    fn an_id_keeps_its_bytes_for_the_life_of_the_process() {
        let changed = |id: u32, seed| KeyEntry::new(id, key(seed));
        let source = Source::with(ring([1]));
        let mut follower = Follower::new_at(source.clone(), T0).unwrap();
        let keys = follower.keys();
        let mut refuses = |ring: KeyRing, id: u32| {
            source.put(ring);
            let error = follower.check_at(T0).unwrap_err();
            assert!(matches!(*error, ReloadError::KeyChanged(other) if other == KeyId::new(id)));
            assert!(error.to_string().contains("an id that was never used"));
        };
        refuses(KeyRing::new_at([changed(1, 9)], T0).unwrap(), 1);
        refuses(KeyRing::new_at([entry(2), changed(1, 9)], T0).unwrap(), 1);
        assert_eq!(ids(&keys), [1]);

        source.put(ring([2, 1]));
        follower.check_at(T0).unwrap();
        source.put(ring([2]));
        follower.check_at(T0).unwrap();
        // Also after it was taken out. The same key may come back.
        source.put(KeyRing::new_at([entry(2), changed(1, 9)], T0).unwrap());
        follower.check_at(T0).unwrap_err();
        source.put(ring([2, 1]));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        // What was refused was not remembered.
        source.put(KeyRing::new_at([entry(2), KeyEntry::new(5, key(9))], T0).unwrap());
        follower.check_at(T0).unwrap();
    }

    fn recorded<const N: usize>(ids: [u8; N], last_id: u32) -> KeyRing {
        ring(ids).with_last_id(KeyId::new(last_id))
    }

    #[test]
    fn an_older_ring_is_refused_and_there_is_a_way_back() {
        let source = Source::with(recorded([1], 1));
        let mut follower = Follower::new_at(source.clone(), T0).unwrap();
        let keys = follower.keys();
        // An incident: key 1 leaked.
        source.put(recorded([2], 2));
        follower.check_at(T0).unwrap();
        for older in [recorded([1], 1), ring([1])] {
            source.put(older);
            let error = follower.check_at(T0).unwrap_err();
            assert!(matches!(*error, ReloadError::Older { .. }), "{error}");
            assert!(error.to_string().contains("write last_id = 2 into this one"), "{error}");
            assert_eq!(ids(&keys), [2]);
        }
        // Newer ones, with a record and by hand.
        source.put(recorded([3, 2], 3));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        source.put(ring([4, 3]));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        // On purpose.
        source.put(recorded([2], 4));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
    }

    #[test]
    fn a_key_that_was_taken_out_does_not_come_back_by_itself() {
        let source = Source::with(recorded([2, 1], 2));
        let mut follower = Follower::new_at(source.clone(), T0).unwrap();
        let keys = follower.keys();
        source.put(recorded([2], 2));
        follower.check_at(T0).unwrap();
        source.put(recorded([2, 1], 2));
        let error = follower.check_at(T0).unwrap_err();
        assert!(matches!(*error, ReloadError::Returned { .. }), "{error}");
        assert!(error.to_string().contains("write last_id = 3 into this one"), "{error}");
        assert_eq!(ids(&keys), [2]);
        source.put(recorded([2, 1], 3));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
    }

    #[test]
    fn the_keys_tell_when_their_source_was_last_right() {
        let source = Source::with(ring([1]));
        let mut follower = Follower::new_at(source.clone(), T0).unwrap();
        let keys = follower.keys();
        assert_eq!(keys.last_checked(), Some(T0));
        follower.check_at(at(5)).unwrap();
        assert_eq!(keys.last_checked(), Some(at(5)));
        source.put(None);
        follower.check_at(at(10)).unwrap_err();
        assert_eq!(keys.last_checked(), Some(at(5)));
        assert_eq!(Keys::from(ring([1])).last_checked(), None);
    }

    #[test]
    fn without_a_first_ring_there_is_no_follower() {
        let error = Follower::new_at(Source::default(), T0).unwrap_err();
        assert_eq!(error.to_string(), "the vault is sealed");
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs a panic that can be caught")]
    fn a_source_that_panics_is_an_error_and_not_the_end() {
        let is_bad = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&is_bad);
        let source = move |_: OffsetDateTime| -> Result<KeyRing, ReloadError> {
            assert!(!switch.load(SeqCst), "this panic is part of the test");
            Ok(ring([1]))
        };
        let mut follower = Follower::new_at(source, T0).unwrap();
        is_bad.store(true, SeqCst);
        assert!(matches!(*follower.check_at(T0).unwrap_err(), ReloadError::Panicked));
        is_bad.store(false, SeqCst);
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Unchanged);
    }

    #[test]
    fn the_time_of_the_check_judges_the_ring() {
        let text = format!("1@2026-12-01T01:00:00Z:{}", key_text(1));
        let source = move |now: OffsetDateTime| Ok(KeyRing::parse_at(&text, now)?);
        let error = Follower::new_at(source.clone(), T0).unwrap_err();
        assert!(matches!(*error, ReloadError::Ring(_)), "{error}");
        Follower::new_at(source, at(3600)).unwrap();
    }
}

mod files {
    use super::*;

    fn new(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = match cfg!(target_family = "wasm") {
            // WASI has no folder for temporary files: `.ci/wasi-run` gives this one.
            true => tempfile::tempdir_in("/scratch").unwrap(),
            false => tempfile::tempdir().unwrap(),
        };
        let path = directory.path().join("keys.toml");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn a_file_is_followed_by_its_content() {
        let (_directory, path) = new(&table(1));
        let mut follower = Follower::new_at(RingFile::new(&path), T0).unwrap();
        let keys = follower.keys();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        // Of the same length and time as the one before.
        place(&path, &table(2));
        fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        assert_eq!(ids(&keys), [2]);
        place(&path, &format!("# a comment\n{}", table(2)));
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Unchanged);
    }

    #[test]
    fn where_no_time_is_given_it_is_the_present() {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let with_start = |seconds: i64| {
            let start = OffsetDateTime::from_unix_timestamp(now + seconds).unwrap();
            format!("{}not_before = \"{}\"\n", table(1), start.format(&Rfc3339).unwrap())
        };
        let (_directory, path) = new(&with_start(-60));
        let file = RingFile::new(&path);
        assert_eq!(file.path(), path);
        let mut follower = Follower::new(file).unwrap();
        assert_eq!(follower.check().unwrap(), Reload::Unchanged);
        // A ring whose only key has yet to start cannot seal.
        place(&path, &with_start(3600));
        assert!(follower.check().is_err());
    }

    #[test]
    fn no_damage_to_the_file_empties_the_ring() {
        let whole = format!("{}{}", table(2), table(1));
        let (_directory, path) = new(&whole);
        let mut follower = Follower::new_at(RingFile::new(&path), T0).unwrap();
        let keys = follower.keys();
        for (damage, line) in [
            (String::new(), "keys.toml: line 1"),
            ("keys = []".to_owned(), "keys.toml: line 1"),
            (whole[..whole.len() - 10].to_owned(), "keys.toml: line 6"),
            (whole.replace("id = 1", "id = 2"), "keys.toml: line 4"),
            ("\0".repeat(100), "keys.toml: line 1"),
            ("#".repeat(70_000), "more than 64 KiB"),
        ] {
            place(&path, &damage);
            for _ in 0..2 {
                let error = follower.check_at(T0).unwrap_err().to_string();
                assert!(error.contains(line), "{error}");
                assert!(!error.contains(&key_text(1)[..8]) && !error.contains(&key_text(2)[..8]));
                assert_eq!((ids(&keys), keys.generation()), (vec![2, 1], 1));
                assert_eq!(keys.last_error().unwrap().to_string(), error);
            }
        }
        fs::remove_file(&path).unwrap();
        let error = follower.check_at(T0).unwrap_err();
        assert!(matches!(*error, ReloadError::Read { .. }), "{error}");
        assert!(error.to_string().contains("check the path"));
        place(&path, &whole);
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Unchanged);
        assert!(keys.last_error().is_none());
    }

    #[test]
    fn every_form_of_a_ring_is_followed() {
        let (k1, k2) = (key_text(1), key_text(2));
        let (_directory, path) = new(&table(1));
        let mut follower = Follower::new_at(RingFile::new(&path), T0).unwrap();
        let keys = follower.keys();
        // A Docker secret, which has no line end or has one; then JSON.
        for (text, expected) in [
            (format!("2:{k2},1:{k1}"), vec![2, 1]),
            (format!("1:{k1},2:{k2}\n"), vec![1, 2]),
            (format!("{{\"keys\": [{{\"id\": 2, \"key\": \"{k2}\"}}]}}"), vec![2]),
            (format!("[{{\"id\": 1, \"key\": \"{k1}\"}}]\n"), vec![1]),
        ] {
            place(&path, &text);
            assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
            assert_eq!(ids(&keys), expected);
        }
    }

    /// The kubelet renames a link to a new folder over the one to the old.
    #[cfg(unix)]
    #[test]
    fn a_volume_of_kubernetes_is_followed_through_its_links() {
        use std::os::unix::fs::symlink;

        let volume = tempfile::tempdir().unwrap();
        let write = |version: &str, text: &str| {
            let folder = volume.path().join(version);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("keys"), text).unwrap();
            symlink(version, volume.path().join("..data_tmp")).unwrap();
            fs::rename(volume.path().join("..data_tmp"), volume.path().join("..data")).unwrap();
        };
        write("..1", &table(1));
        symlink("..data/keys", volume.path().join("keys")).unwrap();
        let file = RingFile::new(volume.path().join("keys"));
        let mut follower = Follower::new_at(file, T0).unwrap();
        write("..2", &format!("{}{}", table(2), table(1)));
        fs::remove_dir_all(volume.path().join("..1")).unwrap();
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        assert_eq!(ids(&follower.keys()), [2, 1]);
    }

    #[test]
    fn a_copy_that_stalls_at_the_border_of_an_entry_is_refused() {
        let whole = format!("last_id = 3\nkey_count = 2\n\n{}{}", table(3), table(2));
        let (_directory, path) = new(&whole);
        let mut follower = Follower::new_at(RingFile::new(&path), T0).unwrap();
        let cut = &whole[..whole.rfind("[[keys]]").unwrap()];
        place(&path, cut);
        let error = follower.check_at(T0).unwrap_err().to_string();
        assert!(error.contains("says that it has 2 keys, but it has 1"), "{error}");
        assert!(error.contains("correct its key_count"), "{error}");
        assert_eq!(ids(&follower.keys()), [3, 2]);
    }

    /// As behind a mount of a file alone, over which another was renamed outside.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_has_been_replaced_behind_its_mount_is_an_error_that_says_so() {
        use std::os::fd::AsRawFd as _;

        let (_directory, path) = new(&table(1));
        let pinned = fs::File::open(&path).unwrap();
        let mounted = format!("/proc/self/fd/{}", pinned.as_raw_fd());
        let mut follower = Follower::new_at(RingFile::new(&mounted), T0).unwrap();
        place(&path, &table(2));
        let error = follower.check_at(T0).unwrap_err();
        assert!(matches!(*error, ReloadError::Unlinked { .. }), "{error}");
        assert!(error.to_string().contains("mount its folder instead of the file"), "{error}");
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn a_file_that_is_being_written_is_not_taken_for_whole() {
        let whole = format!("{}{}", table(2), table(1));
        let (_directory, path) = new(&whole);
        let mut follower = Follower::new_at(RingFile::new(&path), T0).unwrap();
        let keys = follower.keys();
        // Key 3 alone is a ring too, and would sign everybody out.
        fs::write(&path, table(3)).unwrap();
        let rest = path.clone();
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(40));
            fs::write(rest, format!("{}{whole}", table(3))).unwrap();
        });
        assert_eq!(follower.check_at(T0).unwrap(), Reload::Replaced);
        writer.join().unwrap();
        assert_eq!((ids(&keys), keys.generation()), (vec![3, 2, 1], 2));
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn a_file_that_never_rests_is_an_error() -> Result<(), Box<dyn Error>> {
        let (_directory, path) = new(&table(1));
        let mut follower = Follower::new_at(RingFile::new(&path), T0).unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let (stop, file) = (Arc::clone(&is_over), path.clone());
        let writer = thread::spawn(move || {
            for count in 0_u64.. {
                if stop.load(SeqCst) {
                    return;
                }
                place(&file, &format!("# {count}\n{}", table(1)));
                thread::sleep(Duration::from_millis(5));
            }
        });
        // On a busy computer the writer too may rest for a while.
        let deadline = Instant::now() + Duration::from_secs(30);
        let error = loop {
            assert!(Instant::now() < deadline, "it was never refused");
            if let Err(error) = follower.check_at(T0) {
                break error;
            }
        };
        is_over.store(true, SeqCst);
        writer.join().unwrap();
        assert!(matches!(*error, ReloadError::Unsettled { .. }), "{error}");
        assert_eq!(follower.check_at(T0)?, Reload::Unchanged);
        Ok(())
    }
}

mod threads {
    use super::*;

    fn wait_for(what: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !what() {
            assert!(Instant::now() < deadline, "it never happened");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn a_thread_follows_and_reports_until_nobody_has_the_keys() {
        let source = Source::with(ring([1]));
        let follower = Follower::new(source.clone()).unwrap();
        let keys = follower.keys();
        let reports = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&reports);
        follower
            .spawn(Duration::from_millis(2), move |error| {
                assert_eq!(error.to_string(), "the vault is sealed");
                counter.fetch_add(1, SeqCst);
            })
            .unwrap();
        source.put(ring([2, 1]));
        wait_for(|| keys.generation() == 2);
        source.put(None);
        wait_for(|| reports.load(SeqCst) > 3);
        assert_eq!(ids(&keys), [2, 1]);
        source.put(ring([3, 2]));
        wait_for(|| keys.generation() == 3);
        assert!(keys.last_error().is_none());
        // The thread holds the last clones of what it reports to.
        drop(keys);
        wait_for(|| Arc::strong_count(&reports) == 1);
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn a_report_that_panics_does_not_end_the_following() {
        let source = Source::with(ring([1]));
        let follower = Follower::new(source.clone()).unwrap();
        let keys = follower.keys();
        let reports = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&reports);
        // What `eprintln!` does where standard error is closed.
        follower
            .spawn(Duration::from_millis(2), move |_| {
                counter.fetch_add(1, SeqCst);
                panic!("this panic is part of the test");
            })
            .unwrap();
        source.put(None);
        wait_for(|| reports.load(SeqCst) > 1);
        source.put(ring([2]));
        wait_for(|| ids(&keys) == [2]);
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore = "needs threads")]
    fn parallel_replacements_are_counted_each() {
        let keys = Keys::from(ring([1]));
        thread::scope(|scope| {
            for id in 1..=4 {
                let keys = &keys;
                scope.spawn(move || (0..100).for_each(|_| keys.replace(ring([id]))));
            }
        });
        assert_eq!(keys.generation(), 401);
    }
}
