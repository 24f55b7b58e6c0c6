//! The routes in actix-web.

use std::{
    convert::Infallible, fmt, panic::AssertUnwindSafe, rc::Rc, sync::mpsc, thread, time::Duration,
};

use actix_web::{
    App as Application, Error, FromRequest as _, HttpRequest, HttpResponse, HttpServer, Responder,
    ResponseError,
    body::MessageBody,
    cookie::Cookie,
    dev::{ServiceRequest, ServiceResponse},
    error::{ErrorInternalServerError, InternalError},
    http::{StatusCode, header},
    middleware::{ErrorHandlerResponse, ErrorHandlers, Next, from_fn},
    rt::System,
    test::{TestRequest, call_service, init_service, read_body, try_call_service},
    web::{Bytes, Path, Payload, Redirect, ServiceConfig, get, head, method, post, resource},
};
use futures_util::{FutureExt as _, StreamExt as _};
use sealed_session::{
    Bearer, CsrfGuard, CsrfRejection, Existing, ForeignRequest, OriginGuard, Session, SignedIn,
    SignedInPeek,
};

use time::OffsetDateTime;

use crate::{
    app::{Account, App, Cart, Mounted, SESSION, chunks, fill, login, token, user, visit},
    server::{Adapter, Server},
    support::sealed,
};

struct Actix;

/// A server of an application in these layers, the innermost first.
macro_rules! server {
    ($log:ident $(, $layer:expr)*) => {
        HttpServer::new(move || {
            $log.install();
            Application::new().configure(routes)$(.wrap($layer.clone()))*
        })
        .workers(2)
        .disable_signals()
        .bind("127.0.0.1:0")
        .map(|server| (server.addrs(), server.run()))
    };
}

impl Adapter for Actix {
    const REMEDY: Option<&'static str> = Some("App::wrap(sessions)");
    const OPTIONS_SWALLOW_ERRORS: bool = true;

    async fn serve(app: App) -> Result<Server, String> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let App { mounted, account, cart, rival, twin, namesake, log } = app;
            System::new().block_on(async move {
                let (addresses, server) = match mounted {
                    Mounted::Both => server!(log, cart, account),
                    Mounted::AccountTwice => server!(log, account, cart, account),
                    Mounted::AccountAndTwin => server!(log, twin, cart, account),
                    Mounted::Rivals => server!(log, rival, account),
                    Mounted::Namesakes => server!(log, namesake, account),
                    Mounted::Guarded => {
                        let tokens = CsrfGuard::<Account>::new();
                        let origins = OriginGuard::new();
                        server!(log, tokens, origins, account)
                    }
                    Mounted::Unguarded => {
                        let tokens = CsrfGuard::<Account>::new();
                        server!(log, account, tokens)
                    }
                    Mounted::Nothing => server!(log),
                }
                .expect("a free port");
                sender.send((addresses, server.handle())).expect("the test waits for it");
                server.await.expect("serves");
            });
        });
        let (addresses, handle) = receiver.recv().map_err(|error| error.to_string())?;
        // The command is given at once, its future only tells of the end.
        Ok(Server::new(addresses[0], move || drop(handle.stop(false))))
    }
}

conformance!(Actix);

#[actix_web::test]
async fn error_of_a_request_that_looked_at_nothing_keeps_its_type() {
    let app = App::new(Mounted::Both);
    for (path, is_kept) in [("/untouched", true), ("/look", false)] {
        let application = Application::new()
            .service(resource("/untouched").wrap(from_fn(conflict)).get(async || "hello"))
            .service(
                resource("/look")
                    .wrap(from_fn(conflict))
                    .get(async |session: Session<Account>| user(&session)),
            )
            .wrap(app.account.clone());
        let service = init_service(application).await;
        let error = match try_call_service(&service, TestRequest::with_uri(path).to_request()).await
        {
            Ok(response) => panic!("{}", response.status()),
            Err(error) => error,
        };
        assert_eq!(error.as_error::<Conflict>().is_some(), is_kept, "{path}");
        assert_eq!(error.as_response_error().status_code(), 409);
        assert_eq!(error.error_response().headers().contains_key("vary"), !is_kept);
    }
}

/// They see no error that a middleware returns, only responses.
#[actix_web::test]
async fn error_handlers_around_a_guard_render_its_refusal() {
    #[expect(clippy::unnecessary_wraps, reason = "`ErrorHandlers` ask for it")]
    fn render<B>(refused: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
        let error = refused.response().error();
        let page = match error {
            Some(error) if error.as_error::<CsrfRejection>().is_some() => "an old token",
            Some(error) if error.as_error::<ForeignRequest>().is_some() => "another site",
            _ => "another reason",
        };
        let (request, response) = refused.into_parts();
        let page = ServiceResponse::new(request, response.set_body(page));
        Ok(ErrorHandlerResponse::Response(page.map_into_boxed_body().map_into_right_body()))
    }
    let account = App::new(Mounted::Both).account;
    let (tokens, origins) = (CsrfGuard::<Account>::new(), OriginGuard::new());
    macro_rules! pages {
        () => {
            Rc::new(ErrorHandlers::new().handler(StatusCode::FORBIDDEN, render))
        };
    }
    macro_rules! renders {
        ($($layer:expr),*) => {
            let application = Application::new().configure(routes)$(.wrap($layer.clone()))*;
            let service = init_service(application).await;
            let posts = || TestRequest::post().uri("/echo").set_payload("a");
            for (from, page) in [("same-origin", "an old token"), ("cross-site", "another site")] {
                let request = posts().insert_header(("sec-fetch-site", from)).to_request();
                let response = call_service(&service, request).await;
                assert_eq!(response.status(), StatusCode::FORBIDDEN);
                assert_eq!(read_body(response).await, page);
            }
        };
    }
    renders!(tokens, account, origins, pages!());
    renders!(tokens, origins, pages!(), account);
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/untouched", get().to(async || "hello"))
        .route("/held", get().to(async |_: Session<Account>| "hello"))
        .route("/look", get().to(async |session: Session<Account>| user(&session)))
        .route("/id", get().to(async |session: Session<Account>| session.id().unwrap().to_string()))
        .route("/token", get().to(async |mut session: Session<Account>| token(&mut session)))
        .route("/echo", post().to(async |body: String| body))
        .route("/login/{user}", post().to(sign_in))
        .route("/logout", post().to(logout))
        .route("/visit", get().to(count))
        .route("/visit", head().to(count))
        .route("/visit", method("OPTIONS".parse().expect("a method")).to(count))
        .route("/answer/{status}", get().to(answer))
        .route("/fail/{status}", get().to(fail))
        .route("/redirect", get().to(redirect))
        .route("/stream/{kind}", get().to(streaming))
        .route("/cookies", get().to(cookies))
        .route("/cached", get().to(cached))
        .route("/cached", post().to(cached_write))
        .service(resource("/panic").wrap(from_fn(catch_panic)).get(panics))
        .route("/crash", get().to(panics))
        .route("/fill/{which}/{size}", post().to(filled))
        .service(resource("/fill-and-fail/{which}/{size}").wrap(from_fn(conflict)).post(filled))
        .route("/upgrade", get().to(upgrade))
        .route("/add/{item}", post().to(add))
        .route("/cart", get().to(async |cart: Session<Cart>| format!("{:?}", cart.read().0)))
        .route("/twice", get().to(twice))
        .route("/existing", get().to(async |session: Existing<Account>| user(&session)))
        .route("/signed-in", get().to(async |session: SignedIn<Account>| user(&session)))
        .route("/poll", get().to(async |data: SignedInPeek<Account>| data.user.clone().unwrap()))
        .route("/bearer", get().to(async |bearer: Bearer<Account>| user(&bearer)))
        .route("/existing-or", get().to(existing_or))
        .route("/option", get().to(option))
        .service(resource("/through").wrap(from_fn(around)).get(through));
}

async fn sign_in(mut session: Session<Account>, user: Path<String>) -> impl Responder {
    login(&mut session, user.into_inner());
    HttpResponse::Ok()
}

async fn logout(mut session: Session<Account>) -> impl Responder {
    session.destroy();
    HttpResponse::Ok()
}

async fn count(mut session: Session<Account>) -> String {
    visit(&mut session)
}

async fn answer(mut session: Session<Account>, status: Path<u16>) -> impl Responder {
    (visit(&mut session), StatusCode::from_u16(*status).unwrap())
}

async fn fail(mut session: Session<Account>, status: Path<u16>) -> Result<String, Error> {
    visit(&mut session);
    Err(InternalError::new("it failed", StatusCode::from_u16(*status).unwrap()).into())
}

async fn redirect(mut session: Session<Account>) -> Redirect {
    visit(&mut session);
    Redirect::to("/look").see_other()
}

async fn streaming(session: Session<Account>, kind: Path<String>) -> HttpResponse {
    let chunks = chunks(session, &kind).map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk)));
    HttpResponse::Ok().streaming(chunks)
}

async fn cookies(mut session: Session<Account>) -> HttpResponse {
    visit(&mut session);
    HttpResponse::Ok()
        .cookie(Cookie::build("b", "1").path("/").finish())
        .append_header((header::SET_COOKIE, "a=2; Path=/"))
        .finish()
}

async fn cached(session: Session<Account>) -> impl Responder {
    user(&session)
        .customize()
        .insert_header((header::CACHE_CONTROL, "public, max-age=600"))
        .insert_header(("cdn-cache-control", "max-age=600"))
        .insert_header((header::VARY, "accept"))
}

async fn cached_write(mut session: Session<Account>) -> impl Responder {
    visit(&mut session);
    cached(session).await
}

async fn panics(mut session: Session<Account>) -> String {
    visit(&mut session);
    panic!("as it is meant to");
}

async fn catch_panic(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    response.unwrap_or_else(|_| Err(ErrorInternalServerError("it panicked")))
}

async fn filled(
    mut session: Session<Account>,
    mut cart: Session<Cart>,
    path: Path<(String, usize)>,
) -> HttpResponse {
    let (which, size) = path.into_inner();
    fill(&which, size, &mut session, &mut cart);
    HttpResponse::Ok()
        .cookie(Cookie::build("kept", "1").path("/").finish())
        .insert_header((header::CACHE_CONTROL, "max-age=600"))
        .body("filled")
}

/// A handler's error is a response to the middleware around it; this is an error there too.
async fn conflict(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    next.call(request).await?;
    Err::<ServiceResponse, _>(Conflict.into())
}

/// An error whose response has headers of its own.
#[derive(Debug)]
struct Conflict;

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it conflicts")
    }
}

impl ResponseError for Conflict {
    fn status_code(&self) -> StatusCode {
        StatusCode::CONFLICT
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::Conflict()
            .cookie(Cookie::build("kept", "1").path("/").finish())
            .insert_header((header::CACHE_CONTROL, "max-age=600"))
            .body("filled")
    }
}

async fn upgrade(mut session: Session<Account>, payload: Payload) -> HttpResponse {
    visit(&mut session);
    HttpResponse::SwitchingProtocols().upgrade("websocket").streaming(payload)
}

async fn add(mut cart: Session<Cart>, item: Path<u32>) -> impl Responder {
    cart.write(|cart| cart.0.push(*item));
    HttpResponse::Ok()
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
async fn around(
    mut session: Session<Account>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let before = session.read();
    let response = next.call(request).await?;
    assert_eq!((user(&session).as_str(), before.visits), ("handler", 0));
    visit(&mut session);
    Ok(response)
}

#[actix_web::test]
async fn a_request_is_old_from_when_it_came_not_from_the_first_look() {
    let account = App::new(Mounted::Both).account;
    let earlier = OffsetDateTime::now_utc() - time::Duration::minutes(10);
    let value =
        sealed(&account, Account { user: Some("ada".to_owned()), ..Account::default() }, earlier);
    let look = async |request: HttpRequest| {
        let wait = request.query_string().parse().expect("a number of milliseconds");
        actix_web::rt::time::sleep(Duration::from_millis(wait)).await;
        Session::<Account>::extract(&request).await.map(|session| user(&session))
    };
    let service =
        init_service(Application::new().route("/", get().to(look)).wrap(account.clone())).await;
    for (uri, is_sealed_again) in [("/?0", true), ("/?2100", false)] {
        let request = TestRequest::with_uri(uri);
        let request = request.insert_header((header::COOKIE, format!("{SESSION}={value}")));
        let response = call_service(&service, request.to_request()).await;
        assert_eq!(response.headers().contains_key(header::SET_COOKIE), is_sealed_again, "{uri}");
        assert_eq!(read_body(response).await, "ada");
    }
}
