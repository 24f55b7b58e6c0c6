//! The recipes of the documents, run as they stand, with stores that work and stores that fail.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use super::{AT, CLOCK, key_text};

const RUNBOOK: &str = include_str!("../../docs/ROTATION.md");
const MANUAL: &str = include_str!("../../docs/TOOL.md");

/// The script with this word in it.
fn script(document: &str, word: &str) -> String {
    let scripts = document.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    scripts.filter(|script| script.contains(word)).collect::<Vec<_>>().concat()
}

/// Each stands for a store: it hands out what is in `store`, and takes what it is given.
const STANDS_FOR: [(&str, &str); 5] = [
    ("fetch-secret", "$FAILS || cat $OLDPLACE/store"),
    ("store-secret", "cat > $OLDPLACE/store"),
    (
        "kubectl",
        "case $1 in
           get) $FAILS || base64 < $OLDPLACE/store ;;
           create) cat \"${5#--from-file=keys=}\" ;;
           apply) cat \"$3\" > $OLDPLACE/store ;;
         esac",
    ),
    (
        "vault",
        "case $2 in
           get) $FAILS || cat $OLDPLACE/store ;;
           *) cat \"${4#session_keys=@}\" > $OLDPLACE/store ;;
         esac",
    ),
    (
        "docker",
        "case $1 in
           secret) $FAILS || cat \"$4\" > $OLDPLACE/store ;;
           service) $FAILS || echo \"$@\" >> $OLDPLACE/service ;;
         esac",
    ),
];

/// What the store has after the script, and what lies about where it ran.
fn run(place: &Path, script: &str, fails: bool) -> (String, Vec<String>) {
    let tools = place.join("tools");
    fs::create_dir_all(&tools).unwrap();
    for (name, body) in STANDS_FOR {
        let path = tools.join(name);
        // A copy of the keys that others may read is seen while a store is asked.
        let text = format!("#!/bin/sh\nfind . -type f -perm /077 >> $OLDPLACE/open\n{body}\n");
        fs::write(&path, text.replace("$FAILS ||", "$FAILS && exit 1;")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let _ = symlink(env!("CARGO_BIN_EXE_sealed-session"), tools.join("sealed-session"));
    let work = place.join("work");
    fs::create_dir_all(&work).unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let out = Command::new("sh")
        .args(["-c", &format!("umask 022\n{script}")])
        .current_dir(&work)
        .env("PATH", path)
        .env("OLDPLACE", place)
        .env("FAILS", if fails { "true" } else { "false" })
        .env(CLOCK, AT)
        .output()
        .unwrap();
    let open = fs::read_to_string(place.join("open")).unwrap_or_default();
    assert_eq!(open, "", "{script}\n{}", String::from_utf8_lossy(&out.stderr));
    let names = fs::read_dir(&work).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap()).collect();
    (fs::read_to_string(place.join("store")).unwrap_or_default(), names)
}

#[test]
fn a_recipe_stores_the_next_ring_or_leaves_the_store_alone() {
    let before = format!("absolute-timeout=14d,last-id=1,key-count=1,1:{}\n", key_text(1));
    for (document, word) in [(MANUAL, "fetch-secret"), (RUNBOOK, "kubectl"), (RUNBOOK, "vault kv")]
    {
        let script = script(document, word);
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("store"), &before).unwrap();
        let (after, names) = run(place.path(), &script, true);
        assert_eq!((after, names), (before.clone(), vec![]), "{script}");
        let (after, names) = run(place.path(), &script, false);
        assert!(
            after.contains("last-id=2,key-count=2,") && after.contains(&key_text(1)),
            "{script}"
        );
        assert_eq!(names, Vec::<String>::new(), "{script}");
        // What is no ring is not stored anew either.
        fs::write(place.path().join("store"), "no ring").unwrap();
        assert_eq!(run(place.path(), &script, false).0, "no ring", "{script}");
    }
}

#[test]
fn a_secret_of_docker_is_rotated_from_the_copy_that_was_kept() {
    let scripts = script(RUNBOOK, "docker ");
    let (first, next) = scripts.split_at(scripts.rfind("sealed-session rotate").unwrap());
    let place = tempfile::tempdir().unwrap();
    let (store, names) = run(place.path(), first, false);
    assert_eq!(names, ["keys.toml"]);
    assert!(store.contains("absolute_timeout = \"14d\"") && store.contains("id = 1"));
    let (store, _) = run(place.path(), next, false);
    assert!(store.contains("id = 2") && store.contains("id = 1"));
    assert!(store.contains("2031-05-06T09:00:00Z"), "it seals in two hours");
    let service = fs::read_to_string(place.path().join("service")).unwrap();
    assert!(service.contains("source=session_keys_2,target=session_keys"), "{service}");
}
