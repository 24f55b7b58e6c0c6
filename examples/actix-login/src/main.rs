//! Sign-in, one page and sign-out with actix-web.
//!
//! `cargo run -p actix-login`, then <http://localhost:8080>

use actix_web::{
    App, HttpResponse, HttpServer, Responder, get,
    http::header::{ContentType, LOCATION},
    post, web,
};
use sealed_session::{Existing, KeyRing, Session, Sessions};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
struct Account {
    user: Option<String>,
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

#[get("/")]
async fn home(session: Session<Account>) -> impl Responder {
    // Real names want escaping by a template engine; these are our own two.
    let page = match session.read().user.as_deref() {
        Some(user) => format!(
            "<p>Hello, {user}.</p><form method=post action=/logout><button>Sign out</button></form>"
        ),
        None => SIGN_IN.to_owned(),
    };
    HttpResponse::Ok().content_type(ContentType::html()).body(page)
}

#[post("/login")]
async fn login(mut session: Session<Account>, login: web::Form<Login>) -> impl Responder {
    let login = login.into_inner();
    if !USERS.contains(&(&login.user, &login.password)) {
        return HttpResponse::Unauthorized().body("No.");
    }
    session.sign_in(|account| account.user = Some(login.user));
    see_other("/")
}

#[post("/logout")]
async fn logout(mut session: Existing<Account>) -> impl Responder {
    session.destroy();
    see_other("/")
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In production: Sessions::new(KeyRing::from_env("SESSION_KEYS")?), behind HTTPS.
    let sessions = Sessions::<Account>::builder(KeyRing::ephemeral()?)
        .insecure_plain_http_for_development()
        .build()?;
    println!("http://localhost:8080");
    HttpServer::new(move || {
        App::new().wrap(sessions.clone()).service(home).service(login).service(logout)
    })
    .bind(("127.0.0.1", 8080))?
    .run()
    .await?;
    Ok(())
}

const USERS: [(&str, &str); 2] = [("ada", "difference engine"), ("grace", "nanosecond")];

const SIGN_IN: &str = "<form method=post action=/login><input name=user placeholder=ada>\
    <input name=password placeholder='difference engine'><button>Sign in</button></form>";
