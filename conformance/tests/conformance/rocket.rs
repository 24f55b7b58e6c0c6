//! The routes in Rocket.
#![expect(clippy::needless_pass_by_value, reason = "a guard is an argument by value")]

use std::{io, net::SocketAddr, pin::Pin, time::Duration};

use futures_util::Stream;
use rocket::{
    Data, Request, Response, async_trait,
    data::{IoHandler, IoStream},
    error::ErrorKind,
    fairing::{AdHoc, Fairing, Info, Kind},
    figment::Figment,
    get,
    http::{ContentType, Cookie, CookieJar, Header, Status},
    local::blocking::Client,
    options, post,
    request::{FromRequest, Outcome},
    response::{Redirect, Responder, stream::TextStream},
    routes,
};
use sealed_session::{
    Bearer, CsrfGuard, CsrfRejection, Existing, OriginGuard, Session, SignedIn, SignedInPeek,
};
use tokio::sync::mpsc;

use crate::{
    app::{Account, App, Cart, Mounted, SESSION, chunks, fill, login, token, user, visit},
    server::{Adapter, Server, runtime},
    support::sealed,
};

struct Rocket;

impl Adapter for Rocket {
    const REMEDY: Option<&'static str> = Some("rocket::build().attach(sessions)");
    const HOLDS_FORMS: bool = false;

    const CHECKS_MOUNTING: bool = true;

    async fn serve(app: App) -> Result<Server, String> {
        let App { mounted, account, cart, rival, twin, namesake, log } = app;
        let rocket = rocket::custom(config()).attach(Around).mount("/", all_routes());
        let rocket = match mounted {
            Mounted::Both => rocket.attach(account).attach(cart),
            Mounted::AccountTwice => rocket.attach(account.clone()).attach(cart).attach(account),
            Mounted::AccountAndTwin => rocket.attach(account).attach(cart).attach(twin),
            Mounted::Rivals => rocket.attach(account).attach(rival).attach(cart),
            Mounted::Namesakes => rocket.attach(account).attach(namesake),
            Mounted::Guarded => rocket
                .attach(OriginGuard::new())
                .attach(CsrfGuard::<Account>::new())
                .attach(account)
                .attach(cart),
            // The order of fairings does not matter.
            Mounted::Unguarded => {
                rocket.attach(account).attach(cart).attach(CsrfGuard::<u32>::new())
            }
            Mounted::Nothing => rocket,
        };
        let (sender, mut receiver) = mpsc::channel::<Result<SocketAddr, String>>(2);
        let started = sender.clone();
        let rocket = rocket.attach(AdHoc::on_liftoff("address", move |rocket| {
            let address = SocketAddr::new(rocket.config().address, rocket.config().port);
            Box::pin(async move { started.send(Ok(address)).await.expect("the test waits") })
        }));
        let runtime = runtime(&log);
        runtime.spawn(async move {
            if let Err(error) = rocket.launch().await {
                let _ = sender.send(Err(error.to_string())).await;
            }
        });
        match receiver.recv().await.expect("it starts, or says why not") {
            Ok(address) => Ok(Server::new(address, || runtime.shutdown_background())),
            Err(reason) => {
                runtime.shutdown_background();
                Err(reason)
            }
        }
    }
}

conformance!(Rocket);

#[tokio::test]
async fn managed_sessions_are_not_taken_for_an_attached_fairing() {
    let app = App::new(Mounted::Nothing);
    let rocket = rocket::custom(config()).manage(app.account).mount("/", routes![option]);
    let error = rocket.ignite().await.expect_err("nothing would commit");
    assert!(matches!(error.kind(), ErrorKind::SentinelAborts(_)), "{error}");
}

fn local(app: &App) -> Client {
    let rocket = rocket::custom(config()).attach(app.account.clone());
    let routes = routes![look, sign_in, logout, panics_after_sign_in, count];
    Client::tracked(rocket.mount("/", routes)).expect("it launches")
}

#[test]
fn local_request_with_a_cookie_is_signed_in() {
    let app = App::new(Mounted::Both);
    let client = local(&app);
    let account = Account { user: Some("ada".to_owned()), ..Account::default() };
    let value = sealed(&app.account, account, time::OffsetDateTime::now_utc());
    let response = client.get("/look").cookie((SESSION, value)).dispatch();
    assert_eq!(response.into_string().as_deref(), Some("ada"));
}

#[test]
fn tracked_client_stays_signed_in_until_it_signs_out() {
    let client = local(&App::new(Mounted::Both));
    let look = || client.get("/look").dispatch().into_string().expect("text");
    assert_eq!(look(), "nobody");
    client.post("/login/ada").dispatch();
    assert_eq!(look(), "ada");
    client.post("/logout").dispatch();
    assert_eq!(look(), "nobody");
}

#[test]
fn names_that_only_rocket_decodes_are_none_of_ours() {
    let app = App::new(Mounted::Both);
    let client = local(&app);
    let account = Account { user: Some("eve".to_owned()), ..Account::default() };
    let value = sealed(&app.account, account, time::OffsetDateTime::now_utc());
    let header = Header::new("cookie", format!("%5F%5FHost-session={value}"));
    let response = client.get("/look").header(header).dispatch();
    assert_eq!(response.into_string().as_deref(), Some("nobody"));
}

#[test]
fn sign_in_is_committed_after_a_panic() {
    let client = local(&App::new(Mounted::Both));
    let response = client.post("/panic/ada").dispatch();
    assert_eq!(response.status(), Status::InternalServerError);
    let look = client.get("/look").dispatch();
    assert_eq!(look.into_string().as_deref(), Some("ada"));
}

#[test]
fn refused_form_goes_to_the_catcher_which_knows_why() {
    #[rocket::catch(403)]
    fn refused(request: &Request<'_>) -> String {
        let reason = request.local_cache(|| None::<CsrfRejection>);
        reason.map_or_else(|| "no reason".to_owned(), |reason| reason.to_string())
    }
    let App { account, cart, .. } = App::new(Mounted::Both);
    let rocket = rocket::custom(config())
        .attach(CsrfGuard::<Account>::new())
        .attach(account)
        .attach(cart)
        .register("/", rocket::catchers![refused])
        .mount("/", all_routes());
    let client = Client::tracked(rocket).expect("it is ignited");
    let token = client.get("/token").dispatch().into_string().expect("text");
    let post = |body: String| {
        let response = client.post("/echo").header(ContentType::Form).body(body).dispatch();
        (response.status().code, response.into_string().expect("text"))
    };
    let first = format!("csrf={token}&text={}", "x".repeat(2000));
    assert_eq!(post(first.clone()), (200, first));
    let (status, text) = post("text=a".to_owned());
    assert!(status == 403 && text.contains("no token of its session"), "{status} {text}");
    // What a fairing cannot see it refuses, and says what to do.
    for before in [440, 600] {
        let (status, text) = post(format!("text={}&csrf={token}", "x".repeat(before)));
        assert_eq!(status, 403, "{before}");
        assert_eq!(text.contains("the first"), before == 600, "{text}");
    }
}

#[post("/panic/<user>")]
fn panics_after_sign_in(mut session: Session<Account>, user: String) {
    login(&mut session, user);
    panic!("as it is meant to");
}

fn config() -> Figment {
    rocket::Config::figment()
        .merge(("port", 0))
        .merge(("log_level", "off"))
        .merge(("shutdown.ctrlc", false))
}

fn all_routes() -> Vec<rocket::Route> {
    routes![
        untouched,
        held,
        look,
        id,
        give_token,
        sign_in,
        logout,
        count,
        count_options,
        answer,
        fail,
        redirect,
        streaming,
        cookies,
        cached,
        cached_write,
        panics,
        crash,
        filled,
        filled_and_failed,
        upgrade,
        add,
        cart,
        twice,
        existing,
        signed_in,
        poll,
        by_token,
        echo,
        existing_or,
        option,
        through
    ]
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "hello"
}

#[get("/held")]
fn held(_session: Session<Account>) -> &'static str {
    "hello"
}

#[get("/look")]
fn look(session: Session<Account>) -> String {
    user(&session)
}

#[get("/id")]
fn id(session: Session<Account>) -> String {
    session.id().unwrap().to_string()
}

#[get("/token")]
fn give_token(mut session: Session<Account>) -> String {
    token(&mut session)
}

#[post("/login/<user>")]
fn sign_in(mut session: Session<Account>, user: String) {
    login(&mut session, user);
}

#[post("/logout")]
fn logout(mut session: Session<Account>) {
    session.destroy();
}

#[get("/visit")]
fn count(mut session: Session<Account>) -> String {
    visit(&mut session)
}

#[options("/visit")]
fn count_options(mut session: Session<Account>) -> String {
    visit(&mut session)
}

#[get("/answer/<status>")]
fn answer(mut session: Session<Account>, status: u16) -> Plain {
    let body = visit(&mut session);
    Plain { status: Status::new(status), headers: Vec::new(), body }
}

#[get("/fail/<status>")]
fn fail(mut session: Session<Account>, status: u16) -> Result<(), Status> {
    visit(&mut session);
    Err(Status::new(status))
}

#[get("/redirect")]
fn redirect(mut session: Session<Account>) -> Redirect {
    visit(&mut session);
    Redirect::to("/look")
}

#[get("/stream/<kind>")]
fn streaming(session: Session<Account>, kind: &str) -> TextStream<impl Stream<Item = String>> {
    TextStream(chunks(session, kind))
}

#[get("/cookies")]
fn cookies(mut session: Session<Account>, jar: &CookieJar<'_>) -> Plain {
    visit(&mut session);
    // Rocket puts its jar behind the handler's own headers.
    jar.add(Cookie::build(("a", "2")).path("/"));
    Plain::with(vec![Header::new("set-cookie", "b=1; Path=/")], String::new())
}

#[get("/cached")]
fn cached(session: Session<Account>) -> Plain {
    let control = Header::new("cache-control", "public, max-age=600");
    let cdn = Header::new("cdn-cache-control", "max-age=600");
    Plain::with(vec![control, cdn, Header::new("vary", "accept")], user(&session))
}

#[post("/cached")]
fn cached_write(mut session: Session<Account>) -> Plain {
    visit(&mut session);
    cached(session)
}

/// Rocket catches panics itself.
#[get("/panic")]
fn panics(mut session: Session<Account>) {
    visit(&mut session);
    panic!("as it is meant to");
}

#[get("/crash")]
fn crash(session: Session<Account>) {
    panics(session);
}

#[post("/fill/<which>/<size>")]
fn filled(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    which: &str,
    size: usize,
    jar: &CookieJar<'_>,
) -> Plain {
    fill(which, size, &mut session, &mut cart);
    jar.add(Cookie::build(("kept", "1")).path("/"));
    Plain::with(vec![Header::new("cache-control", "max-age=600")], "filled".to_owned())
}

#[post("/fill-and-fail/<which>/<size>")]
fn filled_and_failed(
    session: Session<Account>,
    cart: Session<Cart>,
    which: &str,
    size: usize,
    jar: &CookieJar<'_>,
) -> Result<(), Plain> {
    let filled = filled(session, cart, which, size, jar);
    Err(Plain { status: Status::Conflict, ..filled })
}

#[get("/upgrade")]
fn upgrade(mut session: Session<Account>) -> Upgrade {
    visit(&mut session);
    Upgrade
}

#[post("/add/<item>")]
fn add(mut cart: Session<Cart>, item: u32) {
    cart.write(|cart| cart.0.push(item));
}

#[get("/cart")]
fn cart(cart: Session<Cart>) -> String {
    format!("{:?}", cart.read().0)
}

#[get("/twice")]
fn twice(mut writer: Session<Account>, reader: Session<Account>) -> String {
    visit(&mut writer);
    reader.read().visits.to_string()
}

#[get("/existing")]
fn existing(session: Existing<Account>) -> String {
    user(&session)
}

#[get("/signed-in")]
fn signed_in(session: SignedIn<Account>) -> String {
    user(&session)
}

#[get("/poll")]
fn poll(data: SignedInPeek<Account>) -> String {
    data.user.clone().unwrap()
}

#[post("/echo", data = "<body>")]
fn echo(body: String) -> String {
    body
}

#[get("/bearer")]
fn by_token(bearer: Bearer<Account>) -> String {
    user(&bearer)
}

#[get("/existing-or")]
fn existing_or(session: Option<Existing<Account>>) -> &'static str {
    session.map_or("none", |_| "some")
}

#[get("/option")]
fn option(session: Option<Session<Account>>) -> &'static str {
    session.map_or("none", |_| "some")
}

#[get("/through")]
fn through(mut session: Session<Account>) -> String {
    session.write(|account| account.user = Some("handler".to_owned()));
    visit(&mut session)
}

/// Holds the session while the handler has it, and adds a visit to the
/// handler's. Attached before the sessions, so that it comes before their commit.
struct Around;

#[async_trait]
impl Fairing for Around {
    fn info(&self) -> Info {
        Info { name: "around", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        if request.uri().path() == "/through" {
            let session = request.guard::<Session<Account>>().await.unwrap();
            assert_eq!(session.read().visits, 0);
            request.local_cache(|| Some(session));
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, _: &mut Response<'r>) {
        if let Some(mut session) = request.local_cache(|| None::<Session<Account>>).clone() {
            assert_eq!(user(&session), "handler");
            visit(&mut session);
        }
    }
}

struct Plain {
    status: Status,
    headers: Vec<Header<'static>>,
    body: String,
}

impl Plain {
    fn with(headers: Vec<Header<'static>>, body: String) -> Self {
        Self { status: Status::Ok, headers, body }
    }
}

impl<'r> Responder<'r, 'static> for Plain {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = (self.status, self.body).respond_to(request)?;
        for header in self.headers {
            response.adjoin_header(header);
        }
        Ok(response)
    }
}

struct Upgrade;

impl<'r> Responder<'r, 'static> for Upgrade {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        Ok(Response::build().upgrade("websocket", Echo).finalize())
    }
}

struct Echo;

#[async_trait]
impl IoHandler for Echo {
    async fn io(self: Pin<Box<Self>>, stream: IoStream) -> io::Result<()> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        tokio::io::copy(&mut reader, &mut writer).await.map(drop)
    }
}

/// Gets the session some milliseconds after the request came.
struct Late(Session<Account>);

#[async_trait]
impl<'r> FromRequest<'r> for Late {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let wait = request.query_value("wait").and_then(Result::ok).expect("a number");
        rocket::tokio::time::sleep(Duration::from_millis(wait)).await;
        Session::from_request(request).await.map(Self)
    }
}

#[get("/late")]
fn late(late: Late) -> String {
    user(&late.0)
}

#[test]
fn a_request_is_old_from_when_it_came_not_from_the_first_look() {
    let account = App::new(Mounted::Both).account;
    let rocket = rocket::custom(config()).attach(account.clone()).mount("/", routes![late]);
    let client = Client::untracked(rocket).expect("it launches");
    let earlier = time::OffsetDateTime::now_utc() - time::Duration::minutes(10);
    let value =
        sealed(&account, Account { user: Some("ada".to_owned()), ..Account::default() }, earlier);
    for (uri, is_sealed_again) in [("/late?wait=0", true), ("/late?wait=2100", false)] {
        let response = client.get(uri).cookie((SESSION, value.clone())).dispatch();
        assert_eq!(response.headers().contains("set-cookie"), is_sealed_again, "{uri}");
        assert_eq!(response.into_string().as_deref(), Some("ada"));
    }
}
