use std::collections::HashMap;

use actix_web::cookie::{Cookie, CookieJar, Key};
use sealed_session::takeover::{Found, OtherCookie, Reader, Refusal};
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;

/// The cookie of actix-session with `CookieSessionStore` and `CookieContentSecurity::Private`,
/// which is the default.
///
/// Such a value says neither when it was written nor when it ends.
pub struct ActixSession {
    /// `id`, unless `cookie_name` says otherwise.
    pub name: String,
    pub key: Key,
}

impl<T: DeserializeOwned> Reader<T> for ActixSession {
    fn cookie(&self) -> OtherCookie {
        OtherCookie::new(&self.name)
    }

    fn open(&self, value: &str, _: OffsetDateTime) -> Result<Found<T>, Refusal> {
        let cookie = Cookie::parse_encoded(format!("{}={value}", self.name))
            .map_err(|_| Refusal::new("malformed", "it is not a cookie"))?
            .into_owned();
        let identity = cookie.value().to_owned();
        let opened = CookieJar::new().private(&self.key).decrypt(cookie).ok_or_else(|| {
            Refusal::new("not_authentic", "the middleware's key does not open it")
        })?;
        // A map to texts, each of which is JSON once more.
        let payload = |_| Refusal::new("payload", "its JSON is not of the session's type");
        let texts: HashMap<String, String> =
            serde_json::from_str(opened.value()).map_err(payload)?;
        let fields = texts
            .into_iter()
            .map(|(key, text)| Ok((key, serde_json::from_str(&text)?)))
            .collect::<Result<_, _>>()
            .map_err(payload)?;
        let data = serde_json::from_value(Value::Object(fields)).map_err(payload)?;
        Ok(Found::new(data, identity.as_bytes()))
    }
}
