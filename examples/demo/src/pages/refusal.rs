//! Requests that are not done, as pages of the shop.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use super::{View, head};

pub(crate) fn not_found(view: &View) -> Markup {
    let main = html! {
        h1 { "Nothing here" }
        p { "There is no such page. " a href="/" { "To the wax" } "." }
    };
    view.layout("Not found", &main)
}

/// Another site's page sent a form to this one.
pub(crate) fn foreign(view: &View) -> Response {
    let main = html! {
        h1 { "That came from another site" }
        p { "Something on another site tried to do something here in your name. Nothing was changed." }
        p.actions { a.button href="/" { "To the wax" } }
    };
    (StatusCode::FORBIDDEN, view.layout("Refused", &main)).into_response()
}

/// A button of a page from before a sign-in or a sign-out. What it would do can be sent once more.
pub(crate) fn stale(view: &View, back: &str, fields: &[(String, String)]) -> Response {
    let main = html! {
        h1 { "That page was out of date" }
        p { "You signed in or out since it was loaded, perhaps in another tab. So nothing was changed." }
        (view.form(&view.path, "actions", &html! {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button { "Do it now" }
            a.button.quiet href=(back) { "Back to the page" }
        }))
    };
    (StatusCode::FORBIDDEN, view.layout("Out of date", &main)).into_response()
}

/// No form of ours looks like that.
pub(crate) fn unreadable(view: &View) -> Response {
    let main = html! {
        h1 { "That form cannot be read" }
        p { "Nothing was changed. Please load the page again, and try once more." }
        p.actions { a.button href=(view.here()) { "Load the page" } }
    };
    (StatusCode::UNPROCESSABLE_ENTITY, view.layout("Not understood", &main)).into_response()
}

/// Where there is nobody to make a page for: the session's layer refused the answer.
pub(crate) fn failed() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme="system" {
            (head("Not done"))
            body {
                header { a.brand href="/" { (super::logo()) span { "Wax & Seal" } } }
                main {
                    h1 { "That was not done" }
                    p { "Your sign-in may have ended while your request was on its way. Nothing was changed." }
                    p.actions { a.button href="/" { "To the wax" } a.button.quiet href="/login" { "Sign in" } }
                }
            }
        }
    }
}
