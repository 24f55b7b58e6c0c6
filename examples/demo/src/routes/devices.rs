//! Where a customer is signed in, and the end of that.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::{Session, SignedIn};
use serde::Deserialize;

use super::App;
use crate::{
    pages,
    post::{NoFields, Post},
    state::Account,
    view::{View, sign_in_page},
};

#[derive(Deserialize)]
pub(crate) struct Choice {
    family: String,
}

pub(crate) async fn list(State(app): State<App>, session: SignedIn<Account>, view: View) -> Markup {
    let user = session.read().user.clone().unwrap_or_default();
    pages::devices::list(&view, &app.devices.of(&user), session.family())
}

pub(crate) async fn end(
    State(app): State<App>,
    session: Session<Account>,
    Post(choice): Post<Choice>,
) -> Response {
    let Some(mut session) = session.signed_in() else {
        return Redirect::to(&sign_in_page("/devices")).into_response();
    };
    let user = session.read().user.clone().unwrap_or_default();
    let ended = app.devices.end(&user, &choice.family);
    if ended.as_ref().is_some_and(|device| Some(device.family) == session.family()) {
        session.destroy();
        return Redirect::to("/signed-out").into_response();
    }
    session.write(|account| match ended {
        Some(device) => account.tell(format!("{} is signed out.", device.browser)),
        None => account.complain("That device was signed out already."),
    });
    Redirect::to("/devices").into_response()
}

pub(crate) async fn ask_end_all(_: SignedIn<Account>, view: View) -> Markup {
    pages::devices::ask_end_all(&view)
}

/// On every device, and wherever else a copy of the cookie may be.
pub(crate) async fn end_all(
    State(app): State<App>,
    session: Session<Account>,
    _: Post<NoFields>,
) -> Redirect {
    let Some(mut session) = session.signed_in() else {
        return Redirect::to(&sign_in_page("/devices"));
    };
    if let Some(user) = &session.read().user {
        app.shop.end_generation(user);
        app.devices.forget(user);
    }
    session.destroy();
    Redirect::to("/signed-out")
}
