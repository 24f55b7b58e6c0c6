//! The routes in warp.
#![expect(clippy::needless_pass_by_value, reason = "a filter hands over values")]

use std::{convert::Infallible, panic::AssertUnwindSafe, pin::pin};

use ::warp::{
    Filter, Rejection, Reply,
    filters::BoxedFilter,
    http::{Response, StatusCode, header},
    reject::{self, Reject},
    reply,
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use hyper_util::rt::TokioIo;
use sealed_session::{
    Bearer, CsrfGuard, CsrfRejection, Existing, OriginGuard, Session, SignedIn, SignedInPeek,
};
use tokio::{net::TcpListener, sync::mpsc};
use tower::Layer as _;

use crate::{
    app::{Account, App, Cart, Mounted, SESSION, chunks, fill, login, token, user, visit},
    hyper::accept,
    server::{Adapter, Server, runtime},
};

struct Warp;

impl Adapter for Warp {
    const REMEDY: Option<&'static str> = Some("sessions.warp(filter)");
    const CHECKS_TOKENS: bool = false;

    async fn serve(app: App) -> Result<Server, String> {
        let App { mounted, account, cart, rival, twin, namesake, log } = app;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let listener = listener.into_std().expect("it is open");
        let runtime = runtime(&log);
        match mounted {
            Mounted::Both => {
                runtime.spawn(accept(listener, account.layer(cart.warp(routes()))));
            }
            Mounted::AccountTwice => {
                let service = account.layer(cart.layer(account.warp(routes())));
                runtime.spawn(accept(listener, service));
            }
            Mounted::AccountAndTwin => {
                let service = account.layer(cart.layer(twin.warp(routes())));
                runtime.spawn(accept(listener, service));
            }
            Mounted::Rivals => {
                runtime.spawn(accept(listener, account.layer(rival.warp(routes()))));
            }
            Mounted::Namesakes => {
                runtime.spawn(accept(listener, account.layer(namesake.warp(routes()))));
            }
            Mounted::Guarded => {
                runtime.spawn(accept(listener, OriginGuard::new().layer(account.warp(routes()))));
            }
            Mounted::Unguarded | Mounted::Nothing => {
                runtime.spawn(accept(listener, ::warp::service(routes())));
            }
        }
        Ok(Server::new(address, || runtime.shutdown_background()))
    }
}

conformance!(Warp);

#[tokio::test]
async fn form_is_handed_over_with_the_token_of_its_session_alone() {
    #[derive(serde::Deserialize)]
    struct Note {
        text: String,
    }
    async fn render(rejection: Rejection) -> Result<reply::Response, Rejection> {
        match rejection.find() {
            Some(CsrfRejection::Token) => Ok(text("please load this page again".to_owned())),
            _ => Err(rejection),
        }
    }
    let account = App::new(Mounted::Both).account;
    let guard = CsrfGuard::<Account>::new().max_body(1000);
    let form = ::warp::path!("form").and(guard.form()).map(|note: Note| text(note.text));
    let json = ::warp::path!("json").and(guard.filter()).and(::warp::body::bytes());
    let json = json.map(|body: ::hyper::body::Bytes| text(String::from_utf8(body.into()).unwrap()));
    let page = ::warp::path!("page").and(guard.form()).map(|note: Note| text(note.text));
    let page = page.recover(render).unify();
    let service = account.warp(form.or(json).unify().or(page).unify());

    let mut session = account.load([account.test_cookie(Account::default()).to_string()]);
    let token = session.csrf_token().unwrap();
    let cookie = account.seal(&session).unwrap();
    let post = async |path: &str, headers: &[(&str, &str)], body: String| {
        let mut request = ::warp::http::Request::post(path)
            .header("cookie", format!("{SESSION}={cookie}"))
            .header("content-length", body.len());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).unwrap();
        let response = tower::ServiceExt::oneshot(service.clone(), request).await.unwrap();
        let status = response.status().as_u16();
        let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let good = format!("text=a%20b&csrf={token}");
    assert_eq!(post("/form", &[form], good.clone()).await, (200, "a b".to_owned()));
    assert_eq!(post("/form", &[form], "text=a".to_owned()).await.0, 403);
    assert_eq!(post("/form", &[], good.clone()).await.0, 403);
    assert_eq!(post("/form", &[form], format!("csrf={token}")).await.0, 400);
    let header = ("x-csrf-token", token.as_str());
    assert_eq!(post("/form", &[form, header], "text=a".to_owned()).await, (200, "a".to_owned()));
    assert_eq!(post("/form", &[form], format!("{good}&x={}", "x".repeat(1000))).await.0, 413);
    assert_eq!(post("/json", &[header], "{}".to_owned()).await, (200, "{}".to_owned()));
    assert_eq!(post("/json", &[form], good).await.0, 403);
    let (status, page) = post("/page", &[form], "text=a".to_owned()).await;
    assert_eq!((status, &*page), (200, "please load this page again"));
}

type Routes = BoxedFilter<(reply::Response,)>;

#[expect(clippy::too_many_lines, reason = "a table of routes")]
fn routes() -> Routes {
    let account = Session::<Account>::filter;
    let cart = Session::<Cart>::filter;
    let get = ::warp::get;
    let post = ::warp::post;

    let reads = ::warp::path!("untouched")
        .and(get())
        .map(|| "hello")
        .or(::warp::path!("held").and(get()).and(account()).map(|_: Session<Account>| "hello"))
        .unify()
        .map(text)
        .or(::warp::path!("look").and(get()).and(account()).map(|session| text(user(&session))))
        .unify()
        .or(::warp::path!("id").and(get()).and(account()).map(id))
        .unify()
        .or(::warp::path!("cart").and(get()).and(cart()).map(show_cart))
        .unify()
        .or(::warp::path!("existing")
            .and(get())
            .and(Existing::filter())
            .map(|session: Existing<Account>| text(user(&session))))
        .unify()
        .or(::warp::path!("signed-in")
            .and(get())
            .and(SignedIn::filter())
            .map(|session: SignedIn<Account>| text(user(&session))))
        .unify()
        .or(::warp::path!("poll")
            .and(get())
            .and(SignedInPeek::filter())
            .map(|data: SignedInPeek<Account>| text(data.user.clone().unwrap())))
        .unify()
        .or(::warp::path!("bearer")
            .and(get())
            .and(Bearer::filter())
            .map(|bearer: Bearer<Account>| text(user(&bearer))))
        .unify()
        .or(::warp::path!("existing-or")
            .and(get())
            .and(account())
            .map(|session: Session<Account>| text(session.existing().map_or("none", |_| "some"))))
        .unify()
        .or(::warp::path!("option")
            .and(get())
            .and(::warp::ext::optional())
            .map(|session: Option<Session<Account>>| text(session.map_or("none", |_| "some"))))
        .unify()
        .or(::warp::path!("stream" / String).and(get()).and(account()).then(streaming))
        .unify()
        .boxed();
    let writes = ::warp::path!("login" / String)
        .and(post())
        .and(account())
        .map(sign_in)
        .or(::warp::path!("token").and(account()).map(|mut session| text(token(&mut session))))
        .unify()
        .or(::warp::path!("logout").and(post()).and(account()).map(logout))
        .unify()
        .or(::warp::path!("visit").and(account()).map(|mut session| text(visit(&mut session))))
        .unify()
        .or(::warp::path!("add" / u32).and(post()).and(cart()).map(add))
        .unify()
        .or(::warp::path!("twice").and(get()).and(account()).and(account()).map(twice))
        .unify()
        .or(::warp::path!("through").and(get()).and(account()).and(account()).map(through))
        .unify()
        .or(::warp::path!("upgrade")
            .and(get())
            .and(account())
            .and(::warp::ext::get::<::hyper::upgrade::OnUpgrade>())
            .map(upgrade))
        .unify()
        .boxed();
    let answers = ::warp::path!("answer" / u16)
        .and(get())
        .and(account())
        .map(answer)
        .or(::warp::path!("fail" / u16).and(get()).and(account()).and_then(fail))
        .unify()
        .or(::warp::path!("redirect").and(get()).and(account()).map(redirect))
        .unify()
        .or(::warp::path!("cookies").and(get()).and(account()).map(cookies))
        .unify()
        .or(::warp::path!("cached").and(get()).and(account()).map(|session| cached(&session)))
        .unify()
        .or(::warp::path!("cached").and(post()).and(account()).map(|mut session| {
            visit(&mut session);
            cached(&session)
        }))
        .unify()
        .or(::warp::path!("panic").and(get()).and(account()).then(caught))
        .unify()
        .or(::warp::path!("crash").and(get()).and(account()).then(panics))
        .unify()
        .or(::warp::path!("fill" / String / usize).and(post()).and(account()).and(cart()).map(
            |which: String, size, session, cart| {
                filled(&which, size, session, cart, StatusCode::OK)
            },
        ))
        .unify()
        .or(::warp::path!("fill-and-fail" / String / usize)
            .and(post())
            .and(account())
            .and(cart())
            .map(|which: String, size, session, cart| {
                filled(&which, size, session, cart, StatusCode::CONFLICT)
            }))
        .unify()
        .boxed();
    reads.or(writes).unify().or(answers).unify().recover(failed).unify().boxed()
}

/// An application's own rejection.
#[derive(Debug)]
struct Failure(StatusCode);

impl Reject for Failure {}

async fn fail(status: u16, mut session: Session<Account>) -> Result<reply::Response, Rejection> {
    visit(&mut session);
    Err(reject::custom(Failure(StatusCode::from_u16(status).unwrap())))
}

async fn failed(rejection: Rejection) -> Result<reply::Response, Rejection> {
    match rejection.find::<Failure>() {
        Some(Failure(status)) => Ok(status.into_response()),
        None => Err(rejection),
    }
}

fn text(text: impl Into<String>) -> reply::Response {
    Response::new(text.into()).into_response()
}

fn id(session: Session<Account>) -> reply::Response {
    text(session.id().unwrap().to_string())
}

fn show_cart(cart: Session<Cart>) -> reply::Response {
    text(format!("{:?}", cart.read().0))
}

fn sign_in(user: String, mut session: Session<Account>) -> reply::Response {
    login(&mut session, user);
    text("")
}

fn logout(mut session: Session<Account>) -> reply::Response {
    session.destroy();
    text("")
}

fn answer(status: u16, mut session: Session<Account>) -> reply::Response {
    reply::with_status(visit(&mut session), StatusCode::from_u16(status).unwrap()).into_response()
}

fn redirect(mut session: Session<Account>) -> reply::Response {
    visit(&mut session);
    ::warp::redirect::see_other(::warp::http::Uri::from_static("/look")).into_response()
}

/// warp wants a body that threads can share.
async fn streaming(kind: String, session: Session<Account>) -> reply::Response {
    let (sender, mut receiver) = mpsc::channel(1);
    let chunks = chunks(session, &kind);
    tokio::spawn(async move {
        let mut chunks = pin!(chunks);
        while let Some(chunk) = chunks.next().await {
            sender.send(chunk).await.unwrap();
        }
    });
    let chunks = stream::poll_fn(move |context| receiver.poll_recv(context));
    reply::stream(chunks.map(Ok::<_, Infallible>)).into_response()
}

fn cookies(mut session: Session<Account>) -> reply::Response {
    visit(&mut session);
    let response = Response::builder().header(header::SET_COOKIE, "b=1; Path=/");
    response.header(header::SET_COOKIE, "a=2; Path=/").body("").unwrap().into_response()
}

fn cached(session: &Session<Account>) -> reply::Response {
    let response = Response::builder().header(header::CACHE_CONTROL, "public, max-age=600");
    let response = response.header("cdn-cache-control", "max-age=600");
    response.header(header::VARY, "accept").body(user(session)).unwrap().into_response()
}

async fn panics(mut session: Session<Account>) -> reply::Response {
    visit(&mut session);
    panic!("as it is meant to");
}

async fn caught(session: Session<Account>) -> reply::Response {
    let response = AssertUnwindSafe(panics(session)).catch_unwind().await;
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn filled(
    which: &str,
    size: usize,
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    status: StatusCode,
) -> reply::Response {
    fill(which, size, &mut session, &mut cart);
    let response = Response::builder().status(status).header(header::SET_COOKIE, "kept=1; Path=/");
    let response = response.header(header::CACHE_CONTROL, "max-age=600");
    response.body("filled").unwrap().into_response()
}

fn upgrade(mut session: Session<Account>, upgrade: ::hyper::upgrade::OnUpgrade) -> reply::Response {
    visit(&mut session);
    tokio::spawn(async {
        let io = TokioIo::new(upgrade.await.unwrap());
        let (mut reader, mut writer) = tokio::io::split(io);
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    let response = response.header(header::CONNECTION, "upgrade");
    response.header(header::UPGRADE, "websocket").body("").unwrap().into_response()
}

fn add(item: u32, mut cart: Session<Cart>) -> reply::Response {
    cart.write(|cart| cart.0.push(item));
    text("")
}

fn twice(mut writer: Session<Account>, reader: Session<Account>) -> reply::Response {
    visit(&mut writer);
    text(reader.read().visits.to_string())
}

/// Holds the session while another handle is written, and adds a visit.
fn through(mut held: Session<Account>, mut inner: Session<Account>) -> reply::Response {
    let before = held.read();
    inner.write(|account| account.user = Some("handler".to_owned()));
    let response = text(visit(&mut inner));
    assert_eq!((user(&held).as_str(), before.visits), ("handler", 0));
    visit(&mut held);
    response
}
