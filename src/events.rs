//! Every `tracing` event of this crate, all under the target `sealed_session`.
//! None holds a cookie value, a key or session data.

// Without the feature the events vanish, and their arguments with them.
#![cfg_attr(not(feature = "tracing"), allow(unused_variables))]

use std::{
    fmt,
    io::{self, Write as _},
};

use crate::{
    error::{CsrfError, ForeignRequest, UnsealError},
    key_id::KeyId,
};

/// A cookie with our name was refused. One that is simply over comes with every request until the
/// browser drops it, so its level is lower.
pub(crate) fn refused(name: &str, reason: &UnsealError, key_id: Option<KeyId>) {
    #[cfg(feature = "tracing")]
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: "sealed_session",
                cookie = name,
                class = reason.class(),
                key_id = key_id.map(KeyId::get),
                %reason,
                "session cookie refused"
            )
        };
    }
    #[cfg(feature = "tracing")]
    match reason {
        UnsealError::Expired
        | UnsealError::Idle
        | UnsealError::Ended
        | UnsealError::Fallback { class: "expired", .. } => event!(debug),
        _ => event!(info),
    }
}

/// A token in the header with this name was refused.
pub(crate) fn token_refused(header: &str, reason: &UnsealError, key_id: Option<KeyId>) {
    #[cfg(feature = "tracing")]
    tracing::info!(
        target: "sealed_session",
        header,
        class = reason.class(),
        key_id = key_id.map(KeyId::get),
        %reason,
        "session token refused"
    );
}

/// A bound cookie was refused, so it does not prove the session's device.
#[cfg(feature = "bound")]
pub(crate) fn bound_cookie_refused(name: &str, reason: &UnsealError) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "sealed_session",
        cookie = name,
        class = reason.class(),
        %reason,
        "bound cookie refused"
    );
}

/// A browser's request to bind a session to its device, or to prove the device, was refused.
#[cfg(feature = "bound")]
pub(crate) fn device_refused(name: &str, what: &str, reason: &dyn fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "sealed_session", cookie = name, what, %reason, "device refused");
}

/// A CSRF token does not belong to the request's session.
pub(crate) fn csrf_refused(name: &str, reason: &CsrfError) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        cookie = name,
        class = reason.class(),
        %reason,
        "CSRF token refused"
    );
}

/// A request came from elsewhere, or does not say from where.
pub(crate) fn foreign_request(method: &str, reason: ForeignRequest) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "sealed_session", method, %reason, "request of another origin refused");
}

/// A session was removed without its tombstone.
pub(crate) fn tombstone_failed(name: &str, reason: &dyn fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "sealed_session", cookie = name, %reason, "no tombstone was set");
}

/// More than one cookie of our name holds a live session.
pub(crate) fn several_live(name: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        cookie = name,
        "several live session cookies in one request, the one issued last is taken"
    );
}

/// A request brought more candidates than are read or decrypted.
pub(crate) fn too_many(name: &str, limit: usize) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        cookie = name,
        limit,
        "too many cookies of the session's name in one request, the rest is not read"
    );
}

/// A change came too late to reach the visitor.
pub(crate) fn change_ignored(data: &str, what: &str, reason: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "sealed_session", data, change = what, reason, "session change ignored");
    tell_if_unheard(format_args!("{what} of a Session<{data}> ignored: {reason}"));
}

/// A session was first used after its response was committed.
pub(crate) fn late_look(data: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        data,
        "session first used after the response was committed, so the response has no Vary: \
         a shared cache may give it to other visitors; use the session before you respond"
    );
}

/// A changed session could not be sealed: the response becomes an error, the visitor's cookie stays.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) fn commit_failed(name: &str, reason: &crate::error::SealError) {
    tracing::error!(target: "sealed_session", cookie = name, %reason, "session not committed");
    tell_if_unheard(format_args!("500, session {name:?} not committed: {reason}"));
}

/// Two middlewares with the same data type, cookie name or path of devices are not clones of each other. Takes the
/// cookie name and the data type of each, and whether both read a cookie of one name.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) fn clash(
    (name, data): (&str, &str),
    (outer, outer_data): (&str, &str),
    reads_one_name: bool,
) {
    let clash = match name == outer || data == outer_data {
        true => CLASH,
        false if reads_one_name => NAME_CLASH,
        false => PATH_CLASH,
    };
    tracing::error!(target: "sealed_session", cookie = name, data, outer, outer_data, "{clash}");
    tell_if_unheard(format_args!(
        "{clash} (Sessions<{data}> with {name:?} inside Sessions<{outer_data}> with {outer:?})"
    ));
}

/// A guard of tokens finds no session to check.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) fn unguarded(data: &str) {
    tracing::error!(target: "sealed_session", data, "{UNGUARDED}");
    tell_if_unheard(format_args!("500, {UNGUARDED} (CsrfGuard<{data}>)"));
}

/// A layer cannot tell whether the one around it is another, since that one's session is gone from
/// the request.
#[cfg(feature = "tower")]
pub(crate) fn lost_layer((name, data): (&str, &str), outer_data: &str) {
    tracing::error!(target: "sealed_session", cookie = name, data, outer_data, "{LOST_LAYER}");
    tell_if_unheard(format_args!(
        "{LOST_LAYER} (Sessions<{data}> with {name:?} inside Sessions<{outer_data}>)"
    ));
}

/// A handler asks for a session that no middleware provides.
#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
pub(crate) fn missing(data: &str, remedy: &str) {
    tracing::error!(
        target: "sealed_session",
        data,
        remedy,
        "a handler asks for a session of this data type, but no `Sessions` of it is mounted"
    );
    tell_if_unheard(format_args!(
        "500, a handler asks for a session of {data}, but no `Sessions` of it is mounted: add it with `{remedy}`"
    ));
}

/// A re-seal that was due failed; the visitor keeps the value that came.
pub(crate) fn reseal_failed(name: &str, reason: &dyn fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "sealed_session", cookie = name, %reason, "session was not re-sealed");
}

/// A source had a new ring, which is now in use.
#[cfg(feature = "reload")]
pub(crate) fn ring_replaced(generation: u64, fingerprint: &dyn fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::info!(
        target: "sealed_session",
        generation,
        %fingerprint,
        "key ring replaced by that of its source"
    );
}

/// A source's ring was refused, so many times in a row for this reason. A source is read every few
/// seconds, so this is said less and less often: the first time, the second, the fourth, and so on.
#[cfg(feature = "reload")]
pub(crate) fn ring_refused(reason: &dyn fmt::Display, times: u32) {
    #[cfg(feature = "tracing")]
    if times.is_power_of_two() {
        tracing::error!(
            target: "sealed_session",
            %reason,
            times,
            "key ring of the source refused, the last good one stays"
        );
    }
}

/// A source has a good ring again, after one that was refused.
#[cfg(feature = "reload")]
pub(crate) fn ring_recovered() {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "sealed_session", "key ring of the source good again");
}

/// The source of revocations cannot be read. The last known state stays in use.
pub(crate) fn revocations_away(reason: &dyn fmt::Display, age: Option<std::time::Duration>) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "sealed_session",
        %reason,
        age = age.map(|age| age.as_secs_f64()),
        "source of revocations away, what it said last goes on to count"
    );
    tell_if_unheard(format_args!(
        "source of revocations away, its last state is {age:?} old: {reason}"
    ));
}

/// The source of revocations can be read again.
pub(crate) fn revocations_back() {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "sealed_session", "source of revocations is back");
}

/// The source of revocations was emptied or set back, and this machine restores what it lost.
pub(crate) fn revocations_restored(entries: usize) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        entries,
        "source of revocations has lost entries, which this machine puts back"
    );
}

/// The timeout by which the tool removes keys differs from that of the sessions.
pub(crate) fn timeout_differs(name: &str, ours: std::time::Duration, ring: std::time::Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        cookie = name,
        ours = ours.as_secs(),
        ring = ring.as_secs(),
        "the key ring says another absolute timeout than the sessions have, so keys may be removed too early: \
         write the longest timeout of all applications into the ring"
    );
}

/// The configured name lets a sibling subdomain plant cookies.
pub(crate) fn not_host_prefixed(name: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        cookie = name,
        "the cookie's name has no __Host- prefix: a sibling subdomain can plant a session of its own"
    );
}

/// The cookie is sent without Secure. Reported with or without the feature.
pub(crate) fn plain_http(name: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "sealed_session",
        cookie = name,
        "INSECURE: sessions over plain HTTP, for development only"
    );
    tell_if_unheard(format_args!(
        "INSECURE: cookie {name:?} is sent over plain HTTP, for development only"
    ));
}

/// Reports on standard error what an operator must know, if nobody listens to events.
fn tell_if_unheard(text: fmt::Arguments<'_>) {
    #[cfg(feature = "tracing")]
    let is_heard = tracing::dispatcher::has_been_set();
    #[cfg(not(feature = "tracing"))]
    let is_heard = false;
    // Without a subscriber, events reach Rocket's own log.
    #[cfg(feature = "rocket")]
    let is_heard = is_heard || log::max_level() > log::LevelFilter::Off;
    if !is_heard {
        // Not `eprintln`, which panics if standard error is closed.
        let _ = writeln!(io::stderr(), "sealed-session: {text}");
    }
}

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
const CLASH: &str = "two different `Sessions` with the same data type or cookie name around one request: \
    mount clones of one, or give each its own data type and cookie name";

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
const PATH_CLASH: &str = "two different `Sessions` with the same path of devices around one request: \
    give each its own `Bound::path`";

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
const UNGUARDED: &str = "a `CsrfGuard` of this data type has no `Sessions` of it around it: mount the guard inside \
    of the sessions, where `layer`, `wrap` and `with` go outwards with each call, and `hoop` goes inwards";

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
const NAME_CLASH: &str = "two different `Sessions` around one request that read one cookie name, as a former name or as \
    another library's cookie: each would remove what the other reads, so leave that out of one of them";

#[cfg(feature = "tower")]
const LOST_LAYER: &str = "the session of a `Sessions` around this one was taken out of the request's extensions, or \
    another put in its place: leave it there, and take a clone";
