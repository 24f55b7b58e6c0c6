//! Goods and cart.

use maud::{Markup, html};

use super::{BLOB, Notice, Problem, View, titled};
use crate::{
    shop::{ITEMS, Item, item},
    state::MOST_OF_AN_ITEM,
    view::sign_in_page,
};

/// A quantity that was not taken.
pub(crate) struct Mistake {
    pub(crate) item: u32,
    pub(crate) typed: String,
    /// No number, or one that is too large.
    pub(crate) is_wrong: bool,
}

pub(crate) fn home(view: &View) -> Markup {
    let main = html! {
        section.hero {
            h1 { "Sealing wax, by the stick" }
            p.lead { "Six colours that hold a letter shut until the right person opens it." }
        }
        ul.shelf {
            @for item in &ITEMS {
                li.card {
                    (drop_of(item))
                    h2 { (item.name) }
                    p { (item.text) }
                    (view.form("/cart/add", "row", &html! {
                        span.price { (price(item.cents)) }
                        button name="item" value=(item.id) { "Add to cart" span.unseen { ": " (item.name) } }
                    }))
                }
            }
        }
        section.look {
            h2 { "Look inside" }
            p { "This shop has no session store. Sign in, fill the cart, and see where it all is." }
            ul.plain {
                li { a href="/session" { "Your session" } ": the cookie, byte by byte" }
                li { a href="/devices" { "Your devices" } ": sign one of them out from here" }
                li { a href="/operator" { "The operator’s page" } ": change the key while you are signed in" }
                li { a href="/cookies" { "Every cookie" } ": what for, and how long" }
            }
        }
    };
    view.layout("Sealing wax", &main)
}

pub(crate) fn cart(view: &View, mistake: Option<&Mistake>, notice: Notice) -> Markup {
    let lines: Vec<_> =
        view.cart.items.iter().filter_map(|(&id, &count)| Some((item(id)?, count))).collect();
    let total: u32 = lines.iter().map(|(item, count)| item.cents * count).sum();
    let main = html! {
        h1 { "Your cart" }
        (View::notice(notice))
        @if lines.is_empty() {
            p.lead { "It is empty. " a href="/" { "Look at the wax" } "." }
        } @else {
            ul.lines {
                @for (item, count) in &lines {
                    (line(view, item, *count, mistake.filter(|mistake| mistake.item == item.id)))
                }
            }
            p.total { span { "Together" } strong { (price(total)) } }
            @if view.user.is_some() {
                (view.form("/cart/order", "actions", &html! { button { "Order" } }))
            } @else {
                p.actions { a.button href=(sign_in_page("/cart")) { "Sign in to order" } }
                p.hint { "What is in here comes along when you sign in." }
            }
        }
    };
    let is_wrong = notice == Notice::Stale || mistake.is_some_and(|mistake| mistake.is_wrong);
    view.layout(&titled("Your cart", is_wrong), &main)
}

fn line(view: &View, item: &Item, count: u32, mistake: Option<&Mistake>) -> Markup {
    let text = mistake.filter(|mistake| mistake.is_wrong).map(|_| TOO_MANY);
    let problem = Problem { id: "quantity-problem", text };
    let typed = mistake.map_or_else(|| count.to_string(), |mistake| mistake.typed.clone());
    html! {
        li {
            (drop_of(item))
            span.grow { strong { (item.name) } small { (price(item.cents)) " each" } }
            (view.form("/cart/set", "quantity", &html! {
                input type="hidden" name="item" value=(item.id);
                input type="text" name="count" inputmode="numeric" autocomplete="off" maxlength="9" value=(typed)
                    aria-label={ "How many of " (item.name) } autofocus[problem.is_there()]
                    aria-invalid=[problem.invalid()] aria-describedby=[problem.described_by(None)];
                button.quiet aria-label={ "Update " (item.name) } { "Update" }
                button.quiet name="remove" value="yes" aria-label={ "Remove " (item.name) } { "Remove" }
                (problem.show())
            }))
            span.price { (price(item.cents * count)) }
        }
    }
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

const TOO_MANY: &str = "Enter a number from 0 to 99.";
const _: () = assert!(MOST_OF_AN_ITEM == 99, "TOO_MANY says so");
