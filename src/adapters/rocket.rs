//! `Sessions` as a Rocket fairing, and its request guards.

use std::{
    any::type_name,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rocket::{
    Build, Ignite, Request, Response, Rocket, Sentinel, async_trait,
    fairing::{self, Fairing, Info, Kind},
    http::{Header, HeaderMap, Status},
    request::{FromRequest, Outcome},
};
use time::OffsetDateTime;

use crate::{
    adapters::shared::{Mounting, Mounts},
    events,
    http::response::{Name, ResponseHeaders, write_failure},
    session::{Existing, Session, SessionData},
    sessions::Sessions,
};

/// Commits each request's session when the response is ready, whether a route
/// or a catcher made it.
///
/// A session that cannot be sealed turns the response into an empty 500 and
/// leaves the visitor's cookie as it is.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
#[async_trait]
impl<T: SessionData> Fairing for Sessions<T> {
    fn info(&self) -> Info {
        Info { name: "Sessions", kind: Kind::Ignite | Kind::Response }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let rocket = match rocket.state::<AllAttached>() {
            Some(_) => rocket,
            None => rocket.manage(AllAttached::default()),
        };
        let all = &rocket.state::<AllAttached>().expect("it is managed").0;
        let mounting = all.lock().unwrap_or_else(PoisonError::into_inner).add(&self.exchange());
        match mounting {
            Mounting::First => Ok(rocket.manage(Attached(self.clone()))),
            Mounting::Again => Ok(rocket),
            Mounting::Clash => Err(rocket),
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let slot = slot::<T>(request);
        let Some(session) = slot.session.get() else { return };
        // Of two fairings of one cookie the second has nothing to do, also where the first failed.
        if slot.is_finished.swap(true, Relaxed) {
            return;
        }
        match session.finish() {
            Ok(commit) => commit.write_to(&mut Headers(response)),
            Err(_) => {
                let mut failure = Response::build().status(Status::InternalServerError).finalize();
                write_failure(&Headers(response), &mut Headers(&mut failure));
                *response = failure;
            }
        }
    }
}

/// What is managed once the fairing is attached. Not the [`Sessions`], which an
/// application may manage as well, and which alone would commit nothing.
struct Attached<T>(Sessions<T>);

/// Every fairing of this kind so far, whatever its data type.
#[derive(Default)]
struct AllAttached(Mutex<Mounts>);

/// The session that a request's guards share.
struct Slot<T> {
    session: OnceLock<Session<T>>,
    /// A fairing has answered for it.
    is_finished: AtomicBool,
}

fn slot<'r, T: SessionData>(request: &'r Request<'_>) -> &'r Slot<T> {
    request.local_cache(|| Slot { session: OnceLock::new(), is_finished: AtomicBool::new(false) })
}

fn session_of<T: SessionData>(request: &Request<'_>) -> Option<Session<T>> {
    let Attached(sessions) = request.rocket().state()?;
    let session = slot(request).session.get_or_init(|| {
        sessions.load_at(request.headers().get("cookie"), OffsetDateTime::now_utc())
    });
    Some(session.clone())
}

/// An `Option<Session<T>>` is never `None`: without the fairing Rocket does not
/// launch, which [`Sentinel`] sees to.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
#[async_trait]
impl<'r, T: SessionData> FromRequest<'r> for Session<T> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match session_of(request) {
            Some(session) => Outcome::Success(session),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

/// Fails with 401 for an anonymous visitor, `Option<Existing<T>>` is `None` for one.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
#[async_trait]
impl<'r, T: SessionData> FromRequest<'r> for Existing<T> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match session_of(request).map(Session::existing) {
            Some(Some(existing)) => Outcome::Success(existing),
            Some(None) => Outcome::Error((Status::Unauthorized, ())),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
impl<T: SessionData> Sentinel for Session<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let is_missing = rocket.state::<Attached<T>>().is_none();
        if is_missing {
            events::missing(type_name::<T>());
        }
        is_missing
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
impl<T: SessionData> Sentinel for Existing<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        Session::<T>::abort(rocket)
    }
}

struct Headers<'a, 'r>(&'a mut Response<'r>);

impl Headers<'_, '_> {
    fn owned(&self, name: &str) -> Vec<String> {
        self.map().get(name).map(str::to_owned).collect()
    }

    fn map(&self) -> &HeaderMap<'_> {
        self.0.headers()
    }
}

impl ResponseHeaders for Headers<'_, '_> {
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.map().get(header_name(name)).map(str::as_bytes)
    }

    fn append(&mut self, name: Name, value: Vec<u8>) {
        let value = String::from_utf8_lossy(&value).into_owned();
        self.0.adjoin_header(Header::new(header_name(name), value));
    }

    fn append_static(&mut self, name: Name, value: &'static str) {
        self.0.adjoin_header(Header::new(header_name(name), value));
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        let kept = self.owned(header_name(name));
        self.0.remove_header(header_name(name));
        for value in kept.into_iter().filter(|value| keep(value.as_bytes())) {
            self.append(name, value.into());
        }
    }
}

const fn header_name(name: Name) -> &'static str {
    match name {
        Name::SetCookie => "set-cookie",
        Name::CacheControl => "cache-control",
        Name::Vary => "vary",
    }
}
