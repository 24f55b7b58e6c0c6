//! Which request goes where. Every change is a POST, and every POST answers with a redirect.

mod login;
mod settings;
mod stamp;
mod stock;

use axum::{
    Json, Router,
    extract::{FromRef, FromRequestParts},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::Markup;
use sealed_session::{Keys, OriginGuard, Session};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    figures::Figures,
    pages::{self, View},
    shop::Shop,
    state::{Account, Cart},
};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) shop: Shop,
    pub(crate) guard: OriginGuard,
}

impl FromRef<App> for Shop {
    fn from_ref(app: &App) -> Self {
        app.shop.clone()
    }
}

impl FromRef<App> for OriginGuard {
    fn from_ref(app: &App) -> Self {
        app.guard.clone()
    }
}

pub(crate) fn router(app: App, keys: Keys, figures: Figures) -> Router {
    let ring = keys.clone();
    Router::new()
        .route("/", get(stock::home))
        .route("/cart", get(stock::cart))
        .route("/cart/add", post(stock::add))
        .route("/cart/remove", post(stock::remove))
        .route("/cart/order", post(stock::order))
        .route("/login", get(login::form).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/logout/everywhere", post(login::sign_out_everywhere))
        .route("/signed-out", get(async |view: View| pages::login::signed_out(&view)))
        .route("/stamp", get(async || Redirect::to("/stamp/1")))
        .route("/stamp/1", get(stamp::initials_form).post(stamp::initials))
        .route("/stamp/2", get(stamp::handle_form).post(stamp::handle))
        .route("/stamp/3", get(stamp::check_form).post(stamp::order))
        .route("/settings", get(settings::form).post(settings::save))
        .route("/session", get(session))
        .route("/health", get(async move || health(&keys)))
        .route("/metrics", get(async move || figures.page(&ring, OffsetDateTime::now_utc())))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .fallback(async |view: View| (StatusCode::NOT_FOUND, pages::not_found(&view)))
        .with_state(app)
}

/// What every page shows of its visitor; takes the flash message out of the session.
impl<S: Send + Sync> FromRequestParts<S> for View
where
    Shop: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let mut session = Session::<Account>::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let cart = Session::<Cart>::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        // A write sets a cookie, so there is none where there is nothing to take.
        let flash = match session.read().flash {
            Some(_) => session.write(|account| account.flash.take()),
            None => None,
        };
        let path = parts.uri.path().to_owned();
        // A guest without a session has nothing that a forged request could misuse; but to
        // be signed in as somebody else is such a misuse, so the sign-in form begins one.
        let csrf = match !session.is_new() || path == "/login" {
            true => Some(session.csrf_token().map_err(|error| {
                tracing::error!(%error, "no CSRF token");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            })?),
            false => None,
        };
        let account = session.read();
        let cart = match &account.user {
            Some(user) => Shop::from_ref(state).cart(user),
            None => Cart::clone(&cart.read()),
        };
        Ok(Self {
            user: account.user.clone(),
            settings: account.settings.clone(),
            path,
            flash,
            cart,
            csrf,
        })
    }
}

/// A visitor who has signed in. Everybody else is sent to the sign-in page.
struct SignedIn {
    session: Session<Account>,
    user: String,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let session = Session::<Account>::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        match session.read().user.clone() {
            Some(user) => Ok(Self { session, user }),
            None => Err(Redirect::to("/login").into_response()),
        }
    }
}

async fn session(view: View, session: Session<Account>, cart: Session<Cart>) -> Markup {
    pages::session::page(&view, &session, &cart)
}

/// Which ring this process has, for whoever watches a rotation. It holds no key.
fn health(keys: &Keys) -> Json<Value> {
    Json(json!({
        "generation": keys.generation(),
        "fingerprint": keys.current().fingerprint().to_string(),
        "last_checked": keys.last_checked().map(OffsetDateTime::unix_timestamp),
        "last_error": keys.last_error().map(|error| error.to_string()),
    }))
}

async fn style() -> ([(HeaderName, &'static str); 2], &'static str) {
    (cached("text/css; charset=utf-8"), include_str!("style.css"))
}

/// Without one, browsers ask for `/favicon.ico` with the session's cookie.
async fn icon() -> ([(HeaderName, &'static str); 2], String) {
    (cached("image/svg+xml"), pages::logo().into_string())
}

fn cached(content_type: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=60")]
}

/// What every response should say, with or without sessions.
pub(crate) async fn secure_headers(mut response: Response) -> Response {
    for (name, value) in SECURE_HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

const SECURE_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    // After signing out, "back" must not show the pages of before.
    (header::CACHE_CONTROL, "no-store"),
];
