//! The form in three steps.

use maud::{Markup, html};

use super::{Notice, Problem, View, titled};
use crate::state::Handle;

pub(crate) fn initials(view: &View, typed: &str, problem: Option<&str>, notice: Notice) -> Markup {
    let problem = Problem { id: "initials-problem", text: problem };
    let fields = html! {
        label {
            "Initials"
            input.initials type="text" name="initials" required maxlength="12" autocomplete="off" spellcheck="false" value=(typed)
                autofocus[problem.is_there()]
                aria-invalid=[problem.invalid()] aria-describedby=[problem.described_by(Some("initials-hint"))];
            (problem.show())
            small #initials-hint { "One to three letters, cut in brass." }
        }
        p.actions { button { "Next: the handle" } }
    };
    let form = view.form("/stamp/1", "stack", &fields);
    step(view, 1, notice, problem.is_there(), &form)
}

pub(crate) fn handle(
    view: &View,
    chosen: Option<Handle>,
    problem: Option<&str>,
    notice: Notice,
) -> Markup {
    let problem = Problem { id: "handle-problem", text: problem };
    let fields = html! {
        fieldset aria-describedby=[problem.described_by(None)] {
            legend { "Handle" }
            (problem.show())
            @for (index, handle) in Handle::ALL.into_iter().enumerate() {
                label.check {
                    input type="radio" name="handle" value=(handle.word()) checked[chosen == Some(handle)]
                        autofocus[problem.is_there() && index == 0] aria-invalid=[problem.invalid()];
                    span { (handle.label()) }
                }
            }
        }
        p.actions { a.button.quiet href="/stamp/1" { "Back" } button { "Next: check" } }
    };
    let form = view.form("/stamp/2", "stack", &fields);
    step(view, 2, notice, problem.is_there(), &form)
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
    let form = view.form("/stamp/3", "stack", &fields);
    step(view, 3, Notice::None, false, &form)
}

fn step(view: &View, current: usize, notice: Notice, is_wrong: bool, form: &Markup) -> Markup {
    let steps = ["Initials", "Handle", "Check"];
    let main = html! {
        h1 { "A stamp of your own" }
        ol.steps {
            @for (number, name) in (1..).zip(steps) {
                li.done[number < current] aria-current=[(number == current).then_some("step")] {
                    (name) @if number < current { span.unseen { ", done" } }
                }
            }
        }
        (View::notice(notice))
        (form)
        p.hint { "Leave and come back: the session keeps what you have filled in." }
    };
    let name = steps.get(current - 1).copied().unwrap_or_default();
    let title = format!("{name} · A stamp of your own");
    view.layout(&titled(&title, is_wrong || notice == Notice::Stale), &main)
}
