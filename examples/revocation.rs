//! Revocation by a hook of your own: "log out everywhere", a new password, a
//! deleted user, with a generation for each user and a look-up every few minutes.
//! `Revocations` needs no look-up and takes effect at once; see the example `sign-out-everywhere`.
//!
//! Each session holds the generation of its user and the time of the last
//! look-up. The hook compares the generation when a look-up is due; whoever
//! passes is looked up, so the handler notes the time. The look-up here is a map; in an
//! application it is a row of the user's, or a copy of it that is kept in memory.
//!
//! ```sh
//! cargo run --example revocation
//! ```

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use sealed_session::{KeyRing, SessionInfo, Sessions};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How long a revocation may take to be noticed.
const RECHECK: Duration = Duration::minutes(5);

#[derive(Clone, Default, Serialize, Deserialize)]
struct Account {
    user: Option<String>,
    generation: u32,
    /// Unix seconds. Written by the application alone: `issued_at` moves with
    /// every write and re-seal, and so tells nothing of a look-up.
    checked_at: i64,
}

/// What the application knows of its users: the generation of each, and the last that was given to anybody.
#[derive(Clone, Default)]
struct Users(Arc<Mutex<(HashMap<String, u32>, u32)>>);

impl Users {
    /// `None` for a user who is not, or is no more.
    fn generation(&self, user: &str) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.get(user).copied()
    }

    /// Refuses every session of the user that was begun before. All users count together: a
    /// user who is deleted, and another who gets the name, never have the same generation.
    fn revoke(&self, user: &str) {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (generations, last) = &mut *users;
        *last += 1;
        generations.insert(user.to_owned(), *last);
    }

    fn delete(&self, user: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.remove(user);
    }
}

fn is_due(account: &Account, now: OffsetDateTime) -> bool {
    now.unix_timestamp() - account.checked_at >= RECHECK.whole_seconds()
}

fn sessions(users: Users) -> Result<Sessions<Account>, Box<dyn Error>> {
    Ok(Sessions::builder(KeyRing::ephemeral()?)
        .revoke_if(move |account: &Account, info: &SessionInfo| match &account.user {
            Some(user) if is_due(account, info.now()) => {
                users.generation(user) != Some(account.generation)
            }
            _ => false,
        })
        .build()?)
}

fn sign_in(
    sessions: &Sessions<Account>,
    users: &Users,
    now: OffsetDateTime,
) -> Result<String, Box<dyn Error>> {
    let mut session = sessions.load_at([""], now);
    session.renew();
    session.write(|account| {
        account.user = Some("ada".to_owned());
        account.generation = users.generation("ada").unwrap_or_default();
        account.checked_at = now.unix_timestamp();
    });
    Ok(sessions.commit_at(&session, now)?.cookies()[0].value().to_owned())
}

/// Any page. The user, and the cookie that the browser has afterwards.
fn page(
    sessions: &Sessions<Account>,
    value: &str,
    now: OffsetDateTime,
) -> Result<(Option<String>, String), Box<dyn Error>> {
    let mut session = sessions.load_at([format!("__Host-session={value}")], now);
    if session.read().user.is_some() && is_due(&session.read(), now) {
        session.write(|account| account.checked_at = now.unix_timestamp());
    }
    let response = sessions.commit_at(&session, now)?;
    let value = response.cookies().first().map_or(value, |cookie| cookie.value());
    Ok((session.read().user.clone(), value.to_owned()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let users = Users::default();
    users.revoke("ada"); // generation 1
    let sessions = sessions(users.clone())?;
    let start = OffsetDateTime::now_utc();
    let minutes = |count| start + Duration::minutes(count);

    let phone = sign_in(&sessions, &users, start)?;
    let laptop = sign_in(&sessions, &users, start)?;
    let (user, phone) = page(&sessions, &phone, minutes(6))?;
    println!("minute 6, the phone is looked up: {user:?}");
    assert_eq!(user.as_deref(), Some("ada"));

    // "Log out everywhere", from the laptop.
    users.revoke("ada");
    let (user, _) = page(&sessions, &phone, minutes(10))?;
    println!("minute 10, the next look-up is not due: {user:?}");
    assert_eq!(user.as_deref(), Some("ada"));
    let (user, _) = page(&sessions, &phone, minutes(11))?;
    println!("minute 11, the phone is signed out: {user:?}");
    assert_eq!(user, None);
    assert_eq!(page(&sessions, &laptop, minutes(11))?.0, None);

    // A new password is the same, and the session that changed it goes on.
    let here = sign_in(&sessions, &users, minutes(12))?;
    let elsewhere = sign_in(&sessions, &users, minutes(12))?;
    let mut session = sessions.load_at([format!("__Host-session={here}")], minutes(13));
    // Looked at before it is revoked, or there would be no session to go on. From here on the hook
    // judges what is written, at the commit.
    assert_eq!(session.read().user.as_deref(), Some("ada"));
    users.revoke("ada");
    session.renew();
    session.write(|account| account.generation = users.generation("ada").unwrap_or_default());
    let here = sessions.commit_at(&session, minutes(13))?.cookies()[0].value().to_owned();
    assert_eq!(page(&sessions, &here, minutes(18))?.0.as_deref(), Some("ada"));
    assert_eq!(page(&sessions, &elsewhere, minutes(18))?.0, None);
    println!("minute 18, the new password holds here and nowhere else");

    users.delete("ada");
    assert_eq!(page(&sessions, &here, minutes(18))?.0, None);
    println!("minute 18, a deleted user has no session");

    users.revoke("ada");
    assert_eq!(page(&sessions, &here, minutes(30))?.0, None);
    println!("minute 30, nor through another user who got the name");
    Ok(())
}
