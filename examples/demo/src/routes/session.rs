//! What the sessions say of themselves, and an answer that comes too late.

use std::time::Duration;

use axum::{extract::State, http::HeaderMap};
use maud::Markup;
use sealed_session::Session;
use tokio::time::sleep;

use super::App;
use crate::{
    anatomy::Anatomy,
    pages,
    post::{NoFields, Post},
    state::{Account, Cart},
    view::View,
};

pub(crate) async fn page(
    State(app): State<App>,
    view: View,
    session: Session<Account>,
    cart: Session<Cart>,
    headers: HeaderMap,
) -> Markup {
    let [account_name, cart_name] = app.sealed_cookies();
    let account = (&session, Anatomy::of(&headers, account_name));
    let cart = (&cart, Anatomy::of(&headers, cart_name));
    pages::session::page(&view, account, cart, app.binds)
}

/// Writes to the session at once, and answers later: time enough to sign out in another tab.
/// The answer carries the cookie of before, and the browser keeps it. It is dead all the same.
pub(crate) async fn late(mut session: Session<Account>, view: View, _: Post<NoFields>) -> Markup {
    session.write(|account| account.flash = None);
    sleep(LATE).await;
    pages::session::late(&view)
}

pub(crate) const LATE: Duration = Duration::from_secs(4);
