//! The end of a request: what a commit has to do.

use std::sync::{
    Arc,
    atomic::Ordering::{Relaxed, SeqCst},
};

use super::{
    data::SessionData,
    handle::{Session, Source},
    opened::{Candidates, Live, Opened},
    request::Request,
    snapshot::Snapshot,
    state::State,
};
use crate::{
    error::SealError,
    format::claims::Claims,
    http::Commit,
    platform::{clock::Moment, random::RandomSource},
};

/// What a commit has to do.
pub(crate) enum Outcome<T> {
    Remove,
    /// The session was written, but must not be sealed.
    Refuse(SealError),
    Seal {
        claims: Result<Claims, RandomSource>,
        data: Snapshot<T>,
        /// The application replaced the session that came, by a renew or a sign-in.
        is_renewal: bool,
        /// The user has just proved who they are.
        is_proof: bool,
    },
    Reseal(Live),
    /// Seal what came in another library's cookie for the first time.
    Replace {
        claims: Claims,
        data: Snapshot<T>,
    },
}

impl<T: SessionData> Session<T> {
    /// Commits the session.
    pub(crate) fn commit(&self, clock: &dyn Fn() -> Moment) -> Result<Commit, SealError> {
        match self.end_untouched() {
            true => Ok(Commit::default()),
            false => self.commit_touched(clock),
        }
    }

    /// Commits the session through its origin, where [`end_untouched`](Self::end_untouched) said no.
    pub(crate) fn commit_touched(&self, clock: &dyn Fn() -> Moment) -> Result<Commit, SealError> {
        self.0.origin.commit(self, clock)
    }

    /// Commits the session if nobody has looked at it or changed it: the response then carries
    /// nothing. Returns whether that is so.
    #[inline]
    pub(crate) fn end_untouched(&self) -> bool {
        if self.0.source.opened().is_some() {
            return false;
        }
        {
            let mut state = self.state();
            if state.is_committed || state.is_destroyed || state.is_changed() {
                return false;
            }
            state.is_committed = true;
        }
        self.end_commit(true);
        // Whoever looks from now on is told that it is too late. Whoever looked before is seen here,
        // and the response still has to tell that.
        !(self.was_looked_at() || self.gave_token() || self.asked_for_token())
    }

    /// Begins a commit and returns what it has to do. Returns `None` if there is nothing to do (the
    /// commit is then complete) or if the session was committed before. Changes after this call
    /// come too late.
    pub(crate) fn begin_commit(&self, now: impl Fn() -> Moment) -> Option<Outcome<T>> {
        let changed = {
            let mut state = self.state();
            if std::mem::replace(&mut state.is_committed, true) {
                return None;
            }
            if state.is_destroyed {
                return Some(Outcome::Remove);
            }
            match state.is_changed() {
                true => self.claims_to_seal(&state, now().seconds()).map(|claims| {
                    (claims, state.written.clone(), (state.is_renewed, state.is_proved))
                }),
                false => None,
            }
        };
        let outcome = match changed {
            Some((_, written, (false, _))) if self.opened().is_passing => {
                self.refuse(written.as_ref())
            }
            Some((claims, written, (is_renewal, is_proof))) => {
                let data = self.snapshot_of(written);
                Some(Outcome::Seal { claims, data, is_renewal, is_proof })
            }
            None => self.live_to_reseal(now).map(|live| match live.key_id.is_none() {
                true => Outcome::Replace { claims: live.claims, data: self.snapshot() },
                false => Outcome::Reseal(live),
            }),
        };
        if outcome.is_none() {
            self.end_commit(true);
        }
        outcome
    }

    /// The outcome if the cookie that came may be good on another machine. A session that was begun
    /// only for a CSRF token is not set. A write is refused.
    fn refuse(&self, written: Option<&Arc<T>>) -> Option<Outcome<T>> {
        written?;
        let reason = self.opened().refusal.clone()?;
        Some(Outcome::Refuse(SealError::NotReadable(reason)))
    }

    /// The live session that came, if it has to be sealed again although nothing was written.
    fn live_to_reseal(&self, now: impl FnOnce() -> Moment) -> Option<Live> {
        let live = self.0.source.opened().and_then(|opened| opened.live)?;
        if !live.reseal_due || !self.0.marks.active.load(Relaxed) {
            return None;
        }
        let now = now();
        let is_prompt = self.0.source.request().is_none_or(|request| {
            now.time() <= request.loaded_at().time().saturating_add(RESEAL_WITHIN)
        });
        // A visitor whose requests are all slow must not time out for that reason.
        let is_last_chance = || {
            let timeouts = self.0.origin.timeouts();
            live.claims.slides(timeouts) && live.claims.is_half_idle(now.seconds(), timeouts)
        };
        (is_prompt || is_last_chance()).then_some(live)
    }

    /// Ends a commit. After a failed commit, another one can follow.
    pub(crate) fn end_commit(&self, succeeded: bool) {
        match succeeded {
            true => self.0.marks.is_closed.store(true, SeqCst),
            false => self.state().is_committed = false,
        }
    }

    /// Whether this origin made the session.
    pub(crate) fn is_of<P>(&self, origin: &Arc<P>) -> bool {
        self.0.origin.is_of(origin)
    }

    /// Seals the session at `now` (Unix seconds) for a caller that has no response to commit to.
    /// `seal` is told whether the session was renewed.
    pub(crate) fn seal_with<R>(
        &self,
        now: u64,
        seal: impl FnOnce(bool, &mut Claims, &T) -> Result<R, SealError>,
    ) -> Result<R, SealError> {
        let opened = self.look();
        let (mut claims, written, is_renewal) = {
            let state = self.state();
            let Some(claims) = self.claims_to_seal(&state, now) else {
                return Err(SealError::Expired);
            };
            let claims = claims.map_err(|RandomSource| SealError::RandomSource)?;
            (claims, state.written.clone(), state.is_renewed)
        };
        seal(is_renewal, &mut claims, written.as_deref().unwrap_or(&opened.data))
    }

    /// The name of the session's cookie.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn cookie_name(&self) -> &str {
        self.0.origin.cookie_name()
    }

    /// The result of opening the request's cookies.
    pub(crate) fn opened(&self) -> &Opened<T> {
        self.look()
    }

    /// [`opened`](Self::opened), or `None` if the session was not used yet.
    pub(crate) fn opened_before(&self) -> Option<&Opened<T>> {
        self.0.source.opened()
    }

    /// The cookies of the request, if there is a request.
    pub(crate) fn candidates(&self) -> Option<&Candidates> {
        self.0.source.request().map(|request| self.candidates_of(request))
    }

    /// When the request was loaded, if there is a request.
    pub(crate) fn loaded_at(&self) -> Option<Moment> {
        self.0.source.request().map(Request::loaded_at)
    }

    /// The extension block to seal with these claims. It is empty for a session of another family.
    pub(crate) fn extension(&self, claims: &Claims) -> &[u8] {
        let opened = self.look();
        let (Some(live), Some(extension)) = (&opened.live, &opened.extension) else { return &[] };
        match live.claims.id.family() == claims.id.family() {
            true => extension,
            false => &[],
        }
    }

    /// Whether the session comes from another library's cookie: none of ours came, or ours was
    /// older.
    pub(crate) fn came_by_fallback(&self) -> bool {
        let is_live = || self.opened_before()?.live.map(|live| live.key_id.is_none());
        self.candidates().is_some_and(Candidates::use_fallback)
            || (self.candidates().is_some() && is_live() == Some(true))
    }

    /// How far the list of revocations had come when the request came.
    pub(crate) fn seen(&self) -> u64 {
        self.0.seen
    }

    /// Whether the response contains a CSRF token.
    pub(crate) fn gave_token(&self) -> bool {
        self.0.marks.gave_token.load(Relaxed)
    }

    /// Whether the response depends on the header that has tokens.
    pub(crate) fn asked_for_token(&self) -> bool {
        self.0.marks.asked_for_token.load(Relaxed)
    }

    /// Whether the response depends on the cookie.
    pub(crate) fn was_looked_at(&self) -> bool {
        match &self.0.source {
            // Unsealing a value is looking at it. A session may have been created because it was
            // refused.
            Source::Given { .. } => true,
            Source::Exchange { .. } => self.0.marks.looked_at.load(SeqCst),
        }
    }

    /// The claims for a value sealed at `now` (Unix seconds). For a session that was never sealed,
    /// the time that its handler took does not count as idle time.
    fn claims_to_seal(&self, state: &State<T>, now: u64) -> Option<Result<Claims, RandomSource>> {
        let mut claims = self.claims_in(state)?;
        if let Ok(claims) = &mut claims
            && state.is_begun
        {
            claims.issued_at = claims.issued_at.max(now);
        }
        Some(claims)
    }
}

/// A re-seal without a write could overwrite what a parallel request wrote. So it is skipped if the
/// handler took longer than this.
const RESEAL_WITHIN: time::Duration = time::Duration::seconds(2);
