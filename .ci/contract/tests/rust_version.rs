//! Whoever has the Rust version that we name can build what we depend on.

use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

#[test]
fn no_dependency_needs_a_newer_rust_than_we_state() {
    let metadata = MetadataCommand::new()
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("metadata");
    let ours = metadata.root_package().expect("a package").rust_version.clone().expect("stated");
    let resolve = metadata.resolve.as_ref().expect("resolved");

    let mut needed = vec![resolve.root.as_ref().expect("a package")];
    let mut next = 0;
    while let Some(package) = needed.get(next) {
        next += 1;
        let node = &resolve[*package];
        for dependency in &node.deps {
            let for_users =
                dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
            // Its feature says that it needs the Rust that salvo needs.
            let is_salvo = metadata[&dependency.pkg].name.as_str() == "salvo_core";
            if for_users && !is_salvo && !needed.contains(&&dependency.pkg) {
                needed.push(&dependency.pkg);
            }
        }
    }
    assert!(needed.len() > 100, "the tree was not walked: {} packages", needed.len());

    let newer: Vec<_> = needed
        .into_iter()
        .map(|id| &metadata[id])
        .filter(|package| package.rust_version.as_ref().is_some_and(|theirs| *theirs > ours))
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    assert!(
        newer.is_empty(),
        "need more than Rust {ours}: {newer:?}; take an older one with \
         `cargo update NAME --precise VERSION`, or raise rust-version and say so in CHANGELOG.md"
    );
}
