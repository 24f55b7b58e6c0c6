//! One of the servers.

use std::{error::Error, time::Duration};

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use sealed_session::{
    Existing, Family, KeyRing, RedisRevocations, Revocations, RevokeError, Session, Sessions,
    Subject,
};
use serde::{Deserialize, Serialize};

use crate::users::Users;

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    user: Option<String>,
}

#[derive(Clone)]
struct App {
    users: Users,
    revocations: Revocations,
}

/// The absolute timeout: no session lives longer, so no entry is needed for longer.
const TIMEOUT: Duration = Duration::from_secs(14 * 24 * 3600);

/// Blocks until the list was read, for a server that has not read it would refuse everybody.
pub(crate) fn revocations(url: &str) -> Result<Revocations, Box<dyn Error>> {
    let revocations = Revocations::following(RedisRevocations::new(url)?, TIMEOUT).start()?;
    match revocations.wait_until_read(Duration::from_secs(10)) {
        true => Ok(revocations),
        false => Err(revocations.trouble().unwrap_or_default().into()),
    }
}

pub(crate) fn app(
    keys: KeyRing,
    users: Users,
    revocations: Revocations,
) -> Result<Router, Box<dyn Error>> {
    let sessions = Sessions::<Account>::builder(keys)
        .absolute_timeout(TIMEOUT)
        // For this example alone, whose browsers speak plain HTTP.
        .insecure_plain_http_for_development()
        .revocations(&revocations, |account| account.user.as_deref().map(Subject::from))
        .build()?;
    Ok(Router::new()
        .route("/", get(home))
        .route("/health", get(health))
        .route("/login", post(login))
        .route("/password", post(change_password))
        .route("/sign-out-everywhere", post(sign_out_everywhere))
        .route("/devices/end", post(end_device))
        .route("/admin/delete", post(delete_user))
        .layer(sessions)
        .with_state(App { users, revocations }))
}

async fn home(session: Session<Account>) -> String {
    format!("hello {}", session.read().user.as_deref().unwrap_or("guest"))
}

/// What an operator looks at.
async fn health(State(app): State<App>) -> String {
    let (list, age) = (&app.revocations, app.revocations.age());
    format!("{} entries, heard {age:?} ago, {}", list.len(), list.trouble().unwrap_or_default())
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

async fn login(
    State(app): State<App>,
    mut session: Session<Account>,
    Form(form): Form<Login>,
) -> Result<(), StatusCode> {
    let after = app.users.check(&form.user, &form.password).ok_or(StatusCode::FORBIDDEN)?;
    session.renew_after(after);
    session.write(|account| account.user = Some(form.user.clone()));
    if let Some(family) = session.family() {
        app.users.note_device(&form.user, family, "a browser".to_owned());
    }
    Ok(())
}

#[derive(Deserialize)]
struct Passwords {
    old: String,
    new: String,
}

async fn change_password(
    State(app): State<App>,
    mut session: Existing<Account>,
    Form(form): Form<Passwords>,
) -> Result<(), StatusCode> {
    let user = session.read().user.clone().ok_or(StatusCode::FORBIDDEN)?;
    app.users.check(&user, &form.old).ok_or(StatusCode::FORBIDDEN)?;
    // First the password, or somebody could sign in with the old one in between.
    app.users.set_password(&user, &form.new);
    let position = app.revocations.revoke_all(&user).await.map_err(|error| unconfirmed(&error))?;
    app.users.note_revocation(&user, position);
    session.renew_after(position);
    if let Some(family) = session.family() {
        app.users.note_device(&user, family, "a browser".to_owned());
    }
    Ok(())
}

async fn sign_out_everywhere(
    State(app): State<App>,
    mut session: Existing<Account>,
) -> Result<(), StatusCode> {
    let user = session.read().user.clone().ok_or(StatusCode::FORBIDDEN)?;
    let position = app.revocations.revoke_all(&user).await.map_err(|error| unconfirmed(&error))?;
    app.users.note_revocation(&user, position);
    // Of this browser the cookie goes too.
    session.destroy();
    Ok(())
}

#[derive(Deserialize)]
struct Device {
    family: String,
}

/// Of the page "your devices". An administrator's page does the same for any user.
async fn end_device(
    State(app): State<App>,
    session: Existing<Account>,
    Form(form): Form<Device>,
) -> Result<(), StatusCode> {
    let user = session.read().user.clone().ok_or(StatusCode::FORBIDDEN)?;
    let number = u64::from_str_radix(&form.family, 16).map_err(|_| StatusCode::BAD_REQUEST)?;
    let family = Family::from_bytes(number.to_be_bytes());
    // Nobody ends another user's session.
    if !app.users.devices(&user).iter().any(|(own, _)| *own == family) {
        return Err(StatusCode::NOT_FOUND);
    }
    app.revocations.revoke_family(family).await.map_err(|error| unconfirmed(&error))?;
    app.users.forget_device(&user, family);
    Ok(())
}

#[derive(Deserialize)]
struct Name {
    user: String,
}

async fn delete_user(
    State(app): State<App>,
    session: Existing<Account>,
    Form(form): Form<Name>,
) -> Result<(), StatusCode> {
    if session.read().user.as_deref() != Some("bob") {
        return Err(StatusCode::FORBIDDEN);
    }
    app.users.delete(&form.user);
    app.revocations.revoke_all(form.user).await.map_err(|error| unconfirmed(&error))?;
    Ok(())
}

/// The user learns that it may not hold, and tries again.
fn unconfirmed(error: &RevokeError) -> StatusCode {
    eprintln!("{error}");
    StatusCode::SERVICE_UNAVAILABLE
}
