//! From what became of a session to the Set-Cookie headers of the response.

use std::{borrow::Cow, cell::LazyCell, sync::Arc, time::Duration};

use cookie::Cookie;

use super::{core::Core, open::check_takeover};
use crate::{
    error::{CsrfError, SealError, UnsealError},
    events,
    format::{
        claims::{Claims, Device},
        envelope::Binding,
        frame::{Seal, key_id},
        lifetime::Timeouts,
        seal::{ResealError, Unsealed},
        session_id::SessionId,
    },
    http::Commit,
    observer::Sealing,
    platform::{clock::Moment, random::RandomSource},
    session::{Candidates, Handle, Live, Opened, Origin, Outcome, Session, SessionData},
};

impl<T: SessionData> Origin<T> for Core<T> {
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    fn cookie_name(&self) -> &str {
        self.cookie().name()
    }

    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    fn cookie_names(&self) -> Vec<&str> {
        let others = self.fallback().into_iter().flat_map(super::fallback::Fallback::cookies);
        let cookies = self.accepted.cookies().chain(others);
        cookies.map(crate::http::rules::CheckedCookie::name).collect()
    }

    #[cfg(all(
        feature = "bound",
        any(feature = "tower", feature = "actix-web", feature = "rocket")
    ))]
    fn device_paths(&self) -> &[String] {
        self.device_rules().map_or(&[], |rules| rules.paths.as_slice())
    }

    fn collect(&self, header: &[u8], now: u64, candidates: &mut Candidates) {
        self.collect_from(header, now, candidates);
    }

    fn open(&self, candidates: &Candidates, now: Moment) -> Opened<T> {
        self.open_all(candidates, now, None)
    }

    fn commit(
        &self,
        session: &Session<T>,
        clock: &dyn Fn() -> Moment,
    ) -> Result<Commit, SealError> {
        // Most commits have nothing to do. They must not pay for reading the clock.
        let now = LazyCell::new(clock);
        let mut registration = None;
        let mut cookies = match session.begin_commit(|| *now) {
            None => Vec::new(),
            Some(outcome) => {
                let cookies = self.cookies_of(session, outcome, *now, &mut registration);
                session.end_commit(cookies.is_ok());
                cookies?
            }
        };
        cookies.extend(self.collect_tombstones(session));
        Ok(Commit {
            cookies,
            depends_on_cookie: session.was_looked_at(),
            gave_token: session.gave_token(),
            depends_on_header: session.asked_for_token().then(|| self.token_header.clone()),
            registration,
        })
    }

    fn seal_csrf_token(&self, id: SessionId, now: Moment) -> Result<String, SealError> {
        self.seal_token_for(id, now)
    }

    fn token_header(&self) -> &Cow<'static, str> {
        &self.token_header
    }

    fn open_token(
        &self,
        origin: &Arc<Handle<dyn Origin<T>>>,
        token: &[u8],
        at: Option<Moment>,
    ) -> Option<Session<T>> {
        self.load_token(origin, token, at)
    }

    fn reseal_token(
        &self,
        token: &[u8],
        reader: usize,
        now: Moment,
    ) -> Result<Option<String>, UnsealError> {
        self.reseal_token_value(token, reader, now)
    }

    fn verify_csrf_token(
        &self,
        token: &str,
        id: Option<SessionId>,
        now: Moment,
    ) -> Result<(), CsrfError> {
        self.verify_token_for(token, id, now)
    }

    fn room(&self, extension_len: usize) -> usize {
        self.with_ring(|seal, _| seal.room(extension_len))
    }

    fn left(&self, data: &T, extension_len: usize) -> Result<usize, SealError> {
        self.with_ring(|seal, _| seal.left(data, extension_len))
    }

    fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }
}

impl<T: SessionData> Core<T> {
    fn cookies_of(
        &self,
        session: &Session<T>,
        outcome: Outcome<T>,
        now: Moment,
        registration: &mut Option<String>,
    ) -> Result<Vec<Cookie<'static>>, SealError> {
        Ok(match outcome {
            Outcome::Refuse(error) => return Err(error),
            Outcome::Remove => {
                let mut cookies: Vec<_> = self.cookie().removals().collect();
                self.remove_others(session, true, now, &mut cookies);
                self.remove_bound(session, &mut cookies);
                cookies.extend(self.end(session, None, now)?);
                cookies
            }
            Outcome::Seal { claims, data, is_renewal, is_proof } => {
                let mut claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
                if is_renewal {
                    claims.bond = self.first_bond();
                }
                let value = self.seal_judged(session, (is_renewal, &mut claims, &data), now)?;
                self.observe(&value, Sealing::Written);
                let mut cookies = vec![self.set_cookie(value, &claims, now)];
                self.remove_others(session, is_renewal, now, &mut cookies);
                if is_renewal {
                    self.remove_bound(session, &mut cookies);
                }
                if is_proof {
                    *registration = self.offer(&claims, now)?;
                }
                let came = session.opened().descent();
                let is_other = came.is_some_and(|came| came != claims.descent);
                if is_renewal || is_other || session.came_by_fallback() {
                    cookies.extend(self.end(session, Some(claims.descent), now)?);
                }
                cookies
            }
            Outcome::Reseal(live) => match self.reseal_live(session, live, now) {
                Ok(Some((value, claims))) => {
                    self.observe(&value, Sealing::Resealed);
                    self.set_again(session, value, &claims, now)
                }
                Ok(None) => Vec::new(),
                Err(error) => {
                    events::reseal_failed(self.cookie().name(), &error);
                    Vec::new()
                }
            },
            Outcome::Replace { mut claims, data } => {
                let sealed = self
                    .seal_judged(session, (false, &mut claims, &data), now)
                    .and_then(|value| Ok((value, self.end(session, Some(claims.descent), now)?)));
                match sealed {
                    Ok((value, ends)) => {
                        self.observe(&value, Sealing::TakenOver);
                        let mut cookies = self.set_again(session, value, &claims, now);
                        cookies.extend(ends);
                        cookies
                    }
                    // Not an error for the caller: the visitor keeps the other library's cookie.
                    Err(error) => {
                        events::reseal_failed(self.cookie().name(), &error);
                        Vec::new()
                    }
                }
            }
        })
    }

    fn observe(&self, value: &str, reason: Sealing) {
        if let Some(observer) = &self.observer
            && let Ok(key_id) = key_id(value.as_bytes())
        {
            observer.sealed(key_id, reason);
        }
    }

    /// Seals a session if the session that came with the request is still good: meanwhile its key
    /// may have been dropped, it may have expired, or the application may have revoked it.
    ///
    /// In a renewal the hook judges the data that is sealed now. How far the list of revocations had
    /// come is written into the claims.
    pub(super) fn seal_judged(
        &self,
        session: &Session<T>,
        (is_renewal, claims, data): (bool, &mut Claims, &T),
        now: Moment,
    ) -> Result<String, SealError> {
        self.with_ring(|seal, ring| {
            self.seal_judged_by((seal, ring), session, (is_renewal, claims, data), now)
        })
    }

    /// [`seal_judged`](Self::seal_judged), with one ring for both steps. Otherwise the ring could be
    /// replaced between judging and sealing, and the new one would seal what came under a dropped key.
    pub(super) fn seal_judged_by(
        &self,
        (seal, ring): (&Seal<'_>, u64),
        session: &Session<T>,
        (is_renewal, claims, data): (bool, &mut Claims, &T),
        now: Moment,
    ) -> Result<String, SealError> {
        let opened = session.opened();
        let seconds = now.seconds();
        claims.seen = self.listed.seen((&opened.data, data), claims.seen, session.seen());
        if let Some(live) = &opened.live {
            let verdict = self.judge_origin(session, live, (seal, ring), seconds).and_then(|()| {
                match is_renewal {
                    true => {
                        self.listed.judge_family(&live.claims)?;
                        self.ask_hook(data, claims, live.key_id, now)
                    }
                    false => {
                        let claims = &live.claims;
                        claims.judge(seconds, &self.timeouts)?;
                        claims.judge_bond(seconds, claims.device())?;
                        self.ask_hook(&opened.data, claims, live.key_id, now)
                    }
                }
            });
            verdict.map_err(|error| match error {
                UnsealError::Expired | UnsealError::Idle => SealError::Expired,
                error => SealError::Refused(Box::new(error)),
            })?;
        } else {
            let verdict = self.listed.judge_birth(data, claims);
            verdict.map_err(|error| SealError::Refused(Box::new(error)))?;
        }
        seal.seal(claims, session.extension(claims), data, seconds)
    }

    /// Checks that the ring still accepts the key of the session that came. If that session has
    /// expired meanwhile, a sign-in may still replace it.
    fn judge_origin(
        &self,
        session: &Session<T>,
        live: &Live,
        (seal, ring): (&Seal<'_>, u64),
        now: u64,
    ) -> Result<(), UnsealError> {
        let candidate = session.candidates().and_then(|came| came.sessions.get(live.value));
        match (live.key_id, candidate) {
            (None, _) => check_takeover(seal.ring),
            // The same ring still has the key, unless its not_after has passed.
            (Some(_), Some(candidate)) if ring != live.ring => {
                self.check_value(seal, &candidate.value, live.reader, now)
            }
            (Some(key_id), _) => seal.check_key(key_id, now),
        }
    }

    /// Checks that the value, which the reader at this index opened, is still authentic: the ring was
    /// replaced while the request was under way.
    #[cold]
    fn check_value(
        &self,
        seal: &Seal<'_>,
        value: &[u8],
        reader: usize,
        now: u64,
    ) -> Result<(), UnsealError> {
        let reader = self.accepted.reader(reader);
        let binding = reader.map_or(self.accepted.binding(), |reader| &reader.session);
        seal.bound_to(binding).check_value(value, now)
    }

    /// The value sealed again with the same data, if that is due.
    fn reseal_live(
        &self,
        session: &Session<T>,
        live: Live,
        now: Moment,
    ) -> Result<Option<(String, Claims)>, UnsealError> {
        let Some(candidate) = session.candidates().and_then(|c| c.sessions.get(live.value)) else {
            return Ok(None);
        };
        self.reseal_value(&candidate.value, live.reader, live.claims.device(), now)
    }

    /// [`reseal_live`](Self::reseal_live), for a value that the reader at this index opens.
    pub(super) fn reseal_value(
        &self,
        value: &[u8],
        reader: usize,
        device: Device,
        now: Moment,
    ) -> Result<Option<(String, Claims)>, UnsealError> {
        let from = self.accepted.reader(reader).filter(|_| reader > 0).map(|from| &from.session);
        self.with_ring(|seal, _| self.reseal_by((seal, device), from, value, now))
    }

    /// [`reseal_value`](Self::reseal_value), of a value that is bound to `from`, if not to what it
    /// is going to be bound to.
    pub(super) fn reseal_by(
        &self,
        (seal, device): (&Seal<'_>, Device),
        from: Option<&Binding>,
        value: &[u8],
        now: Moment,
    ) -> Result<Option<(String, Claims)>, UnsealError> {
        // The payload is copied unchanged, but only if this type can read it.
        let inspect = |unsealed: &Unsealed<'_>| {
            self.ask_hook(&unsealed.data()?, unsealed.claims, Some(unsealed.key_id()), now)
        };
        match seal.reseal(value, now.seconds(), from, device, inspect) {
            Ok(fresh) => Ok(fresh),
            Err(ResealError::Unseal(error)) => Err(error),
            Err(ResealError::Seal(error)) => {
                events::reseal_failed(self.cookie().name(), &error);
                Ok(None)
            }
        }
    }

    /// The Set-Cookies of a session that continues unchanged.
    fn set_again(
        &self,
        session: &Session<T>,
        value: String,
        claims: &Claims,
        now: Moment,
    ) -> Vec<Cookie<'static>> {
        let mut cookies = vec![self.set_cookie(value, claims, now)];
        self.remove_others(session, false, now, &mut cookies);
        cookies
    }

    fn set_cookie(&self, value: String, claims: &Claims, now: Moment) -> Cookie<'static> {
        // Sealing moved `issued_at` to `now` or later. The idle timeout counts from it.
        let now = now.seconds();
        let issued = Claims { issued_at: now.max(claims.issued_at), ..*claims };
        let left = issued.expires_at(&self.timeouts).saturating_sub(now);
        self.cookie().set(value, claims.persistent.then(|| Duration::from_secs(left)))
    }

    /// Removes other cookies that the browser may hold: twins in former scopes, former names, and
    /// the other library's cookie. Without `all`, former names and the other library's cookie are
    /// removed only if they came with the request.
    fn remove_others(
        &self,
        session: &Session<T>,
        all: bool,
        now: Moment,
        cookies: &mut Vec<Cookie<'static>>,
    ) {
        if cookies.iter().any(|cookie| !cookie.value().is_empty()) {
            self.cookie().remove_twins(cookies);
        }
        let came = |place: usize| {
            session.candidates().is_some_and(|c| c.sessions.iter().any(|c| c.name == place))
        };
        for (place, name) in self.accepted.names(now.seconds()).skip(1) {
            if all || came(place) {
                cookies.extend(name.cookie.removals());
            }
        }
        if all || session.came_by_fallback() {
            cookies.extend(self.other_removals(session));
        }
    }
}
