//! Settings.

use maud::{Markup, html};

use super::{Notice, Problem, View, titled};
use crate::state::MAX_NICKNAME;

pub(crate) fn form(view: &View, nickname: &str, problem: Option<&str>, notice: Notice) -> Markup {
    let problem = Problem { id: "nickname-problem", text: problem };
    let main = html! {
        h1 { "Settings" }
        (View::notice(notice))
        (view.form("/settings", "stack", &html! {
            label {
                "What shall we call you?"
                input type="text" name="nickname" value=(nickname) autocomplete="nickname" autofocus[problem.is_there()]
                    aria-invalid=[problem.invalid()] aria-describedby=[problem.described_by(Some("nickname-hint"))];
                (problem.show())
                small #nickname-hint { "Shown at the top. At most " (MAX_NICKNAME) " characters." }
            }
            p.actions { button { "Save" } }
        }))
        p.hint { "It is in the session, so nothing of it outlives signing out." }
        section {
            h2 { "Elsewhere" }
            ul.plain {
                li { a href="/devices" { "Your devices" } ": where you are signed in, and how to end that" }
                li { a href="/looks" { "Looks" } ": theme and size of the text, in this browser" }
            }
        }
    };
    let is_wrong = problem.is_there() || notice == Notice::Stale;
    view.layout(&titled("Settings", is_wrong), &main)
}
