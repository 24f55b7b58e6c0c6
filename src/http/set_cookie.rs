//! A cookie of ours as the text of a Set-Cookie header, and which such header is for the same cookie.
//!
//! The `cookie` crate does both for any cookie. It has to read and write every form of a date, which
//! are some tens of kB in a program for WebAssembly, and takes longer.

use std::fmt::Write as _;

use cookie::{Cookie, SameSite};

use super::cookie::trim_ows;

/// The value of a Set-Cookie header.
pub(crate) fn text(cookie: &Cookie<'_>) -> String {
    // The whole length at once: growing step by step costs more than formatting.
    let room = cookie.name().len().saturating_add(cookie.value().len());
    let mut text = String::with_capacity(room.saturating_add(ATTRIBUTES_LEN));
    let mut push = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(value);
    };
    push(cookie.name(), "=");
    push(cookie.value(), "");
    if cookie.http_only() == Some(true) {
        push("; HttpOnly", "");
    }
    if let Some(same_site) = cookie.same_site() {
        push("; SameSite=", name_of(same_site));
    }
    if cookie.partitioned() == Some(true) {
        push("; Partitioned", "");
    }
    if cookie.secure() == Some(true) {
        push("; Secure", "");
    }
    if let Some(path) = cookie.path() {
        push("; Path=", path);
    }
    if let Some(domain) = cookie.domain() {
        push("; Domain=", domain);
    }
    if let Some(max_age) = cookie.max_age() {
        write!(text, "; Max-Age={}", max_age.whole_seconds()).expect("a string takes any text");
    }
    // Only a removal has one, and it is always the same.
    if cookie.expires().is_some() {
        text.push_str("; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    }
    text
}

fn name_of(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    }
}

/// Whether browsers would store the cookie of this Set-Cookie in the same place as `cookie`.
pub(crate) fn is_twin(cookie: &Cookie<'_>, value: &[u8]) -> bool {
    let mut parts = value.split(|&byte| byte == b';').map(|part| {
        let mut sides = part.splitn(2, |&byte| byte == b'=').map(trim_ows);
        (sides.next().unwrap_or_default(), sides.next())
    });
    match parts.next() {
        Some((name, Some(_))) if name == cookie.name().as_bytes() => {}
        _ => return false,
    }
    let (mut path, mut domain, mut partitioned) = (None, None, None);
    for (name, value) in parts {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("path") {
            path = value.or(path);
        } else if is("domain") {
            domain = value.filter(|domain| !domain.is_empty()).or(domain);
        } else if is("partitioned") {
            partitioned = Some(true);
        }
    }
    let domain = domain.map(|domain| domain.strip_prefix(b".").unwrap_or(domain));
    path == cookie.path().map(str::as_bytes)
        && domain == cookie.domain().map(str::as_bytes)
        && partitioned == cookie.partitioned()
}

/// The usual length of the attributes.
const ATTRIBUTES_LEN: usize = 128;

#[cfg(test)]
mod tests {
    use cookie::time::{Duration, OffsetDateTime};
    use proptest::prelude::*;

    use super::*;

    /// Any cookie that ours may be.
    fn ours() -> impl Strategy<Value = Cookie<'static>> {
        let same_site = prop::sample::select(vec![SameSite::Lax, SameSite::Strict, SameSite::None]);
        let domain = prop::option::of(Just("example.org"));
        let path = prop::sample::select(vec!["/", "/app"]);
        (any::<[bool; 3]>(), same_site, domain, path, prop::option::of(0..100_000_i64)).prop_map(
            |([secure, partitioned, is_removal], same_site, domain, path, max_age)| {
                let mut cookie = Cookie::new("a", if is_removal { "" } else { "value" });
                cookie.set_http_only(true);
                cookie.set_secure(secure || partitioned || same_site == SameSite::None);
                cookie.set_same_site(same_site);
                cookie.set_path(path);
                if let Some(domain) = domain {
                    cookie.set_domain(domain);
                }
                if partitioned {
                    cookie.set_partitioned(true);
                }
                cookie.set_max_age(max_age.map(Duration::seconds));
                if is_removal {
                    cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
                }
                cookie
            },
        )
    }

    /// Attributes that a Set-Cookie of the application may have.
    fn attributes() -> impl Strategy<Value = String> {
        let one = prop::sample::select(vec![
            "path=/",
            "Path = /app",
            "PATH",
            "path=",
            "domain=example.org",
            "Domain=.example.org",
            "domain=",
            "domain",
            "Partitioned",
            "partitioned=no",
            "Secure",
            "max-age=7",
            "expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "",
            " ",
            "=",
            "pathology=/",
            "path==/",
        ]);
        prop::collection::vec(one, 0..5).prop_map(|all| all.join(";"))
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_cookie_crate(cookie in ours()) {
            prop_assert_eq!(text(&cookie), cookie.to_string());
            prop_assert!(is_twin(&cookie, text(&cookie).as_bytes()));
        }

        #[test]
        fn a_twin_is_one_for_the_cookie_crate(
            cookie in ours(),
            name in prop::sample::select(vec!["a=1", " a =", "a", "b=1", "=1", "", "a=;a=b"]),
            attributes in attributes(),
        ) {
            let line = format!("{name};{attributes}");
            let expected = Cookie::parse(&*line).is_ok_and(|twin| {
                twin.name() == cookie.name()
                    && twin.path() == cookie.path()
                    && twin.domain() == cookie.domain()
                    && twin.partitioned() == cookie.partitioned()
            });
            prop_assert_eq!(is_twin(&cookie, line.as_bytes()), expected, "{}", line);
        }
    }
}
