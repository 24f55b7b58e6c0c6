//! Where a customer is signed in.

use maud::{Markup, html};
use sealed_session::Family;

use super::{View, instant};
use crate::devices::Device;

pub(crate) fn list(view: &View, devices: &[Device], own: Option<Family>) -> Markup {
    let is_listed = devices.iter().any(|device| Some(device.family) == own);
    let main = html! {
        (view.inside())
        h1 { "Your devices" }
        p.lead { "Each sign-in has a family: eight bytes in the sealed cookie, the same until the next sign-in. To end a device, the shop puts its family on a list of revocations, and refuses it from then on, copies of the cookie included." }
        ul.lines {
            @if !is_listed {
                li { span.grow { strong { "This device" } small { "Signed in before this server was started, so there is no more to say." } } }
            }
            @for device in devices {
                (row(view, device, own))
            }
        }
        section {
            h2 { "All of them" }
            p { "After you lost a device, or a password." }
            p.actions { a.button.quiet href="/devices/end-all" { "Sign out on every device…" } }
        }
    };
    view.layout("Your devices", &main)
}

fn row(view: &View, device: &Device, own: Option<Family>) -> Markup {
    let is_own = Some(device.family) == own;
    html! {
        li data-device=(device.family) {
            span.grow {
                strong { (device.browser) } @if is_own { " " span.tag { "this device" } }
                small {
                    "Signed in " (instant(Some(device.since))) " · family " code { (device.family) }
                    @if device.has_left { " · signed out there: a copy of its cookie would still be good" }
                }
            }
            (view.form("/devices/end", "inline", &html! {
                button.quiet name="family" value=(device.family) {
                    @if device.has_left { "End copies" } @else { "Sign out" }
                    span.unseen { ": " (device.browser) ", signed in " (instant(Some(device.since))) }
                }
            }))
        }
    }
}

pub(crate) fn ask_end_all(view: &View) -> Markup {
    let main = html! {
        h1 { "Sign out on every device?" }
        p { "Every sign-in of yours ends, this one too, and so does every copy of your cookie. Carts stay." }
        (view.form("/devices/end-all", "actions", &html! {
            button { "Sign out everywhere" }
            a.button.quiet href="/devices" { "Keep me signed in" }
        }))
    };
    view.layout("Sign out on every device?", &main)
}
