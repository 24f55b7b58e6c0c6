//! A ring that follows its file: a rotation without a restart, a broken file
//! that changes nothing, and what a health page shows meanwhile.
//!
//! `cargo run --example live_reload --features reload`

use std::{error::Error, fs, path::Path, thread, time::Duration};

use sealed_session::{Follower, Key, Keys, RingFile, Sessions};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("session-keys.toml");
    let (old, new) = (table(1)?, table(2)?);
    write(&file, &old)?;

    let follower = Follower::new(RingFile::new(&file))?;
    let keys = follower.keys();
    let sessions = Sessions::<String>::new(keys.clone());
    // A server would look every few seconds.
    follower.spawn(Duration::from_millis(50), |error| eprintln!("session keys: {error}"))?;
    let value = sessions.seal(&sessions.create("ada".to_owned())?)?;
    show_health("at the start", &keys);

    // `sealed-session rotate` does this, with the comments of the file kept.
    write(&file, &format!("{new}\n{old}"))?;
    wait_until(|| keys.generation() == 2);
    show_health("after a rotation", &keys);
    let session = sessions.unseal(&value)?;
    println!("the session of {:?} lives on, and moves to key 2 when it is used", *session.read());

    write(&file, "[[keys]]\nid = 3\nkey = \"half a k")?;
    wait_until(|| keys.last_error().is_some());
    show_health("with a broken file", &keys);
    assert_eq!(keys.generation(), 2);
    Ok(())
}

/// What a health page can show to anybody: it holds no key.
fn show_health(when: &str, keys: &Keys) {
    println!(
        "{when}: generation {}, fingerprint {}",
        keys.generation(),
        keys.current().fingerprint()
    );
    if let Some(error) = keys.last_error() {
        println!("  the last good ring stays: {error}");
    }
}

fn table(id: u32) -> Result<String, Box<dyn Error>> {
    Ok(format!("[[keys]]\nid = {id}\nkey = \"{}\"\n", *Key::generate()?.to_base64()))
}

/// At a stroke, so that nobody reads half a file.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(beside, file)
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_millis(10));
    }
}
