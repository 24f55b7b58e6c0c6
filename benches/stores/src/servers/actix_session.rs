//! As the documentation of its Redis store shows it.

use std::error::Error;

use actix_session::{
    Session, SessionMiddleware, config::PersistentSession, storage::RedisSessionStore,
};
use actix_web::{
    App, HttpServer,
    cookie::{Key, time::Duration},
    error::{ErrorBadRequest, ErrorUnauthorized},
    get, post,
};

use super::{ANY_PORT, DAYS, announce};
use crate::account::{self, Account, answer, change};

pub(super) async fn serve(redis: &str) -> Result<(), Box<dyn Error>> {
    let store = RedisSessionStore::new(redis).await?;
    let key = Key::generate();
    let server = HttpServer::new(move || {
        let lifetime = PersistentSession::default().session_ttl(Duration::days(DAYS));
        let sessions = SessionMiddleware::builder(store.clone(), key.clone())
            .session_lifecycle(lifetime)
            .build();
        App::new().wrap(sessions).service(sign_in).service(read).service(write)
    })
    .bind(ANY_PORT)?;
    announce(server.addrs()[0])?;
    Ok(server.run().await?)
}

#[post("/sign-in")]
async fn sign_in(session: Session, user: String) -> actix_web::Result<String> {
    let account = account::sign_in(&user).ok_or_else(|| ErrorBadRequest("who?"))?;
    session.renew();
    session.insert(KEY, &account)?;
    Ok(answer(&account))
}

#[get("/read")]
async fn read(session: Session) -> actix_web::Result<String> {
    Ok(answer(&existing(&session)?))
}

#[post("/write")]
async fn write(session: Session) -> actix_web::Result<String> {
    let mut account = existing(&session)?;
    change(&mut account);
    session.insert(KEY, &account)?;
    Ok(answer(&account))
}

fn existing(session: &Session) -> actix_web::Result<Account> {
    session.get(KEY)?.ok_or_else(|| ErrorUnauthorized("sign in"))
}

const KEY: &str = "account";
