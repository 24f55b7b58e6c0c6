//! The public API is the one that was agreed to, in `public-api/`.

use std::{env, fs, path::Path, process::Command, sync::Mutex};

use cargo_metadata::MetadataCommand;
use public_api::Builder;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn the_public_api_is_the_committed_one() {
    for (features, snapshot) in
        [("--no-default-features", "no-features.txt"), ("--all-features", "all-features.txt")]
    {
        let api = describe(features).omit_auto_trait_impls(true).build().unwrap_or_else(explain);
        let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("public-api").join(snapshot);
        println!(
            "to accept: UPDATE_SNAPSHOTS=yes cargo test --manifest-path .ci/contract/Cargo.toml"
        );
        api.assert_eq_or_update(snapshot);
    }
}

/// `tests/api.rs` says which of them hold whatever the parameters are.
#[test]
fn every_public_type_is_debug_send_and_sync() {
    let api = describe("--all-features").build().unwrap_or_else(explain);
    let items: Vec<_> = api.items().map(ToString::to_string).collect();
    let types: Vec<_> = items
        .iter()
        .filter_map(|item| item.strip_prefix("#[non_exhaustive] ").unwrap_or(item).split_once(' '))
        .filter_map(|(_, rest)| rest.strip_prefix("struct ").or_else(|| rest.strip_prefix("enum ")))
        .map(|declaration| declaration.split(['<', '(']).next().unwrap_or(declaration))
        .collect();
    assert!(types.len() > 30, "found only {types:?}");
    for path in types {
        for name in ["core::fmt::Debug", "core::marker::Send", "core::marker::Sync"] {
            let holds = items.iter().any(|item| {
                item.split_once(&format!(" {name} for {path}")).is_some_and(|(head, rest)| {
                    head.starts_with("impl") && (rest.is_empty() || rest.starts_with(['<', ' ']))
                })
            });
            assert!(holds, "{path} is not {name}");
        }
    }
}

/// Derived traits are a promise too; those that the standard library adds to everything are not.
fn describe(features: &str) -> Builder {
    // Both kinds of features go to the same file.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    // A copy by `.ci/alone`, in which less is built.
    let alone = env::var("CONTRACT_ALONE");
    let root = alone.as_deref().unwrap_or(ROOT);
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec().expect("metadata");
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["doc", "--locked", "--lib", "--no-deps", "--quiet", features])
        .arg("--package=sealed-session")
        .args(alone.iter().map(|_| "--package=shared"))
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .env("RUSTDOC", concat!(env!("CARGO_MANIFEST_DIR"), "/../rustdoc-unstable"))
        .status()
        .expect("cargo starts");
    assert!(status.success(), "rustdoc failed");
    let json = metadata.target_directory.join("doc/sealed_session.json");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{features}.json"));
    fs::copy(json, &copy).expect("rustdoc wrote it");
    Builder::from_rustdoc_json(copy).omit_blanket_impls(true)
}

fn explain(error: public_api::Error) -> public_api::PublicApi {
    panic!(
        "{error}\nIf it is about the version of the JSON: let .ci/contract/Cargo.toml have the \
         version of `public-api` that reads this toolchain's."
    )
}
