//! Forms that change something: what a handler takes in, and the checks that all of them pass.

use axum::{
    extract::{FromRequest, FromRequestParts, RawForm, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use sealed_session::{LocalPath, Session};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    pages::refusal,
    routes::App,
    state::{Account, Draft},
    view::{View, sign_in_page},
};

/// A form of buttons that this site's own page sent.
pub(crate) struct Post<F>(pub(crate) F);

/// A form with something that the visitor typed.
pub(crate) enum Typed<F> {
    /// This site's own page sent it.
    Sent(F),
    /// Its page is from before a sign-in or a sign-out: show it once more with what was typed, and change nothing.
    Stale(F),
}

/// Of a form that is a button and no more.
#[derive(Deserialize)]
pub(crate) struct NoFields {}

/// What `pages::Page::form` adds to every form, next to the token: the page that it stands on,
/// and for whom it was made. Nobody relies on these but to find the way back.
struct Envelope {
    csrf: Option<String>,
    page: Option<String>,
    user: Option<String>,
}

pub(crate) const CSRF_FIELD: &str = "csrf";
pub(crate) const PAGE_FIELD: &str = "page";
pub(crate) const USER_FIELD: &str = "for";

impl<F: DeserializeOwned> FromRequest<App> for Post<F> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let mut received = Received::of(request, app).await?;
        if received.is_stale {
            let view = View::from_request_parts(&mut received.parts, app).await?;
            return Err(refusal::stale(&view, &received.back, &received.fields));
        }
        received.parse(app).await.map(Self)
    }
}

impl<F: DeserializeOwned> FromRequest<App> for Typed<F> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let mut received = Received::of(request, app).await?;
        let fields = received.parse(app).await?;
        Ok(if received.is_stale { Self::Stale(fields) } else { Self::Sent(fields) })
    }
}

struct Received {
    parts: Parts,
    /// Without those of the envelope.
    fields: Vec<(String, String)>,
    /// The page that the form stands on.
    back: String,
    is_stale: bool,
}

impl Received {
    async fn of(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        // The first line: what the browser says of where the request comes from.
        if app.guard.check_headers(&parts.method, &parts.uri, &parts.headers).is_err() {
            let view = View::from_request_parts(&mut parts, app).await?;
            return Err(refusal::foreign(&view));
        }
        let mut session = Session::<Account>::from_extensions(&parts.extensions)
            .ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        let read = RawForm::from_request(Request::from_parts(parts.clone(), body), app).await;
        let fields = read.ok().and_then(|RawForm(body)| serde_urlencoded::from_bytes(&body).ok());
        let Some(mut fields): Option<Vec<(String, String)>> = fields else {
            let view = View::from_request_parts(&mut parts, app).await?;
            return Err(refusal::unreadable(&view));
        };
        let envelope = Envelope::take_from(&mut fields);
        let back = envelope.page.as_deref().and_then(LocalPath::new).unwrap_or_default().as_str();
        // The page was made for somebody who is not signed in any more: say so, rather than
        // to change something of a guest's that looks the same.
        if let (Some(user), false) = (envelope.user, session.read().user.is_some()) {
            let draft = (parts.uri.path() == back).then(|| keep(user, back, &fields)).flatten();
            session.write(|account| {
                account.complain(match draft {
                    Some(_) => "You have been signed out, so nothing was saved. What you typed is kept: sign in to go on.",
                    None => "You have been signed out, so nothing was changed. Sign in to go on where you were.",
                });
                account.draft = draft;
            });
            return Err(Redirect::to(&sign_in_page(back)).into_response());
        }
        // The second: a token that only a page of this session holds.
        let token = envelope.csrf.unwrap_or_default();
        let is_stale = !session.is_new() && session.verify_csrf(&token).is_err();
        let back = back.to_owned();
        Ok(Self { parts, fields, back, is_stale })
    }

    async fn parse<F: DeserializeOwned>(&mut self, app: &App) -> Result<F, Response> {
        let fields = serde_urlencoded::to_string(&self.fields).unwrap_or_default();
        if let Ok(fields) = serde_urlencoded::from_str(&fields) {
            return Ok(fields);
        }
        let view = View::from_request_parts(&mut self.parts, app).await?;
        Err(refusal::unreadable(&view))
    }
}

impl Envelope {
    fn take_from(fields: &mut Vec<(String, String)>) -> Self {
        let mut take = |name: &str| {
            let index = fields.iter().position(|(field, _)| field == name)?;
            Some(fields.remove(index).1)
        };
        Self { csrf: take(CSRF_FIELD), page: take(PAGE_FIELD), user: take(USER_FIELD) }
    }
}

/// What was typed, for the time after the sign-in. A cookie has little room, so a long text is not kept.
fn keep(user: String, page: &str, fields: &[(String, String)]) -> Option<Draft> {
    let fields = serde_urlencoded::to_string(fields).ok()?;
    let is_short = user.len() + page.len() + fields.len() <= MOST_OF_A_DRAFT;
    is_short.then(|| Draft { user, page: page.to_owned(), fields })
}

/// Bytes.
const MOST_OF_A_DRAFT: usize = 600;
