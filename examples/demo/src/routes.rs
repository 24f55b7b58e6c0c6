//! Which request goes where. Every change is a POST, and every change that is made answers with a redirect.

mod cookies;
mod devices;
mod login;
mod looks;
pub(crate) mod operator;
mod session;
mod settings;
mod stamp;
mod stock;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use sealed_session::{Cookie, Keys, OriginGuard, Revocations};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    devices::Devices,
    figures::Figures,
    pages,
    plain::{Choice as _, Consent, Visits},
    shop::Shop,
    view::View,
};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) shop: Shop,
    pub(crate) devices: Devices,
    pub(crate) revocations: Revocations,
    pub(crate) guard: OriginGuard,
    pub(crate) keys: Keys,
    pub(crate) figures: Figures,
    pub(crate) https: bool,
    /// The ring is in memory alone, so a button may rotate it.
    pub(crate) owns_ring: bool,
    /// Sign-ins are bound to their device, where the browser can.
    pub(crate) binds: bool,
}

impl App {
    /// The names of the cookies of accounts and of guests' carts.
    pub(crate) fn sealed_cookies(&self) -> [&'static str; 2] {
        match self.https {
            true => ["__Host-session", "__Host-cart"],
            false => ["session", "cart"],
        }
    }
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(stock::home))
        .route("/cart", get(stock::cart))
        .route("/cart/add", post(stock::add))
        .route("/cart/set", post(stock::set))
        .route("/cart/order", post(stock::order))
        .route("/login", get(login::form).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/guest", post(login::go_on_as_guest))
        .route("/signed-out", get(async |view: View| pages::login::signed_out(&view)))
        .route("/stamp", get(async || Redirect::to("/stamp/1")))
        .route("/stamp/1", get(stamp::initials_form).post(stamp::initials))
        .route("/stamp/2", get(stamp::handle_form).post(stamp::handle))
        .route("/stamp/3", get(stamp::check_form).post(stamp::order))
        .route("/settings", get(settings::form).post(settings::save))
        .route("/looks", get(looks::form).post(looks::save))
        .route("/session", get(session::page))
        .route("/session/late", post(session::late))
        .route("/devices", get(devices::list))
        .route("/devices/end", post(devices::end))
        .route("/devices/end-all", get(devices::ask_end_all).post(devices::end_all))
        .route("/cookies", get(cookies::list))
        .route("/cookies/consent", post(cookies::consent))
        .route("/operator", get(operator::page))
        .route("/operator/rotate", post(operator::rotate))
        .fallback(async |view: View| (StatusCode::NOT_FOUND, pages::refusal::not_found(&view)))
        .method_not_allowed_fallback(async |view: View| {
            (StatusCode::METHOD_NOT_ALLOWED, pages::refusal::not_found(&view))
        })
        .layer(middleware::from_fn_with_state(app.clone(), count_pages))
        .layer(middleware::from_fn(decline_prefetch))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/style.css", get(style))
        .route("/page.js", get(script))
        .route("/icon.svg", get(icon))
        .layer(DefaultBodyLimit::max(MOST_OF_A_FORM))
        .with_state(app)
}

/// No page is made for a visitor who may never look at it: it would take the flash message
/// along, slide the idle timeout, and hold a token that is old when it is shown.
/// A browser asks again when the visitor comes.
async fn decline_prefetch(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_prefetch = ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        headers.get(*name).is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
    });
    match is_prefetch && request.method() == Method::GET {
        true => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")]).into_response()
        }
        false => next.run(request).await,
    }
}

/// Only for a visitor who agreed.
async fn count_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let agreed = Consent::of(request.headers()) == Some(Consent::Statistics);
    let is_page = request.method() == Method::GET;
    let count = Visits::of(request.headers()).unwrap_or(0).saturating_add(1);
    let response = next.run(request).await;
    match agreed && is_page && response.status() == StatusCode::OK {
        true => (set_cookies([Visits::cookie(count, app.https)]), response).into_response(),
        false => response,
    }
}

fn set_cookies<const N: usize>(
    cookies: [Cookie<'static>; N],
) -> AppendHeaders<[(HeaderName, String); N]> {
    AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie.to_string())))
}

/// As in "Firefox on Linux".
fn browser_of(headers: &HeaderMap) -> String {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    crate::devices::browser_of(user_agent.unwrap_or_default())
}

/// Which ring this process has, for whoever watches a rotation. It holds no key.
async fn health(State(App { keys, .. }): State<App>) -> Json<Value> {
    Json(json!({
        "generation": keys.generation(),
        "fingerprint": keys.current().fingerprint().to_string(),
        "last_checked": keys.last_checked().map(OffsetDateTime::unix_timestamp),
        "last_error": keys.last_error().map(|error| error.to_string()),
    }))
}

async fn metrics(State(app): State<App>) -> String {
    app.figures.page(&app.keys, OffsetDateTime::now_utc())
}

async fn style() -> ([(HeaderName, &'static str); 2], &'static str) {
    (cached("text/css; charset=utf-8"), include_str!("style.css"))
}

/// Every page works without it.
async fn script() -> ([(HeaderName, &'static str); 2], &'static str) {
    (cached("text/javascript; charset=utf-8"), include_str!("page.js"))
}

/// Without one, browsers ask for `/favicon.ico` with the session's cookie.
async fn icon() -> ([(HeaderName, &'static str); 2], String) {
    (cached("image/svg+xml"), pages::logo().into_string())
}

fn cached(content_type: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=60")]
}

/// What every response should say, with or without sessions.
pub(crate) async fn finish(mut response: Response) -> Response {
    // A change that came too late, such as one for a sign-in that was ended meanwhile: the
    // layer of the sessions puts an empty answer in its place.
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        let page = (StatusCode::INTERNAL_SERVER_ERROR, pages::refusal::failed()).into_response();
        let (parts, body) = page.into_parts();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(parts.headers);
        *response.body_mut() = body;
    }
    for (name, value) in SECURE_HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Bytes.
const MOST_OF_A_FORM: usize = 16 * 1024;

const SECURE_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    // After signing out, "back" must not show the pages of before.
    (header::CACHE_CONTROL, "no-store"),
];
