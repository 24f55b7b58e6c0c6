//! Goods and cart.

use maud::{Markup, html};

use super::{BLOB, View};
use crate::shop::{ITEMS, Item, item};

pub(crate) fn home(view: &View) -> Markup {
    let main = html! {
        section.hero {
            h1 { "Sealing wax, by the stick" }
            p { "Six colours that hold a letter shut until the right person opens it." }
        }
        ul.shelf {
            @for item in &ITEMS {
                li.card {
                    (drop_of(item))
                    h2 { (item.name) }
                    p { (item.text) }
                    (view.form("/cart/add", "row", &html! {
                        span.price { (price(item.cents)) }
                        button name="item" value=(item.id) { "Add to cart" }
                    }))
                }
            }
        }
    };
    view.layout("Sealing wax", "full", &main)
}

pub(crate) fn cart(view: &View) -> Markup {
    let lines: Vec<_> =
        view.cart.items.iter().filter_map(|(&id, &count)| Some((item(id)?, count))).collect();
    let total: u32 = lines.iter().map(|(item, count)| item.cents * count).sum();
    let main = html! {
        h1 { "Your cart" }
        @if lines.is_empty() {
            p.empty { "It is empty. " a href="/" { "Look at the wax" } "." }
        } @else {
            ul.lines {
                @for (item, count) in &lines {
                    li {
                        (drop_of(item))
                        span.grow { (item.name) small { (count) " × " (price(item.cents)) } }
                        span.price { (price(item.cents * count)) }
                        (view.form("/cart/remove", "inline", &html! {
                            button.quiet name="item" value=(item.id) aria-label={ "Remove " (item.name) } { "Remove" }
                        }))
                    }
                }
            }
            p.total { span { "Together" } strong { (price(total)) } }
            @if view.user.is_some() {
                (view.form("/cart/order", "actions", &html! { button { "Order" } }))
            } @else {
                p.actions { a.button href="/login" { "Sign in to order" } }
                p.hint { "What is in here comes along when you sign in." }
            }
        }
    };
    view.layout("Your cart", "narrow", &main)
}

fn drop_of(item: &Item) -> Markup {
    html! {
        svg.drop viewBox="0 0 32 32" aria-hidden="true" {
            path fill=(item.colour) d=(BLOB) {}
            circle cx="16" cy="16" r="9" fill="#fff" fill-opacity=".1" stroke="#000" stroke-opacity=".22" stroke-width=".8" {}
            circle cx="16" cy="16" r="6.6" fill="none" stroke="#fff" stroke-opacity=".3" stroke-width=".7" {}
        }
    }
}

fn price(cents: u32) -> String {
    format!("€ {}.{:02}", cents / 100, cents % 100)
}
