//! What the sessions say of themselves.

use maud::{Markup, html};
use sealed_session::{Session, SessionData};
use time::{OffsetDateTime, macros::format_description};

use super::View;
use crate::state::{Account, Cart};

pub(crate) fn page(view: &View, session: &Session<Account>, cart: &Session<Cart>) -> Markup {
    let main = html! {
        h1 { "Your sessions" }
        p { "Two cookies, sealed: your browser carries them and cannot read them. What is inside is shown here." }
        (facts("Account", "settings, messages, who is signed in", session))
        (facts("Guest’s cart", "merged into the customer’s at sign-in, and gone then", cart))
    };
    view.layout("Session", "wide", &main)
}

fn facts<T: SessionData>(name: &str, purpose: &str, session: &Session<T>) -> Markup {
    let data = serde_json::to_string_pretty(&*session.read()).unwrap_or_default();
    html! {
        article.card id=(name.split(['’', ' ']).next().unwrap_or_default().to_lowercase()) {
            h2 { (name) small { (purpose) } }
            @if let Some(id) = session.id() {
                dl {
                    dt { "Id" } dd data-fact="id" { code { (id) } }
                    dt { "Began" } dd data-fact="created" { (time(session.created_at())) }
                    dt { "Sealed" } dd data-fact="issued" { (time(session.issued_at())) }
                    dt { "Ends" } dd data-fact="expires" { (time(session.expires_at())) }
                    dt { "Key id" } dd data-fact="key" {
                        @match session.key_id() {
                            Some(key_id) => (key_id),
                            None => "none yet",
                        }
                    }
                    dt { "Cookie" } dd data-fact="persistence" {
                        @match session.is_persistent() {
                            Some(true) => "outlives the browser",
                            _ => "until the browser closes",
                        }
                    }
                }
                details { summary { "What it holds" } pre { (data) } }
            } @else {
                p.empty { "No session: there was nothing to keep, so there is no cookie." }
            }
        }
    }
}

fn time(time: Option<OffsetDateTime>) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.and_then(|time| time.format(format).ok()).unwrap_or_default()
}
