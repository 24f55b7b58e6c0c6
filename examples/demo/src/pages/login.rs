//! Sign-in and sign-out.

use maud::{Markup, html};

use super::{Notice, Problem, View, titled};
use crate::{shop::CUSTOMERS, view::sign_in_page};

/// What was typed, but for the password.
#[derive(Default)]
pub(crate) struct Typed<'a> {
    pub(crate) user: &'a str,
    pub(crate) remember: bool,
    pub(crate) is_wrong: bool,
}

pub(crate) fn form(view: &View, typed: &Typed<'_>, notice: Notice) -> Markup {
    let problem = Problem {
        id: "password-problem",
        text: typed.is_wrong.then_some("That name and password do not match."),
    };
    let action = sign_in_page(view.next.as_deref().unwrap_or("/"));
    let main = html! {
        h1 { "Sign in" }
        (View::notice(notice))
        @if let Some(next) = &view.next {
            p.lead { "Afterwards you go on at " code { (next) } "." }
        }
        (view.form(&action, "stack", &html! {
            label { "Name"
                input type="text" name="user" required autocomplete="username" autocapitalize="none" spellcheck="false"
                    value=(typed.user) aria-invalid=[problem.invalid()] aria-describedby=[problem.described_by(None)];
            }
            label { "Password"
                input name="password" type="password" required autocomplete="current-password"
                    autofocus[problem.is_there()] aria-invalid=[problem.invalid()] aria-describedby=[problem.described_by(None)];
                (problem.show())
            }
            label.check {
                input name="remember" type="checkbox" checked[typed.remember] aria-describedby="remember-hint";
                span { "Remember me" small #remember-hint { "For 14 days. Otherwise until the browser closes, at most 12 hours." } }
            }
            p.actions { button { "Sign in" } }
        }))
        section {
            h2 { "Who may come in" }
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Password" } } }
                tbody {
                    @for (user, password) in CUSTOMERS {
                        tr { td { code { (user) } } td { code { (password) } } }
                    }
                }
            }
        }
    };
    view.layout(&titled("Sign in", typed.is_wrong || notice == Notice::Stale), &main)
}

/// For a form that was open in another tab when somebody signed in.
pub(crate) fn already(view: &View, user: &str) -> Markup {
    let main = html! {
        h1 { "You are signed in already" }
        p { "In another tab, as " strong { (view.name(user)) } ". So this form was out of date, and nothing was changed." }
        p.actions {
            a.button href=(view.next.as_deref().unwrap_or("/")) { "Go on as " (view.name(user)) }
        }
        p.hint { "To be somebody else, sign out first." }
    };
    view.layout("You are signed in already", &main)
}

pub(crate) fn signed_out(view: &View) -> Markup {
    let main = html! {
        h1 { "Signed out" }
        p { "Your browser has dropped its cookie. An answer that was still on its way cannot bring it back: a note of ten minutes says that it has ended." }
        p { "A copy that somebody made before is good until it expires, unless you end it: under " em { "Devices" } ", after the next sign-in." }
        p.actions { a.button href="/login" { "Sign in again" } a.button.quiet href="/" { "To the wax" } }
    };
    view.layout("Signed out", &main)
}
