//! The routes in poem.
#![expect(clippy::needless_pass_by_value, reason = "an extractor is an argument by value")]

use ::poem::{
    Body, EndpointExt as _, Error, IntoEndpoint, IntoResponse, Request, Response, Result, Route,
    Server as PoemServer,
    endpoint::BoxEndpoint,
    get, handler,
    http::{StatusCode, header},
    listener::{Acceptor as _, Listener as _, TcpListener},
    middleware::CatchPanic,
    post,
    web::{Path, Redirect},
};
use futures_util::StreamExt as _;
use sealed_session::{Bearer, CsrfGuard, Existing, OriginGuard, Session, SignedIn, SignedInPeek};
use tokio::sync::oneshot;

use crate::{
    app::{Account, App, Cart, Mounted, chunks, fill, login, token, user, visit},
    server::{Adapter, Server, runtime},
};

struct Poem;

impl Adapter for Poem {
    const REMEDY: Option<&'static str> = Some("EndpointExt::with(sessions)");
    const OPTIONS_SWALLOW_ERRORS: bool = true;

    async fn serve(app: App) -> Result<Server, String> {
        let App { mounted, account, cart, rival, twin, namesake, log } = app;
        let endpoint: BoxEndpoint<'static, Response> = match mounted {
            Mounted::Both => routes().with(cart).with(account).boxed(),
            Mounted::AccountTwice => {
                routes().with(account.clone()).with(cart).with(account).boxed()
            }
            Mounted::AccountAndTwin => routes().with(twin).with(cart).with(account).boxed(),
            Mounted::Rivals => routes().with(rival).with(account).boxed(),
            Mounted::Namesakes => routes().with(namesake).with(account).boxed(),
            Mounted::Guarded => routes()
                .with(CsrfGuard::<Account>::new())
                .with(OriginGuard::new())
                .with(account)
                .boxed(),
            Mounted::Unguarded => routes().with(account).with(CsrfGuard::<Account>::new()).boxed(),
            Mounted::Nothing => routes().into_endpoint().map_to_response().boxed(),
        };
        let (sender, receiver) = oneshot::channel();
        let runtime = runtime(&log);
        runtime.spawn(async move {
            let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port");
            let addresses = acceptor.local_addr();
            let address = *addresses[0].as_socket_addr().expect("it is TCP");
            sender.send(address).expect("the test waits for it");
            PoemServer::new_with_acceptor(acceptor).run(endpoint).await.expect("serves");
        });
        let address = receiver.await.map_err(|error| error.to_string())?;
        Ok(Server::new(address, || runtime.shutdown_background()))
    }
}

conformance!(Poem);

fn routes() -> Route {
    Route::new()
        .at("/untouched", get(untouched))
        .at("/held", get(held))
        .at("/look", get(look))
        .at("/id", get(id))
        .at("/token", get(give_token))
        .at("/echo", post(echo))
        .at("/login/:user", post(sign_in))
        .at("/logout", post(logout))
        .at("/visit", get(count).options(count).head(count))
        .at("/answer/:status", get(answer))
        .at("/fail/:status", get(fail))
        .at("/redirect", get(redirect))
        .at("/stream/:kind", get(streaming))
        .at("/cookies", get(cookies))
        .at("/cached", get(cached).post(cached_write))
        .at("/panic", get(panics.with(CatchPanic::new())))
        .at("/crash", get(panics))
        .at("/fill/:which/:size", post(filled))
        .at("/fill-and-fail/:which/:size", post(filled_and_failed))
        .at("/upgrade", get(upgrade))
        .at("/add/:item", post(add))
        .at("/cart", get(show_cart))
        .at("/twice", get(twice))
        .at("/existing", get(existing))
        .at("/signed-in", get(signed_in))
        .at("/poll", get(poll))
        .at("/bearer", get(by_token))
        .at("/existing-or", get(existing_or))
        .at("/option", get(option))
        .at("/through", get(through.around(around)))
}

#[handler]
fn untouched() -> &'static str {
    "hello"
}

#[handler]
fn held(_session: Session<Account>) -> &'static str {
    "hello"
}

#[handler]
fn look(session: Session<Account>) -> String {
    user(&session)
}

#[handler]
fn id(session: Session<Account>) -> String {
    session.id().unwrap().to_string()
}

#[handler]
fn give_token(mut session: Session<Account>) -> String {
    token(&mut session)
}

#[handler]
fn echo(body: String) -> String {
    body
}

#[handler]
fn sign_in(mut session: Session<Account>, Path(user): Path<String>) {
    login(&mut session, user);
}

#[handler]
fn logout(mut session: Session<Account>) {
    session.destroy();
}

#[handler]
fn count(mut session: Session<Account>) -> String {
    visit(&mut session)
}

#[handler]
fn answer(mut session: Session<Account>, Path(status): Path<u16>) -> impl IntoResponse {
    visit(&mut session).with_status(StatusCode::from_u16(status).unwrap())
}

#[handler]
fn fail(mut session: Session<Account>, Path(status): Path<u16>) -> Result<()> {
    visit(&mut session);
    Err(Error::from_status(StatusCode::from_u16(status).unwrap()))
}

#[handler]
fn redirect(mut session: Session<Account>) -> Redirect {
    visit(&mut session);
    Redirect::see_other("/look")
}

#[handler]
fn streaming(session: Session<Account>, Path(kind): Path<String>) -> Body {
    Body::from_bytes_stream(chunks(session, &kind).map(Ok::<_, std::io::Error>))
}

#[handler]
fn cookies(mut session: Session<Account>) -> Response {
    visit(&mut session);
    Response::builder()
        .header(header::SET_COOKIE, "b=1; Path=/")
        .header(header::SET_COOKIE, "a=2; Path=/")
        .finish()
}

#[handler]
fn cached(session: Session<Account>) -> Response {
    cached_response(&session)
}

#[handler]
fn cached_write(mut session: Session<Account>) -> Response {
    visit(&mut session);
    cached_response(&session)
}

fn cached_response(session: &Session<Account>) -> Response {
    let response = Response::builder().header(header::CACHE_CONTROL, "public, max-age=600");
    response
        .header("cdn-cache-control", "max-age=600")
        .header(header::VARY, "accept")
        .body(user(session))
}

#[handler]
fn panics(mut session: Session<Account>) {
    visit(&mut session);
    panic!("as it is meant to");
}

#[handler]
fn filled(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    Path((which, size)): Path<(String, usize)>,
) -> Response {
    fill(&which, size, &mut session, &mut cart);
    filled_response(StatusCode::OK)
}

#[handler]
fn filled_and_failed(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    Path((which, size)): Path<(String, usize)>,
) -> Result<()> {
    fill(&which, size, &mut session, &mut cart);
    Err(Error::from_response(filled_response(StatusCode::CONFLICT)))
}

fn filled_response(status: StatusCode) -> Response {
    let response = Response::builder().status(status).header(header::SET_COOKIE, "kept=1; Path=/");
    response.header(header::CACHE_CONTROL, "max-age=600").body("filled")
}

#[handler]
fn upgrade(mut session: Session<Account>, request: &Request) -> Response {
    visit(&mut session);
    let on_upgrade = request.take_upgrade().unwrap();
    tokio::spawn(async {
        let (mut reader, mut writer) = tokio::io::split(on_upgrade.await.unwrap());
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    response.header(header::CONNECTION, "upgrade").header(header::UPGRADE, "websocket").finish()
}

#[handler]
fn add(mut cart: Session<Cart>, Path(item): Path<u32>) {
    cart.write(|cart| cart.0.push(item));
}

#[handler]
fn show_cart(cart: Session<Cart>) -> String {
    format!("{:?}", cart.read().0)
}

#[handler]
fn twice(mut writer: Session<Account>, reader: Session<Account>) -> String {
    visit(&mut writer);
    reader.read().visits.to_string()
}

#[handler]
fn existing(session: Existing<Account>) -> String {
    user(&session)
}

#[handler]
fn signed_in(session: SignedIn<Account>) -> String {
    user(&session)
}

#[handler]
fn poll(data: SignedInPeek<Account>) -> String {
    data.user.clone().unwrap()
}

#[handler]
fn by_token(bearer: Bearer<Account>) -> String {
    user(&bearer)
}

#[handler]
fn existing_or(session: Option<Existing<Account>>) -> &'static str {
    session.map_or("none", |_| "some")
}

#[handler]
fn option(session: Option<Session<Account>>) -> &'static str {
    session.map_or("none", |_| "some")
}

#[handler]
fn through(mut session: Session<Account>) -> String {
    session.write(|account| account.user = Some("handler".to_owned()));
    visit(&mut session)
}

/// Holds the session while the handler has it, and adds a visit to the handler's.
async fn around(endpoint: std::sync::Arc<through>, request: Request) -> Result<Response> {
    use ::poem::{Endpoint as _, FromRequest as _};

    let mut session = Session::<Account>::from_request_without_body(&request).await?;
    let before = session.read();
    let response = endpoint.call(request).await?;
    assert_eq!((user(&session).as_str(), before.visits), ("handler", 0));
    visit(&mut session);
    Ok(response)
}
