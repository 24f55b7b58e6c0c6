//! The routes in axum.

use std::{convert::Infallible, panic::AssertUnwindSafe};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Request},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use futures_util::{FutureExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use sealed_session::{
    Bearer, CsrfGuard, Existing, Key, KeyRing, OriginGuard, Session, Sessions, SignedIn,
    SignedInPeek, iron,
};
use time::OffsetDateTime;

use crate::{
    app::{Account, App, Cart, Mounted, chunks, fill, login, token, user, visit},
    server::{Adapter, Server, runtime},
};

struct Axum;

impl Adapter for Axum {
    const REMEDY: Option<&'static str> = Some("Router::layer(sessions)");

    async fn serve(app: App) -> Result<Server, String> {
        let App { mounted, account, cart, rival, twin, namesake, log } = app;
        let router = match mounted {
            Mounted::Both => routes().layer(cart).layer(account),
            Mounted::AccountTwice => routes().layer(account.clone()).layer(cart).layer(account),
            Mounted::AccountAndTwin => routes().layer(twin).layer(cart).layer(account),
            Mounted::Rivals => routes().layer(rival).layer(account),
            Mounted::Namesakes => routes().layer(namesake).layer(account),
            Mounted::Guarded => {
                routes().layer(CsrfGuard::<Account>::new()).layer(OriginGuard::new()).layer(account)
            }
            Mounted::Unguarded => routes().layer(account).layer(CsrfGuard::<Account>::new()),
            Mounted::Nothing => routes(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let listener = listener.into_std().expect("it is open");
        let runtime = runtime(&log);
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it is open");
            axum::serve(listener, router).await.expect("serves");
        });
        Ok(Server::new(address, || runtime.shutdown_background()))
    }
}

conformance!(Axum);

#[tokio::test]
async fn session_is_an_extension_too() {
    let account = App::new(Mounted::Both).account;
    let handler = async |Extension(mut session): Extension<Session<Account>>| visit(&mut session);
    let mut service: Router = Router::new().route("/", get(handler)).layer(account);
    let request = Request::new(Body::empty());
    let response = tower::Service::call(&mut service, request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn way_back_to_a_nested_page_is_the_whole_one() {
    let account = App::new(Mounted::Both).account;
    let page = Router::new().route("/settings", get(async |_: SignedIn<Account>| "yours"));
    let mut service: Router = Router::new().nest("/account", page).layer(account);
    let request = Request::get("/account/settings?tab=2").header("Sec-Fetch-Mode", "navigate");
    let request = request.body(Body::empty()).unwrap();
    let response = tower::Service::call(&mut service, request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/sign-in?next=/account/settings%3Ftab%3D2");
}

#[tokio::test]
async fn a_layer_that_would_remove_the_cookie_of_another_is_a_clash() {
    let until = OffsetDateTime::now_utc() + time::Duration::days(1);
    let ring = || KeyRing::ephemeral().unwrap();
    let account = || Sessions::<Account>::builder(ring());
    let cart = || Sessions::<Cart>::builder(ring()).cookie_name("__Host-cart");
    let passwords = iron::Passwords::new(&Key::generate().unwrap().to_base64()).unwrap();
    let iron = |name: &str| iron::Migration::new(name, passwords.clone(), until);
    for (account, cart, expected) in [
        (account(), cart(), StatusCode::OK),
        (account().former_name("a", until), cart().former_name("b", until), StatusCode::OK),
        (account(), cart().former_name("__Host-session", until), FAILED),
        (account().former_name("__Host-cart", until), cart(), FAILED),
        (account().former_name("a", until), cart().former_name("a", until), FAILED),
        (account().accept_iron(iron("__Host-cart")), cart(), FAILED),
        (account().accept_iron(iron("a")), cart().former_name("a.3", until), FAILED),
        (account().accept_iron(iron("a")), cart().accept_iron(iron("a")), FAILED),
    ] {
        let router = Router::new().route("/", get(async || "hello"));
        let (account, cart) = (account.build().unwrap(), cart.build().unwrap());
        let mut service: Router = router.layer(cart).layer(account);
        let request = Request::new(Body::empty());
        let response = tower::Service::call(&mut service, request).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

fn routes() -> Router {
    Router::new()
        .route("/untouched", get(async || "hello"))
        .route("/held", get(async |_: Session<Account>| "hello"))
        .route("/look", get(async |session: Session<Account>| user(&session)))
        .route("/id", get(async |session: Session<Account>| session.id().unwrap().to_string()))
        .route("/token", get(async |mut session: Session<Account>| token(&mut session)))
        .route("/echo", post(async |body: String| body))
        .route("/login/{user}", post(sign_in))
        .route("/logout", post(async |mut session: Session<Account>| session.destroy()))
        .route("/visit", get(count).options(count))
        .route("/answer/{status}", get(answer))
        .route("/fail/{status}", get(fail))
        .route("/redirect", get(redirect))
        .route("/stream/{kind}", get(streaming))
        .route("/cookies", get(cookies))
        .route("/cached", get(cached).post(cached_write))
        .route("/panic", get(panics).layer(from_fn(catch_panic)))
        .route("/crash", get(panics))
        .route("/fill/{which}/{size}", post(filled))
        .route("/fill-and-fail/{which}/{size}", post(filled_and_failed))
        .route("/upgrade", get(upgrade))
        .route("/add/{item}", post(add))
        .route("/cart", get(async |cart: Session<Cart>| format!("{:?}", cart.read().0)))
        .route("/twice", get(twice))
        .route("/existing", get(async |session: Existing<Account>| user(&session)))
        .route("/signed-in", get(async |session: SignedIn<Account>| user(&session)))
        .route("/poll", get(async |data: SignedInPeek<Account>| data.user.clone().unwrap()))
        .route("/bearer", get(async |bearer: Bearer<Account>| user(&bearer)))
        .route("/existing-or", get(existing_or))
        .route("/option", get(option))
        .route("/through", get(through).layer(from_fn(around)))
}

async fn sign_in(mut session: Session<Account>, Path(user): Path<String>) {
    login(&mut session, user);
}

async fn count(mut session: Session<Account>) -> String {
    visit(&mut session)
}

async fn answer(mut session: Session<Account>, Path(status): Path<u16>) -> (StatusCode, String) {
    (StatusCode::from_u16(status).unwrap(), visit(&mut session))
}

async fn fail(mut session: Session<Account>, Path(status): Path<u16>) -> Result<(), Failure> {
    visit(&mut session);
    Err(Failure(StatusCode::from_u16(status).unwrap()))
}

/// An application's own error.
struct Failure(StatusCode);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

async fn redirect(mut session: Session<Account>) -> Redirect {
    visit(&mut session);
    Redirect::to("/look")
}

async fn streaming(session: Session<Account>, Path(kind): Path<String>) -> Body {
    Body::from_stream(chunks(session, &kind).map(Ok::<_, Infallible>))
}

async fn cookies(mut session: Session<Account>) -> impl IntoResponse {
    visit(&mut session);
    AppendHeaders([(header::SET_COOKIE, "b=1; Path=/"), (header::SET_COOKIE, "a=2; Path=/")])
}

async fn cached(session: Session<Account>) -> impl IntoResponse {
    let headers = [
        ("cache-control", "public, max-age=600"),
        ("cdn-cache-control", "max-age=600"),
        ("vary", "accept"),
    ];
    (headers, user(&session))
}

async fn cached_write(mut session: Session<Account>) -> impl IntoResponse {
    visit(&mut session);
    cached(session).await
}

async fn panics(mut session: Session<Account>) {
    visit(&mut session);
    panic!("as it is meant to");
}

async fn catch_panic(request: Request, next: Next) -> Response {
    let response = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn filled(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    Path((which, size)): Path<(String, usize)>,
) -> impl IntoResponse {
    fill(&which, size, &mut session, &mut cart);
    let headers = [(header::SET_COOKIE, "kept=1; Path=/"), (header::CACHE_CONTROL, "max-age=600")];
    (headers, "filled")
}

async fn filled_and_failed(
    session: Session<Account>,
    cart: Session<Cart>,
    path: Path<(String, usize)>,
) -> Result<(), impl IntoResponse> {
    let filled = filled(session, cart, path).await;
    Err((StatusCode::CONFLICT, filled))
}

async fn upgrade(mut session: Session<Account>, request: Request) -> impl IntoResponse {
    visit(&mut session);
    tokio::spawn(async {
        let io = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        let (mut reader, mut writer) = tokio::io::split(io);
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

async fn add(mut cart: Session<Cart>, Path(item): Path<u32>) {
    cart.write(|cart| cart.0.push(item));
}

async fn twice(mut writer: Session<Account>, reader: Session<Account>) -> String {
    visit(&mut writer);
    reader.read().visits.to_string()
}

async fn existing_or(session: Option<Existing<Account>>) -> &'static str {
    session.map_or("none", |_| "some")
}

async fn option(session: Option<Session<Account>>) -> &'static str {
    session.map_or("none", |_| "some")
}

async fn through(mut session: Session<Account>) -> String {
    session.write(|account| account.user = Some("handler".to_owned()));
    visit(&mut session)
}

/// Holds the session while the handler has it, and adds a visit to the handler's.
async fn around(mut session: Session<Account>, request: Request, next: Next) -> Response {
    let before = session.read();
    let response = next.run(request).await;
    assert_eq!((user(&session).as_str(), before.visits), ("handler", 0));
    visit(&mut session);
    response
}
