//! A form in three steps, kept in the session between them. A step that is asked
//! for too early leads to the first that is not filled in.

use axum::response::Redirect;
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;

use crate::{
    pages::{self, View},
    post::{NoFields, Post},
    state::{Account, Handle, Stamp},
};

#[derive(Deserialize)]
pub(crate) struct Initials {
    initials: String,
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    handle: Handle,
}

pub(crate) async fn initials_form(view: View, session: Session<Account>) -> Markup {
    pages::stamp::initials(&view, &session.read().stamp)
}

pub(crate) async fn initials(
    mut session: Session<Account>,
    Post(form): Post<Initials>,
) -> Redirect {
    let initials = form.initials.trim().to_uppercase();
    if !(1..=3).contains(&initials.chars().count()) || !initials.chars().all(char::is_alphabetic) {
        session.write(|account| account.complain("A stamp has room for one to three letters."));
        return Redirect::to("/stamp/1");
    }
    session.write(|account| account.stamp.initials = Some(initials));
    Redirect::to("/stamp/2")
}

pub(crate) async fn handle_form(view: View, session: Session<Account>) -> Result<Markup, Redirect> {
    let account = session.read();
    match account.stamp.initials {
        Some(_) => Ok(pages::stamp::handle(&view, &account.stamp)),
        None => Err(Redirect::to("/stamp/1")),
    }
}

pub(crate) async fn handle(mut session: Session<Account>, Post(form): Post<Choice>) -> Redirect {
    session.write(|account| account.stamp.handle = Some(form.handle));
    Redirect::to("/stamp/3")
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
