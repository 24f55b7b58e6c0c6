//! The form in three steps.

use maud::{Markup, html};

use super::View;
use crate::state::{Handle, Stamp};

pub(crate) fn initials(view: &View, stamp: &Stamp) -> Markup {
    let fields = html! {
        label {
            "Initials"
            input.initials name="initials" required maxlength="12" autocomplete="off"
                value=(stamp.initials.as_deref().unwrap_or_default());
            small { "One to three letters, cut in brass." }
        }
        p.actions { button { "Next: the handle" } }
    };
    step(view, 1, &view.form("/stamp/1", "stack", &fields))
}

pub(crate) fn handle(view: &View, stamp: &Stamp) -> Markup {
    let fields = html! {
        fieldset {
            legend { "Handle" }
            @for handle in Handle::ALL {
                label.check {
                    input type="radio" name="handle" value=(handle.word()) required
                        checked[stamp.handle == Some(handle)];
                    span { (handle.label()) }
                }
            }
        }
        p.actions { a.button.quiet href="/stamp/1" { "Back" } button { "Next: check" } }
    };
    step(view, 2, &view.form("/stamp/2", "stack", &fields))
}

pub(crate) fn check(view: &View, initials: &str, handle: Handle) -> Markup {
    let fields = html! {
        p.proof aria-hidden="true" { (initials) }
        dl {
            dt { "Initials" } dd { (initials) }
            dt { "Handle" } dd { (handle.label()) }
        }
        p.actions { a.button.quiet href="/stamp/2" { "Back" } button { "Order the stamp" } }
    };
    step(view, 3, &view.form("/stamp/3", "stack", &fields))
}

fn step(view: &View, current: usize, form: &Markup) -> Markup {
    let steps = ["Initials", "Handle", "Check"];
    let main = html! {
        h1 { "A stamp of your own" }
        ol.steps {
            @for (number, name) in (1..).zip(steps) {
                li.done[number < current] aria-current=[(number == current).then_some("step")] { (name) }
            }
        }
        (form)
        p.hint { "Leave and come back: the session keeps what you have filled in." }
    };
    view.layout("A stamp of your own", "narrow", &main)
}
