//! The routes in salvo.

use std::{convert::Infallible, panic::AssertUnwindSafe};

use futures_util::{FutureExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use salvo_core::{
    Depot, FlowCtrl, Request, Response, Router, Server as SalvoServer, Service,
    conn::TcpListener,
    handler,
    http::{HeaderValue, StatusCode, StatusError, header},
    hyper::upgrade::OnUpgrade,
    prelude::Listener as _,
    writing::{Redirect, Writer as _},
};
use sealed_session::{Bearer, CsrfGuard, Existing, OriginGuard, Session, SignedIn, SignedInPeek};
use tokio::sync::oneshot;

use crate::{
    app::{Account, App, Cart, Mounted, chunks, fill, login, token, user, visit},
    server::{Adapter, Server, runtime},
};

struct Salvo;

impl Adapter for Salvo {
    const REMEDY: Option<&'static str> = Some("Router::hoop(sessions)");

    async fn serve(app: App) -> Result<Server, String> {
        let App { mounted, account, cart, rival, twin, namesake, log } = app;
        let (outer, inner) = (account.clone(), cart.clone());
        let router = Router::new();
        let router = match mounted {
            Mounted::AccountTwice => router.hoop(account.clone()).hoop(cart).hoop(account),
            Mounted::AccountAndTwin => router.hoop(account).hoop(cart).hoop(twin),
            Mounted::Rivals => router.hoop(account).hoop(rival),
            Mounted::Namesakes => router.hoop(account).hoop(namesake),
            Mounted::Guarded => {
                router.hoop(account).hoop(OriginGuard::new()).hoop(CsrfGuard::<Account>::new())
            }
            Mounted::Unguarded => router.hoop(CsrfGuard::<Account>::new()).hoop(account),
            Mounted::Both | Mounted::Nothing => router,
        };
        let service = Service::new(router.append(&mut routes()));
        // Around what has no route too, as the requests have none that bind a session to its device.
        let service = match mounted {
            Mounted::Both => service.hoop(outer).hoop(inner),
            _ => service,
        };
        let (sender, receiver) = oneshot::channel();
        let runtime = runtime(&log);
        runtime.spawn(async move {
            let acceptor = TcpListener::new("127.0.0.1:0").bind().await;
            let address = acceptor.local_addr().expect("it is bound");
            sender.send(address).expect("the test waits for it");
            SalvoServer::new(acceptor).serve(service).await;
        });
        let address = receiver.await.map_err(|error| error.to_string())?;
        Ok(Server::new(address, || runtime.shutdown_background()))
    }
}

conformance!(Salvo);

fn routes() -> Vec<Router> {
    let at = |path: &str| Router::with_path(path);
    vec![
        at("untouched").get(untouched),
        at("held").get(held),
        at("look").get(look),
        at("id").get(id),
        at("token").get(give_token),
        at("echo").post(echo),
        at("login/{user}").post(sign_in),
        at("logout").post(logout),
        at("visit").get(count).options(count).head(count),
        at("answer/{status}").get(answer),
        at("fail/{status}").get(fail),
        at("redirect").get(redirect),
        at("stream/{kind}").get(streaming),
        at("cookies").get(cookies),
        at("cached").get(cached).post(cached),
        at("panic").hoop(catch_panic).get(panics),
        at("crash").get(panics),
        at("fill/{which}/{size}").post(filled),
        at("fill-and-fail/{which}/{size}").post(filled_and_failed),
        at("upgrade").get(upgrade),
        at("add/{item}").post(add),
        at("cart").get(show_cart),
        at("twice").get(twice),
        at("existing").get(existing),
        at("signed-in").get(signed_in),
        at("poll").get(poll),
        at("bearer").get(by_token),
        at("existing-or").get(existing_or),
        at("option").get(option),
        at("through").hoop(around).get(through),
    ]
}

#[handler]
async fn untouched() -> &'static str {
    "hello"
}

#[handler]
async fn held(_session: Session<Account>) -> &'static str {
    "hello"
}

#[handler]
async fn look(session: Session<Account>) -> String {
    user(&session)
}

#[handler]
async fn id(session: Session<Account>) -> String {
    session.id().unwrap().to_string()
}

#[handler]
async fn give_token(mut session: Session<Account>) -> String {
    token(&mut session)
}

#[handler]
async fn echo(request: &mut Request) -> String {
    let body = request.payload_with_max_size(1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[handler]
async fn sign_in(mut session: Session<Account>, request: &mut Request) -> &'static str {
    login(&mut session, request.param("user").unwrap());
    ""
}

/// Ceases the flow, which the hoop must not mind.
#[handler]
async fn logout(mut session: Session<Account>, response: &mut Response, flow: &mut FlowCtrl) {
    session.destroy();
    response.status_code(StatusCode::OK);
    flow.cease();
}

#[handler]
async fn count(mut session: Session<Account>) -> String {
    visit(&mut session)
}

#[handler]
async fn answer(mut session: Session<Account>, request: &mut Request, response: &mut Response) {
    response.status_code(StatusCode::from_u16(request.param("status").unwrap()).unwrap());
    response.render(visit(&mut session));
}

#[handler]
async fn fail(mut session: Session<Account>, request: &mut Request) -> Result<(), StatusError> {
    visit(&mut session);
    let status = StatusCode::from_u16(request.param("status").unwrap()).unwrap();
    Err(StatusError::from_code(status).unwrap())
}

#[handler]
async fn redirect(mut session: Session<Account>) -> Redirect {
    visit(&mut session);
    Redirect::other("/look")
}

#[handler]
async fn streaming(session: Session<Account>, request: &mut Request, response: &mut Response) {
    let kind: String = request.param("kind").unwrap();
    response.stream(chunks(session, &kind).map(Ok::<_, Infallible>));
}

#[handler]
async fn cookies(mut session: Session<Account>, response: &mut Response) {
    visit(&mut session);
    add_header(response, header::SET_COOKIE, "b=1; Path=/");
    add_header(response, header::SET_COOKIE, "a=2; Path=/");
    response.status_code(StatusCode::OK);
}

#[handler]
async fn cached(mut session: Session<Account>, request: &mut Request, response: &mut Response) {
    if request.method() == "POST" {
        visit(&mut session);
    }
    add_header(response, header::CACHE_CONTROL, "public, max-age=600");
    let cdn = header::HeaderName::from_static("cdn-cache-control");
    add_header(response, cdn, "max-age=600");
    add_header(response, header::VARY, "accept");
    response.render(user(&session));
}

#[handler]
async fn panics(mut session: Session<Account>) {
    visit(&mut session);
    panic!("as it is meant to");
}

#[handler]
async fn catch_panic(
    request: &mut Request,
    depot: &mut Depot,
    response: &mut Response,
    flow: &mut FlowCtrl,
) {
    let handled = AssertUnwindSafe(flow.call_next(request, depot, response)).catch_unwind().await;
    if handled.is_err() {
        response.render(StatusError::internal_server_error());
    }
}

#[handler]
async fn filled(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    request: &mut Request,
    response: &mut Response,
) {
    let which: String = request.param("which").unwrap();
    fill(&which, request.param("size").unwrap(), &mut session, &mut cart);
    add_header(response, header::SET_COOKIE, "kept=1; Path=/");
    add_header(response, header::CACHE_CONTROL, "max-age=600");
    response.render("filled");
}

#[handler]
async fn filled_and_failed(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    request: &mut Request,
    response: &mut Response,
) {
    let which: String = request.param("which").unwrap();
    fill(&which, request.param("size").unwrap(), &mut session, &mut cart);
    add_header(response, header::SET_COOKIE, "kept=1; Path=/");
    add_header(response, header::CACHE_CONTROL, "max-age=600");
    response.status_code(StatusCode::CONFLICT);
    response.render("filled");
}

#[handler]
async fn upgrade(mut session: Session<Account>, request: &mut Request, response: &mut Response) {
    visit(&mut session);
    let on_upgrade: OnUpgrade = request.extensions_mut().remove().unwrap();
    tokio::spawn(async {
        let io = TokioIo::new(on_upgrade.await.unwrap());
        let (mut reader, mut writer) = tokio::io::split(io);
        tokio::io::copy(&mut reader, &mut writer).await
    });
    add_header(response, header::CONNECTION, "upgrade");
    add_header(response, header::UPGRADE, "websocket");
    response.status_code(StatusCode::SWITCHING_PROTOCOLS);
}

#[handler]
async fn add(mut cart: Session<Cart>, request: &mut Request) -> &'static str {
    cart.write(|cart| cart.0.push(request.param("item").unwrap()));
    ""
}

#[handler]
async fn show_cart(cart: Session<Cart>) -> String {
    format!("{:?}", cart.read().0)
}

#[handler]
async fn twice(mut writer: Session<Account>, reader: Session<Account>) -> String {
    visit(&mut writer);
    reader.read().visits.to_string()
}

#[handler]
async fn existing(session: Existing<Account>) -> String {
    user(&session)
}

#[handler]
async fn signed_in(session: SignedIn<Account>) -> String {
    user(&session)
}

#[handler]
async fn poll(data: SignedInPeek<Account>) -> String {
    data.user.clone().unwrap()
}

#[handler]
async fn by_token(bearer: Bearer<Account>) -> String {
    user(&bearer)
}

/// What salvo takes for optional is read by serde.
#[handler]
async fn existing_or(session: Session<Account>) -> &'static str {
    session.existing().map_or("none", |_| "some")
}

#[handler]
async fn option(request: &mut Request) -> &'static str {
    Session::<Account>::from_extensions(request.extensions()).map_or("none", |_| "some")
}

#[handler]
async fn through(mut session: Session<Account>) -> String {
    session.write(|account| account.user = Some("handler".to_owned()));
    visit(&mut session)
}

/// Holds the session while the handler has it, and adds a visit to the handler's.
#[handler]
async fn around(
    mut session: Session<Account>,
    request: &mut Request,
    depot: &mut Depot,
    response: &mut Response,
    flow: &mut FlowCtrl,
) {
    let before = session.read();
    flow.call_next(request, depot, response).await;
    assert_eq!((user(&session).as_str(), before.visits), ("handler", 0));
    visit(&mut session);
}

fn add_header(response: &mut Response, name: header::HeaderName, value: &'static str) {
    response.headers_mut().append(name, HeaderValue::from_static(value));
}
