//! The routes in a tower service under hyper, without a framework.
#![expect(clippy::result_large_err, reason = "a failure is a response like any other")]

use std::{any::type_name, convert::Infallible, panic::AssertUnwindSafe};

use ::hyper::{
    Method, Request, Response, StatusCode,
    body::{Body as _, Bytes, Frame, Incoming},
    header::{
        CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, LOCATION, SET_COOKIE, UPGRADE, VARY,
    },
};
use futures_util::{FutureExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper_util::rt::TokioIo;
use sealed_session::{OriginGuard, Session, SessionData, Sessions};
use tokio::net::TcpListener;
use tonic::service::InterceptorLayer;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::{limit::RequestBodyLimitLayer, trace::TraceLayer};

use crate::{
    app::{Account, App, Cart, Mounted, chunks, fill, login, token, user, visit},
    hyper::accept,
    server::{Adapter, Server, runtime},
};

struct Tower;

impl Adapter for Tower {
    const REMEDY: Option<&'static str> = None;
    const CHECKS_TOKENS: bool = false;
    const SENDS_TO_SIGN_IN: bool = false;

    async fn serve(app: App) -> Result<Server, String> {
        let App { mounted, account, cart, rival, twin, namesake, log } = app;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let listener = listener.into_std().expect("it is open");
        let runtime = runtime(&log);
        let service = service_fn(serve);
        match mounted {
            Mounted::Both => {
                runtime.spawn(accept(listener, account.layer(cart.layer(service))));
            }
            Mounted::AccountTwice => {
                let service = account.layer(cart.layer(account.layer(service)));
                runtime.spawn(accept(listener, service));
            }
            Mounted::AccountAndTwin => {
                let service = account.layer(cart.layer(twin.layer(service)));
                runtime.spawn(accept(listener, service));
            }
            Mounted::Rivals => {
                runtime.spawn(accept(listener, account.layer(rival.layer(service))));
            }
            Mounted::Namesakes => {
                runtime.spawn(accept(listener, account.layer(namesake.layer(service))));
            }
            Mounted::Guarded => {
                let service = account.layer(OriginGuard::new().layer(service));
                runtime.spawn(accept(listener, service));
            }
            Mounted::Unguarded | Mounted::Nothing => {
                runtime.spawn(accept(listener, service));
            }
        }
        Ok(Server::new(address, || runtime.shutdown_background()))
    }
}

conformance!(Tower);

/// Those of other layers have no `Default`.
#[tokio::test]
async fn layers_with_bodies_of_their_own_fit_inside() {
    async fn count<B>(request: Request<B>) -> Result<Response<Body>, Infallible> {
        let mut session = Session::<Account>::from_extensions(request.extensions()).unwrap();
        Ok(text(visit(&mut session)))
    }
    let account = App::new(Mounted::Both).account;
    let service = ServiceBuilder::new()
        .layer(account.clone())
        .layer(TraceLayer::new_for_http())
        .layer(RequestBodyLimitLayer::new(1024))
        .layer(InterceptorLayer::new(|request: tonic::Request<()>| Ok(request)))
        .service_fn(count);
    let response = service.oneshot(Request::new(Full::<Bytes>::default())).await.unwrap();
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert_eq!(account.load([cookie.split(';').next().unwrap()]).read().visits, 1);
    let body = response.into_body().collect().await.ok().unwrap().to_bytes();
    assert_eq!(body, "1");
}

#[tokio::test]
async fn oversize_session_has_an_empty_body_whatever_its_type() {
    let account = App::new(Mounted::Both).account;
    let service = account.layer(service_fn(async |request: Request<()>| {
        let mut session = Session::<Account>::from_extensions(request.extensions()).unwrap();
        session.write(|account| account.notes = "x".repeat(4000));
        Ok::<_, Infallible>(text("as it was to be"))
    }));
    let response = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.body().is_end_stream() && response.body().get_ref().is_none());
    assert_eq!(response.body().size_hint().exact(), Some(0));
}

/// Without a `Default`, as most bodies are that other layers make.
type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn serve(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(route(request).await.unwrap_or_else(|failure| failure))
}

/// The error is a response too, that of a handler without a session, or in trouble.
async fn route(request: Request<Incoming>) -> Result<Response<Body>, Response<Body>> {
    let path = request.uri().path().to_owned();
    let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
    let session = || session_of::<Account>(&request);
    let cart = || session_of::<Cart>(&request);
    let is_get = request.method() == Method::GET;

    Ok(match segments.as_slice() {
        _ if request.method() == Method::DELETE => with_status(StatusCode::METHOD_NOT_ALLOWED, ""),
        ["untouched"] => text("hello"),
        ["held"] => session().map(|_| text("hello"))?,
        ["look"] => text(user(&session()?)),
        ["id"] => text(session()?.id().expect("there is one").to_string()),
        ["token"] => text(token(&mut session()?)),
        ["login", user] => {
            login(&mut session()?, (*user).to_owned());
            text("")
        }
        ["logout"] => {
            session()?.destroy();
            text("")
        }
        ["visit"] => text(visit(&mut session()?)),
        ["answer", code] => with_status(status(code), visit(&mut session()?)),
        ["fail", code] => {
            visit(&mut session()?);
            Err(with_status(status(code), ""))?
        }
        ["redirect"] => {
            let body = visit(&mut session()?);
            with(with_status(StatusCode::SEE_OTHER, body), LOCATION, "/look")
        }
        ["stream", kind] => Response::new(streaming(session()?, kind)),
        ["cookies"] => {
            let response = text(visit(&mut session()?));
            with(with(response, SET_COOKIE, "b=1; Path=/"), SET_COOKIE, "a=2; Path=/")
        }
        ["cached"] => {
            let mut session = session()?;
            if !is_get {
                visit(&mut session);
            }
            let response = text(user(&session));
            let cdn = HeaderName::from_static("cdn-cache-control");
            let response = with(response, cdn, "max-age=600");
            with(with(response, CACHE_CONTROL, "public, max-age=600"), VARY, "accept")
        }
        ["panic"] => {
            let panics = AssertUnwindSafe(panics(session()?)).catch_unwind();
            panics.await.map_err(|_| with_status(StatusCode::INTERNAL_SERVER_ERROR, ""))?
        }
        ["crash"] => panics(session()?).await,
        ["fill", which, size] => filled(which, size, &mut session()?, &mut cart()?),
        ["fill-and-fail", which, size] => {
            let mut response = filled(which, size, &mut session()?, &mut cart()?);
            *response.status_mut() = StatusCode::CONFLICT;
            Err(response)?
        }
        ["upgrade"] => {
            visit(&mut session()?);
            upgrade(request)
        }
        ["add", item] => {
            let item = item.parse().expect("a number");
            cart()?.write(|cart| cart.0.push(item));
            text("")
        }
        ["cart"] => text(format!("{:?}", cart()?.read().0)),
        ["twice"] => {
            let (mut writer, reader) = (session()?, session()?);
            visit(&mut writer);
            text(reader.read().visits.to_string())
        }
        ["existing"] => match session()?.existing() {
            Some(existing) => text(user(&existing)),
            None => with_status(StatusCode::UNAUTHORIZED, ""),
        },
        ["signed-in"] => match session()?.signed_in() {
            Some(signed_in) => text(user(&signed_in)),
            None => with_status(StatusCode::UNAUTHORIZED, ""),
        },
        ["poll"] => match session()?.peek_signed_in() {
            Some(data) => text(data.user.clone().expect("signed in")),
            None => with_status(StatusCode::UNAUTHORIZED, ""),
        },
        ["existing-or"] => text(session()?.existing().map_or("none", |_| "some")),
        ["option"] => text(session().map_or("none", |_| "some")),
        ["through"] => {
            let mut held = session()?;
            let before = held.read();
            let mut inner = session()?;
            inner.write(|account| account.user = Some("handler".to_owned()));
            let response = text(visit(&mut inner));
            assert_eq!((user(&held).as_str(), before.visits), ("handler", 0));
            visit(&mut held);
            response
        }
        _ => with_status(StatusCode::NOT_FOUND, ""),
    })
}

fn session_of<T: SessionData>(request: &Request<Incoming>) -> Result<Session<T>, Response<Body>> {
    let missing = || with_status(StatusCode::INTERNAL_SERVER_ERROR, type_name::<Sessions<T>>());
    Session::from_extensions(request.extensions()).ok_or_else(missing)
}

#[expect(clippy::unused_async, reason = "it is the future that panics")]
async fn panics(mut session: Session<Account>) -> Response<Body> {
    visit(&mut session);
    panic!("as it is meant to");
}

fn filled(
    which: &str,
    size: &str,
    session: &mut Session<Account>,
    cart: &mut Session<Cart>,
) -> Response<Body> {
    fill(which, size.parse().expect("a number"), session, cart);
    let response = with(text("filled"), SET_COOKIE, "kept=1; Path=/");
    with(response, CACHE_CONTROL, "max-age=600")
}

fn upgrade(request: Request<Incoming>) -> Response<Body> {
    tokio::spawn(async {
        let io = TokioIo::new(::hyper::upgrade::on(request).await.expect("it is upgraded"));
        let (mut reader, mut writer) = tokio::io::split(io);
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let response = with_status(StatusCode::SWITCHING_PROTOCOLS, "");
    with(with(response, CONNECTION, "upgrade"), UPGRADE, "websocket")
}

fn streaming(session: Session<Account>, kind: &str) -> Body {
    let frames = chunks(session, kind).map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
    StreamBody::new(frames).boxed_unsync()
}

fn status(code: &str) -> StatusCode {
    code.parse().expect("a status")
}

fn text(body: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(body.into()).boxed_unsync())
}

fn with_status(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = text(body);
    *response.status_mut() = status;
    response
}

fn with(mut response: Response<Body>, name: HeaderName, value: &'static str) -> Response<Body> {
    response.headers_mut().append(name, HeaderValue::from_static(value));
    response
}
