//! Runs that are killed, operators who come at once, and systems that refuse.

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use super::{AT, CLOCK, NOW, Ring, finish, tool};

const LEFTOVER: &str = ".keys.toml.new";

fn names(ring: &Ring) -> Vec<String> {
    let entries = fs::read_dir(ring.directory()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn three_hundred_kills_leave_no_broken_ring_and_hardly_ever_a_second_file() {
    let ring = Ring::of([(1, "")]);
    let (mut killed, mut left) = (0, 0);
    // Up to a little more than a whole run takes.
    let begun = Instant::now();
    (0..5).for_each(|_| drop(ring.run("rotate", &["--now"])));
    let longest = u64::try_from(begun.elapsed().as_micros()).unwrap() / 4;
    let mut random = 0x9e37_79b9_u64;
    for _ in 0..300 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut rotate = tool(&["rotate", ring.path.to_str().unwrap(), "--now"]);
        rotate.env(CLOCK, AT).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = rotate.spawn().unwrap();
        thread::sleep(Duration::from_micros(random % longest));
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().signal().is_some());
        let ids = ring.ids();
        assert!(ids.ends_with(&[1]) && ids.windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
        // Between the moment in which the whole file gets a name and that in which it gets its
        // own, a kill leaves that one name, which the next run removes.
        let names = names(&ring);
        assert!(names == ["keys.toml"] || names == [LEFTOVER, "keys.toml"], "{names:?}");
        left += u32::from(fs::remove_file(ring.directory().join(LEFTOVER)).is_ok());
        if ids.len() > 60 {
            ring.run("emergency", &[]).done();
            fs::write(&ring.path, super::tables([(1, "")])).unwrap();
        }
    }
    println!("{killed} runs were killed, {left} of them between two names");
    assert!((50..300).contains(&killed), "{killed} were killed, of a whole run too few or all");
    // Some 20 µs of a run's milliseconds.
    assert!(left <= 6, "{left} runs left the keys in a second file");
    ring.run("rotate", &[]);
    assert_eq!(names(&ring), ["keys.toml"]);
}

#[test]
fn what_a_killed_run_left_is_told_and_removed() {
    let ring = Ring::of([(1, "")]);
    fs::write(ring.directory().join(LEFTOVER), "keys").unwrap();
    for command in ["prune", "status"] {
        let said = ring.run(command, &[]).done();
        assert!(said.contains("note: a run that was killed left a copy of the keys"), "{said}");
        assert!(!ring.json(command, &[])["notes"].as_array().unwrap().is_empty());
    }
    let run = ring.run("check", &[]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("a run that was killed left a copy of the keys"), "{}", run.out);
    let said = ring.run("rotate", &[]).done();
    assert!(said.contains("note: a run that was killed had left a copy"), "{said}");
    assert_eq!(names(&ring), ["keys.toml"]);
}

#[test]
fn twenty_operators_at_once_lose_no_change() {
    let ring = Ring::of([(1, "")]);
    let begun = Instant::now();
    let runs = thread::scope(|scope| {
        let all: Vec<_> =
            (0..20).map(|_| scope.spawn(|| ring.run("rotate", &["--json"]))).collect();
        all.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let ids = ring.ids();
    let mut done = 0;
    for run in runs {
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        if run.code == 0 {
            done += 1;
            let id = u32::try_from(report["id"].as_u64().unwrap()).unwrap();
            assert!(ids.contains(&id), "key {id} was said to be there, and is lost: {ids:?}");
        } else {
            assert_eq!(report["ok"], false);
        }
    }
    assert_eq!(ids.len(), done + 1);
    assert_eq!(names(&ring), ["keys.toml"]);
}

#[test]
fn whoever_holds_the_lock_does_not_hold_up_an_emergency() {
    let ring = Ring::of([(2, ""), (1, "")]);
    let reader = fs::File::open(&ring.path).unwrap();
    fs4::FileExt::lock_shared(&reader).unwrap();
    let begun = Instant::now();
    let said = ring.run("emergency", &[]).done();
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(said.contains("was not waited for"), "{said}");
    assert_eq!(ring.ids(), [3]);
}

#[test]
fn a_change_that_waited_too_long_for_the_lock_is_refused() {
    let ring = Ring::of([(1, "")]);
    let reader = fs::File::open(&ring.path).unwrap();
    fs4::FileExt::lock_shared(&reader).unwrap();
    let error = ring.refused("rotate", &[]);
    assert!(error.contains("holds the file's lock; see which with `fuser FILE`"), "{error}");
}

#[test]
fn a_full_disk_is_said_before_and_after_the_change() {
    // A limit on the size of files stands for a disk without room.
    let ring = Ring::of([(1, "")]);
    let before = ring.text();
    let run = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -f 0; trap '' XFSZ; exec {} rotate {}",
            env!("CARGO_BIN_EXE_sealed-session"),
            ring.path.display()
        ))
        .output()
        .unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("it is as it was"), "{said}");
    assert_eq!((ring.text(), names(&ring)), (before, vec!["keys.toml".to_owned()]));
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_done_is_what_the_status_says_when_nobody_can_hear_it() {
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let code = |arguments: &[&str]| {
        let mut tool = tool(arguments);
        tool.env(CLOCK, AT).stdin(Stdio::null()).stderr(Stdio::null());
        tool.stdout(full()).status().unwrap().code().unwrap()
    };
    let ring = Ring::of([(1, "")]);
    let path = ring.path.to_str().unwrap();
    for json in [&[][..], &["--json"]] {
        let with = |arguments: &[&str]| code(&[arguments, json].concat());
        assert_eq!(with(&["keygen"]), 1, "no key was given");
        assert_eq!(with(&["status", path]), 1);
        assert_eq!(with(&["check", path]), 1);
        assert_eq!(with(&["rotate", path, "--dry-run"]), 1);
        let before = ring.ids().len();
        assert_eq!(with(&["rotate", path]), 3);
        assert_eq!(ring.ids().len(), before + 1, "the key was added");
    }
    let mut rotate = tool(&["rotate", path, "--json"]);
    let run = finish(rotate.env(CLOCK, AT), "");
    assert_eq!(run.code, 0);
    // A ring that is printed to a full disk was not given to anybody.
    let mut piped = tool(&["rotate", "-"]);
    let mut child = piped
        .env(CLOCK, AT)
        .stdin(Stdio::piped())
        .stdout(full())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), ring.text().as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_ring_that_was_printed_whole_is_told_from_one_that_nobody_got() {
    let ring = Ring::of([(1, "")]);
    let sh = |script: &str| {
        let script = script.replace("TOOL", env!("CARGO_BIN_EXE_sealed-session"));
        let script = script.replace("FILE", ring.path.to_str().unwrap());
        let out = std::process::Command::new("sh").args(["-c", &script]).env(CLOCK, AT).output();
        let out = out.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    };
    for command in ["emergency", "rotate", "prune --absolute-timeout 14d", "convert --to text"] {
        let (code, out, _) = sh(&format!("TOOL {command} - < FILE 2>/dev/full"));
        assert_eq!(code, 3, "{command}");
        assert!(
            sealed_session::RingForm::detect(out.as_bytes()).is_ok()
                && out.contains(':') | out.contains("[[keys]]")
        );
    }
    for gone in [">&-", ">/dev/null"] {
        for command in ["emergency", "rotate", "rotate --create"] {
            let (code, _, err) = sh(&format!("TOOL {command} - < FILE {gone}"));
            assert_eq!(code, 1, "{command} {gone}: {err}");
            assert!(err.contains("the new key would be lost; nothing was changed"), "{err}");
        }
        // Nothing is lost where nothing is new.
        assert_eq!(
            sh(&format!(
                "TOOL rotate --unless-pending --if-older-than 1d --dry-run - < FILE {gone}"
            ))
            .0,
            0
        );
        assert_eq!(sh(&format!("TOOL prune --absolute-timeout 14d - < FILE {gone}")).0, 0);
    }
}

#[test]
fn a_key_without_an_older_one_loses_a_start_that_has_passed() {
    // A device boots in 1970, before its clock is set.
    let ring = Ring::of([(1, "")]);
    ring.run("rotate", &["--now"]).done();
    ring.run_at("2031-05-20T07:02:00Z", "prune", &[]).done();
    assert_eq!(ring.ids(), [2]);
    assert!(!ring.text().contains("not_before"), "{}", ring.text());
    assert_eq!(ring.at(time::OffsetDateTime::UNIX_EPOCH).entries().len(), 1);
    // And not one that is yet to come, nor where an older key's time depends on it.
    ring.run("rotate", &[]).done();
    assert!(ring.at(NOW).entries()[0].starts_at().is_some());
    ring.run("rotate", &[]).done();
    ring.run("retire", &["2", "--force"]);
    assert!(ring.text().contains("not_before"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_access_list_is_kept() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};

    const NAME: &str = "system.posix_acl_access";
    // Version 2: owner rw-, user 12345 r--, group ---, mask r--, others ---.
    let entry = |tag: u16, rights: u16, id: u32| {
        [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let none = u32::MAX;
    let list = [
        2_u32.to_le_bytes().to_vec(),
        entry(1, 6, none),
        entry(2, 4, 12345),
        entry(4, 0, none),
        entry(16, 4, none),
        entry(32, 0, none),
    ]
    .concat();
    let ring = Ring::of([(1, "")]);
    if setxattr(&ring.path, NAME, &list, XattrFlags::empty()).is_err() {
        return; // The file system has none.
    }
    ring.run("rotate", &[]).done();
    let mut kept = vec![0; 1024];
    let length = getxattr(&ring.path, NAME, kept.as_mut_slice()).unwrap();
    assert_eq!(kept[..length], list);
}

#[test]
fn a_file_that_is_mounted_by_itself_says_so() {
    // Only the superuser may mount.
    let ring = Ring::of([(1, "")]);
    let outside = Ring::of([(1, "")]);
    let script = format!(
        "mount --bind {} {} 2>/dev/null || exit 77; {} rotate {} 2>&1; code=$?; umount {}; exit $code",
        outside.path.display(),
        ring.path.display(),
        env!("CARGO_BIN_EXE_sealed-session"),
        ring.path.display(),
        ring.path.display()
    );
    let run = std::process::Command::new("unshare").args(["-m", "sh", "-c", &script]).output();
    let Ok(run) = run else { return };
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    if run.status.code() != Some(1) || !said.contains("error") {
        return;
    }
    assert!(said.contains("mounted by itself"), "{said}");
    assert_eq!(names(&ring), ["keys.toml"]);
}

#[test]
fn a_read_only_file_system_says_so() {
    let ring = Ring::of([(1, "")]);
    let script = format!(
        "mount --bind {0} {0} 2>/dev/null && mount -o remount,ro,bind {0} 2>/dev/null || exit 77; {1} rotate {0}/keys.toml 2>&1",
        ring.directory().display(),
        env!("CARGO_BIN_EXE_sealed-session"),
    );
    let run = std::process::Command::new("unshare").args(["-m", "sh", "-c", &script]).output();
    let Ok(run) = run else { return };
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    if run.status.code() != Some(1) || !said.contains("error") {
        return;
    }
    assert!(said.contains("its file system is read-only"), "{said}");
}
