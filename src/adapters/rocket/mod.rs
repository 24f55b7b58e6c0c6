//! `Sessions` as a Rocket fairing, and its request guards.

mod headers;

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use rocket::{
    Build, Data, Ignite, Request, Response, Rocket, Sentinel, async_trait,
    fairing::{self, Fairing, Info, Kind},
    http::{Method, Status},
    request::{FromRequest, Outcome},
};

use self::headers::{Headers, reply};
use crate::{
    adapters::{
        rejection::{ExistingRejection, Guard as _, MissingLayer, for_each_guard},
        shared::{Mounting, Mounts},
    },
    http::{answer::Answer, response::write_failure},
    platform::clock::Reading,
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
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
        Info { name: "Sessions", kind: Kind::Ignite | Kind::Request | Kind::Response }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let rocket = match rocket.state::<AllAttached>() {
            Some(_) => rocket,
            None => rocket.manage(AllAttached::default()),
        };
        let all = &rocket.state::<AllAttached>().expect("it is managed").0;
        let mounting = all.lock().unwrap_or_else(PoisonError::into_inner).add(self.identity());
        match mounting {
            Mounting::First => Ok(rocket.manage(Attached(self.clone()))),
            Mounting::Again => Ok(rocket),
            Mounting::Clash => Err(rocket),
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        if slot::<T>(request).answer.get().is_some() {
            return;
        }
        let session = || slot_session(self, request);
        if let Some(answer) = self.answer_now(&*request, session) {
            let _ = slot::<T>(request).answer.set(answer);
            // No route is there for it, so no handler runs. Rocket has no other way out of a request.
            request.set_method(Method::Trace);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let slot = slot::<T>(request);
        if let Some(answer) = slot.answer.get() {
            *response = reply(answer);
            return;
        }
        let Some(session) = slot.session.get() else { return };
        // Of two fairings of one cookie the second has nothing to do, also where the first failed.
        if slot.is_finished.swap(true, Relaxed) {
            return;
        }
        if let Some((name, value)) = slot.turned_away.get()
            && response.status() == Status::Unauthorized
        {
            response.set_raw_header(*name, value.clone());
            if *name == "location" {
                response.set_status(Status::SeeOther);
            }
        }
        if session.finish_into(&mut Headers(response)).is_err() {
            let mut failure = Response::build().status(Status::InternalServerError).finalize();
            write_failure(&Headers(response), &mut Headers(&mut failure));
            *response = failure;
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
    arrived: Reading,
    session: OnceLock<Session<T>>,
    /// What is answered without a handler.
    answer: OnceLock<Answer>,
    /// A fairing has answered for it.
    is_finished: AtomicBool,
    /// The header for a visitor whom a guard turned away.
    turned_away: OnceLock<(&'static str, String)>,
}

fn slot<'r, T: SessionData>(request: &'r Request<'_>) -> &'r Slot<T> {
    request.local_cache(|| Slot {
        arrived: Reading::now(),
        session: OnceLock::new(),
        answer: OnceLock::new(),
        is_finished: AtomicBool::new(false),
        turned_away: OnceLock::new(),
    })
}

pub(super) fn session_of<T: SessionData>(request: &Request<'_>) -> Option<Session<T>> {
    let Attached(sessions) = request.rocket().state()?;
    Some(slot_session(sessions, request).clone())
}

fn slot_session<'r, T: SessionData>(
    sessions: &Sessions<T>,
    request: &'r Request<'_>,
) -> &'r Session<T> {
    let slot = slot(request);
    slot.session.get_or_init(|| {
        let mut cookies: Vec<_> = request.headers().get("cookie").map(str::to_owned).collect();
        if cookies.is_empty() {
            // A local request, as tests make them, has cookies without a header. Where there is a
            // header that alone counts: the names that Rocket has were percent-decoded.
            let jar = request.cookies().iter();
            cookies.extend(jar.map(|cookie| format!("{}={}", cookie.name(), cookie.value())));
        }
        let session = sessions.exchange();
        session.attach(cookies, || slot.arrived);
        session
    })
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

macro_rules! guard {
    ($guard:ident: $data:ident) => {
        /// Fails with 401 for whoever is not one of those; `Option` of it is `None` for them. Of
        /// [`SignedIn`] a browser is sent to the sign-in page, if no catcher answered otherwise.
        #[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
        #[async_trait]
        impl<'r, T: $data> FromRequest<'r> for $guard<T> {
            type Error = ExistingRejection;

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExistingRejection> {
                let Some(session) = session_of(request) else {
                    let missing = ExistingRejection::MissingLayer(MissingLayer::of::<T>(REMEDY));
                    return Outcome::Error((Status::InternalServerError, missing));
                };
                match Self::admit(session, request) {
                    Ok(guard) => Outcome::Success(guard),
                    Err(rejection) => {
                        if let Some((name, value)) = rejection.header() {
                            let _ = slot::<T>(request).turned_away.set((name, value.to_owned()));
                        }
                        Outcome::Error((Status::Unauthorized, rejection))
                    }
                }
            }
        }

        #[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
        impl<T: $data> Sentinel for $guard<T> {
            fn abort(rocket: &Rocket<Ignite>) -> bool {
                Session::<T>::abort(rocket)
            }
        }
    };
}

for_each_guard!(guard);

#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
impl<T: SessionData> Sentinel for Session<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let is_missing = rocket.state::<Attached<T>>().is_none();
        if is_missing {
            MissingLayer::of::<T>(REMEDY);
        }
        is_missing
    }
}

const REMEDY: &str = "rocket::build().attach(sessions)";
