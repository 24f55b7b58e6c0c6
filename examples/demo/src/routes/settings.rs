//! What the visitor prefers. It is in the session, so guests have it too.

use axum::response::Redirect;
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;

use crate::{
    pages::{self, View},
    post::Post,
    state::{Account, MAX_NICKNAME, Settings, Theme},
};

#[derive(Deserialize)]
pub(crate) struct Fields {
    theme: Theme,
    nickname: String,
    large_text: Option<String>,
}

pub(crate) async fn form(view: View) -> Markup {
    pages::settings::form(&view)
}

pub(crate) async fn save(mut session: Session<Account>, Post(fields): Post<Fields>) -> Redirect {
    let settings = Settings {
        theme: fields.theme,
        large_text: fields.large_text.is_some(),
        // A cookie has room for about 2.9 kB, so whatever a visitor types has a limit.
        nickname: fields.nickname.trim().chars().take(MAX_NICKNAME).collect(),
    };
    session.write(|account| {
        account.settings = settings;
        account.tell("Settings saved.");
    });
    Redirect::to("/settings")
}
