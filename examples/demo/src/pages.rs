//! The HTML. Everything goes through `maud`, which escapes it.

pub(crate) mod login;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod stamp;
pub(crate) mod stock;

use maud::{DOCTYPE, Markup, html};

use crate::{
    post::CSRF_FIELD,
    state::{Cart, Flash, Settings},
};

/// What every page shows of its visitor.
pub(crate) struct View {
    pub(crate) user: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) path: String,
    pub(crate) flash: Option<Flash>,
    pub(crate) cart: Cart,
    /// For forms, where there is a session to protect.
    pub(crate) csrf: Option<String>,
}

impl View {
    fn layout(&self, title: &str, width: &str, main: &Markup) -> Markup {
        let text = if self.settings.large_text { "large" } else { "normal" };
        html! {
            (DOCTYPE)
            html lang="en" data-theme=(self.settings.theme.word()) data-text=(text) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " · Wax & Seal" }
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="/icon.svg";
                }
                body {
                    (self.header())
                    main class=(width) {
                        @if let Some(flash) = &self.flash {
                            p.flash.error[flash.is_error] role="status" { (flash.text) }
                        }
                        (main)
                    }
                    footer {
                        "A demo of " code { "sealed-session" } ". What it knows of a guest is in the guest’s cookies, "
                        a href="/session" { "sealed" } "."
                    }
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let count = self.cart.count();
        html! {
            header {
                a.brand href="/" { (logo()) span { "Wax & Seal" } }
                nav {
                    (self.link("/", "Wax"))
                    (self.link("/stamp/1", "Stamps"))
                    (self.link("/settings", "Settings"))
                    (self.link("/session", "Session"))
                    a href="/cart" aria-current=[self.current("/cart")] {
                        "Cart" @if count > 0 { " " span.badge { (count) } }
                    }
                }
                div.visitor {
                    @match &self.user {
                        Some(user) => {
                            span.who { (self.name(user)) }
                            (self.form("/logout", "inline", &html! { button.quiet { "Sign out" } }))
                        }
                        None => a.button href="/login" { "Sign in" },
                    }
                }
            }
        }
    }

    /// A form that changes something, with what `post::Post` asks of it.
    fn form(&self, action: &str, class: &str, fields: &Markup) -> Markup {
        html! {
            form method="post" action=(action) class=(class) {
                @if let Some(token) = &self.csrf {
                    input type="hidden" name=(CSRF_FIELD) value=(token);
                }
                (fields)
            }
        }
    }

    fn link(&self, path: &str, text: &str) -> Markup {
        html! { a href=(path) aria-current=[self.current(path)] { (text) } }
    }

    fn current(&self, path: &str) -> Option<&'static str> {
        (self.path == path).then_some("page")
    }

    fn name<'a>(&'a self, user: &'a str) -> &'a str {
        match self.settings.nickname.as_str() {
            "" => user,
            nickname => nickname,
        }
    }
}

pub(crate) fn not_found(view: &View) -> Markup {
    let main = html! {
        h1 { "Nothing here" }
        p { "There is no such page. " a href="/" { "To the wax" } "." }
    };
    view.layout("Not found", "narrow", &main)
}

pub(crate) fn logo() -> Markup {
    html! {
        svg.logo xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true" {
            path fill="#a3202f" d=(BLOB) {}
            circle cx="16" cy="16" r="8.5" fill="none" stroke="#fff" stroke-opacity=".55" stroke-width="1.4" {}
            path fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"
                d="M19 12.8c-1-1-5.6-1.4-5.6.9 0 2.6 6 1.5 6 4.3 0 2.5-4.9 2.2-6.3.8" {}
        }
    }
}

/// The outline of a drop of wax under a stamp, in a square of 32.
const BLOB: &str = "M16 2c3 0 4.5 1.7 7 2.6 2.8 1 4.7 2.6 5 5.5.2 2.3 2 3.8 2 6.4 0 \
    2.9-2.3 4-2.9 6.7-.7 3-3 4.1-5.7 4.5-2.3.3-3.2 2.3-5.9 2.3-2.7 0-3.6-1.7-6-2.3-2.8-.7-4.4-2-4.9-4.9\
    C4.2 20.6 2 19.2 2 16.300c0-2.6 2-3.6 2.5-6C5 7.4 6.3 5.7 9.2 5 11.8 4.4 13 2 16 2z";
