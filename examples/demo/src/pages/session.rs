//! What the sessions say of themselves.

use maud::{Markup, html};
use sealed_session::{Session, SessionData};

use super::{View, instant, picture::picture};
use crate::{
    anatomy::Anatomy,
    state::{Account, Cart},
};

type Value = Option<Anatomy>;

pub(crate) fn page(
    view: &View,
    account: (&Session<Account>, Value),
    cart: (&Session<Cart>, Value),
    binds: bool,
) -> Markup {
    let main = html! {
        (view.inside())
        h1 { "Your sessions" }
        p.lead { "Two cookies, sealed: your browser carries them and cannot read them. What is inside is shown here." }
        (facts("account", "Account", "who is signed in, messages, a form half filled in", account, binds))
        (facts("guest", "Guest’s cart", "merged into the customer’s at sign-in, and gone then", cart, false))
        @if view.user.is_some() {
            section {
                h2 { "An answer that comes late" }
                p { "Start a slow answer: it opens a tab, and takes four seconds. Come back here meanwhile, and sign out. The answer brings your old cookie along, and the browser keeps it. You stay signed out." }
                form method="post" action="/session/late" target="_blank" class="actions" {
                    (view.envelope())
                    button.quiet { "Start a slow answer" span.unseen { ", in a new tab" } }
                }
            }
        }
    };
    view.layout("Session", &main)
}

pub(crate) fn late(view: &View) -> Markup {
    let main = html! {
        h1 { "Here is the late answer" }
        p { "It carried the session’s cookie as it was four seconds ago. Did you sign out meanwhile? Load any page to see who you are." }
        p.actions { a.button href="/session" { "Look at the session" } }
    };
    view.layout("The late answer", &main)
}

fn facts<T: SessionData>(
    id: &str,
    name: &str,
    purpose: &str,
    (session, value): (&Session<T>, Value),
    binds: bool,
) -> Markup {
    let data = serde_json::to_string_pretty(&*session.read()).unwrap_or_default();
    html! {
        article.card id=(id) {
            h2 { (name) }
            p.hint { (purpose) }
            @if session.id().is_some() {
                (known(session, binds))
                details { summary { "What it holds" } pre tabindex="0" { (data) } }
                h3 { "The cookie’s value" }
                @match &value {
                    Some(value) => (picture(value)),
                    None => p.hint { "It comes with this answer: load the page once more to see it." },
                }
            } @else {
                p.hint { "No session: there was nothing to keep, so there is no cookie." }
                @if let Some(refusal) = session.refusal() {
                    p { "A cookie came and was refused: " code data-fact="refusal" { (refusal.class()) } "." }
                }
            }
        }
    }
}

fn known<T: SessionData>(session: &Session<T>, binds: bool) -> Markup {
    let fact = |label: &str, name: &str, value: &Markup| {
        html! { dt { (label) } dd data-fact=(name) { (value) } }
    };
    let code = |text: Option<String>| html! { code { (text.unwrap_or_default()) } };
    html! {
        dl {
            (fact("Id", "id", &code(session.id().map(|id| id.to_string()))))
            (fact("Family", "family", &code(session.family().map(|family| family.to_string()))))
            (fact("Began", "created", &instant(session.created_at())))
            (fact("Proved who you are", "authenticated", &instant(session.authenticated_at())))
            (fact("Sealed", "issued", &instant(session.issued_at())))
            (fact("Ends", "expires", &instant(session.expires_at())))
            (fact("Key id", "key", &html! {
                @match session.key_id() {
                    Some(key_id) => (key_id),
                    None => "none yet",
                }
            }))
            (fact("Cookie", "persistence", &html! {
                @match session.is_persistent() {
                    Some(true) => "outlives the browser",
                    _ => "until the browser closes",
                }
            }))
            (fact("Bound to the device", "bound", &html! {
                @match (session.is_bound(), binds) {
                    (true, _) => "yes: a copy of the cookie opens nothing elsewhere",
                    (false, true) => "no: this browser has not bound it",
                    (false, false) => "no: this shop does not ask for it",
                }
            }))
        }
    }
}
