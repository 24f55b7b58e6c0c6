//! sealed-session for JavaScript. `lib/api.js` is what its users see; this is what that calls.
//!
//! Data comes and goes as JSON texts, times as milliseconds since 1970, errors as `CLASS: message`.

mod data;
mod facts;
mod options;

use std::{rc::Rc, time::Duration};

use js_sys::Function;
use sealed_session::{KeyRing, Keys, Lifetime, SealError, Session, UnsealError};
use time::OffsetDateTime;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::{
    data::{Data, Kind},
    options::{Options, time_of},
};

type Result<T> = std::result::Result<T, JsValue>;

/// A kind of session.
#[wasm_bindgen]
pub struct Sessions {
    inner: sealed_session::Sessions<Data>,
    kind: Rc<Kind>,
}

/// The session of one request.
#[wasm_bindgen]
pub struct Exchange {
    session: Session<Data>,
    sessions: sealed_session::Sessions<Data>,
    kind: Rc<Kind>,
}

#[wasm_bindgen]
impl Sessions {
    /// # Errors
    ///
    /// What is wrong with the ring or an option.
    #[wasm_bindgen(constructor)]
    pub fn new(
        ring: String,
        initial: &str,
        options: Options,
        check: Option<Function>,
        revoke_if: Option<Function>,
    ) -> Result<Sessions> {
        let config = |error: String| error_of("config", &error);
        let keys = Keys::from(parse(ring)?);
        let asks = revoke_if.is_some();
        let kind = Kind::new(initial, check, revoke_if)
            .map_err(|error| config(format!("`initial` cannot be kept in a session: {error}")))?;
        let mut builder = options.apply(sealed_session::Sessions::builder(keys)).map_err(config)?;
        if asks {
            builder = Options::revoke(builder);
        }
        let inner = builder.build().map_err(|error| config(error.to_string()))?;
        Ok(Self { inner, kind })
    }

    /// # Errors
    ///
    /// What is wrong with the ring; the one in use stays.
    pub fn replace(&self, ring: String) -> Result<()> {
        self.inner.keys().replace(parse(ring)?);
        Ok(())
    }

    /// A line for each key: id, start and end, `-` for none, and whether it seals now.
    ///
    /// # Errors
    ///
    /// A time that is none.
    pub fn keys(&self, now: Option<f64>) -> Result<String> {
        let ring = self.inner.keys().current();
        let sealing = ring.sealing_key_id(present(now)?);
        let time = |time: Option<OffsetDateTime>| {
            time.map_or("-".to_owned(), |t| t.unix_timestamp().to_string())
        };
        let lines = ring.entries().iter().map(|entry| {
            let seals = u8::from(sealing == Some(entry.id()));
            format!(
                "{} {} {} {seals}\n",
                entry.id(),
                time(entry.starts_at()),
                time(entry.ends_at())
            )
        });
        Ok(lines.collect())
    }

    pub fn cookie_name(&self) -> String {
        self.inner.cookie_name().to_owned()
    }

    /// # Errors
    ///
    /// Data that cannot be kept.
    pub fn seal(&self, json: &str, now: Option<f64>) -> Result<String> {
        self.kind.run(|| {
            let (data, now) = (read(json)?, present(now)?);
            let session = self.inner.create_at(data, now).map_err(|error| seal_error(&error))?;
            self.inner.seal_at(&session, now).map_err(|error| seal_error(&error))
        })
    }

    /// The ids, and the data.
    ///
    /// # Errors
    ///
    /// A value that is refused.
    pub fn unseal(&self, value: &str, now: Option<f64>) -> Result<String> {
        self.kind.run(|| {
            let session = match now {
                Some(now) => self.inner.unseal_at(value, given(now)?),
                None => self.inner.unseal(value),
            };
            let session = session.map_err(|error| unseal_error(&error))?;
            let data = session.peek();
            let mut text = facts::of_session(&session, data.json().len());
            text.push_str(data.json());
            Ok(text)
        })
    }

    /// # Errors
    ///
    /// A value that is refused.
    pub fn reseal(&self, value: &str, now: Option<f64>) -> Result<Option<String>> {
        self.kind.run(|| {
            self.inner.reseal_at(value, present(now)?).map_err(|error| unseal_error(&error))
        })
    }

    /// The session of a request with this Cookie header, which has all of them.
    ///
    /// # Errors
    ///
    /// A time that is none.
    pub fn load(&self, header: &str, now: Option<f64>) -> Result<Exchange> {
        let header = [latin1(header)];
        let session = match now {
            Some(now) => self.inner.load_at(header, given(now)?),
            None => self.inner.load(header),
        };
        Ok(Exchange { session, sessions: self.inner.clone(), kind: Rc::clone(&self.kind) })
    }
}

#[wasm_bindgen]
impl Exchange {
    fn run<R>(&mut self, call: impl FnOnce(&mut Session<Data>) -> R) -> R {
        self.kind.run(|| call(&mut self.session))
    }

    pub fn read(&mut self) -> String {
        self.run(|session| session.read().json().to_owned())
    }

    pub fn peek(&mut self) -> String {
        self.run(|session| session.peek().json().to_owned())
    }

    pub fn facts(&mut self) -> String {
        self.run(|session| facts::of_session(session, 0))
    }

    pub fn is_new(&mut self) -> bool {
        self.run(|session| session.is_new())
    }

    /// Why what came is no session.
    pub fn refusal(&mut self) -> Option<String> {
        self.run(|session| {
            session.refusal().map(|error| text_of(error.class(), &error.to_string()))
        })
    }

    /// # Errors
    ///
    /// Data that cannot be kept; the session stays as it was.
    pub fn write(&mut self, json: &str) -> Result<()> {
        self.run(|session| {
            let data = read(json)?;
            session.try_write(|old| *old = data).map_err(|error| seal_error(&error))
        })
    }

    pub fn renew(&mut self) {
        self.run(Session::renew);
    }

    /// Seconds; an idle timeout of -1 is none, and a missing one the configured.
    ///
    /// # Errors
    ///
    /// A lifetime longer than the configured.
    pub fn renew_with(&mut self, seconds: u32, persistent: bool, idle: Option<i32>) -> Result<()> {
        let seconds = Duration::from_secs(seconds.into());
        let mut lifetime = match persistent {
            true => Lifetime::persistent(seconds),
            false => Lifetime::browser_session(seconds),
        };
        if let Some(idle) = idle {
            lifetime = match u64::try_from(idle) {
                Ok(idle) => lifetime.idle(Duration::from_secs(idle)),
                Err(_) => lifetime.without_idle(),
            };
        }
        self.run(|session| {
            session.renew_with(lifetime).map_err(|error| error_of("config", &error.to_string()))
        })
    }

    pub fn reauthenticate(&mut self) {
        self.run(Session::reauthenticate);
    }

    pub fn regenerate_id(&mut self) {
        self.run(Session::regenerate_id);
    }

    pub fn destroy(&mut self) {
        self.run(Session::destroy);
    }

    pub fn authenticated_within(&mut self, seconds: u32) -> bool {
        self.run(|session| session.authenticated_within(Duration::from_secs(seconds.into())))
    }

    /// # Errors
    ///
    /// No session to make it for.
    pub fn csrf_token(&mut self) -> Result<String> {
        self.run(|session| session.csrf_token().map_err(|error| seal_error(&error)))
    }

    /// Why the token is not good, or nothing.
    pub fn verify_csrf(&mut self, token: &str) -> Option<String> {
        self.run(|session| session.verify_csrf(token).err().map(|error| error.to_string()))
    }

    /// The response's headers, names and values in turn, each on a line, with what is to be said of
    /// the session.
    ///
    /// # Errors
    ///
    /// The session cannot be sealed: nothing was saved.
    pub fn commit(&mut self, headers: &str, now: Option<f64>) -> Result<String> {
        let now = now.map(given).transpose()?;
        let sessions = &self.sessions;
        let commit = self
            .kind
            .run(|| match now {
                Some(now) => sessions.commit_at(&self.session, now),
                None => sessions.commit(&self.session),
            })
            .map_err(|error| seal_error(&error))?;
        let mut lines = headers.split('\n');
        let mut list = Vec::new();
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            list.push((name.to_owned(), value.as_bytes().to_vec()));
        }
        commit.write_to_list(&mut list);
        let mut text = String::new();
        for (name, value) in list {
            text.push_str(&name);
            text.push('\n');
            // They came as text, or are ASCII.
            text.push_str(str::from_utf8(&value).unwrap_or_default());
            text.push('\n');
        }
        Ok(text)
    }
}

/// A ring in its text form, or as JSON. What the text held is wiped.
fn parse(ring: String) -> Result<KeyRing> {
    let text = Zeroizing::new(ring);
    let is_json = text.trim_start().starts_with(['{', '[']);
    let parsed = match is_json {
        true => serde_json::from_str(&text).map_err(|error| error.to_string()),
        false => text.parse::<KeyRing>().map_err(|error| error.to_string()),
    };
    parsed.map_err(|error| error_of("config", &error))
}

fn read(json: &str) -> Result<Data> {
    Data::read(json).map_err(|error| {
        error_of("payload", &format!("the data cannot be kept in a session: {error}"))
    })
}

fn present(now: Option<f64>) -> Result<OffsetDateTime> {
    match now {
        Some(now) => given(now),
        None => Ok(OffsetDateTime::now_utc()),
    }
}

fn given(now: f64) -> Result<OffsetDateTime> {
    time_of(now).map_err(|error| error_of("time", error))
}

/// A header's bytes: JavaScript has a character for each.
fn latin1(header: &str) -> Vec<u8> {
    match header.is_ascii() {
        true => header.as_bytes().to_vec(),
        false => header.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect(),
    }
}

fn unseal_error(error: &UnsealError) -> JsValue {
    error_of(error.class(), &error.to_string())
}

fn seal_error(error: &SealError) -> JsValue {
    let class = match error {
        SealError::Payload { .. } => "payload",
        SealError::TooLarge { .. } => "too_large",
        SealError::Refused(_) => "refused",
        SealError::NotReadable(_) => "not_readable",
        SealError::Expired => "expired",
        SealError::NoSession => "no_session",
        SealError::NoSealingKey => "no_sealing_key",
        SealError::RandomSource => "random_source",
        _ => "seal",
    };
    error_of(class, &error.to_string())
}

fn error_of(class: &str, message: &str) -> JsValue {
    text_of(class, message).into()
}

fn text_of(class: &str, message: &str) -> String {
    format!("{class}: {message}")
}
