//! Each peer as its documentation shows it, between a typed value and the text of a header.
//!
//! Those that make tokens, not cookies, get the `cookie` crate around them, as do we here.

use std::collections::HashMap;

use cookie::{Cookie, CookieJar, SameSite};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pasetors::{
    Local,
    keys::SymmetricKey,
    token::UntrustedToken,
    version4::{LocalToken, V4},
};
use rand::{TryRng as _, rngs::SysRng};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::payload::Account;

pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// What makes the text of a Set-Cookie header of this value.
    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a>;

    /// Takes the typed value from the text of a Cookie header.
    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account));
}

pub(crate) fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(Ours(sealed_session::Sessions::new(
            sealed_session::KeyRing::ephemeral().expect("the system has randomness"),
        ))),
        Box::new(PrivateJar(cookie::Key::generate())),
        Box::new(ActixCookieStore(cookie::Key::generate())),
        Box::new(Biscotti::new()),
        Box::new(Branca(random())),
        Box::new(Paseto(SymmetricKey::from(&random()).expect("it has 32 bytes"))),
        Box::new(Jwt::new()),
    ]
}

struct Ours(sealed_session::Sessions<Account>);

impl Peer for Ours {
    fn name(&self) -> &'static str {
        crate::OURS
    }

    /// The session has its id already, as one that came with the request has.
    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        let session = self.0.create(account.clone()).expect("the system has randomness");
        Box::new(move || set_cookie(self.0.seal(&session).expect("it fits")))
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        use_it(&self.0.load([cookie]).read());
    }
}

/// AES-256-GCM by RustCrypto.
struct PrivateJar(cookie::Key);

impl Peer for PrivateJar {
    fn name(&self) -> &'static str {
        "cookie, PrivateJar"
    }

    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        Box::new(|| add_private(&self.0, json(account)))
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        use_it(&serde_json::from_str(&get_private(&self.0, cookie)).expect("it is JSON"));
    }
}

/// What actix-session does with its cookie store: JSON in a map of strings that is JSON, in a private jar.
struct ActixCookieStore(cookie::Key);

impl Peer for ActixCookieStore {
    fn name(&self) -> &'static str {
        "actix-session's cookie store"
    }

    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        Box::new(|| {
            let state = HashMap::from([("account".to_owned(), json(account))]);
            add_private(&self.0, json(&state))
        })
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        let state: HashMap<String, String> =
            serde_json::from_str(&get_private(&self.0, cookie)).expect("it is a map");
        use_it(&serde_json::from_str(&state["account"]).expect("it is JSON"));
    }
}

/// AES-256-GCM-SIV by RustCrypto.
struct Biscotti(biscotti::Processor);

impl Biscotti {
    fn new() -> Self {
        let mut config = biscotti::ProcessorConfig::default();
        config.crypto_rules.push(biscotti::config::CryptoRule {
            cookie_names: vec![NAME.to_owned()],
            algorithm: biscotti::config::CryptoAlgorithm::Encryption,
            key: biscotti::Key::generate(),
            fallbacks: Vec::new(),
        });
        Self(config.into())
    }
}

impl Peer for Biscotti {
    fn name(&self) -> &'static str {
        "biscotti"
    }

    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        Box::new(|| {
            let mut cookies = biscotti::ResponseCookies::new();
            cookies.insert(
                biscotti::ResponseCookie::new(NAME, json(account))
                    .set_path("/")
                    .set_secure(true)
                    .set_http_only(true)
                    .set_same_site(biscotti::SameSite::Lax)
                    .set_max_age(biscotti::time::SignedDuration::from_hours(14 * 24)),
            );
            cookies.header_values(&self.0).next().expect("there is one")
        })
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        let cookies = biscotti::RequestCookies::parse_header(cookie, &self.0).expect("it is valid");
        let cookie = cookies.get(NAME).expect("it is there");
        use_it(&serde_json::from_str(cookie.value()).expect("it is JSON"));
    }
}

/// XChaCha20-Poly1305 by orion, in base62.
struct Branca([u8; 32]);

impl Peer for Branca {
    fn name(&self) -> &'static str {
        "branca"
    }

    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        Box::new(|| {
            let now = u32::try_from(unix_now()).expect("it is before 2106");
            let token = branca::encode(json(account).as_bytes(), &self.0, now);
            set_cookie(token.expect("it has a good key"))
        })
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        let json = branca::decode(&value(cookie), &self.0, LIFETIME).expect("it is live");
        use_it(&serde_json::from_slice(&json).expect("it is JSON"));
    }
}

/// XChaCha20 and BLAKE2b by orion. Without claims, which it would parse into a map.
struct Paseto(SymmetricKey<V4>);

impl Peer for Paseto {
    fn name(&self) -> &'static str {
        "pasetors, v4.local"
    }

    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        Box::new(|| {
            let token = LocalToken::encrypt(&self.0, json(account).as_bytes(), None, None);
            set_cookie(token.expect("it is not empty"))
        })
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        let token = value(cookie);
        let token = UntrustedToken::<Local, V4>::try_from(token.as_str()).expect("it is a token");
        let token = LocalToken::decrypt(&self.0, &token, None, None).expect("it is authentic");
        use_it(&serde_json::from_str(token.payload()).expect("it is JSON"));
    }
}

/// HS256: signed, and readable by everyone.
struct Jwt {
    sealing: EncodingKey,
    unsealing: DecodingKey,
    validation: Validation,
}

#[derive(Serialize)]
struct ClaimsRef<'a> {
    exp: i64,
    account: &'a Account,
}

#[derive(Deserialize)]
struct Claims {
    account: Account,
}

impl Jwt {
    fn new() -> Self {
        let secret = random();
        Self {
            sealing: EncodingKey::from_secret(&secret),
            unsealing: DecodingKey::from_secret(&secret),
            validation: Validation::new(Algorithm::HS256),
        }
    }
}

impl Peer for Jwt {
    fn name(&self) -> &'static str {
        "jsonwebtoken, HS256, not secret"
    }

    fn sealer<'a>(&'a self, account: &'a Account) -> Box<dyn Fn() -> String + 'a> {
        Box::new(|| {
            let claims = ClaimsRef { exp: unix_now() + i64::from(LIFETIME), account };
            let token = jsonwebtoken::encode(&Header::default(), &claims, &self.sealing);
            set_cookie(token.expect("it is JSON"))
        })
    }

    fn unseal(&self, cookie: &str, use_it: &mut dyn FnMut(&Account)) {
        let token =
            jsonwebtoken::decode::<Claims>(value(cookie), &self.unsealing, &self.validation);
        use_it(&token.expect("it is live").claims.account);
    }
}

const NAME: &str = "__Host-session";
/// 14 days.
const LIFETIME: u32 = 14 * 24 * 60 * 60;

fn set_cookie(value: String) -> String {
    with_attributes(value).to_string()
}

fn with_attributes(value: String) -> Cookie<'static> {
    Cookie::build((NAME, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(LIFETIME.into()))
        .build()
}

/// The value of our cookie in a Cookie header.
fn value(header: &str) -> String {
    Cookie::split_parse(header)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == NAME)
        .expect("it is there")
        .value()
        .to_owned()
}

fn add_private(key: &cookie::Key, value: String) -> String {
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(with_attributes(value));
    jar.delta().next().expect("it was added").to_string()
}

fn get_private(key: &cookie::Key, header: &str) -> String {
    let mut jar = CookieJar::new();
    for cookie in Cookie::split_parse(header.to_owned()).filter_map(Result::ok) {
        jar.add_original(cookie);
    }
    jar.private(key).get(NAME).expect("it is authentic").value().to_owned()
}

fn json<T: Serialize>(data: &T) -> String {
    serde_json::to_string(data).expect("it is JSON")
}

fn unix_now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).expect("the system has randomness");
    bytes
}
