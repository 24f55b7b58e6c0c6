//! Stateless encrypted-cookie sessions: a login, a cart or a wizard without a
//! session store.
//!
//! A typed [`Session<T>`](Session) is stored whole in one cookie. The cookie's value is sealed with
//! XChaCha20-Poly1305 under a key from an ordered [`KeyRing`]. To open a value, the crate looks up
//! the key by the id that the value carries, and enforces the expiry that is sealed inside. Every
//! machine that has the key ring can read every session.
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
//! - [`Sessions<T>`](Sessions) is the configuration: keys, cookie and timeouts. Build it once, at
//!   startup.
//! - [`load`](Sessions::load) takes the Cookie headers of a request and returns a
//!   [`Session<T>`](Session). Nothing is decrypted until the session is first used. If the cookie
//!   is missing or refused, the visitor is anonymous, and the data is `T::default()`.
//! - A handler [`read`](Session::read)s and [`write`](Session::write)s the data. It calls
//!   [`sign_in`](Session::sign_in) at sign-in and [`destroy`](Session::destroy) at sign-out.
//! - [`commit`](Sessions::commit) returns what the response has to carry. It sets the cookie only
//!   if the session changed, or if its value is due to be sealed again.
//! - [`Session::csrf_token`] and [`OriginGuard`] protect from cross-site request forgery.
//!   [`Session::authenticated_within`] tells whether the user proved their identity recently.
//!   [`Builder::revoke_if`] ends sessions even where somebody kept a copy of the cookie.
//! - A session that was ended or replaced stays ended in its browser, no matter in which order
//!   responses arrive: see [`Builder::tombstones`].
//! - [`Keys`] lets you replace the key ring while the server runs.
//! - [`Bearer`] is the session of a client that keeps no cookies. It comes as a token in a header.
//! - [`seal`](Sessions::seal) and [`unseal`](Sessions::unseal) do the same for plain strings,
//!   without a cookie.
//!
//! Every function that reads the clock has a variant that takes the time as an argument. Its name
//! ends in `_at`.
//!
//! The [`guide`] explains each task in a chapter of its own.
//!
//! # What it does not protect from
//!
//! - Whoever steals a cookie has the session until it expires.
//! - An older value of the cookie can be replayed until *it* expires. So keep no balance, quota or
//!   one-time token in a session. Signing out removes the cookie from the browser, but it does not
//!   invalidate a copy; [`Builder::revoke_if`] does.
//! - If two requests of one visitor write at the same time, the last response wins.
//! - The length of the cookie reveals the length of the data (see [`Builder::pad_to`]). About 2.9
//!   kB of JSON fit.
//! - Whoever has a key of the ring can forge sessions.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `tracing`: emits an event for each refused cookie, with the reason and the key id, and for
//!   each change or first use that comes too late. Events never contain a value, a key or session
//!   data.
//! - `http`: adds `Sessions::load_headers` and `Sessions::commit_headers` for `http::HeaderMap`.
//! - `tower`: makes [`Sessions`] a `tower::Layer`. A service gets its session with
//!   `Session::from_extensions`.
//! - `axum`: mount with `Router::layer(sessions)`. Handlers then take `Session<T>` or
//!   [`Existing<T>`](Existing) as an argument.
//! - `actix-web`: the same with `App::wrap(sessions)`.
//! - `rocket`: the same with `rocket::build().attach(sessions)`.
//! - `poem`: the same with `EndpointExt::with(sessions)`.
//! - `salvo`: the same with `Router::hoop(sessions)`. Needs the Rust that salvo 1 needs.
//! - `warp`: wrap your filters in `Sessions::warp`; inside, use `Session::filter()` and the filters
//!   like it.
//! - `iron`: reads and writes the cookies of the npm package iron-session, and moves its visitors
//!   over to this crate.
//! - `takeover`: accepts the cookies of another library until a date. You write the code that opens
//!   them.
//! - `reload`: adds `Follower`, which reloads the key ring from a file or from a source that you
//!   write, without a restart. Also adds `Fingerprint`, to compare the rings of several machines.
//! - `redis`: `RedisRevocations`, which spreads [`Revocations`] by Redis or Valkey.
//! - `inspect`: adds `Hint` and `Sessions::inspect`, which show an operator what a sealed value
//!   contains.
//! - `cli`: builds the program `sealed-session`, which creates, rotates, checks and retires keys:
//!   `cargo install sealed-session --features cli`.
//! - `bound`: binds sessions to the device that they began on, by `Builder::bound`. Experimental.
//! - `public-suffix`: makes a cookie's `Domain` that is a public suffix, such as `co.uk`, an error,
//!   because browsers drop such a cookie. The list that it brings adds about 0.8 MB to a program.
//! - `ring`: uses the cipher of the crate ring, and turns on `simd`. Faster, but needs a C
//!   compiler.
//! - `simd`: encodes and decodes base64 with SIMD instructions. Faster.
//! - `js`: uses the clock and the random source of a JavaScript host, for `wasm32-unknown-unknown`;
//!   see the [guide](guide::edge). On other targets it does nothing.
#![cfg_attr(all(feature = "axum", not(doctest)), doc = include_str!("../docs/axum.md"))]
#![cfg_attr(all(feature = "actix-web", not(doctest)), doc = include_str!("../docs/actix-web.md"))]
#![cfg_attr(all(feature = "rocket", not(doctest)), doc = include_str!("../docs/rocket.md"))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// Input is never indexed, so that every access has to handle bytes that are missing.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapters;
#[cfg(feature = "bound")]
mod bound;
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
mod revocations;
mod session;
mod sessions;

#[cfg(feature = "takeover")]
#[cfg_attr(docsrs, doc(cfg(feature = "takeover")))]
pub use crate::sessions::fallback as takeover;
#[cfg(feature = "bound")]
#[cfg_attr(docsrs, doc(cfg(feature = "bound")))]
pub use crate::{
    bound::{DeviceAnswer, DeviceRequest},
    sessions::Bound,
};
pub use ::cookie::{Cookie, SameSite};

#[cfg(feature = "poem")]
#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
pub use crate::adapters::SessionEndpoint;
#[cfg(feature = "actix-web")]
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
pub use crate::adapters::SessionMiddleware;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
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
#[cfg(feature = "redis")]
pub use crate::revocations::RedisRevocations;
pub use crate::{
    error::{ConfigError, CsrfError, ForeignRequest, Misfit, RevokeError, SealError, UnsealError},
    format::{
        lifetime::Lifetime,
        session_id::{Family, SessionId},
    },
    http::{Commit, LocalPath, OriginGuard, RequestSource, Scope},
    key_id::KeyId,
    keys::{Key, KeyEntry, KeyRing, Keys},
    observer::{Observer, Sealing},
    revocations::{
        Changes, FollowingRevocations, Position, Revocation, RevocationSource, Revocations,
        Revoking, SourceError, Subject,
    },
    session::{
        Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek, Snapshot,
    },
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
