//! Chooses the session among another library's cookies, if there is one.

use std::sync::Arc;

use cookie::Cookie;
use time::OffsetDateTime;

use super::{
    builder::Builder,
    core::Core,
    fallback::{Configured, Fallback, OtherCookie, Reader, Refusal},
    open::{LiveSession, MAX_CANDIDATES, MAX_DECRYPTIONS, Opening, check_takeover},
};
use crate::{
    error::{ConfigError, UnsealError},
    events,
    format::{
        claims::{CLOCK_TOLERANCE, MAX_AGE_LIMIT},
        frame::{MAX_COOKIE_LEN, Seal},
    },
    http::cookie::Named,
    platform::clock::Moment,
    session::{Authentic, Candidates, Live, OtherValue, Session, SessionData, Verdict},
};

impl<T: SessionData> Builder<T> {
    /// Accepts another library's cookie until a time, if a request brings no cookie of ours.
    /// `reader` opens it. See [`takeover`](crate::takeover) for the rules.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions, takeover::{Found, OtherCookie, Reader, Refusal}};
    /// use time::{OffsetDateTime, macros::datetime};
    ///
    /// /// A cookie `user=NAME.TAG`.
    /// struct Signed;
    /// # fn verify(_: &str, _: &str) -> bool { true }
    ///
    /// impl Reader<String> for Signed {
    ///     fn cookie(&self) -> OtherCookie {
    ///         OtherCookie::new("user")
    ///     }
    ///
    ///     fn open(&self, value: &str, _: OffsetDateTime) -> Result<Found<String>, Refusal> {
    ///         let (name, tag) = value
    ///             .split_once('.')
    ///             .ok_or_else(|| Refusal::new("malformed", "there is no tag behind the name"))?;
    ///         match verify(name, tag) {
    ///             true => Ok(Found::new(name.to_owned(), tag.as_bytes())),
    ///             false => Err(Refusal::new("not_authentic", "the tag does not verify")),
    ///         }
    ///     }
    /// }
    ///
    /// let sessions = Sessions::<String>::builder(KeyRing::ephemeral()?)
    ///     .accept(Signed, datetime!(2099-01-15 0:00 UTC))
    ///     .build()?;
    /// let session = sessions.load(["user=ada.c2lnbmVk"]);
    /// assert_eq!(*session.read(), "ada");
    /// // The response sets our cookie and removes the other.
    /// assert_eq!(sessions.commit(&session)?.cookies().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "takeover")]
    #[cfg_attr(docsrs, doc(cfg(feature = "takeover")))]
    pub fn accept(self, reader: impl Reader<T> + 'static, until: OffsetDateTime) -> Self {
        let cookie = Ok(reader.cookie());
        self.accept_checked(cookie, until, Arc::new(reader))
    }

    pub(crate) fn accept_checked(
        mut self,
        cookie: Result<OtherCookie, ConfigError>,
        until: OffsetDateTime,
        reader: Arc<dyn Reader<T>>,
    ) -> Self {
        self.fallback = Some(Configured { cookie, until, reader });
        self
    }
}

/// The result of opening another library's cookies.
pub(super) struct Others<T> {
    live: Option<Other<T>>,
    /// Why the other values were refused.
    refused: Vec<(UnsealError, Option<Authentic>)>,
    /// Not all were opened.
    is_cut: bool,
}

/// A live session of another library.
struct Other<T> {
    found: LiveSession<T>,
    authentic: Authentic,
    saved_at: Option<u64>,
}

impl<T: SessionData> Core<T> {
    /// Collects from a Cookie header the values that may be another library's sessions.
    pub(super) fn collect_others(&self, header: &[u8], candidates: &mut Candidates) {
        let Some(other) = self.fallback() else { return };
        let whole = std::iter::once((None, other.cookie()));
        let parts = (0..).zip(other.parts()).map(|(part, cookie)| (Some(part), cookie));
        for (part, cookie) in whole.chain(parts) {
            for found in cookie.values(header) {
                let Named::Value(value) = found else { continue };
                if candidates.fallback.len() == MAX_CANDIDATES {
                    candidates.is_cut = true;
                    events::too_many(cookie.name(), MAX_CANDIDATES);
                    return;
                }
                candidates.fallback.push(OtherValue { part, value: value.into() });
            }
        }
    }

    /// Opens another library's cookies if none of ours came.
    pub(super) fn open_in_place(
        &self,
        other: &Fallback<T>,
        candidates: &Candidates,
        opening: &mut Opening<'_, T>,
    ) {
        let Others { live, refused, is_cut } =
            self.open_others(other, candidates, (opening.seal, opening.now));
        opening.is_complete &= !is_cut;
        for (error, authentic) in refused {
            self.refuse(opening, other.cookie().name(), error, authentic, None);
        }
        if let Some(Other { found, authentic, .. }) = live {
            opening.found = Some(found);
            opening.authentic.push(authentic);
        }
    }

    /// Compares our session with a later sign-in at the other library. After a rollback a browser
    /// may hold both, perhaps of two users.
    pub(super) fn contest(
        &self,
        other: &Fallback<T>,
        candidates: &Candidates,
        opening: &mut Opening<'_, T>,
    ) {
        let ours = opening.found.as_ref().map(|found| found.live);
        if ours.is_none() && (opening.is_passing || !other.was_rolled_back()) {
            return;
        }
        // If theirs is refused, ours is not affected.
        let Some(theirs) = self.open_others(other, candidates, (opening.seal, opening.now)).live
        else {
            return;
        };
        let Some(saved_at) = theirs.saved_at else { return };
        let is_later = ours.map_or(other.served_at(saved_at), |ours| {
            saved_at > ours.claims.issued_at.saturating_add(CLOCK_TOLERANCE)
                && theirs.authentic.descent.lineage != ours.claims.descent.lineage
        });
        if !is_later {
            return;
        }
        if other.is_own_sign_in(saved_at) {
            opening.found = Some(theirs.found);
            opening.authentic.push(theirs.authentic);
        } else {
            opening.found = None;
            let error = Refusal::new("newer_sign_in", NEWER_SIGN_IN).into();
            let authentic = Authentic { verdict: Verdict::Refused, ..theirs.authentic };
            self.refuse(opening, other.cookie().name(), error, Some(authentic), None);
        }
    }

    /// A value in one cookie takes precedence over one in parts.
    fn open_others(
        &self,
        other: &Fallback<T>,
        candidates: &Candidates,
        (seal, now): (&Seal<'_>, Moment),
    ) -> Others<T> {
        let mut others = Others { live: None, refused: Vec::new(), is_cut: false };
        if let Err(error) = check_takeover(seal.ring) {
            others.refused.push((error, None));
            return others;
        }
        let in_parts = candidates.fallback.iter().any(|value| value.part.is_some());
        let wholes = || candidates.fallback.iter().filter(|value| value.part.is_none());
        let mut decryptions = 0..MAX_DECRYPTIONS;
        for (place, whole) in wholes().enumerate() {
            let is_again = wholes().take(place).any(|before| before.value == whole.value);
            if is_again || (in_parts && whole.value.is_empty()) {
                continue;
            }
            if decryptions.is_empty() {
                events::too_many(other.cookie().name(), MAX_DECRYPTIONS);
                others.is_cut = true;
                break;
            }
            let opened = match whole.value.len() {
                ..=MAX_COOKIE_LEN => self.open_other(other, &whole.value, candidates, (seal, now)),
                _ => Err((UnsealError::TooLong { limit: MAX_COOKIE_LEN }, None)),
            };
            let authentic = match opened {
                Ok(opened) => match others.live.take() {
                    None => {
                        others.live = Some(opened);
                        continue;
                    }
                    Some(first) if first.authentic.descent == opened.authentic.descent => {
                        others.live = Some(first);
                        continue;
                    }
                    Some(first) => [first, opened].map(|other| other.authentic),
                },
                Err((error, authentic)) => {
                    if error.is_after_decryption() {
                        decryptions.next();
                    }
                    others.refused.push((error, authentic));
                    continue;
                }
            };
            for value in authentic {
                let error = Refusal::new("ambiguous", AMBIGUOUS).into();
                let authentic = Authentic { verdict: Verdict::Refused, ..value };
                others.refused.push((error, Some(authentic)));
            }
            return others;
        }
        if others.live.is_none() && in_parts {
            let joined = join(other, candidates).map_err(|error| (error, None));
            match joined.and_then(|value| self.open_other(other, &value, candidates, (seal, now))) {
                Ok(opened) => others.live = Some(opened),
                Err(refused) => others.refused.push(refused),
            }
        }
        others
    }

    /// Opens one value, and applies the same rules as to one of ours.
    fn open_other(
        &self,
        other: &Fallback<T>,
        value: &[u8],
        candidates: &Candidates,
        (seal, now): (&Seal<'_>, Moment),
    ) -> Result<Other<T>, (UnsealError, Option<Authentic>)> {
        // No such library is known to write anything but ASCII. Other text is refused as an empty
        // value is.
        let text = str::from_utf8(value).unwrap_or_default();
        let found = other.read(text, now).map_err(|refusal| (refusal.into(), None))?;
        let seconds = now.seconds();
        let claims = other.claims(&found, seconds, &self.timeouts);
        // If its expiry is unknown, use the longest time that browsers keep a cookie.
        let longest = seconds.saturating_add(MAX_AGE_LIMIT);
        let ends_at = found.expires().map_or(longest, |expiry| expiry.min(longest));
        let authentic = Authentic::new(&claims, ends_at, Verdict::Live);
        let refused = |error, verdict| (error, Some(Authentic { verdict, ..authentic }));
        let judged = claims
            .judge(seconds, &self.timeouts)
            .and_then(|()| self.ask_hook(&found.data, &claims, None, now));
        if let Err(error) = judged {
            return Err(refused(error, Verdict::Refused));
        }
        if self.is_ended(seal, candidates, claims.descent, seconds) {
            return Err(refused(UnsealError::Ended, Verdict::Ended));
        }
        let (saved_at, data) = (found.saved(), found.data);
        let live = Live {
            claims,
            key_id: None,
            reseal_due: true,
            newness: 0,
            value: 0,
            reader: 0,
            ring: 0,
        };
        let found = LiveSession { data, live, extension: None };
        Ok(Other { found, authentic, saved_at })
    }

    /// The removals of another library's cookie, and of those of its parts that came.
    pub(super) fn other_removals(&self, session: &Session<T>) -> Vec<Cookie<'static>> {
        let Some(other) = self.fallback() else { return Vec::new() };
        let came = |part: u8| {
            session.candidates().is_some_and(|c| c.fallback.iter().any(|v| v.part == Some(part)))
        };
        let parts = (0..).zip(other.parts()).filter(|&(part, _)| came(part));
        std::iter::once(other.cookie())
            .chain(parts.map(|(_, cookie)| cookie))
            .flat_map(|cookie| cookie.removals().collect::<Vec<_>>())
            .collect()
    }
}

/// Joins a value that is split over several cookies, up to the part that ends as a value does.
/// Later parts are left over from a longer value.
fn join<T>(other: &Fallback<T>, candidates: &Candidates) -> Result<Vec<u8>, UnsealError> {
    let mut joined = Vec::new();
    let mut missing = None;
    for (part, cookie) in (0..).zip(other.parts()) {
        let mut values =
            candidates.fallback.iter().filter(|v| v.part == Some(part)).map(|v| &*v.value);
        let Some(value) = values.next().filter(|value| !value.is_empty()) else {
            missing.get_or_insert(cookie.name());
            continue;
        };
        if let Some(missing) = missing {
            let reason = format!("{missing} is missing, and {} came", cookie.name());
            return Err(Refusal::new("malformed", reason).into());
        }
        if values.any(|other| other != value) {
            return Err(Refusal::new("ambiguous", AMBIGUOUS).into());
        }
        if value.len() > MAX_COOKIE_LEN {
            return Err(UnsealError::TooLong { limit: MAX_COOKIE_LEN });
        }
        joined.extend_from_slice(value);
        if joined.ends_with(other.end_of_parts().as_bytes()) {
            break;
        }
    }
    Ok(joined)
}

const AMBIGUOUS: &str = "several cookies of this name hold different sessions, and a sibling subdomain may have planted one, so none is taken over; the visitor has to sign in";
const NEWER_SIGN_IN: &str = "somebody signed in at the other library after our session was sealed, so neither session is accepted: the visitor has to sign in. If you rolled back to that library, configure `rolled_back`";
