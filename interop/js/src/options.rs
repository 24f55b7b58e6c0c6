//! The configuration, name by name.

use std::{str::FromStr, time::Duration};

use sealed_session::{Builder, SameSite};
use time::OffsetDateTime;
use wasm_bindgen::prelude::*;

use crate::{
    data::{self, Data},
    facts,
};

/// What `lib/api.js` has looked at: its names, and the types of the values.
#[wasm_bindgen]
#[derive(Default)]
pub struct Options(Vec<(String, String)>);

#[wasm_bindgen]
impl Options {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn set(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }
}

impl Options {
    pub(crate) fn apply(self, builder: Builder<Data>) -> Result<Builder<Data>, String> {
        // What is written is read back when it is written.
        self.0.into_iter().try_fold(builder.check_data(false), |builder, (name, value)| {
            set(builder, &name, value).map_err(|error| format!("`{name}` {error}"))
        })
    }

    /// Has the application's function asked, for whom there is one.
    pub(crate) fn revoke(builder: Builder<Data>) -> Builder<Data> {
        builder.revoke_if(|data, info| data::is_revoked(data, &facts::of_info(info)))
    }
}

fn set(builder: Builder<Data>, name: &str, value: String) -> Result<Builder<Data>, &'static str> {
    let is_on = value == "true";
    Ok(match name {
        "cookieName" => builder.cookie_name(value),
        "audience" => builder.audience(value),
        "path" => builder.path(value),
        "domain" => builder.domain(value),
        "sameSite" => builder.same_site(match value.as_str() {
            "lax" => SameSite::Lax,
            "strict" => SameSite::Strict,
            "none" => SameSite::None,
            _ => return Err("is lax, strict or none"),
        }),
        "partitioned" => builder.partitioned(is_on),
        "insecurePlainHttpForDevelopment" if is_on => builder.insecure_plain_http_for_development(),
        "insecurePlainHttpForDevelopment" => builder,
        "absoluteTimeout" => builder.absolute_timeout(seconds(&value)?),
        "idleTimeout" => builder.idle_timeout(seconds(&value)?),
        "persistent" => builder.persistent(is_on),
        "padTo" => builder.pad_to(number(&value)?),
        "maxCookieLength" => builder.max_cookie_len(number(&value)?),
        "tombstones" => builder.tombstones(is_on),
        "formerNames" => {
            let (until, name) = value.split_once(' ').ok_or("lacks the name")?;
            builder.former_name(name.to_owned(), time_of_text(until)?)
        }
        "formerAudiences" => match value.split_once(' ') {
            Some((until, name)) => builder.former_audience(Some(name), time_of_text(until)?),
            None => builder.former_audience(None, time_of_text(&value)?),
        },
        _ => return Err("is no option"),
    })
}

fn number<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.parse().map_err(|_| "is a whole number from 0 to 4294967295")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    number::<u32>(text).map(|seconds| Duration::from_secs(seconds.into()))
}

/// The time of so many milliseconds since 1970.
pub(crate) fn time_of(milliseconds: f64) -> Result<OffsetDateTime, &'static str> {
    #[expect(clippy::cast_possible_truncation, reason = "a number beyond these saturates")]
    let whole = milliseconds as i64;
    match milliseconds.is_finite() {
        true => time_of_whole(whole),
        false => Err(NO_TIME),
    }
}

fn time_of_text(text: &str) -> Result<OffsetDateTime, &'static str> {
    time_of_whole(text.parse().map_err(|_| NO_TIME)?)
}

fn time_of_whole(milliseconds: i64) -> Result<OffsetDateTime, &'static str> {
    let (seconds, rest) = (milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
    let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| NO_TIME)?;
    let rest = u16::try_from(rest).map_err(|_| NO_TIME)?;
    time.replace_millisecond(rest).map_err(|_| NO_TIME)
}

const NO_TIME: &str = "has a date that is no time";
