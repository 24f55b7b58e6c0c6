//! The HTML. Everything goes through `maud`, which escapes it.

pub(crate) mod cookies;
pub(crate) mod devices;
pub(crate) mod login;
pub(crate) mod looks;
pub(crate) mod operator;
mod picture;
pub(crate) mod refusal;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod stamp;
pub(crate) mod stock;

use maud::{DOCTYPE, Markup, html};
use time::{OffsetDateTime, macros::format_description};

use crate::{
    plain::{Choice as _, Consent},
    post::{CSRF_FIELD, PAGE_FIELD, USER_FIELD},
    view::{View, sign_in_page},
};

/// What stands above a form that was not saved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    None,
    /// The page was made before a sign-in or a sign-out.
    Stale,
    /// It was typed before the visitor had to sign in again.
    NotSavedYet,
}

impl View {
    /// A page. A title that begins with "Error" is what a screen reader says first.
    fn layout(&self, title: &str, main: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" data-theme=(self.theme.word()) data-text=(self.text.word()) {
                (head(title))
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.header())
                    main id="main" tabindex="-1" {
                        (self.messages())
                        (main)
                    }
                    (self.footer())
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let count = self.cart.count();
        html! {
            header {
                a.brand href="/" { (logo()) span { "Wax & Seal" } }
                div.visitor {
                    @match &self.user {
                        Some(user) => {
                            a.who href="/settings" aria-current=[self.current("/settings")] { (self.name(user)) }
                            (self.form("/logout", "inline", &html! { button.quiet { "Sign out" } }))
                        }
                        None if self.path == "/login" => {}
                        None => a.button.quiet href=(sign_in_page(self.here())) { "Sign in" },
                    }
                }
                nav aria-label="Shop" {
                    (self.link("/", "Wax"))
                    a href="/stamp/1" aria-current=[self.path.starts_with("/stamp").then_some("true")] { "Stamps" }
                    a href="/cart" aria-current=[self.current("/cart")] {
                        "Cart" @if count > 0 { " " span.badge { (count) span.unseen { " items" } } }
                    }
                    a href="/session" aria-current=[INSIDE.iter().any(|(path, _)| self.path.starts_with(path)).then_some("true")] { "Inside" }
                }
            }
        }
    }

    /// What the visitor has to know before anything else.
    fn messages(&self) -> Markup {
        html! {
            @if let Some(flash) = &self.flash {
                p.flash.error[flash.is_error] role=(if flash.is_error { "alert" } else { "status" }) { (flash.text) }
            }
            @if self.was_signed_out && self.path != "/login" {
                div.flash.error role="alert" {
                    p { "You have been signed out: your sign-in has ended." }
                    div.actions {
                        a.button href=(sign_in_page(self.here())) { "Sign in again" }
                        (self.form("/guest", "inline", &html! { button.quiet { "Go on as a guest" } }))
                    }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            footer {
                @if self.consent.is_none() && self.path != "/cookies" {
                    (self.consent_form("May we count the pages that you look at?", true))
                }
                nav aria-label="About this site" {
                    (self.link("/looks", "Looks"))
                    (self.link("/cookies", "Cookies"))
                    (self.link("/session", "Session"))
                    (self.link("/operator", "Operator"))
                }
                p { "A demo of " code { "sealed-session" } ". There is no session store: who you are is in your own cookie, sealed." }
            }
        }
    }

    /// Both answers look the same, and neither changes what else works.
    fn consent_form(&self, question: &str, is_banner: bool) -> Markup {
        let back = self.here();
        html! {
            section.consent aria-labelledby="consent-title" {
                h2 #consent-title { (question) }
                p { "It would take one more cookie. Sign-in, cart and everything else work either way." }
                (self.form("/cookies/consent", "actions", &html! {
                    input type="hidden" name="back" value=(back);
                    @for &consent in Consent::ALL {
                        button.quiet name="answer" value=(consent.word())
                            aria-pressed=[(!is_banner).then(|| (self.consent == Some(consent)).to_string())] { (consent.label()) }
                    }
                }))
            }
        }
    }

    /// A form that changes something, with what `post` asks of it.
    fn form(&self, action: &str, class: &str, fields: &Markup) -> Markup {
        html! {
            form method="post" action=(action) class=(class) { (self.envelope()) (fields) }
        }
    }

    /// The hidden fields of a form.
    fn envelope(&self) -> Markup {
        html! {
            @if let Some(token) = &self.csrf {
                input type="hidden" name=(CSRF_FIELD) value=(token);
                input type="hidden" name=(PAGE_FIELD) value=(self.here());
            }
            @if let Some(user) = &self.user {
                input type="hidden" name=(USER_FIELD) value=(user);
            }
        }
    }

    /// The page to come back to: this one, unless it is one that only answers a form.
    fn here(&self) -> &str {
        match self.path.as_str() {
            "/cart/add" | "/signed-out" | "/login" => "/",
            "/cart/set" | "/cart/order" => "/cart",
            path => path,
        }
    }

    fn link(&self, path: &str, text: &str) -> Markup {
        html! { a href=(path) aria-current=[self.current(path)] { (text) } }
    }

    fn current(&self, path: &str) -> Option<&'static str> {
        (self.path == path).then_some("page")
    }

    fn name<'a>(&'a self, user: &'a str) -> &'a str {
        match self.nickname.as_str() {
            "" => user,
            nickname => nickname,
        }
    }

    /// Above a form.
    fn notice(notice: Notice) -> Markup {
        html! {
            @match notice {
                Notice::None => {}
                Notice::Stale => p.flash.error role="alert" {
                    "This page was from before you signed in or out, so nothing was changed. What you typed is still here: send it once more."
                },
                Notice::NotSavedYet => p.flash role="status" {
                    "This is what you typed before you had to sign in again. It is not saved yet."
                },
            }
        }
    }

    /// The pages that show what the product does.
    fn inside(&self) -> Markup {
        html! {
            nav.tabs aria-label="Inside" {
                @for (path, text) in INSIDE { (self.link(path, text)) }
            }
        }
    }
}

/// What stands beside a field that was filled in wrongly.
struct Problem<'a> {
    id: &'static str,
    text: Option<&'a str>,
}

impl Problem<'_> {
    fn is_there(&self) -> bool {
        self.text.is_some()
    }

    /// For `aria-invalid`.
    fn invalid(&self) -> Option<&'static str> {
        self.text.map(|_| "true")
    }

    /// For `aria-describedby`, with the field's hint.
    fn described_by(&self, hint: Option<&str>) -> Option<String> {
        let problem = self.text.map(|_| self.id);
        let ids: Vec<_> = problem.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn show(&self) -> Markup {
        html! {
            @if let Some(text) = self.text {
                span.problem id=(self.id) { span aria-hidden="true" { "▲ " } (text) }
            }
        }
    }
}

/// The title of a page whose form was refused.
fn titled(title: &str, is_wrong: bool) -> String {
    if is_wrong { format!("Error: {title}") } else { title.to_owned() }
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) " · Wax & Seal" }
            link rel="stylesheet" href="/style.css";
            link rel="icon" href="/icon.svg";
            script src="/page.js" defer {}
        }
    }
}

fn instant(time: Option<OffsetDateTime>) -> Markup {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let text = time.and_then(|time| time.format(format).ok());
    html! {
        @match text {
            Some(text) => time { (text) },
            None => "unknown",
        }
    }
}

pub(crate) fn logo() -> Markup {
    html! {
        svg.logo xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true" {
            path fill="#a3202f" d=(BLOB) {}
            circle cx="16" cy="16" r="8.5" fill="none" stroke="#fff" stroke-opacity=".7" stroke-width="1.4" {}
            path fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"
                d="M19 12.8c-1-1-5.6-1.4-5.6.9 0 2.6 6 1.5 6 4.3 0 2.5-4.9 2.2-6.3.8" {}
        }
    }
}

const INSIDE: [(&str, &str); 4] = [
    ("/session", "Session"),
    ("/devices", "Devices"),
    ("/cookies", "Cookies"),
    ("/operator", "Operator"),
];

/// The outline of a drop of wax under a stamp, in a square of 32.
const BLOB: &str = "M16 2c3 0 4.5 1.7 7 2.6 2.8 1 4.7 2.6 5 5.5.2 2.3 2 3.8 2 6.4 0 \
    2.9-2.3 4-2.9 6.7-.7 3-3 4.1-5.7 4.5-2.3.3-3.2 2.3-5.9 2.3-2.7 0-3.6-1.7-6-2.3-2.8-.7-4.4-2-4.9-4.9\
    C4.2 20.6 2 19.2 2 16.300c0-2.6 2-3.6 2.5-6C5 7.4 6.3 5.7 9.2 5 11.8 4.4 13 2 16 2z";
