//! Stateless encrypted-cookie sessions: a login, a cart or a wizard without a
//! session store.
//!
//! A typed [`Session<T>`](Session) lives in one cookie, sealed with
//! XChaCha20-Poly1305 under a key of an ordered [`KeyRing`]. Unsealing finds the
//! key by the id that the value carries and enforces the expiry sealed inside.
//! Every machine that has the ring has every session.
//!
//! ```
//! use sealed_session::{KeyRing, Sessions};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Default, Serialize, Deserialize)]
//! struct Account {
//!     user: Option<String>,
//! }
//!
//! // In production: KeyRing::from_env("SESSION_KEYS")?
//! let sessions = Sessions::<Account>::new(KeyRing::ephemeral()?);
//!
//! // POST /login
//! let mut session = sessions.load(["theme=dark"]); // the Cookie headers
//! session.sign_in(|account| account.user = Some("ada".to_owned())); // with a new id
//! let response = sessions.commit(&session)?;
//! let cookie = &response.cookies()[0]; // append it as Set-Cookie
//! assert!(cookie.to_string().contains("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age="));
//!
//! // GET /
//! let session = sessions.load([format!("{}={}", cookie.name(), cookie.value())]);
//! assert_eq!(session.read().user.as_deref(), Some("ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The model
//!
//! - [`Sessions<T>`](Sessions) is the configuration, made once: keys, cookie, timeouts.
//! - [`load`](Sessions::load) takes the Cookie headers of a request and gives a
//!   [`Session<T>`](Session). Nothing is decrypted before the first look. A
//!   cookie that is refused is no session: an anonymous visitor has `T::default()`.
//! - A handler [`read`](Session::read)s and [`write`](Session::write)s it, and calls
//!   [`sign_in`](Session::sign_in) at sign-in, [`destroy`](Session::destroy) at sign-out.
//! - [`commit`](Sessions::commit) says what the response has to carry: a cookie
//!   only if something changed, or if the value is due to be sealed again.
//! - [`Session::csrf_token`] and [`OriginGuard`] are against cross-site request forgery,
//!   [`Session::authenticated_within`] asks for a fresh proof of who the user is,
//!   [`Builder::revoke_if`] ends sessions of which somebody has a copy.
//! - What was ended or replaced stays so in its browser, whichever response arrives last: see
//!   [`Builder::tombstones`].
//! - [`Keys`] replaces the ring under a running server.
//! - [`seal`](Sessions::seal) and [`unseal`](Sessions::unseal) do the same with strings alone.
//!
//! Every function that reads the clock has a twin that takes the time, with
//! `_at` at the end of its name.
//!
//! The [`guide`] shows how to do what, chapter by chapter.
//!
//! # What it does not protect from
//!
//! - A stolen cookie is a stolen session, until it expires.
//! - An older value of the cookie can be replayed until *it* expires: keep no
//!   balance, quota or one-time token in a session. Signing out removes the
//!   cookie from the browser, and cannot recall a copy; [`Builder::revoke_if`] can.
//! - Two responses at a time: the last write wins.
//! - The length of the data shows in the length of the cookie (see [`Builder::pad_to`]); about 2.9 kB of JSON fit.
//! - Whoever has a key of the ring forges sessions.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `tracing`: an event for each refused cookie, with the reason and the key
//!   id, and for each change or first look that came too late. Never a value, a key or data.
//! - `http`: `Sessions::load_headers` and `Sessions::commit_headers` over `http::HeaderMap`.
//! - `tower`: [`Sessions`] is a `tower::Layer`; a service finds its session with
//!   `Session::from_extensions`.
//! - `axum`: with `Router::layer(sessions)`, handlers name `Session<T>` and [`Existing<T>`](Existing).
//! - `actix-web`: the same with `App::wrap(sessions)`.
//! - `rocket`: the same with `rocket::build().attach(sessions)`.
//! - `poem`: the same with `EndpointExt::with(sessions)`.
//! - `salvo`: the same with `Router::hoop(sessions)`. Needs the Rust that salvo 1 needs.
//! - `warp`: `Sessions::warp` is around the filters, `Session::filter()` and its like among them.
//! - `iron`: the cookies of the npm package iron-session, read, written, and moved over to ours.
//! - `takeover`: the cookies of another library for a while, opened by a reader of yours.
//! - `reload`: `Follower`, a ring that follows its file or a source of
//!   yours without a restart, and `Fingerprint`, by which machines compare rings.
//! - `inspect`: `Hint` and `Sessions::inspect`, what a value says of itself, for
//!   the tools of an operator.
//! - `cli`: the binary `sealed-session`, which makes, rotates, checks and retires
//!   keys: `cargo install sealed-session --features cli`.
//! - `ring`: the same cipher by ring, and `simd`: faster; needs a C compiler.
//! - `simd`: base64 by SIMD, faster.
//! - `js`: clock and randomness of a JavaScript host, for `wasm32-unknown-unknown`; see
//!   the [guide](guide::edge). Anywhere else it does nothing.
#![cfg_attr(all(feature = "axum", not(doctest)), doc = include_str!("../docs/axum.md"))]
#![cfg_attr(all(feature = "actix-web", not(doctest)), doc = include_str!("../docs/actix-web.md"))]
#![cfg_attr(all(feature = "rocket", not(doctest)), doc = include_str!("../docs/rocket.md"))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// Input is never indexed: every access has an answer for bytes that are not there.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapters;
mod error;
mod events;
mod format;
#[cfg(any(doc, doctest))]
pub mod guide;
mod http;
#[cfg(feature = "iron")]
#[cfg_attr(docsrs, doc(cfg(feature = "iron")))]
pub mod iron;
mod key_id;
mod keys;
mod observer;
#[cfg(feature = "inspect")]
mod operate;
mod platform;
mod session;
mod sessions;

#[cfg(feature = "takeover")]
#[cfg_attr(docsrs, doc(cfg(feature = "takeover")))]
pub use crate::sessions::fallback as takeover;
pub use ::cookie::{Cookie, SameSite};

#[cfg(feature = "poem")]
#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
pub use crate::adapters::SessionEndpoint;
#[cfg(feature = "actix-web")]
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
pub use crate::adapters::SessionMiddleware;
#[cfg(any(feature = "tower", feature = "actix-web"))]
pub use crate::adapters::{CsrfGuard, CsrfRejection};
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use crate::adapters::{
    CsrfService, OriginGuardService, ResponseFuture, SessionBody, SessionService,
};
#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
pub use crate::adapters::{ExistingRejection, MissingLayer};
#[cfg(feature = "reload")]
pub use crate::keys::{
    Fingerprint, Follower, Reload, ReloadError, RingFile, RingForm, RingSource, TomlRing,
};
#[cfg(feature = "inspect")]
pub use crate::operate::{Hint, Inspection};
pub use crate::{
    error::{ConfigError, CsrfError, ForeignRequest, SealError, UnsealError},
    format::{
        lifetime::Lifetime,
        session_id::{Family, SessionId},
    },
    http::{Commit, LocalPath, OriginGuard, RequestSource, Scope},
    key_id::KeyId,
    keys::{Key, KeyEntry, KeyRing, Keys},
    observer::{Observer, Sealing},
    session::{Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek, Snapshot},
    sessions::{Builder, SessionInfo, Sessions},
};

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "http", feature = "reload"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles the examples of the migration guide.
#[cfg(all(doctest, feature = "iron"))]
#[doc = include_str!("../docs/MIGRATION.md")]
struct MigrationGuide;
