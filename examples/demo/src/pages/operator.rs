//! What an operator watches.

use std::collections::BTreeMap;

use maud::{Markup, html};
use time::OffsetDateTime;

use super::{View, instant};
use crate::{
    figures::Figure,
    routes::{App, operator::REFRESH_SECONDS},
};

pub(crate) fn page(view: &View, app: &App, refreshes: bool, now: OffsetDateTime) -> Markup {
    let main = html! {
        (view.inside())
        h1 { "The operator’s page" }
        p.lead { "What this process knows of its keys and of the sessions that came. No key, no value, no data of a visitor." }
        p {
            @match refreshes {
                true => { "Refreshes every " (REFRESH_SECONDS) " seconds. " a href="/operator" { "Stop" } "." }
                false => { "As of " (instant(Some(now))) ". " a href="/operator?watch" { "Refresh it every " (REFRESH_SECONDS) " seconds" } "." }
            }
        }
        (ring(app, now))
        (rotation(view, app))
        (figures(app))
        section {
            h2 { "Revocations" }
            p { "Sign-ins and customers that were signed out from elsewhere. An entry is forgotten when all of their sessions have expired." }
            dl {
                dt { "Entries" } dd data-fact="revocations" { (app.revocations.len()) }
                dt { "Memory" } dd { (app.revocations.memory()) " bytes" }
            }
        }
        p.hint { "The same for programs: " a href="/metrics" { "metrics" } " for Prometheus, " a href="/health" { "health" } " as JSON. A real shop keeps all three to itself." }
    };
    view.layout("Operator", &main)
}

fn ring(app: &App, now: OffsetDateTime) -> Markup {
    let ring = app.keys.current();
    let sealing = ring.sealing_key_id(now);
    html! {
        section {
            h2 { "Key ring" }
            dl {
                dt { "Generation" } dd data-fact="generation" { (app.keys.generation()) }
                dt { "Fingerprint" } dd data-fact="fingerprint" { code { (ring.fingerprint()) } }
                dt { "Rotated" } dd { @match ring.rotated_at() {
                    Some(time) => (instant(Some(time))),
                    None => "never, or nobody wrote it down",
                } }
                @if let Some(checked) = app.keys.last_checked() { dt { "File read" } dd { (instant(Some(checked))) } }
                @if let Some(error) = app.keys.last_error() { dt { "File refused" } dd.problem { (error) } }
            }
            div.scroll tabindex="0" role="region" aria-label="Keys" {
                table {
                    thead { tr { th scope="col" { "Key id" } th scope="col" { "What it does" } } }
                    tbody {
                        @for entry in ring.entries() {
                            tr { td { (entry.id()) } td { @if Some(entry.id()) == sealing { "seals, and opens" } @else { "opens" } } }
                        }
                    }
                }
            }
        }
    }
}

fn rotation(view: &View, app: &App) -> Markup {
    html! {
        section {
            h2 { "Rotate" }
            @if app.owns_ring {
                p { "A new key comes in front and seals from now on. Sessions move over as they are used; nobody is signed out." }
                (view.form("/operator/rotate", "actions", &html! { button.quiet { "Rotate now" } }))
            } @else {
                p { "The ring is in a file, which this process follows: " code { "sealed-session rotate" } " changes it." }
            }
        }
    }
}

fn figures(app: &App) -> Markup {
    let counts = app.figures.counts();
    html! {
        section {
            h2 { "Sessions" }
            @if counts.is_empty() {
                p { "None has come yet. Look at the shop in another tab, and come back." }
            } @else {
                (table_of(counts))
            }
        }
    }
}

fn table_of(counts: BTreeMap<Figure, u64>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Figures" {
            table {
                thead { tr { th scope="col" { "What" } th scope="col" { "Class" } th scope="col" { "Key" } th.number scope="col" { "Count" } } }
                tbody {
                    @for (figure, count) in counts {
                        @let (what, class, key) = match figure {
                            Figure::Opened(key) => ("opened", "live", key.to_string()),
                            Figure::Sealed(key, reason) => ("sealed", reason, key.to_string()),
                            Figure::Refused(class) => ("refused", class, String::new()),
                        };
                        tr { td { (what) } td { code { (class) } } td { (key) } td.number { (count) } }
                    }
                }
            }
        }
    }
}
