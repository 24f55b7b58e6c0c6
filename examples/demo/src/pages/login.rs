//! Sign-in and sign-out.

use maud::{Markup, html};

use super::View;
use crate::shop::CUSTOMERS;

pub(crate) fn form(view: &View) -> Markup {
    let main = html! {
        h1 { "Sign in" }
        (view.form("/login", "stack", &html! {
            label { "Name" input name="user" required autocomplete="username" autocapitalize="none"; }
            label { "Password" input name="password" type="password" required autocomplete="current-password"; }
            label.check {
                input name="remember" type="checkbox";
                span { "Remember me" small { "Otherwise until the browser closes, at most 12 hours." } }
            }
            p.actions { button { "Sign in" } }
        }))
        aside {
            h2 { "Who may come in" }
            table {
                thead { tr { th { "Name" } th { "Password" } } }
                tbody {
                    @for (user, password) in CUSTOMERS {
                        tr { td { code { (user) } } td { code { (password) } } }
                    }
                }
            }
        }
    };
    view.layout("Sign in", "narrow", &main)
}

pub(crate) fn signed_out(view: &View) -> Markup {
    let main = html! {
        h1 { "Signed out" }
        p { "Your browser has dropped its cookie. A copy that somebody made of it would be good until it expires: no server remembers that you left." }
        p.actions { a.button href="/login" { "Sign in again" } }
    };
    view.layout("Signed out", "narrow", &main)
}
