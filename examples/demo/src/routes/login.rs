//! Sign-in and sign-out.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;
use time::OffsetDateTime;

use super::{App, browser_of};
use crate::{
    devices::Device,
    pages::{self, Notice, login::Typed as Shown},
    post::{NoFields, Post, Typed},
    shop::is_customer,
    state::{Account, Cart},
    view::View,
};

#[derive(Deserialize)]
pub(crate) struct Login {
    user: String,
    password: String,
    /// A checkbox: browsers leave it out when it is not ticked.
    remember: Option<String>,
}

pub(crate) async fn form(view: View) -> Result<Markup, Redirect> {
    match view.user {
        None => Ok(pages::login::form(&view, &Shown::default(), Notice::None)),
        Some(_) => Err(Redirect::to(view.next.as_deref().unwrap_or("/"))),
    }
}

pub(crate) async fn sign_in(
    State(app): State<App>,
    mut session: Session<Account>,
    mut guest: Session<Cart>,
    view: View,
    headers: HeaderMap,
    login: Typed<Login>,
) -> Response {
    let login = match login {
        Typed::Sent(login) => login,
        // Of a tab in which somebody signed in, or from before a sign-out in another.
        Typed::Stale(login) => {
            let page = match &view.user {
                Some(user) => pages::login::already(&view, user),
                None => pages::login::form(&view, &shown(&login, false), Notice::Stale),
            };
            return (StatusCode::FORBIDDEN, page).into_response();
        }
    };
    if !is_customer(&login.user, &login.password) {
        let page = pages::login::form(&view, &shown(&login, true), Notice::None);
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    }
    let brought = guest.read();
    app.shop.with_cart(&login.user, |cart| cart.merge(&brought));
    if !guest.is_new() {
        guest.destroy();
    }
    let user = login.user;
    let fill = |account: &mut Account| {
        // A guest's half-filled form is the same person's, another customer's is not.
        if account.user.is_some() {
            *account = Account::default();
        }
        account.draft = account.draft.take().filter(|draft| draft.user == user);
        account.tell(match brought.count() {
            0 => format!("Welcome, {user}."),
            1 => format!("Welcome, {user}. The item in your cart came along."),
            many => format!("Welcome, {user}. The {many} items in your cart came along."),
        });
        account.user = Some(user.clone());
    };
    // A new id and new times, before anything is worth stealing.
    match login.remember {
        Some(_) => session.sign_in(fill),
        None => session
            .sign_in_with(app.shop.short_lifetime(), fill)
            .expect("it is whole seconds, and not longer than the configured timeout"),
    }
    if let Some(family) = session.family() {
        let (browser, since) = (browser_of(&headers), OffsetDateTime::now_utc());
        app.devices.note_sign_in(&user, Device { family, browser, since, has_left: false });
    }
    let otherwise = if brought.count() == 0 { "/" } else { "/cart" };
    Redirect::to(view.next.as_deref().unwrap_or(otherwise)).into_response()
}

fn shown(login: &Login, is_wrong: bool) -> Shown<'_> {
    Shown { user: &login.user, remember: login.remember.is_some(), is_wrong }
}

pub(crate) async fn sign_out(
    State(app): State<App>,
    mut session: Session<Account>,
    _: Post<NoFields>,
) -> Redirect {
    if let (Some(user), Some(family)) = (&session.read().user, session.family()) {
        app.devices.note_sign_out(user, family);
    }
    session.destroy();
    Redirect::to("/signed-out")
}

/// Drops a cookie that is refused, so that its visitor is told no longer.
pub(crate) async fn go_on_as_guest(mut session: Session<Account>, _: Post<NoFields>) -> Redirect {
    if session.is_new() {
        session.destroy();
    }
    Redirect::to("/")
}
