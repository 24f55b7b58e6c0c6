//! What a customer prefers. It is in the session, and nothing of it outlives signing out.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::{Session, SignedIn};
use serde::Deserialize;

use crate::{
    pages::{self, Notice},
    post::Typed,
    state::{Account, MAX_NICKNAME},
    view::{View, sign_in_page},
};

#[derive(Deserialize)]
pub(crate) struct Fields {
    nickname: String,
}

pub(crate) async fn form(_: SignedIn<Account>, view: View) -> Markup {
    let draft = view.draft.as_deref().and_then(|draft| serde_urlencoded::from_str(draft).ok());
    match draft {
        Some(Fields { nickname }) => {
            pages::settings::form(&view, &nickname, None, Notice::NotSavedYet)
        }
        None => pages::settings::form(&view, &view.nickname, None, Notice::None),
    }
}

pub(crate) async fn save(
    mut session: Session<Account>,
    view: View,
    fields: Typed<Fields>,
) -> Response {
    if view.user.is_none() {
        // Whatever the token: there is nothing of a guest's to change.
        return Redirect::to(&sign_in_page("/settings")).into_response();
    }
    let nickname = match &fields {
        Typed::Sent(fields) => fields.nickname.trim(),
        Typed::Stale(fields) => {
            let page = pages::settings::form(&view, &fields.nickname, None, Notice::Stale);
            return (StatusCode::FORBIDDEN, page).into_response();
        }
    };
    // A cookie has room for about 2.9 kB, so whatever a visitor types has a limit.
    if nickname.chars().count() > MAX_NICKNAME {
        let error = format!("Use at most {MAX_NICKNAME} characters.");
        let page = pages::settings::form(&view, nickname, Some(&error), Notice::None);
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    }
    session.write(|account| {
        nickname.clone_into(&mut account.nickname);
        account.tell("Settings saved.");
    });
    Redirect::to("/settings").into_response()
}
