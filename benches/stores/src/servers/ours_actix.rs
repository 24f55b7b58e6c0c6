use std::error::Error;

use actix_web::{App, HttpServer, Responder, error::ErrorBadRequest, get, post};
use sealed_session::{Existing, KeyRing, Session, Sessions};

use super::{ANY_PORT, announce};
use crate::account::{self, Account, answer, change};

pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
    let server = HttpServer::new(move || {
        App::new().wrap(sessions.clone()).service(sign_in).service(read).service(write)
    })
    .bind(ANY_PORT)?;
    announce(server.addrs()[0])?;
    Ok(server.run().await?)
}

#[post("/sign-in")]
async fn sign_in(mut session: Session<Account>, user: String) -> actix_web::Result<String> {
    let account = account::sign_in(&user).ok_or_else(|| ErrorBadRequest("who?"))?;
    let text = answer(&account);
    session.sign_in(|data| *data = account);
    Ok(text)
}

#[get("/read")]
async fn read(session: Existing<Account>) -> impl Responder {
    answer(&session.read())
}

#[post("/write")]
async fn write(mut session: Existing<Account>) -> impl Responder {
    session.write(|account| {
        change(account);
        answer(account)
    })
}
