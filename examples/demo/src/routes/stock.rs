//! Goods and cart: a guest's cart is in a cookie, a customer's in the shop.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;

use super::SignedIn;
use crate::{
    pages::{self, View},
    post::{NoFields, Post},
    shop::{Shop, item},
    state::{Account, Cart},
};

#[derive(Deserialize)]
pub(crate) struct Choice {
    item: u32,
}

pub(crate) async fn home(view: View) -> Markup {
    pages::stock::home(&view)
}

pub(crate) async fn cart(view: View) -> Markup {
    pages::stock::cart(&view)
}

pub(crate) async fn add(
    State(shop): State<Shop>,
    mut session: Session<Account>,
    guest: Session<Cart>,
    Post(choice): Post<Choice>,
) -> Response {
    let Some(item) = item(choice.item) else { return StatusCode::NOT_FOUND.into_response() };
    change_cart(&shop, &session, guest, |cart| cart.add(item.id, 1));
    session.write(|account| account.tell(format!("{} is in your cart.", item.name)));
    Redirect::to("/").into_response()
}

pub(crate) async fn remove(
    State(shop): State<Shop>,
    session: Session<Account>,
    guest: Session<Cart>,
    Post(choice): Post<Choice>,
) -> Redirect {
    change_cart(&shop, &session, guest, |cart| cart.items.remove(&choice.item));
    Redirect::to("/cart")
}

pub(crate) async fn order(
    State(shop): State<Shop>,
    SignedIn { mut session, user }: SignedIn,
    _: Post<NoFields>,
) -> Redirect {
    let ordered = shop.with_cart(&user, std::mem::take);
    session.write(|account| match ordered.count() {
        0 => account.complain("Your cart is empty."),
        count => account.tell(format!("Ordered: {count} sticks of wax. They leave tomorrow.")),
    });
    Redirect::to("/")
}

fn change_cart<R>(
    shop: &Shop,
    session: &Session<Account>,
    mut guest: Session<Cart>,
    change: impl FnOnce(&mut Cart) -> R,
) -> R {
    match &session.read().user {
        Some(user) => shop.with_cart(user, change),
        None => guest.write(change),
    }
}
