use std::error::Error;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use sealed_session::{Existing, KeyRing, Session, Sessions};

use super::{ANY_PORT, announce};
use crate::account::{self, Account, answer, change};

pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
    let app = Router::new()
        .route("/sign-in", post(sign_in))
        .route("/read", get(read))
        .route("/write", post(write))
        .layer(sessions);
    let listener = tokio::net::TcpListener::bind(ANY_PORT).await?;
    announce(listener.local_addr()?)?;
    Ok(axum::serve(listener, app).await?)
}

async fn sign_in(mut session: Session<Account>, user: String) -> Result<String, StatusCode> {
    let account = account::sign_in(&user).ok_or(StatusCode::BAD_REQUEST)?;
    let text = answer(&account);
    session.sign_in(|data| *data = account);
    Ok(text)
}

async fn read(session: Existing<Account>) -> String {
    answer(&session.read())
}

async fn write(mut session: Existing<Account>) -> String {
    session.write(|account| {
        change(account);
        answer(account)
    })
}
