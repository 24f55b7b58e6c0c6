//! As the documentation of its Redis store shows it.

use std::error::Error;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use tower_sessions_redis_store::{RedisStore, fred::prelude::*};

use super::{ANY_PORT, DAYS, announce};
use crate::account::{self, Account, answer, change};

pub(super) async fn serve(redis: &str) -> Result<(), Box<dyn Error>> {
    let pool = Pool::new(Config::from_url(redis)?, None, None, None, 6)?;
    let _connected = pool.connect();
    pool.wait_for_connect().await?;
    let sessions = SessionManagerLayer::new(RedisStore::new(pool))
        .with_expiry(Expiry::OnInactivity(Duration::days(DAYS)));
    let app = Router::new()
        .route("/sign-in", post(sign_in))
        .route("/read", get(read))
        .route("/write", post(write))
        .layer(sessions);
    let listener = tokio::net::TcpListener::bind(ANY_PORT).await?;
    announce(listener.local_addr()?)?;
    Ok(axum::serve(listener, app).await?)
}

async fn sign_in(session: Session, user: String) -> Result<String, StatusCode> {
    let account = account::sign_in(&user).ok_or(StatusCode::BAD_REQUEST)?;
    session.cycle_id().await.map_err(failed)?;
    session.insert(KEY, &account).await.map_err(failed)?;
    Ok(answer(&account))
}

async fn read(session: Session) -> Result<String, StatusCode> {
    Ok(answer(&existing(&session).await?))
}

async fn write(session: Session) -> Result<String, StatusCode> {
    let mut account = existing(&session).await?;
    change(&mut account);
    session.insert(KEY, &account).await.map_err(failed)?;
    Ok(answer(&account))
}

async fn existing(session: &Session) -> Result<Account, StatusCode> {
    session.get(KEY).await.map_err(failed)?.ok_or(StatusCode::UNAUTHORIZED)
}

fn failed(error: tower_sessions::session::Error) -> StatusCode {
    eprintln!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR
}

const KEY: &str = "account";
