//! Goods and cart: a guest's cart is in a cookie, a customer's in the shop.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::Session;
use serde::Deserialize;

use super::App;
use crate::{
    pages::{self, Notice, refusal, stock::Mistake},
    post::{NoFields, Post, Typed},
    shop::{Shop, item},
    state::{Account, Cart, MOST_OF_AN_ITEM},
    view::{View, sign_in_page},
};

#[derive(Deserialize)]
pub(crate) struct Choice {
    item: u32,
}

#[derive(Deserialize)]
pub(crate) struct Quantity {
    item: u32,
    count: String,
    /// The button, where it is the one that takes the item out.
    remove: Option<String>,
}

pub(crate) async fn home(view: View) -> Markup {
    pages::stock::home(&view)
}

pub(crate) async fn cart(view: View) -> Markup {
    pages::stock::cart(&view, None, Notice::None)
}

pub(crate) async fn add(
    State(app): State<App>,
    view: View,
    mut session: Session<Account>,
    guest: Session<Cart>,
    Post(choice): Post<Choice>,
) -> Response {
    let Some(item) = item(choice.item) else { return refusal::unreadable(&view) };
    let count = change_cart(&app.shop, &session, guest, |cart| {
        cart.add(item.id, 1);
        cart.items.get(&item.id).copied().unwrap_or(0)
    });
    session.write(|account| match count {
        1 => account.tell(format!("{} is in your cart.", item.name)),
        _ => account.tell(format!("{} is in your cart, {count} by now.", item.name)),
    });
    Redirect::to("/").into_response()
}

pub(crate) async fn set(
    State(app): State<App>,
    view: View,
    mut session: Session<Account>,
    guest: Session<Cart>,
    quantity: Typed<Quantity>,
) -> Response {
    let (quantity, is_stale) = match quantity {
        Typed::Sent(quantity) => (quantity, false),
        Typed::Stale(quantity) => (quantity, true),
    };
    let Some(item) = item(quantity.item) else { return refusal::unreadable(&view) };
    let count = match &quantity.remove {
        Some(_) => Ok(0),
        None => quantity.count.trim().parse(),
    };
    let mistake = |is_wrong| Mistake { item: item.id, typed: quantity.count.clone(), is_wrong };
    match count {
        _ if is_stale => {
            let page = pages::stock::cart(&view, Some(&mistake(false)), Notice::Stale);
            (StatusCode::FORBIDDEN, page).into_response()
        }
        Ok(count) if count <= MOST_OF_AN_ITEM => {
            change_cart(&app.shop, &session, guest, |cart| cart.set(item.id, count));
            session.write(|account| match count {
                0 => account.tell(format!("{} is out of your cart.", item.name)),
                _ => account.tell(format!("{count} × {} in your cart.", item.name)),
            });
            Redirect::to("/cart").into_response()
        }
        _ => {
            let page = pages::stock::cart(&view, Some(&mistake(true)), Notice::None);
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}

pub(crate) async fn order(
    State(app): State<App>,
    session: Session<Account>,
    _: Post<NoFields>,
) -> Redirect {
    let Some(mut session) = session.signed_in() else {
        return Redirect::to(&sign_in_page("/cart"));
    };
    let user = session.read().user.clone().unwrap_or_default();
    let ordered = app.shop.with_cart(&user, std::mem::take);
    session.write(|account| match ordered.count() {
        0 => account.complain("Your cart is empty."),
        1 => account.tell("Ordered: 1 stick of wax. It leaves tomorrow."),
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
