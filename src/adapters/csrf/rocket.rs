//! The guards as Rocket fairings.

use rocket::{
    Build, Data, Request, Rocket, Route, async_trait,
    fairing::{self, Fairing, Info, Kind},
    http::{Method, Status, uri::Origin},
    route,
};

use super::token::{Ask, CsrfGuard, CsrfRejection};
use crate::{
    adapters::rocket::session_of,
    http::{OriginGuard, RequestSource},
    session::SessionData,
};

/// A refused request goes to no route but to the catcher for 403. A catcher finds the reason with
/// `request.local_cache(|| None::<ForeignRequest>)`.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
#[async_trait]
impl Fairing for OriginGuard {
    fn info(&self) -> Info {
        Info { name: "OriginGuard", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(with_refusal(rocket))
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let verdict = {
            let only = |name: &str| {
                let mut values = request.headers().get(name);
                let value = values.next()?;
                Some(if values.next().is_none() { value } else { "" })
            };
            self.check(&RequestSource {
                method: request.method().as_str(),
                sec_fetch_site: only("sec-fetch-site"),
                origin: only("origin"),
                host: only("host").or_else(|| only(":authority")),
                upgrade: only("upgrade"),
            })
        };
        if let Err(reason) = verdict {
            request.local_cache(|| Some(reason));
            refuse(request);
        }
    }
}

/// A refused request goes to no route but to the catcher for 403. A catcher finds the reason with
/// `request.local_cache(|| None::<CsrfRejection>)`. Rocket's log, and a catcher, see the request as
/// `GET /.sealed-session/refused`.
///
/// Rocket lets a fairing read the first 512 bytes of a body and no more. So the token's field has
/// to be the first of a form, or the token in the header. What a form may have besides is up to
/// Rocket's own limits.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
#[async_trait]
impl<T: SessionData> Fairing for CsrfGuard<T> {
    fn info(&self) -> Info {
        Info { name: "CsrfGuard", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(with_refusal(rocket))
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        let ask = {
            let first = |name: &str| request.headers().get_one(name);
            let token = first(self.header_name());
            Ask::of(request.method().as_str(), token, first("content-type"))
        };
        let verdict = match ask {
            Ask::Pass => return,
            Ask::Header(token) => self.verify(session_of(request).as_ref(), &token),
            Ask::Form => {
                let start = data.peek(PEEKED).await;
                let is_whole = start.len() < PEEKED;
                let token = self.token_in(start);
                let verdict = self.verify(session_of(request).as_ref(), token);
                verdict.map_err(|reason| match reason {
                    CsrfRejection::Token if !is_whole && token.is_empty() => {
                        CsrfRejection::NotAtStart { limit: PEEKED }
                    }
                    reason => reason,
                })
            }
        };
        if let Err(reason) = verdict {
            request.local_cache(|| Some(reason));
            refuse(request);
        }
    }
}

/// Sends a request to where it is refused, since a fairing cannot answer.
fn refuse(request: &mut Request<'_>) {
    request.set_method(Method::Get);
    request.set_uri(Origin::parse(REFUSED).expect("a path"));
}

fn with_refusal(rocket: Rocket<Build>) -> Rocket<Build> {
    match rocket.state::<Refuses>() {
        Some(Refuses) => rocket,
        None => rocket
            .manage(Refuses)
            .mount("/", [Route::ranked(isize::MIN, Method::Get, REFUSED, answer)]),
    }
}

fn answer<'r>(request: &'r Request<'_>, data: Data<'r>) -> route::BoxFuture<'r> {
    drop(data);
    let token = request.local_cache(|| None::<CsrfRejection>);
    let status = token.map_or(403, CsrfRejection::status);
    Box::pin(async move { route::Outcome::Error(Status::new(status)) })
}

/// That the route is there.
struct Refuses;

/// What Rocket keeps of a body at most for fairings.
const PEEKED: usize = 512;
const REFUSED: &str = "/.sealed-session/refused";
