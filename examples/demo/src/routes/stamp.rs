//! A form in three steps, kept in the session between them. A step that is asked
//! for too early leads to the first that is not filled in.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;

use crate::{
    pages::{self, Notice},
    post::{NoFields, Post, Typed},
    state::{Account, Handle, Stamp},
    view::View,
};

#[derive(Deserialize)]
pub(crate) struct Initials {
    initials: String,
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    handle: Option<Handle>,
}

pub(crate) async fn initials_form(view: View, session: Session<Account>) -> Markup {
    let draft = view.draft.as_deref().and_then(|draft| serde_urlencoded::from_str(draft).ok());
    match draft {
        Some(Initials { initials }) => {
            pages::stamp::initials(&view, &initials, None, Notice::NotSavedYet)
        }
        None => {
            let initials = session.read().stamp.initials.clone().unwrap_or_default();
            pages::stamp::initials(&view, &initials, None, Notice::None)
        }
    }
}

pub(crate) async fn initials(
    mut session: Session<Account>,
    view: View,
    form: Typed<Initials>,
) -> Response {
    let typed = match form {
        Typed::Sent(form) => form.initials,
        Typed::Stale(form) => {
            let page = pages::stamp::initials(&view, &form.initials, None, Notice::Stale);
            return (StatusCode::FORBIDDEN, page).into_response();
        }
    };
    let initials = typed.trim().to_uppercase();
    let error = match initials.chars().count() {
        0 => Some("Enter the initials."),
        _ if !initials.chars().all(char::is_alphabetic) => Some("Only letters can be cut."),
        1..=3 => None,
        _ => Some("A stamp has room for one to three letters."),
    };
    if error.is_some() {
        let page = pages::stamp::initials(&view, &typed, error, Notice::None);
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    }
    session.write(|account| account.stamp.initials = Some(initials));
    Redirect::to("/stamp/2").into_response()
}

pub(crate) async fn handle_form(view: View, session: Session<Account>) -> Result<Markup, Redirect> {
    let stamp = &session.read().stamp;
    let draft = view.draft.as_deref().and_then(|draft| serde_urlencoded::from_str(draft).ok());
    match (&stamp.initials, draft) {
        (Some(_), Some(Choice { handle })) => {
            Ok(pages::stamp::handle(&view, handle, None, Notice::NotSavedYet))
        }
        (Some(_), None) => Ok(pages::stamp::handle(&view, stamp.handle, None, Notice::None)),
        (None, _) => Err(Redirect::to("/stamp/1")),
    }
}

pub(crate) async fn handle(
    mut session: Session<Account>,
    view: View,
    form: Typed<Choice>,
) -> Response {
    match form {
        Typed::Stale(Choice { handle }) => {
            let page = pages::stamp::handle(&view, handle, None, Notice::Stale);
            (StatusCode::FORBIDDEN, page).into_response()
        }
        Typed::Sent(Choice { handle: None }) => {
            let page = pages::stamp::handle(&view, None, Some("Choose a handle."), Notice::None);
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
        Typed::Sent(Choice { handle }) => {
            session.write(|account| account.stamp.handle = handle);
            Redirect::to("/stamp/3").into_response()
        }
    }
}

pub(crate) async fn check_form(view: View, session: Session<Account>) -> Result<Markup, Redirect> {
    match filled_in(&session.read().stamp) {
        Ok((initials, handle)) => Ok(pages::stamp::check(&view, initials, handle)),
        Err(missing) => Err(Redirect::to(missing)),
    }
}

pub(crate) async fn order(mut session: Session<Account>, _: Post<NoFields>) -> Redirect {
    let account = session.read();
    let (initials, handle) = match filled_in(&account.stamp) {
        Ok(filled_in) => filled_in,
        Err(missing) => return Redirect::to(missing),
    };
    session.write(|account| {
        account.stamp = Stamp::default();
        account.tell(format!(
            "Your stamp “{initials}” is being engraved ({}).",
            handle.label().to_lowercase()
        ));
    });
    Redirect::to("/")
}

/// The whole form, or the first step that is missing.
fn filled_in(stamp: &Stamp) -> Result<(&str, Handle), &'static str> {
    let initials = stamp.initials.as_deref().ok_or("/stamp/1")?;
    Ok((initials, stamp.handle.ok_or("/stamp/2")?))
}
