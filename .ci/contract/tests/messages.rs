//! What the compiler says to somebody who forgot something, at the place where they forgot it.

use std::{env, fs, path::Path, process::Command};

/// Where cargo builds this test: what other steps have checked there already is not checked again.
fn target() -> &'static Path {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().expect("it is `tmp` in the target folder")
}

/// What `cargo check` says of a program that uses the crate. `CONTRACT_ALONE` may name a copy by
/// `.ci/alone`, in which less is built.
fn check(name: &str, program: &str) -> String {
    let alone = env::var("CONTRACT_ALONE");
    let root = alone.as_deref().unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let shared =
        alone.as_ref().map_or(String::new(), |_| format!("shared.path = \"{root}/shared\"\n"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages").join(name);
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         sealed-session = {{ path = {root:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n{shared}"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("it is written");
    fs::write(folder.join("src/main.rs"), program).expect("it is written");
    fs::copy(Path::new(root).join("Cargo.lock"), folder.join("Cargo.lock")).expect("it is there");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--color", "never"])
        .current_dir(&folder)
        // One for all of them, so that the dependencies are built once.
        .env("CARGO_TARGET_DIR", target())
        .output()
        .expect("cargo starts");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_handler_for_who_is_signed_in_says_what_tells_who_that_is() {
    let said = check(
        "signed-in",
        "#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
         struct Account { user: Option<String> }
         async fn handler(session: sealed_session::SignedIn<Account>) {}
         fn main() {}",
    );
    for part in [
        "nothing tells when `Account` is that of somebody who signed in",
        "async fn handler(session: sealed_session::SignedIn<Account>)",
        "implement `sealed_session::SignedInData` for it",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

#[test]
fn a_configuration_says_what_its_data_lacks() {
    for (name, derived, missing) in [
        ("no-default", "Clone, serde::Serialize, serde::Deserialize", "Default"),
        ("no-clone", "Default, serde::Serialize, serde::Deserialize", "Clone"),
        ("no-serialize", "Clone, Default, serde::Deserialize", "Serialize"),
        ("no-deserialize", "Clone, Default, serde::Serialize", "Deserialize"),
    ] {
        let said = check(
            name,
            &format!(
                "#[derive({derived})] struct Account {{ user: Option<String> }}
                 fn sessions(keys: sealed_session::KeyRing) {{
                     let _ = sealed_session::Sessions::<Account>::new(keys);
                 }}
                 fn main() {{}}"
            ),
        );
        let first = "its trait bounds were not satisfied";
        assert!(said.contains(first) && said.contains(&format!("Account: {missing}")), "{said}");
    }
}
