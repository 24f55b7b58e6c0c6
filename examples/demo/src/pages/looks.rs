//! Theme and size of the text.

use maud::{Markup, html};

use super::View;
use crate::plain::Choice;

pub(crate) fn form(view: &View) -> Markup {
    let main = html! {
        h1 { "Looks" }
        p.lead { "For this browser, whoever is signed in." }
        (view.form("/looks", "stack", &html! {
            (choices("Theme", view.theme))
            (choices("Text", view.text))
            p.actions { button { "Save" } }
        }))
        p.hint {
            "Kept in plain cookies and not in the session: a script may read them, so that a page is never painted in the wrong colour, and they outlive a sign-out. "
            a href="/cookies" { "All cookies" } "."
        }
    };
    view.layout("Looks", &main)
}

fn choices<C: Choice>(legend: &str, chosen: C) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            @for &choice in C::ALL {
                label.check {
                    input type="radio" name=(C::COOKIE) value=(choice.word()) checked[choice == chosen];
                    span { (choice.label()) }
                }
            }
        }
    }
}
