//! Every cookie of this site.

use axum::http::HeaderMap;
use maud::{Markup, html};

use super::View;
use crate::{
    plain::{Choice as _, Consent, Text, Theme, Visits, read},
    routes::App,
};

/// A cookie that this site may set.
struct Entry {
    name: String,
    is_there: bool,
    purpose: &'static str,
    kind: &'static str,
    kept: &'static str,
    scripts: &'static str,
    attributes: String,
}

pub(crate) fn list(view: &View, headers: &HeaderMap, app: &App) -> Markup {
    let main = html! {
        (view.inside())
        h1 { "Every cookie of this site" }
        p.lead { "One purpose for each. Those that are necessary for what you asked for need no consent; statistics do, and nothing else depends on the answer." }
        ul.lines.cookies {
            @for entry in entries(headers, app) {
                li data-cookie=(entry.name) {
                    div.grow {
                        h2 { code { (entry.name) } " " span.tag { (entry.kind) } @if entry.is_there { " " span.tag.here { "in this browser" } } }
                        p { (entry.purpose) }
                        dl {
                            dt { "Kept" } dd { (entry.kept) }
                            dt { "Scripts" } dd { (entry.scripts) }
                            dt { "Attributes" } dd { code { (entry.attributes) } }
                        }
                    }
                }
            }
        }
        (view.consent_form("May we count the pages that you look at?", false))
        p.hint { "Your answer: " strong { @match view.consent {
            None => "none yet, so nothing is counted",
            Some(Consent::Declined) => "no, nothing is counted",
            Some(Consent::Statistics) => "yes",
        } } "." }
        @if let Some(count) = Visits::of(headers) { p.hint { "Counted so far: " (count) "." } }
    };
    view.layout("Cookies", &main)
}

fn entries(headers: &HeaderMap, app: &App) -> Vec<Entry> {
    let [account, cart] = app.sealed_cookies();
    let secure = if app.https { "; Secure" } else { "" };
    let sealed = format!("HttpOnly; SameSite=Lax{secure}; Path=/");
    let open = format!("SameSite=Lax{secure}; Path=/");
    let is_there = |name: &str| read(headers, name).is_some();
    let plain = |name: &str, purpose, kind, kept| Entry {
        name: name.to_owned(),
        is_there: is_there(name),
        purpose,
        kind,
        kept,
        scripts: "may read it: it holds a word, and no secret",
        attributes: open.clone(),
    };
    let has = |part: &str| {
        headers.get_all("cookie").iter().any(|header| {
            header.to_str().is_ok_and(|header| header.contains(&format!("{account}-{part}-")))
        })
    };
    let bound = app.binds.then(|| Entry {
        name: format!("{account}-bound-…"),
        is_there: has("bound"),
        purpose: "Proves that the browser has the key of this device. Without it the session’s cookie opens nothing.",
        kind: "necessary",
        kept: "ten minutes, then it is proved again",
        scripts: "cannot read it",
        attributes: sealed.clone(),
    });
    let mut entries = vec![
        Entry {
            name: account.to_owned(),
            is_there: is_there(account),
            purpose: "Who is signed in, the message for the next page, a form that is half filled in, and protection from forgery.",
            kind: "necessary",
            kept: "until the browser closes, or 14 days where you asked to be remembered",
            scripts: "cannot read it, and neither can you: it is sealed",
            attributes: sealed.clone(),
        },
        Entry {
            name: format!("{account}-ended-…"),
            is_there: has("ended"),
            purpose: "Says that a sign-in has ended, so that an answer that comes late does not bring it back.",
            kind: "necessary",
            kept: "some minutes after a sign-in or a sign-out",
            scripts: "cannot read it",
            attributes: sealed.clone(),
        },
        Entry {
            name: cart.to_owned(),
            is_there: is_there(cart),
            purpose: "A guest’s cart. It moves to the customer’s at the sign-in, and the cookie goes.",
            kind: "necessary",
            kept: "14 days",
            scripts: "cannot read it: it is sealed",
            attributes: sealed.clone(),
        },
        plain(Theme::COOKIE, "The theme, once you have chosen one.", "asked for", "a year"),
        plain(
            Text::COOKIE,
            "The size of the text, once you have chosen one.",
            "asked for",
            "a year",
        ),
        plain(
            Consent::COOKIE,
            "Your answer about statistics. In no session, since a sign-out would erase it.",
            "necessary",
            "180 days, then you are asked again",
        ),
        Entry {
            name: Visits::COOKIE.to_owned(),
            is_there: is_there(Visits::COOKIE),
            purpose: "How many pages this browser was shown. Only after you agreed; gone when you take it back.",
            kind: "statistics",
            kept: "30 days",
            scripts: "cannot read it, as none has to",
            attributes: sealed,
        },
    ];
    entries.extend(bound);
    entries
}
