//! The guard of origins as a Rocket fairing.

use rocket::{
    Build, Data, Request, Rocket, Route, async_trait,
    fairing::{self, Fairing, Info, Kind},
    http::{Method, Status, uri::Origin},
    route,
};

use crate::http::{OriginGuard, RequestSource};

/// A refused request goes to no route but to the catcher for 403. A catcher finds the reason with
/// `request.local_cache(|| None::<ForeignRequest>)`.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
#[async_trait]
impl Fairing for OriginGuard {
    fn info(&self) -> Info {
        Info { name: "OriginGuard", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(match rocket.state::<Refuses>() {
            Some(Refuses) => rocket,
            None => rocket
                .manage(Refuses)
                .mount("/", [Route::ranked(isize::MIN, Method::Get, REFUSED, refuse)]),
        })
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
            // A fairing cannot answer.
            request.set_method(Method::Get);
            request.set_uri(Origin::parse(REFUSED).expect("a path"));
        }
    }
}

fn refuse<'r>(_: &'r Request<'_>, data: Data<'r>) -> route::BoxFuture<'r> {
    drop(data);
    Box::pin(async { route::Outcome::Error(Status::Forbidden) })
}

/// That the route is there.
struct Refuses;

const REFUSED: &str = "/.sealed-session/refused";
