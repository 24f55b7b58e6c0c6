//! Sign-in and sign-out.

use axum::{extract::State, response::Redirect};
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;

use crate::{
    pages::{self, View},
    post::{NoFields, Post},
    shop::{Shop, is_customer},
    state::{Account, Cart},
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
        None => Ok(pages::login::form(&view)),
        Some(_) => Err(Redirect::to("/")),
    }
}

pub(crate) async fn sign_in(
    State(shop): State<Shop>,
    mut session: Session<Account>,
    mut guest: Session<Cart>,
    Post(login): Post<Login>,
) -> Redirect {
    if !is_customer(&login.user, &login.password) {
        session.write(|account| account.complain("That name and password do not match."));
        return Redirect::to("/login");
    }
    // A new id and new times, before anything is worth stealing.
    match login.remember {
        Some(_) => session.renew(),
        None => session
            .renew_with(shop.short_lifetime())
            .expect("it is whole seconds, and not longer than the configured timeout"),
    }
    let brought = guest.read();
    shop.with_cart(&login.user, |cart| cart.merge(&brought));
    if !guest.is_new() {
        guest.destroy();
    }
    session.write(|account| {
        // A guest's settings and half-filled form are the same person's, another customer's are not.
        if account.user.is_some() {
            *account = Account::default();
        }
        account.tell(match brought.count() {
            0 => format!("Welcome, {}.", login.user),
            1 => format!("Welcome, {}. The item in your cart came along.", login.user),
            many => format!("Welcome, {}. The {many} items in your cart came along.", login.user),
        });
        account.generation = shop.generation(&login.user);
        account.user = Some(login.user);
    });
    Redirect::to(if brought.count() == 0 { "/" } else { "/cart" })
}

/// On every device, and wherever else a copy of the cookie may be.
pub(crate) async fn sign_out_everywhere(
    State(shop): State<Shop>,
    mut session: Session<Account>,
    _: Post<NoFields>,
) -> Redirect {
    if let Some(user) = &session.read().user {
        shop.end_generation(user);
    }
    session.destroy();
    Redirect::to("/signed-out")
}

pub(crate) async fn sign_out(mut session: Session<Account>, _: Post<NoFields>) -> Redirect {
    session.destroy();
    Redirect::to("/signed-out")
}
