//! What an operator watches. A shop that strangers reach keeps this page behind a sign-in of its own.

use axum::{
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use sealed_session::{Key, KeyEntry, KeyId, KeyRing, Session};
use time::OffsetDateTime;

use super::App;
use crate::{
    pages,
    post::{NoFields, Post},
    state::Account,
    view::View,
};

/// Refreshes itself where the reader asked for it: a page that moves by itself is in the way of others.
pub(crate) async fn page(State(app): State<App>, view: View, uri: Uri) -> Response {
    let refreshes = uri.query() == Some("watch");
    let page = pages::operator::page(&view, &app, refreshes, OffsetDateTime::now_utc());
    match refreshes {
        true => ([(header::REFRESH, REFRESH_SECONDS)], page).into_response(),
        false => page.into_response(),
    }
}

/// A new key in front, which seals from now on. Sessions move over as they are used.
pub(crate) async fn rotate(
    State(app): State<App>,
    mut session: Session<Account>,
    view: View,
    _: Post<NoFields>,
) -> Response {
    if !app.owns_ring {
        return (StatusCode::NOT_FOUND, pages::refusal::not_found(&view)).into_response();
    }
    match rotated(&app.keys.current(), OffsetDateTime::now_utc()) {
        Ok((ring, id)) => {
            app.keys.replace(ring);
            session.write(|account| {
                account.tell(format!("Key {id} seals from now on. You noticed nothing, did you?"));
            });
            Redirect::to("/operator").into_response()
        }
        Err(error) => {
            tracing::error!(%error, "no rotation");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn rotated(
    ring: &KeyRing,
    now: OffsetDateTime,
) -> Result<(KeyRing, KeyId), Box<dyn std::error::Error>> {
    let newest = ring.entries().iter().map(|entry| entry.id().get()).max().unwrap_or(0);
    let last = ring.last_id().map_or(newest, |last| last.get().max(newest));
    let id = KeyId::new(last.checked_add(1).ok_or("the ids are used up")?);
    let entries = [KeyEntry::new(id, Key::generate()?)]
        .into_iter()
        .chain(ring.entries().iter().take(MOST_KEYS).cloned());
    Ok((KeyRing::new(entries)?.with_rotated_at(now), id))
}

pub(crate) const REFRESH_SECONDS: &str = "5";
/// Of before. In a real ring a key stays as long as its sessions may.
const MOST_KEYS: usize = 7;
