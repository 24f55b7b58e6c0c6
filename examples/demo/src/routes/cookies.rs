//! Which cookies there are, and the visitor's answer about those that nobody needs.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use sealed_session::LocalPath;
use serde::Deserialize;

use super::{App, set_cookies};
use crate::{
    pages::{self, refusal},
    plain::{Choice as _, Consent, Visits},
    post::Post,
    view::View,
};

#[derive(Deserialize)]
pub(crate) struct Answer {
    answer: String,
    back: String,
}

pub(crate) async fn list(State(app): State<App>, view: View, headers: HeaderMap) -> Markup {
    pages::cookies::list(&view, &headers, &app)
}

/// Touches no session: a guest who declines is left without one.
pub(crate) async fn consent(
    State(app): State<App>,
    view: View,
    Post(Answer { answer, back }): Post<Answer>,
) -> Response {
    let Some(consent) = Consent::parse(&answer) else { return refusal::unreadable(&view) };
    let back = Redirect::to(LocalPath::new(&back).unwrap_or_default().as_str());
    let answer = consent.cookie(app.https);
    match consent {
        Consent::Statistics => (set_cookies([answer]), back).into_response(),
        Consent::Declined => {
            (set_cookies([answer, Visits::removal(app.https)]), back).into_response()
        }
    }
}
