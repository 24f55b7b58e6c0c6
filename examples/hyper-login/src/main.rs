//! Sign-in, one page and sign-out with plain hyper: the two calls of the feature `http`.
//!
//! `cargo run -p hyper-login`, then <http://localhost:8080>

use std::{convert::Infallible, error::Error};

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use sealed_session::{KeyRing, Session, Sessions};
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

type Answer = Result<Response<String>, Infallible>;

async fn serve(sessions: Sessions<Account>, request: Request<Incoming>) -> Answer {
    let mut session = sessions.load_headers(request.headers());
    let mut response = handle(&mut session, request).await;
    Ok(match sessions.commit_headers(&session, response.headers_mut()) {
        Ok(()) => response,
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, HTML, ""),
    })
}

async fn handle(session: &mut Session<Account>, request: Request<Incoming>) -> Response<String> {
    match (request.method(), request.uri().path()) {
        // Real names want escaping by a template engine; these are our own two.
        (&Method::GET, "/") => match session.read().user.as_deref() {
            Some(user) => answer(StatusCode::OK, HTML, &format!("<p>Hello, {user}.</p>{SIGN_OUT}")),
            None => answer(StatusCode::OK, HTML, SIGN_IN),
        },
        (&Method::POST, "/login") => match read_login(request.into_body()).await {
            Some(login) if USERS.contains(&(&login.user, &login.password)) => {
                session.sign_in(|account| account.user = Some(login.user));
                answer(StatusCode::SEE_OTHER, HOME, "")
            }
            _ => answer(StatusCode::UNAUTHORIZED, HTML, "No."),
        },
        (&Method::POST, "/logout") => {
            session.destroy();
            answer(StatusCode::SEE_OTHER, HOME, "")
        }
        _ => answer(StatusCode::NOT_FOUND, HTML, "Nothing here."),
    }
}

async fn read_login(body: Incoming) -> Option<Login> {
    let body = Limited::new(body, 4096).collect().await.ok()?.to_bytes();
    serde_urlencoded::from_bytes(&body).ok()
}

fn answer(status: StatusCode, (name, value): (&str, &str), page: &str) -> Response<String> {
    let response = Response::builder().status(status).header(name, value);
    response.body(page.to_owned()).expect("status and header are valid")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // In production: Sessions::new(KeyRing::from_env("SESSION_KEYS")?), behind HTTPS.
    let builder = Sessions::<Account>::builder(KeyRing::ephemeral()?);
    let sessions = builder.insecure_plain_http_for_development().build()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8080)).await?;
    println!("http://localhost:8080");
    loop {
        let (stream, _) = listener.accept().await?;
        let sessions = sessions.clone();
        let service = service_fn(move |request| serve(sessions.clone(), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

const HTML: (&str, &str) = ("content-type", "text/html");
const HOME: (&str, &str) = ("location", "/");
const USERS: [(&str, &str); 2] = [("ada", "difference engine"), ("grace", "nanosecond")];
const SIGN_OUT: &str = "<form method=post action=/logout><button>Sign out</button></form>";
const SIGN_IN: &str = "<form method=post action=/login><input name=user placeholder=ada>\
    <input name=password placeholder='difference engine'><button>Sign in</button></form>";
