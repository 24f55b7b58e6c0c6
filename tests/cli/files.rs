//! How the file is put in place.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
        process::CommandExt as _,
    },
};

use super::{Ring, finish, tables, tool};

fn mode(ring: &Ring) -> u32 {
    fs::metadata(&ring.path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn permissions_are_kept_and_a_new_file_is_its_owners_alone() {
    for kept in [0o600, 0o640, 0o440] {
        let ring = Ring::of([(1, "")]);
        fs::set_permissions(&ring.path, Permissions::from_mode(kept)).unwrap();
        ring.run("rotate", &[]).done();
        assert_eq!(mode(&ring), kept);
    }
    let ring = Ring::new("");
    fs::remove_file(&ring.path).unwrap();
    ring.run("rotate", &["--create"]).done();
    assert_eq!(mode(&ring), 0o600);
}

#[test]
fn a_mode_that_lets_others_read_the_keys_is_said_at_every_change() {
    let ring = Ring::of([(2, "not_before = \"2031-05-01T00:00:00Z\""), (1, "")]);
    fs::set_permissions(&ring.path, Permissions::from_mode(0o644)).unwrap();
    for (command, arguments) in [
        ("status", &[][..]),
        ("rotate", &[]),
        ("prune", &[]),
        ("retire", &["3"]),
        ("emergency", &[]),
    ] {
        let said = ring.run(command, arguments).done();
        assert!(
            said.contains("note: everybody on this machine may open the file"),
            "{command}: {said}"
        );
        assert!(said.contains("chmod it to 0600"), "{command}: {said}");
    }
    assert_eq!(mode(&ring), 0o644);
    let report = ring.json("status", &[]);
    assert!(report["notes"][0].as_str().unwrap().contains("mode 0644"), "{report}");
    fs::set_permissions(&ring.path, Permissions::from_mode(0o600)).unwrap();
    assert!(!ring.run("rotate", &[]).done().contains("everybody"));
}

#[test]
fn a_pipe_is_not_waited_for() {
    use std::time::{Duration, Instant};

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    let path = path.to_str().unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let ring = Ring::of([(1, "")]);
    let file = ring.path.to_str().unwrap();
    let begun = Instant::now();
    for arguments in [
        &["check", path][..],
        &["rotate", path],
        &["emergency", path],
        &["check", file, "--deployed", path],
    ] {
        let run = finish(&mut tool(arguments), "");
        assert_eq!(run.code, 1, "{arguments:?}");
        assert!(run.err.contains("it is a pipe; give `-` for it"), "{}", run.err);
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_link_to_nothing_is_named_by_both_ways_to_a_ring() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("keys.toml");
    symlink(directory.path().join("gone"), &link).unwrap();
    for arguments in [&["check"][..], &["rotate"], &["rotate", "--create"], &["emergency"]] {
        let run = finish(tool(arguments).arg(&link), "");
        assert_eq!(run.code, 1);
        assert!(run.err.contains("a symbolic link to a file that is not there"), "{}", run.err);
    }
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let ring = Ring::of([(1, "")]);
    let path = ring.directory().join("\u{1b}[2Jkeys.toml");
    fs::rename(&ring.path, &path).unwrap();
    for command in ["check", "rotate", "prune", "status"] {
        let run = finish(
            tool(&[command, path.to_str().unwrap()])
                .args((command == "prune").then_some("--absolute-timeout=14d")),
            "",
        );
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(
            !run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'),
            "{} {}",
            run.out,
            run.err
        );
    }
}

#[test]
fn a_symbolic_link_stays_one_and_its_target_is_replaced() {
    let ring = Ring::of([(1, "")]);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.toml");
    symlink(&ring.path, &link).unwrap();
    finish(&mut tool(&["rotate", link.to_str().unwrap()]), "").done();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    assert!(ring.text().contains("id = 2"));
}

#[test]
fn a_reader_sees_the_old_file_or_the_new_one() {
    let ring = Ring::of([(1, "")]);
    let open = fs::File::open(&ring.path).unwrap();
    let before = fs::metadata(&ring.path).unwrap().ino();
    ring.run("rotate", &[]).done();
    assert_ne!(fs::metadata(&ring.path).unwrap().ino(), before);
    assert_eq!(std::io::read_to_string(open).unwrap(), tables([(1, "")]));
    assert_eq!(fs::read_dir(ring.directory()).unwrap().count(), 1);
}

#[test]
fn what_is_no_file_is_said() {
    for path in ["/", "/dev/zero", "/nowhere/keys.toml"] {
        for command in ["check", "rotate", "prune"] {
            let run = finish(&mut tool(&[command, path]), "");
            assert_eq!(run.code, 1);
            assert!(run.err.starts_with(&format!("error: {path}: ")), "{}", run.err);
        }
    }
    let ring = Ring::new("# long\n".repeat(10_000));
    assert!(ring.refused("rotate", &[]).contains("more than 64 KiB"));
}

/// Only the superuser can give a file away.
fn is_superuser() -> bool {
    let ring = Ring::of([(1, "")]);
    chown(&ring.path, Some(65534), Some(65534)).is_ok()
}

#[test]
fn the_owner_is_kept() {
    if !is_superuser() {
        return;
    }
    let ring = Ring::of([(1, "")]);
    chown(&ring.path, Some(65534), Some(65534)).unwrap();
    fs::set_permissions(&ring.path, Permissions::from_mode(0o640)).unwrap();
    ring.run("rotate", &[]).done();
    let metadata = fs::metadata(&ring.path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (65534, 65534));
    assert_eq!(mode(&ring), 0o640);
    assert!(ring.text().contains("id = 2"));
}

#[test]
fn who_cannot_keep_the_owner_changes_nothing() {
    if !is_superuser() {
        return;
    }
    let ring = Ring::of([(1, "")]);
    fs::set_permissions(&ring.path, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(ring.directory(), Permissions::from_mode(0o777)).unwrap();
    // Where that user may run the tool at all, which lies below the build's directory.
    let mut rotate = tool(&["rotate", ring.path.to_str().unwrap()]);
    let Ok(mut child) = rotate.uid(65534).gid(65534).stderr(std::process::Stdio::null()).spawn()
    else {
        return;
    };
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(ring.text(), tables([(1, "")]));
    assert_eq!(fs::read_dir(ring.directory()).unwrap().count(), 1);
}
