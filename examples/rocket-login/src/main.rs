//! Sign-in, one page and sign-out with Rocket.
//!
//! `cargo run -p rocket-login`, then <http://localhost:8000>
#![expect(clippy::needless_pass_by_value, reason = "Rocket hands its guards over by value")]

use rocket::{
    FromForm, form::Form, get, http::Status, launch, post, response::Redirect,
    response::content::RawHtml, routes,
};
use sealed_session::{Existing, KeyRing, Session, Sessions};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Account {
    user: Option<String>,
}

#[derive(FromForm)]
struct Login {
    user: String,
    password: String,
}

#[get("/")]
fn home(session: Session<Account>) -> RawHtml<String> {
    // Real names want escaping by a template engine; these are our own two.
    RawHtml(match session.read().user.as_deref() {
        Some(user) => format!(
            "<p>Hello, {user}.</p><form method=post action=/logout><button>Sign out</button></form>"
        ),
        None => SIGN_IN.to_owned(),
    })
}

#[post("/login", data = "<login>")]
fn login(mut session: Session<Account>, login: Form<Login>) -> Result<Redirect, Status> {
    let login = login.into_inner();
    if !USERS.contains(&(&login.user, &login.password)) {
        return Err(Status::Unauthorized);
    }
    session.sign_in(|account| account.user = Some(login.user));
    Ok(Redirect::to("/"))
}

#[post("/logout")]
fn logout(mut session: Existing<Account>) -> Redirect {
    session.destroy();
    Redirect::to("/")
}

#[launch]
fn rocket() -> _ {
    // In production: Sessions::new(KeyRing::from_env("SESSION_KEYS")?), behind HTTPS.
    let sessions =
        Sessions::<Account>::builder(KeyRing::ephemeral().expect("the system's random source"))
            .insecure_plain_http_for_development()
            .build()
            .expect("the defaults follow every rule");
    rocket::build().attach(sessions).mount("/", routes![home, login, logout])
}

const USERS: [(&str, &str); 2] = [("ada", "difference engine"), ("grace", "nanosecond")];

const SIGN_IN: &str = "<form method=post action=/login><input name=user placeholder=ada>\
    <input name=password placeholder='difference engine'><button>Sign in</button></form>";
