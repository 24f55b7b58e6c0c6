//! How the site looks in this browser. It is kept in plain cookies, so it outlives the sign-in.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use serde::Deserialize;

use super::{App, set_cookies};
use crate::{
    pages::{self, refusal},
    plain::{Choice as _, Text, Theme},
    post::Post,
    view::View,
};

#[derive(Deserialize)]
pub(crate) struct Fields {
    theme: String,
    text: String,
}

pub(crate) async fn form(view: View) -> Markup {
    pages::looks::form(&view)
}

pub(crate) async fn save(
    State(app): State<App>,
    view: View,
    Post(fields): Post<Fields>,
) -> Response {
    let (Some(theme), Some(text)) = (Theme::parse(&fields.theme), Text::parse(&fields.text)) else {
        return refusal::unreadable(&view);
    };
    let cookies = [theme.cookie(app.https), text.cookie(app.https)];
    (set_cookies(cookies), Redirect::to("/looks")).into_response()
}
