//! A session's life: sealed into a Set-Cookie line, read back from a Cookie
//! line, moved to a new key, and refused when it should be.
//!
//! `cargo run --example tour`

use std::error::Error;

use sealed_session::{Key, KeyEntry, KeyRing, Keys, SealError, Sessions};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Account {
    user: Option<String>,
    cart: Vec<u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let old_key = KeyEntry::new(1, Key::generate()?);
    let keys = Keys::from(KeyRing::new([old_key.clone()])?);
    let sessions = Sessions::<Account>::new(keys.clone());
    let now = OffsetDateTime::now_utc();

    title("Sign in: the response sets a cookie");
    let mut session = sessions.load_at(["theme=dark"], now);
    session.renew();
    session.write(|account| account.user = Some("ada".to_owned()));
    let response = sessions.commit_at(&session, now)?;
    let cookie = &response.cookies()[0];
    println!("Set-Cookie: {cookie}");

    title("The next request brings it back");
    let header = format!("theme=dark; {}={}", cookie.name(), cookie.value());
    println!("Cookie: {header}");
    let session = sessions.load_at([&header], now);
    println!("-> {:?}, under key {}", *session.read(), session.key_id().ok_or("a key")?);
    println!("-> {} cookies to set", sessions.commit_at(&session, now)?.cookies().len());

    title("Rotate: a new key goes in front, the old one still reads");
    keys.replace(KeyRing::new([KeyEntry::new(2, Key::generate()?), old_key])?);
    let later = now + Duration::hours(2);
    let session = sessions.load_at([&header], later);
    println!("-> {:?}, under key {}", *session.read(), session.key_id().ok_or("a key")?);
    let response = sessions.commit_at(&session, later)?;
    let cookie = &response.cookies()[0];
    println!("Set-Cookie: {cookie}");
    let moved = sessions.unseal_at(cookie.value(), later)?;
    println!("-> the same session, now under key {}", moved.key_id().ok_or("a key")?);

    title("What is refused is no session, and the reason is for the operator");
    let mut tampered = cookie.value().to_owned();
    let last = if tampered.ends_with("AA") { "BA" } else { "AA" };
    tampered.replace_range(tampered.len() - 2.., last);
    for (what, value, at) in [
        ("tampered", tampered.as_str(), later),
        ("too late", cookie.value(), now + Duration::days(14)),
        ("nonsense", "*******", later),
    ] {
        let session = sessions.load_at([format!("__Host-session={value}")], at);
        println!(
            "{what}: user {:?}; {}",
            session.read().user,
            session.refusal().ok_or("a reason")?
        );
    }

    title("What no browser would keep is an error, before anything is sent");
    let mut session = sessions.load_at([&header], now);
    session.write(|account| account.cart = (100_000..101_000).collect());
    match sessions.commit_at(&session, now) {
        Err(error @ SealError::TooLarge { .. }) => println!("{error}"),
        other => return Err(format!("it should be too large: {other:?}").into()),
    }
    Ok(())
}

fn title(text: &str) {
    println!("\n== {text}");
}
