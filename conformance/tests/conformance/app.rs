//! The application that each framework serves: its data, its configuration, and
//! what its handlers do once they have their sessions.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use sealed_session::{Bound, KeyEntry, KeyRing, Session, Sessions, SignedInData};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{log::Log, support::key};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) user: Option<String>,
    pub(crate) visits: u32,
    pub(crate) notes: String,
}

impl SignedInData for Account {
    const SIGN_IN_PAGE: Option<&'static str> = Some("/sign-in");

    fn is_signed_in(&self) -> bool {
        self.user.is_some()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cart(pub(crate) Vec<u32>);

/// Which middleware is around the routes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mounted {
    /// The account's outside the cart's.
    Both,
    AccountTwice,
    /// Of one type and one name, but under another key, the account's outside.
    AccountAndTwin,
    /// Two for `Account`, under two names.
    Rivals,
    /// Of two types, under one name.
    Namesakes,
    /// The account's, with the guards of origins and of tokens inside.
    Guarded,
    /// The account's, with the guard of tokens where it finds no session.
    Unguarded,
    Nothing,
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) mounted: Mounted,
    pub(crate) account: Sessions<Account>,
    pub(crate) cart: Sessions<Cart>,
    /// Another kind of session with the account's data.
    pub(crate) rival: Sessions<Account>,
    /// The account's once more, under another key.
    pub(crate) twin: Sessions<Account>,
    /// The cart's under the account's name.
    pub(crate) namesake: Sessions<Cart>,
    pub(crate) log: Log,
}

impl App {
    pub(crate) fn new(mounted: Mounted) -> Self {
        let now = OffsetDateTime::now_utc();
        let retired = KeyEntry::new(2, key(2)).not_after(now - time::Duration::HOUR);
        let ring = KeyRing::new([KeyEntry::new(1, key(1)), retired]).expect("key 1 never ends");
        let account =
            Sessions::builder(ring.clone()).idle_timeout(IDLE_TIMEOUT).bound(Bound::new());
        let cart = Sessions::builder(ring.clone()).cookie_name("__Host-cart");
        let namesake = Sessions::builder(ring.clone()).cookie_name(SESSION);
        let rival = Sessions::builder(ring).cookie_name("__Host-rival");
        let other_ring = KeyRing::new([KeyEntry::new(1, key(3))]).expect("the key never ends");
        Self {
            mounted,
            account: account.build().expect("follows the rules"),
            cart: cart.build().expect("follows the rules"),
            rival: rival.build().expect("follows the rules"),
            twin: Sessions::new(other_ring),
            namesake: namesake.build().expect("follows the rules"),
            log: Log::default(),
        }
    }
}

pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(3600);

/// The name of the account's cookie.
pub(crate) const SESSION: &str = "__Host-session";
pub(crate) const CART: &str = "__Host-cart";

pub(crate) fn user(session: &Session<Account>) -> String {
    session.read().user.clone().unwrap_or_else(|| "nobody".to_owned())
}

pub(crate) fn token(session: &mut Session<Account>) -> String {
    session.csrf_token().expect("there are keys and randomness")
}

pub(crate) fn login(session: &mut Session<Account>, user: String) {
    session.renew();
    session.write(|account| account.user = Some(user));
}

/// Counts a visit, and tells which it is.
pub(crate) fn visit(session: &mut Session<Account>) -> String {
    session.write(|account| {
        account.visits += 1;
        account.visits.to_string()
    })
}

/// Fills one of the two sessions, and puts a little into the other, unless it is to be `alone`.
pub(crate) fn fill(
    which: &str,
    size: usize,
    session: &mut Session<Account>,
    cart: &mut Session<Cart>,
) {
    let (account_size, cart_size) = if which == "cart" { (1, size) } else { (size, 1) };
    session.write(|account| account.notes = "x".repeat(account_size));
    if which != "alone" {
        cart.write(|cart| cart.0 = vec![7; cart_size]);
    }
}

/// A body that tells the user three times. Of the kind `write` it tries to
/// change the session too, when the head is out; of the kind `late` nobody looked before.
pub(crate) fn chunks(
    session: Session<Account>,
    kind: &str,
) -> impl Stream<Item = String> + Send + use<> {
    let writes = kind == "write";
    if kind != "late" {
        let _ = session.read();
    }
    stream::iter(0..3).then(move |_| {
        let mut session = session.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if writes {
                session.write(|account| account.user = Some("late".to_owned()));
            }
            user(&session) + " "
        }
    })
}
