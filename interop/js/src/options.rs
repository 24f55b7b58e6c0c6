//! The configuration, as an object of JavaScript.

use std::time::Duration;

use sealed_session::{Builder, SameSite};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::{
    data::{self, Data},
    facts,
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Options {
    cookie_name: Option<String>,
    audience: Option<String>,
    path: Option<String>,
    domain: Option<String>,
    same_site: Option<Site>,
    partitioned: bool,
    insecure_plain_http_for_development: bool,
    /// Seconds, as the next.
    absolute_timeout: Option<u32>,
    idle_timeout: Option<u32>,
    persistent: Option<bool>,
    pad_to: Option<usize>,
    max_cookie_length: Option<usize>,
    tombstones: Option<bool>,
    former_names: Vec<FormerName>,
    former_audiences: Vec<FormerAudience>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Site {
    Lax,
    Strict,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerName {
    name: String,
    /// Milliseconds since 1970, as the next.
    until: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerAudience {
    audience: Option<String>,
    until: f64,
}

impl Options {
    pub(crate) fn apply(self, mut builder: Builder<Data>) -> Result<Builder<Data>, String> {
        macro_rules! set {
            ($($option:ident: $method:ident),+) => {
                $(if let Some(value) = self.$option {
                    builder = builder.$method(value);
                })+
            };
        }
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let (absolute_timeout, idle_timeout) =
            (self.absolute_timeout.map(seconds), self.idle_timeout.map(seconds));
        set!(
            cookie_name: cookie_name, audience: audience, path: path, domain: domain,
            persistent: persistent, pad_to: pad_to, max_cookie_length: max_cookie_len, tombstones: tombstones
        );
        if let Some(timeout) = absolute_timeout {
            builder = builder.absolute_timeout(timeout);
        }
        if let Some(timeout) = idle_timeout {
            builder = builder.idle_timeout(timeout);
        }
        if let Some(site) = self.same_site {
            builder = builder.same_site(match site {
                Site::Lax => SameSite::Lax,
                Site::Strict => SameSite::Strict,
                Site::None => SameSite::None,
            });
        }
        if self.insecure_plain_http_for_development {
            builder = builder.insecure_plain_http_for_development();
        }
        for former in self.former_names {
            builder = builder.former_name(former.name, time_of(former.until)?);
        }
        for former in self.former_audiences {
            builder = builder.former_audience(former.audience.as_deref(), time_of(former.until)?);
        }
        // What is written is read back when it is written.
        Ok(builder.partitioned(self.partitioned).check_data(false))
    }

    /// Has the application's function asked, for whom there is one.
    pub(crate) fn revoke(builder: Builder<Data>) -> Builder<Data> {
        builder.revoke_if(|data, info| data::is_revoked(data, &facts::of_info(info)))
    }
}

/// The time of so many milliseconds since 1970.
pub(crate) fn time_of(milliseconds: f64) -> Result<OffsetDateTime, String> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number that is none of these saturates, or is 0"
    )]
    let nanoseconds = milliseconds as i128 * 1_000_000;
    match milliseconds.is_finite() {
        true => OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .map_err(|error| error.to_string()),
        false => Err("not a time".to_owned()),
    }
}
