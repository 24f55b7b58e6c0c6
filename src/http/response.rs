//! Writes a commit into the response's headers, whichever crate's type they have. All adapters
//! share this.

use std::fmt::Write as _;

use cookie::Cookie;

use crate::http::Commit;

/// The headers that a commit writes. Each crate has its own names for them, because looking a name
/// up by its text costs more than looking into the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    SetCookie,
    CacheControl,
    Vary,
    /// `Secure-Session-Registration`.
    Registration,
}

impl Name {
    pub(crate) const REGISTRATION: &str = Commit::REGISTRATION;
}

/// The headers of a response.
pub(crate) trait ResponseHeaders {
    /// The values of a header, in order.
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]>;

    /// Adds a value after the existing ones.
    fn append(&mut self, name: Name, value: Vec<u8>);

    /// [`append`](Self::append), for a text that need not be copied.
    fn append_static(&mut self, name: Name, value: &'static str);

    /// Sets a header to this value alone.
    fn set_static(&mut self, name: Name, value: &'static str);

    /// Removes the values for which `keep` is false. The others keep their order.
    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool);

    /// Removes the headers for whose names `is_such` is true, whatever their case.
    fn remove(&mut self, is_such: impl Fn(&str) -> bool);
}

impl Commit {
    pub(crate) fn write_to(&self, headers: &mut impl ResponseHeaders) {
        for cookie in self.cookies() {
            // A browser would keep only the later one, so only one is sent.
            if headers.values(Name::SetCookie).any(|value| is_twin(cookie, value)) {
                headers.retain(Name::SetCookie, |value| !is_twin(cookie, value));
            }
            headers.append(Name::SetCookie, text(cookie));
        }
        if let Some(offer) = &self.registration {
            // Another kind of session may have made an offer of its own.
            headers.append(Name::Registration, offer.clone().into());
        }
        if self.forbids_storing() {
            headers.set_static(Name::CacheControl, "no-store");
            headers.remove(|name| is_targeted(name) || name.eq_ignore_ascii_case("expires"));
        } else if self.vary().next().is_some() {
            make_private(headers);
            headers.remove(is_targeted);
        }
        if self.depends_on_cookie() && !is_told(headers, "cookie") {
            headers.append_static(Name::Vary, "cookie");
        }
        if let Some(name) = self.depends_on_header()
            && !is_told(headers, name)
        {
            headers.append(Name::Vary, name.into());
        }
    }
}

/// Reserves the whole length first: growing step by step costs more than formatting.
fn text(cookie: &Cookie<'_>) -> Vec<u8> {
    let mut text = String::with_capacity(cookie.value().len().saturating_add(ATTRIBUTES_LEN));
    write!(text, "{cookie}").expect("a string takes everything");
    text.into_bytes()
}

/// The headers of an error that replaces a response whose session could not be sealed. It keeps the
/// cookies of others, and no cache may store it.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) fn write_failure(response: &impl ResponseHeaders, failure: &mut impl ResponseHeaders) {
    for cookie in response.values(Name::SetCookie) {
        failure.append(Name::SetCookie, cookie.to_vec());
    }
    failure.set_static(Name::CacheControl, "no-store");
}

/// Whether a header gives instructions to some caches only. By RFC 9213 section 2.1, a cache that
/// knows such a header ignores `Cache-Control`.
fn is_targeted(name: &str) -> bool {
    let end = name.get(name.len().saturating_sub(TARGETED.len())..);
    end.is_some_and(|end| end.eq_ignore_ascii_case(TARGETED))
        || ["surrogate-control", "edge-control", "x-accel-expires"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
}

/// Restricts a response to the visitor's own cache (RFC 9111 section 5.2.2). Other directives of
/// the application stay, except those that would let a shared cache store the response.
fn make_private(headers: &mut impl ResponseHeaders) {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let mut is_private = false;
    let mut is_as_it_was = true;
    for value in headers.values(Name::CacheControl) {
        for directive in directives(value) {
            let name = directive.split(|&byte| byte == b'=').next().unwrap_or_default();
            let is = |other: &str| name.trim_ascii().eq_ignore_ascii_case(other.as_bytes());
            // `private="field"` applies to that field only.
            is_private |= directive.eq_ignore_ascii_case(b"private") || is("no-store");
            // Caches that understand the status ignore a `no-store` beside it (section 5.2.2.3).
            match is("public") || is("s-maxage") || is("must-understand") {
                true => is_as_it_was = false,
                false => kept.push(directive.to_vec()),
            }
        }
    }
    if is_private && is_as_it_was {
        return;
    }
    if !is_private {
        kept.push(b"private".to_vec());
    }
    headers.retain(Name::CacheControl, |_| false);
    headers.append(Name::CacheControl, kept.join(&b", "[..]));
}

/// The directives of a `Cache-Control` value: the parts between commas outside quotes.
fn directives(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let pieces = value.split(move |&byte| {
        let was_escaped = std::mem::replace(&mut is_escaped, false);
        match byte {
            b'"' if !was_escaped => is_quoted = !is_quoted,
            b'\\' => is_escaped = is_quoted && !was_escaped,
            _ => {}
        }
        byte == b',' && !is_quoted
    });
    pieces.map(<[u8]>::trim_ascii).filter(|directive| !directive.is_empty())
}

/// Whether browsers would store this Set-Cookie in the same place as `cookie`.
fn is_twin(cookie: &Cookie<'_>, value: &[u8]) -> bool {
    let twin = str::from_utf8(value).ok().and_then(|text| Cookie::parse(text).ok());
    twin.is_some_and(|twin| {
        twin.name() == cookie.name()
            && twin.path() == cookie.path()
            && twin.domain() == cookie.domain()
            && twin.partitioned() == cookie.partitioned()
    })
}

/// Whether Vary covers this header.
fn is_told(headers: &impl ResponseHeaders, header: &str) -> bool {
    headers.values(Name::Vary).any(|value| names(value, header))
}

/// Whether a value of Vary covers this header.
fn names(value: &[u8], header: &str) -> bool {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(header.as_bytes()))
}

/// The usual length of the name and attributes.
const ATTRIBUTES_LEN: usize = 128;
/// How the name of a header for some caches only ends.
const TARGETED: &str = "-cache-control";

#[cfg(all(test, feature = "http"))]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use crate::http::Commit;

    fn written(commit: &Commit, lines: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers: HeaderMap = lines
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        commit.write_to(&mut headers);
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort_unstable();
        lines
    }

    const TARGETED: [(&str, &str); 8] = [
        ("cdn-cache-control", "max-age=60"),
        ("cloudflare-cdn-cache-control", "max-age=60"),
        ("netlify-cdn-cache-control", "max-age=60"),
        ("vercel-cdn-cache-control", "max-age=60"),
        ("x-litespeed-cache-control", "public, max-age=60"),
        ("surrogate-control", "max-age=60"),
        ("edge-control", "max-age=60"),
        ("x-accel-expires", "60"),
    ];

    #[test]
    fn no_header_lets_a_cache_keep_what_nobody_may_store() {
        let commit = Commit { gave_token: true, depends_on_cookie: true, ..Commit::default() };
        let mut lines = TARGETED.to_vec();
        lines.extend([
            ("cache-control", "public, max-age=60"),
            ("expires", "Thu, 01 Dec 2039 16:00:00 GMT"),
            ("etag", "\"1\""),
        ]);
        assert_eq!(
            written(&commit, &lines),
            ["cache-control: no-store", "etag: \"1\"", "vary: cookie"]
        );
    }

    #[test]
    fn only_the_visitors_own_cache_keeps_what_depends_on_the_cookie() {
        let commit = Commit { depends_on_cookie: true, ..Commit::default() };
        let mut lines = TARGETED.to_vec();
        lines.extend([
            ("cache-control", "public, max-age=60, s-maxage=600"),
            ("cache-control", "no-transform, private=\"a, public, \\\", public, b\""),
            ("expires", "Thu, 01 Dec 2039 16:00:00 GMT"),
        ]);
        assert_eq!(
            written(&commit, &lines),
            [
                "cache-control: max-age=60, no-transform, private=\"a, public, \\\", public, b\", private",
                "expires: Thu, 01 Dec 2039 16:00:00 GMT",
                "vary: cookie"
            ]
        );
        assert_eq!(written(&commit, &[]), ["cache-control: private", "vary: cookie"]);
        for (before, after) in [
            ("no-store", "no-store"),
            ("no-store, must-understand", "no-store"),
            ("Private, max-age=1", "Private, max-age=1"),
            ("S-MaxAge=1", "private"),
            ("PUBLIC", "private"),
            (",,", "private"),
            // A quote ends behind a backslash that is itself escaped, and none is escaped outside.
            (r#"a="\\", public"#, r#"a="\\", private"#),
            (r#"a=\", public""#, r#"a=\", public", private"#),
        ] {
            let lines = written(&commit, &[("cache-control", before)]);
            assert_eq!(lines, [&format!("cache-control: {after}"), "vary: cookie"], "{before}");
        }
    }

    #[test]
    fn what_depends_on_another_header_says_so() {
        let depends_on_header = Some("x-session".into());
        let commit = Commit { depends_on_header, ..Commit::default() };
        assert_eq!(commit.depends_on_header(), Some("x-session"));
        assert_eq!(written(&commit, &[]), ["cache-control: private", "vary: x-session"]);
    }

    #[test]
    fn headers_that_are_handed_out_are_those_that_are_written() {
        let cookies = vec![cookie::Cookie::new("a", "1"), cookie::Cookie::new("b", "2")];
        for (cookies, depends_on_cookie, gave_token) in [
            (vec![], false, false),
            (vec![], true, false),
            (vec![], true, true),
            (vec![], false, true),
            (cookies.clone(), true, false),
            (cookies, false, true),
        ] {
            let depends_on_header = gave_token.then(|| "x-session".into());
            let commit = Commit {
                cookies,
                depends_on_cookie,
                gave_token,
                depends_on_header,
                ..Commit::default()
            };
            let mut lines: Vec<_> =
                commit.headers().map(|(name, value)| format!("{name}: {value}")).collect();
            lines.sort_unstable();
            assert_eq!(lines, written(&commit, &[]));
        }
    }

    #[test]
    fn a_header_for_some_caches_is_known_in_any_case_and_by_the_end_of_its_name() {
        for name in ["CDN-Cache-Control", "x-cache-control", "Surrogate-CONTROL", "X-Accel-Expires"]
        {
            assert!(super::is_targeted(name), "{name}");
        }
        for name in ["cache-control", "control", "", "cdn-cache-controls", "é-control", "expires"]
        {
            assert!(!super::is_targeted(name), "{name}");
        }
    }

    #[test]
    fn what_does_not_depend_on_the_cookie_is_left_to_caches() {
        let lines = written(&Commit::default(), &[("cdn-cache-control", "max-age=60")]);
        assert_eq!(lines, ["cdn-cache-control: max-age=60"]);
    }
}
