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
