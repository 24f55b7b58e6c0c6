//! Settings.

use maud::{Markup, html};

use super::View;
use crate::state::{MAX_NICKNAME, Theme};

pub(crate) fn form(view: &View) -> Markup {
    let settings = &view.settings;
    let main = html! {
        h1 { "Settings" }
        (view.form("/settings", "stack", &html! {
            fieldset {
                legend { "Theme" }
                @for theme in Theme::ALL {
                    label.check {
                        input type="radio" name="theme" value=(theme.word()) checked[settings.theme == theme];
                        span { (theme.label()) }
                    }
                }
            }
            fieldset {
                legend { "Text" }
                label.check {
                    input type="checkbox" name="large_text" checked[settings.large_text];
                    span { "Large" }
                }
            }
            label {
                "What shall we call you?"
                input name="nickname" maxlength=(MAX_NICKNAME) value=(settings.nickname) autocomplete="nickname";
                small { "Shown at the top when you are signed in." }
            }
            p.actions { button { "Save" } }
        }))
        @if view.user.is_some() {
            (view.form("/logout/everywhere", "actions", &html! {
                button.quiet { "Sign out on every device" }
            }))
        }
        p.hint { "Kept in the session, so nothing of it outlives signing out." }
    };
    view.layout("Settings", "narrow", &main)
}
