use cookie::{Cookie, CookieJar, Key};
use sealed_session::takeover::{Found, OtherCookie, Reader, Refusal};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

/// A cookie that `PrivateJar` of the crate cookie wrote, with JSON in it.
///
/// Such a value says neither when it was written nor when it ends.
pub struct PrivateJar {
    pub name: String,
    pub key: Key,
}

impl<T: DeserializeOwned> Reader<T> for PrivateJar {
    fn cookie(&self) -> OtherCookie {
        OtherCookie::new(&self.name)
    }

    fn open(&self, value: &str, _: OffsetDateTime) -> Result<Found<T>, Refusal> {
        // Servers write the cookie percent-encoded, as `Cookie::encoded` does.
        let cookie = Cookie::parse_encoded(format!("{}={value}", self.name))
            .map_err(|_| Refusal::new("malformed", "it is not a cookie"))?
            .into_owned();
        // Nonce, ciphertext and tag in base64, which has one spelling here.
        let identity = cookie.value().to_owned();
        let opened = CookieJar::new()
            .private(&self.key)
            .decrypt(cookie)
            .ok_or_else(|| Refusal::new("not_authentic", "the jar's key does not open it"))?;
        let data = serde_json::from_str(opened.value())
            .map_err(|_| Refusal::new("payload", "its JSON is not of the session's type"))?;
        Ok(Found::new(data, identity.as_bytes()))
    }
}
