//! Where a customer is signed in, and the end of that.

use axum::{
    extract::State,
    http::StatusCode,
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
    let ended = app.devices.take(&user, &choice.family);
    if let Some(device) = &ended
        && app.revocations.revoke_family(device.family).await.is_err()
    {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
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
) -> Response {
    let Some(mut session) = session.signed_in() else {
        return Redirect::to(&sign_in_page("/devices")).into_response();
    };
    let user = session.read().user.clone().unwrap_or_default();
    if app.revocations.revoke_all(&user).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    app.devices.forget(&user);
    session.destroy();
    Redirect::to("/signed-out").into_response()
}
