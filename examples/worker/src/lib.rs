//! A sign-in at the edge: axum in a Cloudflare Worker, with the key ring in the secret `SESSION_KEYS`.
//!
//! ```sh
//! npx wrangler secret put SESSION_KEYS    # 1:KEY, where KEY is of `openssl rand -base64 32`
//! npx wrangler deploy
//! ```
//!
//! Locally `./walk` builds it, starts Cloudflare's runtime and goes through all of it.

use std::{sync::OnceLock, time::Duration};

use axum::{
    Form, Router,
    body::Body,
    http::{Response, StatusCode},
    response::Redirect,
    routing::{get, post},
};
use sealed_session::{KeyRing, Session, Sessions, SignedIn, SignedInData};
use serde::{Deserialize, Serialize};
use tower_service::Service as _;
use worker::{Context, Env, HttpRequest, event};

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    user: Option<String>,
    note: String,
}

impl SignedInData for Account {
    fn is_signed_in(&self) -> bool {
        self.user.is_some()
    }
}

#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, _: Context) -> worker::Result<Response<Body>> {
    Ok(router(sessions(&env)?).call(request).await?)
}

/// Made at the first request: in global scope the runtime gives neither secrets, nor randomness, nor
/// a clock. A new secret starts the Worker anew, so this need not look for one.
fn sessions(env: &Env) -> worker::Result<Sessions<Account>> {
    static SESSIONS: OnceLock<Sessions<Account>> = OnceLock::new();
    if let Some(sessions) = SESSIONS.get() {
        return Ok(sessions.clone());
    }
    let told = |error: sealed_session::ConfigError| worker::Error::RustError(error.to_string());
    let ring: KeyRing = env.secret("SESSION_KEYS")?.to_string().parse().map_err(told)?;
    let mut builder = Sessions::builder(ring);
    if let Some(seconds) =
        env.var("IDLE_SECONDS").ok().and_then(|text| text.to_string().parse().ok())
    {
        builder = builder.idle_timeout(Duration::from_secs(seconds));
    }
    let sessions = builder.build().map_err(told)?;
    Ok(SESSIONS.get_or_init(|| sessions).clone())
}

fn router(sessions: Sessions<Account>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", get(form).post(login))
        .route("/note", post(note))
        .route("/logout", post(logout))
        .route("/panic", get(panic))
        .layer(sessions)
}

async fn home(session: Session<Account>) -> String {
    let account = session.read();
    format!("{}: {}", account.user.as_deref().unwrap_or("guest"), account.note)
}

/// The token for a form, as a page would have it in a hidden field.
async fn form(mut session: Session<Account>) -> Result<String, StatusCode> {
    session.csrf_token().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

#[derive(Deserialize)]
struct Login {
    csrf: String,
    user: String,
}

async fn login(
    mut session: Session<Account>,
    Form(login): Form<Login>,
) -> Result<Redirect, StatusCode> {
    session.verify_csrf(&login.csrf).map_err(|_| StatusCode::FORBIDDEN)?;
    // ... check the password.
    session.sign_in(|account| account.user = Some(login.user));
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct Note {
    csrf: String,
    text: String,
}

async fn note(
    mut session: SignedIn<Account>,
    Form(note): Form<Note>,
) -> Result<Redirect, StatusCode> {
    session.verify_csrf(&note.csrf).map_err(|_| StatusCode::FORBIDDEN)?;
    session.write(|account| account.note = note.text);
    Ok(Redirect::to("/"))
}

async fn logout(
    mut session: SignedIn<Account>,
    Form(form): Form<Token>,
) -> Result<Redirect, StatusCode> {
    session.verify_csrf(&form.csrf).map_err(|_| StatusCode::FORBIDDEN)?;
    session.destroy();
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

/// A fault: WebAssembly cannot unwind, so this ends the whole instance.
async fn panic(mut session: Session<Account>) -> String {
    session.write(|account| account.note = "never kept".to_owned());
    panic!("a fault of the application")
}
