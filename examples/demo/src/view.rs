//! What every page shows of its visitor.

use axum::{
    extract::FromRequestParts,
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use sealed_session::{LocalPath, Session};
use serde::Deserialize;

use crate::{
    plain::{Choice as _, Consent, Text, Theme},
    routes::App,
    state::{Account, Cart, Draft, Flash},
};

pub(crate) struct View {
    pub(crate) user: Option<String>,
    pub(crate) nickname: String,
    pub(crate) path: String,
    /// Where to go after the sign-in.
    pub(crate) next: Option<String>,
    pub(crate) flash: Option<Flash>,
    /// A sign-in came with the request, and has ended.
    pub(crate) was_signed_out: bool,
    pub(crate) cart: Cart,
    /// For forms, where there is a session to protect.
    pub(crate) csrf: Option<String>,
    /// What the visitor typed into this page's form before having to sign in again.
    pub(crate) draft: Option<String>,
    pub(crate) theme: Theme,
    pub(crate) text: Text,
    pub(crate) consent: Option<Consent>,
}

/// Takes the flash message out of the session.
impl FromRequestParts<App> for View {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let mut session = Session::<Account>::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let cart = Session::<Cart>::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let path = parts.uri.path().to_owned();
        // A write sets a cookie, so there is none where there is nothing to take. What
        // answers a form leaves it to the page that comes next.
        let (mut flash, mut draft) = (None, None);
        if parts.method == Method::GET {
            let account = session.read();
            if account.flash.is_some() {
                flash = session.write(|account| account.flash.take());
            }
            let is_for =
                |draft: &Draft| account.user.as_ref() == Some(&draft.user) && draft.page == path;
            if account.draft.as_ref().is_some_and(is_for) {
                draft = session.write(|account| account.draft.take()).map(|draft| draft.fields);
            }
        }
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
            Some(user) => app.shop.cart(user),
            None => Cart::clone(&cart.read()),
        };
        let was_signed_out =
            session.refusal().is_some_and(|refusal| SIGNED_OUT.contains(&refusal.class()));
        Ok(Self {
            user: account.user.clone(),
            nickname: account.nickname.clone(),
            path,
            next: next_in(parts.uri.query()),
            flash,
            was_signed_out,
            cart,
            csrf,
            draft,
            theme: Theme::of(&parts.headers).unwrap_or_default(),
            text: Text::of(&parts.headers).unwrap_or_default(),
            consent: Consent::of(&parts.headers),
        })
    }
}

#[derive(Deserialize)]
struct Query {
    next: Option<String>,
}

/// `next` of a query, where it is a path of this site.
fn next_in(query: Option<&str>) -> Option<String> {
    let Query { next } = serde_urlencoded::from_str(query.unwrap_or_default()).ok()?;
    LocalPath::new(&next?).map(|path| path.as_str().to_owned())
}

/// The sign-in page, with where to go afterwards.
pub(crate) fn sign_in_page(next: &str) -> String {
    match serde_urlencoded::to_string([("next", next)]) {
        Ok(query) if next != "/" => format!("/login?{query}"),
        _ => "/login".to_owned(),
    }
}

/// Of a session that was live once. A forged cookie, or one that this browser ended itself, is none.
const SIGNED_OUT: [&str; 4] = ["expired", "idle", "revoked", "retired_key"];
